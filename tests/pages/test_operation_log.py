"""The operation log in the admin: the list with its filters, and the timeline of an object."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.conftest import clean_environment
from tests.examples.shop_server import serving
from tests.pages.chromium import chromium
from tests.pages.conftest import Answer, ask_project
from tests.pages.test_in_browser import AUDIT, DESKTOP, PHONE, Open
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Cookie

    from tests.warm_python import WarmPython

LIST = "/admin/dj_core_utils_db/operationlog/"
FILES = {
    "settings.py": """
        from dj_core_utils.settings import CoreSettings, export_settings


        class ShopSettings(CoreSettings):
            service_name: str = "shop"
            root_urlconf: str = "urls"
            installed_apps: list[str] = ["shop", "dj_core_utils.db"]


        export_settings(globals())
    """,
    "shop/__init__.py": "",
    "shop/apps.py": """
        from django.apps import AppConfig
        from django.db.models.signals import post_migrate


        class ShopConfig(AppConfig):
            name = "shop"

            def ready(self):
                import dj_core_utils.signals.audit

                post_migrate.connect(fill)


        def fill(**_):
            from django.contrib.auth.models import Group, User
            from django.db import transaction

            from dj_core_utils.db.models import OperationLog
            from dj_core_utils.middleware.context import acting_as

            if Group.objects.exists():
                return
            ada = User.objects.create_user("ada", password="cAnArY")
            with acting_as(ada, reason="<script>alert(1)</script>", on_behalf_of="Grace"), transaction.atomic():
                group = Group.objects.create(name="old name")
                group.name = "<b>new</b> name"
                group.save()
                group.user_set.add(ada)
            with acting_as("import"):
                group.name = "x" * 1500
                group.save()
                group.name = "short"
                group.save()
            for number in range(60):
                Group.objects.create(name=f"group {number}")
            OperationLog.objects.create(
                model_changed="gone.Model", id_instance="7", operation_type="prune", changes={"rows": 12}
            )
    """,
    "shop/admin.py": """
        from django.contrib import admin
        from django.contrib.auth.admin import GroupAdmin
        from django.contrib.auth.models import Group

        from dj_core_utils.db.admin import TimelineMixin

        admin.site.unregister(Group)


        @admin.register(Group)
        class GroupsAdmin(TimelineMixin, GroupAdmin):
            pass
    """,
}
TIMELINE = "/admin/auth/group/1/history/"


def wanted(**query: str) -> str:
    """The address of the list with a filter."""
    return f"{LIST}?{urlencode(query)}"


ADDRESSES = {
    "all": LIST,
    "object": wanted(model="auth.Group", key="1"),
    "operation": wanted(model="auth.User", operation="m2m_post_add"),
    "actor": wanted(actor="ada"),
    "actor key": wanted(actor="1"),
    "nobody": wanted(actor="cAnArY"),
    "days": wanted(start="2020-01-01", end="2999-01-01"),
    "past": wanted(end="2020-01-01"),
    "nonsense": wanted(start="2020-99-99", end="9999-12-31", model="no", operation="no", before="²"),
    "timeline": TIMELINE,
    "older": wanted(model="auth.Group", before="20"),
    "missing": "/admin/auth/group/999/history/",
    "no key": "/admin/auth/group/x/history/",
    "add": f"{LIST}add/",
    "entry": f"{LIST}1/change/",
    "delete": f"{LIST}1/delete/",
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, python: WarmPython) -> dict[str, Answer]:
    """What a superuser gets, and what others do."""
    asked = [("root", address) for address in ADDRESSES.values()]
    others = [("editor", LIST), ("editor", TIMELINE), ("", LIST), ("root", "/admin/")]
    found = ask_project(python, tmp_path_factory.mktemp("log"), (*asked, *others), FILES)
    return dict(zip([*ADDRESSES, "editor", "editor timeline", "nobody at all", "index"], found, strict=True))


def text(answer: Answer) -> str:
    """What somebody reads."""
    content = answer.text[answer.text.index('<div class="operation-log">') :]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", content)).split())


def test_the_list_is_a_page_of_the_newest(answers: dict[str, Answer]) -> None:
    """The newest entries are shown, and a link leads to the older ones."""
    page = answers["all"]
    assert (page.status, page.text.count("<article>")) == (200, 50)
    assert 'rel="next"' in page.text
    assert "Newest" not in text(page)
    assert re.search(r"\d\d entries found\.", text(page))
    assert "rows 12" in text(page)
    assert "nobody known shop create auth.User" in text(page)
    assert LIST in answers["index"].text


@pytest.mark.parametrize(
    ("name", "count"), [("operation", 1), ("nobody", 0), ("past", 0), ("nonsense", 50), ("days", 50)]
)
def test_the_list_is_filtered(name: str, count: int, answers: dict[str, Answer]) -> None:
    """A filter shows what it says; one that makes no sense filters nothing."""
    assert answers[name].status == 200
    assert answers[name].text.count("<article>") == count


def test_an_object_and_an_actor_are_found(answers: dict[str, Answer]) -> None:
    """What is found by object or by actor is theirs alone; a user is found by name and by key."""
    assert "group 59" not in text(answers["object"])
    assert "old name" in text(answers["object"])
    by_name, by_key = (
        re.sub(r"<form.*?</form>", "", answers[name].text, flags=re.DOTALL) for name in ("actor", "actor key")
    )
    assert by_name.count("<article>") == by_key.count("<article>") == 3


def test_the_timeline_shows_what_was_and_what_is(answers: dict[str, Answer]) -> None:
    """Old beside new, grouped by transaction, with who and why; nothing of it is taken for markup or is secret."""
    page = answers["timeline"]
    assert page.text.count('<section class="together">') == 3
    assert page.text.count("<article>") == 4
    assert "<del>old name</del><ins>&lt;b&gt;new&lt;/b&gt; name</ins>" in re.sub(r">\s+<", "><", page.text)
    assert "ada on behalf of Grace <script>alert(1)</script>" in text(page)
    assert "<script>alert" not in page.text
    assert f"{'x' * 300} … (1500)" in text(page)
    assert "Nothing was recorded" not in text(page)


def test_a_page_goes_on_after_the_last_entry_of_the_one_before(answers: dict[str, Answer]) -> None:
    """A later page keeps the filter, and leads back to the newest entries."""
    page = answers["older"]
    assert 0 < page.text.count("<article>") < 20
    assert 'href="?model=auth.Group">Newest' in page.text
    assert 'rel="next"' not in page.text


def test_secrets_are_hidden(answers: dict[str, Answer]) -> None:
    """A password is told as hidden."""
    assert all("cAnArY" not in answer.text for name, answer in answers.items() if name != "nobody")


def test_who_may_see_it(answers: dict[str, Answer]) -> None:
    """The list is for those with the permission, the timeline for those who see the object; nobody writes."""
    names = ("editor", "editor timeline", "nobody at all", "add", "delete", "entry", "missing", "no key")
    assert [answers[name].status for name in names] == [403, 403, 302, 403, 403, 200, 302, 302]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, python: WarmPython) -> Iterator[Open]:
    """Pages of the project in a browser, for somebody who has signed in."""
    with chromium() as browser:
        folder, port = tmp_path_factory.mktemp("log") / "shop", free_port()
        folder.mkdir()
        environ = {"DJANGO_SETTINGS_MODULE": "settings", "DJANGO_PROFILE": "development"}
        ask_project(python, folder, (), {**FILES, "cookie.py": COOKIE}, environ)
        done = python.run(["cookie.py"], env={**clean_environment(), **environ}, cwd=folder)
        cookie: Cookie = {
            "name": "sessionid",
            "value": done.stdout.split()[-1],
            "path": "/",
            "domain": "127.0.0.1",
            "expires": -1,
            "httpOnly": True,
            "secure": False,
            "sameSite": "Lax",
        }
        arguments = ["manage.py", "runserver", "--noreload", "--skip-checks", str(port)]
        with serving(python, arguments, environ, shop=folder, port=port) as site:
            pages = Open(browser, site, {"cookies": [cookie]})
            yield pages
            pages.close()


COOKIE = """
    import django

    django.setup()

    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get(username="root"))
    print(client.cookies["sessionid"].value)
