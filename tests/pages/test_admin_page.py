"""The configuration in the admin: who sees it, what it shows, and what it never shows."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.pages.conftest import PAGE, Answer, ask_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.pages.conftest import Ask
    from tests.warm_python import WarmPython

CANARY = "cAnArY"
SETTINGS = """
    from pydantic import Field, SecretStr

    from dj_core_utils.settings import CoreSettings, export_settings


    class ShopSettings(CoreSettings):
        service_name: str = "shop"
        root_urlconf: str = "urls"
        installed_apps: list[str] = ["django.contrib.admindocs"]
        banner: str = Field(default="", description="Shown <em>above</em> everything.")
        motto: str = ""
        terms: str = ""
        partner_key: SecretStr = SecretStr("cAnArY-in-the-class")
        courier_key: SecretStr | None = None
        printer_key: SecretStr | None = None
        vault_key: SecretStr | None = None
        mail_key: SecretStr | None = None


    export_settings(globals())
    TIME_ZONE = "Europe/Madrid"
"""
TERMS = "<b>" + "x" * 10_000 + "</b> the end of it"
URLS = """
    from django.conf import settings
    from django.contrib import admin
    from django.urls import include, path

    from dj_core_utils.cli.inspection import inspect_process
    from dj_core_utils.configuration_page import ConfigurationPage, Filter

    def fail(request):
        page = ConfigurationPage(inspect_process(settings.SETTINGS_MODULE), Filter.of(request.GET))
        rows, loaded = page.rows, page.loaded
        raise RuntimeError("on purpose")

    urlpatterns = [
        path("admin/doc/", include("django.contrib.admindocs.urls")),
        path("admin/", admin.site.urls),
        path("fail/", fail),
    ]
