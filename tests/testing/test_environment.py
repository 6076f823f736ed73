"""Environments that begin and end with a block."""

from __future__ import annotations

import asyncio
import os
import unittest
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.test import SimpleTestCase, override_settings

from dj_core_utils.settings import ConfigurationError, get_settings
from dj_core_utils.settings.export import last_export, replace_export
from dj_core_utils.testing import isolated_environment
from tests.testing.shop_settings import ShopSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.loading import Loaded
    from tests.conftest import RunPython, WriteProject

settings: Any = django_settings  # the types of the Django plugin are those of the project of the tests

pytestmark = pytest.mark.usefixtures("shop")


@contextmanager
def changes() -> Iterator[list[tuple[str, object, bool]]]:
    """What ``setting_changed`` says."""
    seen: list[tuple[str, object, bool]] = []

    def note(*, setting: str, value: object, enter: bool, **_: object) -> None:
        seen.append((setting, value, enter))

    setting_changed.connect(note)
    try:
        yield seen
    finally:
        setting_changed.disconnect(note)


def test_settings_follow_the_environment_and_come_back() -> None:
    """Variables, Django's settings and the typed object are those of the block, and afterwards as before."""
    os.environ["PAGE_SIZE"] = "9"
    before, export = dict(os.environ), last_export()
    with isolated_environment({"PAGE_SIZE": "3", "COLOURS": "green"}) as environment:
        assert (os.environ["PAGE_SIZE"], settings.PAGE_SIZE, settings.COLOURS) == ("3", 3, ["green"])
        assert get_settings(ShopSettings).page_size == 3
        assert environment.settings is get_settings()
    assert (settings.PAGE_SIZE, settings.COLOURS) == (50, ["red"])
    assert dict(os.environ) == before
    assert last_export() is export


def test_only_variables_of_the_configuration_are_taken_away() -> None:
    """What the settings class reads is not there unless it is given; everything else of the process stays."""
    os.environ.update({"PAGE_SIZE": "9", "SEARCH_KEY_FILE": "/there", "DJANGO_PROFILE": "production", "OTHER": "kept"})
    with isolated_environment():
        assert {"PAGE_SIZE", "SEARCH_KEY_FILE", "DJANGO_PROFILE"}.isdisjoint(os.environ)
        assert os.environ["OTHER"] == "kept"
        os.environ["PAGE_SIZE"] = "4"
    assert (os.environ["PAGE_SIZE"], os.environ["DJANGO_PROFILE"]) == ("9", "production")


def test_each_change_is_announced_in_both_directions() -> None:
    """``setting_changed`` is sent for what differs and nothing else, and again when it is over."""
    with changes() as seen:
        with isolated_environment({"PAGE_SIZE": "3"}):
            assert seen == [("PAGE_SIZE", 3, True)]
        assert seen == [("PAGE_SIZE", 3, True), ("PAGE_SIZE", 50, False)]


def test_a_setting_can_appear_and_disappear() -> None:
    """A setting that only some environments have is there in their blocks alone, and is announced."""
    with changes() as seen, isolated_environment({"HAS_BANNER": "yes"}):
        assert settings.BANNER == "hello"
        with isolated_environment():
            assert not hasattr(settings, "BANNER")
        assert settings.BANNER == "hello"
    assert [change for change in seen if change[0] == "BANNER"] == [
        ("BANNER", "hello", True),
        ("BANNER", None, True),
        ("BANNER", "hello", False),
        ("BANNER", None, False),
    ]
    assert not hasattr(settings, "BANNER")


def test_what_is_no_longer_set_has_djangos_default() -> None:
    """Where an environment leaves a setting to Django, the block has Django's own value."""
    fast = settings.PASSWORD_HASHERS
    with isolated_environment({"DJANGO_PROFILE": "development"}):
        assert fast != settings.PASSWORD_HASHERS
        assert settings.DEBUG is True
    assert (fast, False) == (settings.PASSWORD_HASHERS, settings.DEBUG)


def test_an_exception_ends_the_block_as_well() -> None:
    """A block that raises leaves nothing behind."""
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), isolated_environment({"PAGE_SIZE": "3"}, files={"a": "b"}) as environment:
        _ = 1 / 0
    assert (settings.PAGE_SIZE, get_settings(ShopSettings).page_size) == (50, 50)
    assert dict(os.environ) == before
    assert not environment.folder.exists()