"""


@pytest.mark.parametrize(("scheme", "width"), [("light", PHONE), ("dark", DESKTOP)])
@pytest.mark.parametrize("path", [LIST, TIMELINE])
def test_in_a_browser(path: str, scheme: str, width: int, opened: Open) -> None:
    """Narrow or wide, light or dark, under a strict policy: nothing that an eye or a screen reader would miss."""
    page = opened(path, scheme=scheme, width=width)
    expect(page.locator("article").first).to_be_visible()
    assert page.evaluate(AUDIT, ".operation-log") == []
    page.emulate_media(media="print")
    expect(page.locator(".filter")).to_have_count(1 if path == LIST else 0)
    expect(page.locator(".operation-log .pages")).to_be_hidden()


def test_older_pages_and_one_object_in_a_browser(opened: Open) -> None:
    """The filter, the link to one object and the way to the older entries and back work without a script."""
    page = opened(LIST, has_script=False)
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    page.get_by_role("link", name="Newest").click()
    page.get_by_role("combobox", name="Model").select_option("auth.Group")
    page.get_by_role("textbox", name="Key", exact=True).fill("1")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("article")).to_have_count(4)
    page.get_by_role("link", name="auth.Group 1").first.click()
    expect(page.get_by_role("status")).to_contain_text("4 entries found.")