"""
FILES = {
    "settings.py": SETTINGS,
    "urls.py": URLS,
    ".env": """
        COURIER_KEY=cAnArY-in-dotenv
        VAULT_KEY=cAnArY-lost-to-the-environment
        CACHE_URL=redis://:cAnArY-in-a-url@127.0.0.1:6379/0
        PARTNER_KY=cAnArY-of-nobody
    """,
    "secrets/printer_key": "cAnArY-in-a-file",
    "mail_key": "cAnArY-named-by-a-variable",
    "profiles/shop.toml": """
        extends = ["test"]
        [settings]
        vault_key = "cAnArY-in-a-profile"
        motto = "lost to the environment"
        [settings.secret_keys]
        django = "cAnArY-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP"
    """,
}
ENVIRON = {
    "DEBUG": "true",
    "DJANGO_PROFILE": "shop",
    "DJANGO_SECRETS_DIR": "secrets",
    "MAIL_KEY_FILE": "mail_key",
    "VAULT_KEY": "cAnArY-in-the-environment",
    "DATABASE_URLS": "reports=postgres://shop:cAnArY-of-a-replica@127.0.0.1:5432/shop",
    "BANNER": "</code><script>alert(1)</script>\"' onload='x' {{ settings.SECRET_KEY }}",
    "MOTTO": "שלום \u202e évolution — 変更",
    "TERMS": TERMS,
    "JWT_ACCESS_TOKEN_LIFETIME": "30m",
}
REQUESTS: dict[str, tuple[str, str] | tuple[str, str, str]] = {
    "page": ("root", PAGE),
    "index": ("root", "/admin/"),
    "index of an editor": ("editor", "/admin/"),
    "editor": ("editor", PAGE),
    "customer": ("customer", PAGE),
    "nobody": ("", PAGE),
    "post": ("root", PAGE, "POST"),
    "head": ("root", PAGE, "HEAD"),
    "found": ("root", f"{PAGE}?q=KEY+courier"),
    "by canary": ("root", f"{PAGE}?q=cAnArY-in"),
    "of jwt": ("root", f"{PAGE}?section=jwt"),
    "of dotenv": ("root", f"{PAGE}?origin=dotenv"),
    "none": ("root", f"{PAGE}?q=%3Cscript%3E&section=%22x&origin=%3Cb%3E&page=x"),
    "profiles": ("root", f"{PAGE}profiles/"),
    "compared": ("root", f"{PAGE}profiles/?before=+shop&after=microservice,production"),
    "equal": ("root", f"{PAGE}profiles/?before=shop&after=shop"),
    "unknown profile": ("root", f"{PAGE}profiles/?after=prodution,%3Cscript%3E,..%2F..%2Fsecrets"),
    "profiles for an editor": ("editor", f"{PAGE}profiles/?after=production"),
    "profiles for nobody": ("", f"{PAGE}profiles/?after=production"),
    "long": ("root", f"{PAGE}?q={'leeway+' * 1000}"),
    "many profiles": ("root", f"{PAGE}profiles/?after={'p,' * 2000}production"),
    "add": ("root", f"{PAGE}add/"),
    "change": ("root", f"{PAGE}1/change/"),
    "models in the docs": ("root", "/admin/doc/models/"),
    "views in the docs": ("root", "/admin/doc/views/"),
    "a view in the docs": ("root", "/admin/doc/views/dj_core_utils.admin.ConfigurationAdmin.configuration_view/"),
    "debug page": ("root", "/fail/"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, python: WarmPython) -> Mapping[str, Answer]:
    """What one project with hostile values and a secret in every source answers."""
    answered = ask_project(python, tmp_path_factory.mktemp("shop"), tuple(REQUESTS.values()), FILES, ENVIRON)
    return dict(zip(REQUESTS, answered, strict=True))


def row(answer: Answer, variable: str) -> str:
    """The text of one row of the page, on one line."""
    table = answer.text[answer.text.index('id="results"') :]
    found = re.search(rf'<code class="name" dir="ltr">{variable}</code>.*?</tr>', table, re.DOTALL)
    assert found is not None, variable
    return " ".join(unescape(re.sub(r"<.*?>", " ", found[0])).split())


def variables(answer: Answer) -> list[str]:
    """The variables that a page shows."""
    table = answer.text[answer.text.index('id="results"') :]
    return re.findall(r'<code class="name" dir="ltr">(\w+)</code>', table)


def test_each_value_has_its_origin(answers: Mapping[str, Answer]) -> None:
    """A row tells the variable, what it is for, its value, its origin, what it feeds and what it shadows."""
    page = answers["page"]
    assert page.status == 200
    assert row(page, "SERVICE_NAME").endswith("shop ShopSettings")
    assert "Django: SIMPLE_JWT" in row(page, "JWT_ACCESS_TOKEN_LIFETIME")
    assert row(page, "JWT_ACCESS_TOKEN_LIFETIME").endswith("30m environment")
    assert "instead of lost to the environment (profile shop)" in row(page, "MOTTO")
    assert row(page, "VAULT_KEY") == (
        "VAULT_KEY secret *** (25 characters) instead of *** (.env:2)"
        " instead of *** (19 characters) (profile shop) environment"
    )
    assert re.search(r"secret \*\*\* \(16 characters\) \S+/secrets/printer_key$", row(page, "PRINTER_KEY"))
    assert row(page, "TIME_ZONE").count("the settings module assigns TIME_ZONE itself") == 1
    assert "ShopSettings" in page.text
    assert re.search(r'<ul class="profiles".*?<li>test</li><li>shop</li>', page.text, re.DOTALL)


def test_every_variable_is_there(answers: Mapping[str, Answer]) -> None:
    """Without a filter each variable is on the page once, those at their default in an element to open."""
    shown = variables(answers["page"])
    assert len(shown) == len(set(shown))
    assert f"{len(shown)} variables," in answers["page"].text
    assert {"DEBUG", "JWT_LEEWAY", "BANNER"} <= set(shown)
    assert "<details open" not in answers["page"].text


def test_warnings_stand_on_top(answers: Mapping[str, Answer]) -> None:
    """What is wrong comes before the values, with its id and what to do; a strange name is warned of."""
    text = answers["page"].text
    assert text.index("jwt.lifetime") < text.index("variable.unknown") < text.index('id="results"')
    assert "Did you mean PARTNER_KEY?" in unescape(text)
    assert "2 warnings" in text


def test_no_secret_is_on_a_page(answers: Mapping[str, Answer]) -> None:
    """Secrets of every source are nowhere: not on the page, not in an attribute, not in what surrounds it."""
    assert (answers["debug page"].status, "RuntimeError" in answers["debug page"].text) == (500, True)
    assert "DJANGO_SECRET_KEY" in answers["page"].text
    texts = {name: answer.text.replace('value="cAnArY-in"', "") for name, answer in answers.items()}
    assert [name for name, text in texts.items() if CANARY in text] == []
    assert [name for name, answer in answers.items() if CANARY in str(answer.headers)] == []


def test_a_secret_cannot_be_guessed_with_the_filter(answers: Mapping[str, Answer]) -> None:
    """The filter looks at what is shown, so it does not tell whether a guess is right."""
    assert variables(answers["by canary"]) == []


def test_hostile_values_are_text(answers: Mapping[str, Answer]) -> None:
    """Markup in a value, in a description or in the query string is shown, not obeyed."""
    page = answers["page"]
    scripts = re.findall(r"<script(?![^>]* src=)", page.text + answers["none"].text)
    assert scripts == []
    assert ENVIRON["BANNER"] in unescape(page.text)
    assert "<em>above" not in page.text
    assert "<b>x" not in page.text
    assert 'value="&lt;script&gt;"' in answers["none"].text


def test_a_value_has_its_own_direction(answers: Mapping[str, Answer]) -> None:
    """Text from right to left is kept apart from its surroundings, and what would turn the line is escaped."""
    page = unescape(answers["page"].text)
    assert '<code dir="auto">שלום \\u202e évolution — 変更</code>' in page
    assert "\u202e" not in page


def test_a_long_value_does_not_flood_the_page(answers: Mapping[str, Answer]) -> None:
    """A long value shows its beginning and its size, and the rest when it is opened."""
    page = unescape(answers["page"].text)
    assert f"{len(TERMS)} characters" in page
    assert page.count("the end of it") == 1
    assert re.search(r"<summary><code dir=\"auto\"><b>x+…</code>", page)


def test_the_filter_works_without_a_script(answers: Mapping[str, Answer]) -> None:
    """The query string alone chooses: all words anywhere in a row, a section, a kind of origin."""
    assert variables(answers["found"]) == ["COURIER_KEY"]
    assert "1 variable found." in answers["found"].text
    assert 'value="KEY courier"' in answers["found"].text
    assert "JWT_LEEWAY" in variables(answers["of jwt"])
    assert "DEBUG" not in variables(answers["of jwt"])
    assert "<option selected>jwt" in answers["of jwt"].text
    assert "<details open" in answers["of jwt"].text.replace('class="card" ', "")
    assert variables(answers["of dotenv"]) == ["COURIER_KEY", "CACHE_URL"]


def test_a_filter_may_find_nothing(answers: Mapping[str, Answer]) -> None:
    """What is not known leaves nothing, and there is a way back."""
    assert answers["none"].status == 200
    assert variables(answers["none"]) == []
    assert "0 variables found." in answers["none"].text
    assert 'href="?"' in answers["none"].text


def test_an_address_of_any_length_is_answered(answers: Mapping[str, Answer]) -> None:
    """Of thousands of words as many count as the input takes."""
    assert variables(answers["long"]) == ["JWT_LEEWAY"]
    assert answers["long"].text.count("leeway leeway") <= 100
    assert len(answers["many profiles"].text) < 30_000
    assert "is not a profile" in answers["many profiles"].text


def test_superusers_see_it(answers: Mapping[str, Answer]) -> None:
    """Others are refused or asked to sign in, and their index does not name it."""
    assert (answers["editor"].status, answers["customer"].status, answers["nobody"].status) == (403, 302, 302)
    assert (answers["profiles for an editor"].status, answers["profiles for nobody"].status) == (403, 302)
    assert answers["nobody"].headers["Location"] == f"/admin/login/?next={PAGE}"
    assert f'href="{PAGE}"' in answers["index"].text
    assert f'href="{PAGE}"' not in answers["index of an editor"].text
    assert answers["index of an editor"].status == 200


def test_there_is_nothing_to_edit(answers: Mapping[str, Answer]) -> None:
    """The page is read; nothing can be sent to it, and the pages of other models do not exist for it."""
    assert answers["post"].status in {403, 405}
    assert answers["head"].status == 200
    assert (answers["add"].status, answers["change"].status) == (404, 404)
    assert 'method="post"' not in answers["page"].text[answers["page"].text.index("<main") :]
    assert f'href="{PAGE}add/"' not in answers["index"].text


def test_nobody_keeps_a_copy(answers: Mapping[str, Answer]) -> None:
    """Neither a proxy nor the browser may store the page."""
    for name in ("page", "compared"):
        assert {"no-store", "private"} <= set(answers[name].headers["Cache-Control"].split(", "))


def test_the_page_brings_no_inline_code(answers: Mapping[str, Answer]) -> None:
    """A Content Security Policy of 'self' blocks nothing of it: no inline script, style or handler, no other host."""
    page = answers["page"].text
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|<[^>]*\son[a-z]+=", page) == []
    addresses = re.findall(r'(?:src|href)="([^"#?]+)', page)
    assert [address for address in addresses if not address.startswith("/")] == []


def text(page: str) -> str:
    """What one reads on a page, on one line."""
    words = unescape(re.sub(r"<[^>]*>", " ", page[page.index("<main") : page.index("</main>")])).split()
    return " ".join(words).replace(" ,", ",")


def test_profiles_are_compared(answers: Mapping[str, Answer]) -> None:
    """Two sets stand side by side: values, what feeds a setting, what is required, and what a start would report."""
    page = text(answers["compared"].text)
    assert re.search(r"\d+ values differ Variable shop microservice, production ", page)
    assert "Answer plain HTTP with a redirect to HTTPS. False SecuritySettings True profile production" in page
    assert "SECRET_KEY comes from SHOP_SECRET_KEY instead of DJANGO_SECRET_KEY" in page
    assert "Also requires DATABASE_URL, SHOP_SECRET_KEY, PARTNER_KEY," in page
    assert "Becomes hardened Is no longer local" in page
    assert "Also waives security.hsts_include_subdomains, security.hsts_preload" in page
    assert re.search(r"Rules that stop a start \d\d instead of 0", page)
    assert "Set here, whatever the profiles say MOTTO, VAULT_KEY" in page
    assert re.search(r"a start under the second set would report: \d+ problems ", page)
    assert "service.credential" in page
    assert 'value="shop"' in answers["compared"].text


def test_profiles_that_come_to_the_same(answers: Mapping[str, Answer]) -> None:
    """Where nothing differs there is nothing but that to read."""
    page = text(answers["equal"].text)
    assert "0 values differ" in page
    assert "What else changes" not in page
    assert "would report" not in page


def test_profiles_can_be_chosen(answers: Mapping[str, Answer]) -> None:
    """The page begins with the profiles in use, and lists all that can be named with what they are for."""
    page = answers["profiles"].text
    assert 'name="before" value="shop"' in page
    assert 'name="after" value=""' in page
    assert "differ" not in text(page)
    assert re.search(r"monolith .+ production Serves users: HTTPS only, .+ shop - ", text(page))
    assert f'href="{PAGE}profiles/"' in answers["page"].text


def test_a_profile_that_does_not_exist(answers: Mapping[str, Answer]) -> None:
    """A misspelt name is answered with the nearest one; a path is a name like any other, and opens nothing."""
    answer = answers["unknown profile"]
    assert answer.status == 200
    assert '"prodution" is not a profile. Did you mean production?' in text(answer.text)
    assert "export_settings" not in text(answer.text)
    assert '"../../secrets" is not a profile.' in text(answer.text)
    assert "<script>" not in answer.text
    assert "values differ" not in answer.text


def test_the_project_gets_no_model(ask: Ask) -> None:
    """There is no table, no migration to make, no content type and no permission."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings

        class ShopSettings(CoreSettings):
            root_urlconf: str = "urls"

        export_settings(globals())
    """
    urls = """
        from django.apps import apps
        from django.contrib import admin
        from django.contrib.auth.models import Permission
        from django.contrib.contenttypes.models import ContentType
        from django.core.management import call_command
        from django.http import HttpResponse
        from django.urls import path

        def facts(request):
            call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
            call_command("check")
            return HttpResponse(repr([
                list(apps.get_app_config("dj_core_utils").get_models()),
                ContentType.objects.filter(app_label="dj_core_utils").count(),
                Permission.objects.filter(codename__contains="configuration").count(),
            ]))

        urlpatterns = [path("admin/", admin.site.urls), path("facts/", facts)]
    """
    page, facts = ask(("root", PAGE), ("root", "/facts/"), files={"settings.py": settings, "urls.py": urls})
    assert page.status == 200
    assert (facts.status, facts.text) == (200, "[[], 0, 0]")


def test_a_project_decides_who_sees_it_and_where(ask: Ask) -> None:
    """The page can be taken away, put on a site of the project's own, and opened to others by a subclass."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings

        class ShopSettings(CoreSettings):
            root_urlconf: str = "urls"

        export_settings(globals())
    """
    urls = """
        from django.contrib import admin
        from django.urls import path

        from dj_core_utils.admin import Configuration, ConfigurationAdmin

        class ForStaff(ConfigurationAdmin):
            def has_view_permission(self, request, obj=None):
                return request.user.is_staff

        admin.site.unregister(Configuration)
        office = admin.AdminSite(name="office")
        office.register(Configuration, ForStaff)
        urlpatterns = [path("admin/", admin.site.urls), path("office/", office.urls)]
    """
    office = PAGE.replace("/admin/", "/office/")
    requests = [("root", PAGE), ("editor", office), ("editor", "/office/"), ("customer", office)]
    gone, page, index, refused = ask(*requests, files={"settings.py": settings, "urls.py": urls})
    assert (gone.status, page.status, index.status, refused.status) == (404, 200, 200, 302)
    assert f'href="{office}"' in index.text
    assert 'href="/admin/' not in page.text[page.text.index("<main") :]
    assert '<a href="/office/">' in page.text


def test_a_project_that_exports_nothing(ask: Ask) -> None:
    """A plain settings module gets a page that says so, and what to do."""
    settings = """
        SECRET_KEY = "plain"
        DEBUG = False
        ALLOWED_HOSTS = ["*"]
        ROOT_URLCONF = "urls"
        USE_TZ = True
        STATIC_URL = "static/"
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        INSTALLED_APPS = [
            "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.messages", "django.contrib.staticfiles", "dj_core_utils",
        ]
        MIDDLEWARE = [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ]
        TEMPLATES = [{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }]
    """
    page, profiles = ask(("root", PAGE), ("root", f"{PAGE}profiles/?after=production"), files={"settings.py": settings})
    assert (page.status, profiles.status) == (200, 200)
    assert "no configuration that could be loaded under other profiles" in profiles.text
    assert "export.missing" in page.text
    assert "1 problem" in page.text
    assert "<form class" not in page.text


def test_what_a_hardened_project_does_to_its_settings_is_a_problem(ask: Ask) -> None:
    """A guarantee that the module undoes after the export comes first, and what is waived is there with its reason."""
    settings = """
        from dj_core_utils.settings import CoreSettings, export_settings

        class ShopSettings(CoreSettings):
            root_urlconf: str = "urls"

        export_settings(globals())
        X_FRAME_OPTIONS = "SAMEORIGIN"
    """
    waived = (
        *("cache.local", "database.sqlite", "email.missing", "security.csrf_cookie_secure"),
        *("security.hsts_include_subdomains", "security.hsts_preload", "security.hsts_seconds"),
        *("security.session_cookie_secure", "security.ssl_redirect"),
    )
    reasons = "\n".join(f'"{rule}" = "a <b>test</b> of {rule}"' for rule in waived)
    environ = {
        "DJANGO_PROFILE": "strict",
        "DJANGO_SECRET_KEY": "6Kqvoegu33NGhgfZzJaK66r3yaAwzco8fmKhHpFFM7Wn5x09aOyMUussorG5S55L",
        "DATABASE_URL": "sqlite:///:memory:",
        "ALLOWED_HOSTS": "testserver",
    }
    files = {"settings.py": settings, "profiles/strict.toml": f"[policy]\nhardened = true\n[policy.waivers]\n{reasons}"}
    (page,) = ask(("root", PAGE), files=files, env=environ)
    assert page.status == 200
    errors, warnings, results = (page.text.index(part) for part in ("1 problem", "rules are waived", 'id="results"'))
    assert errors < warnings < results
    assert "setting.reassigned" in page.text
    text = " ".join(re.sub(r"</?(?:span|bdi).*?>", "", page.text).split())
    assert "Reason: a &lt;b&gt;test&lt;/b&gt; of cache.local" in text