def test_an_unusable_environment_is_not_entered() -> None:
    """What a start would refuse raises its report, and nothing is changed."""
    before = dict(os.environ)
    with changes() as seen, pytest.raises(ConfigurationError, match="PAGE_SIZE") as caught:
        isolated_environment({"PAGE_SIZE": "0"}, files={"a": "b"}).enable()
    assert [problem.id for problem in caught.value.problems] == ["value.range"]
    assert seen == []
    assert dict(os.environ) == before


def test_a_receiver_that_raises_undoes_everything() -> None:
    """When somebody refuses a change on entering, the environment is as before."""
    before = dict(os.environ)

    def refuse(*, setting: str, enter: bool, **_: object) -> None:
        if enter and setting == "PAGE_SIZE":
            raise LookupError(setting)

    setting_changed.connect(refuse)
    try:
        with pytest.raises(LookupError):
            isolated_environment({"PAGE_SIZE": "3"}).enable()
    finally:
        setting_changed.disconnect(refuse)
    assert (settings.PAGE_SIZE, get_settings(ShopSettings).page_size) == (50, 50)
    assert dict(os.environ) == before


def test_without_an_export_there_is_nothing_to_rebuild() -> None:
    """A process that exported nothing is told so."""
    before = replace_export(None)
    try:
        with pytest.raises(ConfigurationError, match="No settings have been exported"):
            isolated_environment().enable()
    finally:
        replace_export(before)


def test_files_are_there_for_the_block() -> None:
    """``.env``, profiles and secret files of the block count, and are gone afterwards."""
    files = {
        ".env": "DJANGO_PROFILE=test,large\nSEARCH_KEY_FILE=key\n",
        "key": "s3cr3t",
        "profiles/large.toml": "[settings]\npage_size = 300\n",
    }
    with isolated_environment(files=files) as environment:
        assert (settings.PAGE_SIZE, settings.SEARCH_KEY) == (300, "s3cr3t")
        assert (environment.folder / "key").read_text("utf-8") == "s3cr3t"
    assert not environment.folder.exists()
    assert (settings.PAGE_SIZE, settings.SEARCH_KEY) == (50, None)


def test_paths_of_the_project_stay(shop: Loaded) -> None:
    """Files of a block do not move the project: templates and static files are where they were."""
    with changes() as seen, isolated_environment(files={".env": "PAGE_SIZE=3"}):
        assert [name for name, *_ in seen] == ["PAGE_SIZE"]
        export = last_export()
        assert export is not None
        assert export.loaded.rendered["STATIC_ROOT"] == shop.rendered["STATIC_ROOT"]


def test_profiles_are_those_of_the_process_unless_named() -> None:
    """The tests stay under their profile, until an environment or an argument names another one."""
    with isolated_environment({"PAGE_SIZE": "3"}):
        assert settings.DEBUG is False
    for block in (
        isolated_environment(profiles=["development"]),
        isolated_environment({"DJANGO_PROFILE": "development"}),
        isolated_environment(files={".env": "DJANGO_PROFILE=development"}),
    ):
        with block:
            assert settings.DEBUG is True


def test_databases_and_what_the_module_assigns_stay() -> None:
    """Connections are made once, and an assignment of the settings module is its own word."""
    databases = settings.DATABASES
    with changes() as seen, isolated_environment({"DATABASE_URL": "sqlite:///other.db", "TIME_ZONE": "Asia/Tokyo"}):
        assert settings.DATABASES is databases
        assert settings.TIME_ZONE == "Europe/Madrid"
        assert get_settings().time_zone == "Asia/Tokyo"
        with isolated_environment({"TIME_ZONE": "Asia/Seoul"}):
            assert settings.TIME_ZONE == "Europe/Madrid"
    assert seen == []


def test_blocks_within_blocks() -> None:
    """An inner environment starts from nothing, too, and the outer one is back after it."""
    with isolated_environment({"PAGE_SIZE": "3", "COLOURS": "green"}):
        with isolated_environment({"PAGE_SIZE": "4"}):
            assert (settings.PAGE_SIZE, settings.COLOURS) == (4, ["red"])
            assert "COLOURS" not in os.environ
        assert (settings.PAGE_SIZE, settings.COLOURS) == (3, ["green"])
        assert os.environ["COLOURS"] == "green"
    assert settings.PAGE_SIZE == 50


def test_inside_and_around_override_settings() -> None:
    """``override_settings`` inside a block wins; around it, it wins where the environment says nothing."""
    with isolated_environment({"PAGE_SIZE": "3"}), override_settings(PAGE_SIZE=4):
        assert settings.PAGE_SIZE == 4
    with override_settings(PAGE_SIZE=4, COLOURS=["blue"]):
        with isolated_environment({"PAGE_SIZE": "3"}):
            assert (settings.PAGE_SIZE, settings.COLOURS) == (3, ["blue"])
        assert settings.PAGE_SIZE == 4
    assert settings.PAGE_SIZE == 50


def test_a_list_that_the_block_changes_is_whole_afterwards() -> None:
    """Lists and mappings of a block are its own, those that the environment does not change among them."""
    with isolated_environment({"PAGE_SIZE": "3"}):
        settings.COLOURS.append("blue")
        assert settings.COLOURS == ["red", "blue"]
    assert settings.COLOURS == ["red"]


ORDERS = [["env", "other"], ["other", "env"]]


@pytest.mark.parametrize("ends", ORDERS, ids=" then ".join)
@pytest.mark.parametrize("begins", ORDERS, ids=" then ".join)
def test_any_order_of_endings(begins: list[str], ends: list[str]) -> None:
    """Fixtures end in an order of their own; nothing of a block is left whichever ends first."""
    blocks = {"env": isolated_environment({"PAGE_SIZE": "3"}), "other": override_settings(COLOURS=["blue"])}
    for name in begins:
        blocks[name].enable()
    assert (settings.PAGE_SIZE, settings.COLOURS) == (3, ["blue"])
    with changes() as seen:
        for name in ends:
            blocks[name].disable()
    assert [(name, enter) for name, _, enter in seen if name == "PAGE_SIZE"] == [("PAGE_SIZE", False)]
    assert (settings.PAGE_SIZE, settings.COLOURS) == (50, ["red"])
    assert get_settings(ShopSettings).page_size == 50


@isolated_environment({"PAGE_SIZE": "3"})
def test_as_decorator_of_a_test() -> None:
    """A test, or a coroutine, can be decorated."""
    assert settings.PAGE_SIZE == 3

    @isolated_environment({"PAGE_SIZE": "4"})
    async def size() -> int:
        await asyncio.sleep(0)
        return int(settings.PAGE_SIZE)

    assert asyncio.run(size()) == 4
    assert settings.PAGE_SIZE == 3


def test_a_decorator_may_be_entered_again_while_it_is_open() -> None:
    """A decorated function that calls itself has its environment each time."""

    @isolated_environment({"PAGE_SIZE": "3"})
    def count(depth: int) -> list[int]:
        return [settings.PAGE_SIZE, *(count(depth - 1) if depth else [])]

    assert count(2) == [3, 3, 3]
    assert settings.PAGE_SIZE == 50


def test_as_decorator_of_a_test_case() -> None:
    """Each test of a decorated case has the environment, and its setUp too."""

    @isolated_environment({"PAGE_SIZE": "3"})
    class Pages(SimpleTestCase):
        """A case of a project."""

        def setUp(self) -> None:
            """Note what a setUp sees."""
            self.size = settings.PAGE_SIZE

        def test_one(self) -> None:
            """One test."""
            self.assertEqual((self.size, settings.PAGE_SIZE), (3, 3))  # noqa: PT009  # a unittest

        @override_settings(PAGE_SIZE=4)
        def test_another(self) -> None:
            """One with an override of its own."""
            self.assertEqual((self.size, settings.PAGE_SIZE), (3, 4))  # noqa: PT009  # the same

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Pages).run(result)
    assert (result.testsRun, result.failures, result.errors) == (2, [], [])
    assert settings.PAGE_SIZE == 50


def test_a_class_that_is_no_test_case_is_refused() -> None:
    """Pytest's plain classes have no setUp to hang an environment on."""
    with pytest.raises(TypeError, match="Can only decorate subclasses"):
        isolated_environment()(type("Plain", (), {}))


def test_nothing_secret_in_a_repr() -> None:
    """What a failing test prints of its locals holds no secret."""
    block = isolated_environment({"SEARCH_KEY": "s3cr3t"}, files={"key": "s3cr3t"})
    with block as environment, ExitStack():
        assert "s3cr3t" not in f"{block!r} {vars(block)!r} {environment!r}"


PLUGIN = """
    pytest_plugins = ["dj_core_utils.testing.pytest"]
"""
SETTINGS = """
    from dj_core_utils.settings import CoreSettings, export_settings


    class ProjectSettings(CoreSettings):
        root_urlconf: str = "urls"
        page_size: int = 50
        colours: list[str] = ["red"]


    export_settings(globals(), profiles=["test"], env_file=None)
"""
TESTS = """
    import pytest
    from django.apps import apps
    from django.conf import settings as django_settings
    from django.test import TestCase

    from dj_core_utils.settings import get_settings
    from dj_core_utils.testing import isolated_environment as isolated


    @pytest.fixture(autouse=True)
    def clean():
        assert (django_settings.PAGE_SIZE, django_settings.COLOURS) == (50, ["red"])
        assert not apps.is_installed("django.contrib.sites")
        yield


    def test_apps(isolated_environment):
        isolated_environment({"INSTALLED_APPS": "django.contrib.sites"})
        assert apps.is_installed("django.contrib.sites")


    def test_apps_and_settings(settings, isolated_environment):
        isolated_environment({"INSTALLED_APPS": "django.contrib.sites"})
        settings.COLOURS = ["blue"]
        assert apps.is_installed("django.contrib.sites")


    def test_fixture(isolated_environment):
        isolated_environment({"PAGE_SIZE": "3"})
        assert django_settings.PAGE_SIZE == 3
        isolated_environment({"PAGE_SIZE": "4"}, files={"a": "b"}, profiles=["test"])
        assert django_settings.PAGE_SIZE == 4


    def test_settings_before(settings, isolated_environment):
        settings.COLOURS = ["blue"]
        isolated_environment({"PAGE_SIZE": "3"})
        settings.PAGE_SIZE = 5
        assert (django_settings.PAGE_SIZE, django_settings.COLOURS) == (5, ["blue"])


    def test_settings_after(isolated_environment, settings):
        isolated_environment({"PAGE_SIZE": "3"})
        settings.COLOURS = ["blue"]
        assert (django_settings.PAGE_SIZE, django_settings.COLOURS) == (3, ["blue"])


    @isolated({"PAGE_SIZE": "3"})
    @pytest.mark.django_db
    def test_database(django_user_model):
        assert django_user_model.objects.count() == 0


    @isolated({"PAGE_SIZE": "3"})
    class Pages(TestCase):
        def test_one(self):
            assert get_settings().page_size == django_settings.PAGE_SIZE == 3


    def test_played_services(fake_peer, fake_caller, fake_jwks):
        from dj_core_utils.api.client import APIClient
        from dj_core_utils.auth.incoming import recognise
        from dj_core_utils.auth.user_tokens import user_tokens

        orders, stock = fake_peer("orders"), fake_peer("stock")
        orders.get("orders/").returns([7])
        assert APIClient("orders").get("orders/") == [7]
        stock.assert_not_called()
        users = fake_caller("users", scopes=["orders:read"])
        credential = users.headers("GET", "/")["Authorization"].partition(" ")[2].encode()
        assert recognise(credential, method="GET", path="/").scopes == {"orders:read"}
        assert user_tokens().access.verify(fake_jwks.access_token(sub="7"))["sub"] == "7"


    @pytest.mark.parametrize("number", range(6))
    def test_clean_again(number):
        assert get_settings().page_size == 50
"""


@pytest.mark.parametrize("options", [[], ["-n2"]], ids=["one process", "xdist"])
def test_in_a_project_with_pytest_django(project: WriteProject, run_python: RunPython, options: list[str]) -> None:
    """Fixture, decorator and pytest-django's own fixture mix in any order, in random order and side by side."""
    folder = project({"conftest.py": PLUGIN, "settings.py": SETTINGS, "test_shop.py": TESTS})
    arguments = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--ds", "settings", *options]
    done = run_python(arguments, cwd=folder)
    assert "14 passed" in done.stdout, done.stdout + done.stderr
