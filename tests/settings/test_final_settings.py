"""What became of the exported settings in their module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from django.conf import global_settings

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.final_settings import misspelt, reassigned, undone

if TYPE_CHECKING:
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

CSRF = "django.middleware.csrf.CsrfViewMiddleware"


class OwnSettings(CoreSettings):
    """A project's class."""

    allowed_variables: ClassVar[tuple[str, ...]] = ("MEDIA_ROOTS",)

    page_size: int = 50
    secure_ssl_redirct: bool = True


@pytest.fixture
def loaded(load_from: LoadFrom) -> Loaded:
    """A load that can be used."""
    return load_from(OwnSettings, {"TIME_ZONE": "Europe/Madrid"})


def changes(loaded: Loaded, **changed: object) -> list[Problem]:
    """The problems of a module that changed something after the export."""
    return list(undone(loaded, {**loaded.rendered, **changed}, module="shop.settings"))


def test_a_module_that_leaves_everything_as_it_is(loaded: Loaded) -> None:
    """Nothing is said about settings that stand, or about ones that were never exported."""
    namespace = {**loaded.rendered, "OWN_SETTING": 1}
    assert reassigned(loaded, namespace) == []
    assert changes(loaded) == []


def test_a_changed_setting_is_named_with_its_remedy(loaded: Loaded) -> None:
    """The report says what changed, who set it before, and what to do instead."""
    (problem,) = changes(loaded, DEBUG=False)
    assert (problem.id, problem.variable, problem.origin) == ("setting.reassigned", "DEBUG", "shop.settings")
    assert problem.severity == "warning"
    assert "from True to False" in problem.message
    assert "after the export" in problem.message
    assert "profile development" in problem.hint
    assert "the field debug" in problem.hint


def test_a_setting_that_the_module_kept(loaded: Loaded) -> None:
    """An assignment before the export stands, and is reported the same way."""
    (problem,) = undone(loaded, {**loaded.rendered, "DEBUG": False}, module="shop.settings", kept=("DEBUG",))
    assert "before the export" in problem.message


def test_it_is_an_error_where_rules_are_strict(load_from: LoadFrom) -> None:
    """Under a hardened profile nobody may undo a guarantee."""
    strict = load_from(
        OwnSettings, files={"profiles/strict.toml": "[policy]\nhardened = true\n"}, profiles=("development",)
    )
    hardened = strict._replace(profiles=load_from(OwnSettings, profiles=("strict",)).profiles)
    assert [problem.severity for problem in changes(hardened, ALLOWED_HOSTS=["*"])] == ["error"]


def test_what_no_rule_guards_is_the_projects_own(loaded: Loaded) -> None:
    """Changing an ordinary setting is plain Django and nobody's business; it can still be seen."""
    assert changes(loaded, TIME_ZONE="UTC", PAGE_SIZE=1) == []
    assert reassigned(loaded, {**loaded.rendered, "TIME_ZONE": "UTC"}) == ["TIME_ZONE"]


def test_lists_and_mappings_may_grow(loaded: Loaded) -> None:
    """Adding middleware, or a key of simplejwt, undoes nothing; hosts are no such list."""
    middleware: Any = loaded.rendered["MIDDLEWARE"]
    simple_jwt: Any = loaded.rendered["SIMPLE_JWT"]
    assert changes(loaded, MIDDLEWARE=["first.Middleware", *middleware, "last.Middleware"]) == []
    assert changes(loaded, SIMPLE_JWT={**simple_jwt, "JTI_CLAIM": None}) == []
    assert len(changes(loaded, ALLOWED_HOSTS=["localhost", "*"])) == 1
    assert len(changes(loaded, SIMPLE_JWT={**simple_jwt, "ALGORITHM": "none"})) == 1


def test_missing_middleware_is_named(loaded: Loaded) -> None:
    """Taking middleware out is reported with its path; another order is reported, too."""
    middleware: Any = loaded.rendered["MIDDLEWARE"]
    (gone,) = changes(loaded, MIDDLEWARE=[path for path in middleware if path != CSRF])
    assert f"left without {CSRF}" in gone.message
    assert "the fields of OwnSettings that MIDDLEWARE is made from" in gone.hint
    validators: Any = loaded.rendered["AUTH_PASSWORD_VALIDATORS"]
    (weaker,) = changes(loaded, AUTH_PASSWORD_VALIDATORS=validators[1:])
    assert f"left without {validators[0]['NAME']}" in weaker.message
    (moved,) = changes(loaded, MIDDLEWARE=middleware[::-1])
    assert "put in another order" in moved.message


@pytest.mark.parametrize("value", ["canary-new", ["canary.new"], {"canary": "canary"}])
@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "SESSION_COOKIE_NAME", "CSRF_TRUSTED_ORIGINS"])
def test_values_are_not_shown(loaded: Loaded, name: str, value: object) -> None:
    """Neither the old nor the new value of what may be secret is in the text."""
    loaded = loaded._replace(rendered={**loaded.rendered, name: ["canary.old"]})
    (problem,) = changes(loaded, **{name: value})
    assert "canary" not in str(problem)


def names(loaded: Loaded, *assigned: str) -> list[tuple[str, str]]:
    """What a module with these assignments is told."""
    namespace = {**loaded.rendered, **dict.fromkeys(assigned, "")}
    return [(problem.variable, problem.message) for problem in misspelt(loaded, namespace, module="shop.settings")]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("SECURE_SSL_REDIRCT", "SECURE_SSL_REDIRECT"),
        ("DATABASE", "DATABASES"),
        ("ALLOWED_HOST", "ALLOWED_HOSTS"),
        ("SESION_COOKIE_SECURE", "SESSION_COOKIE_SECURE"),
        ("CORS_ALOWED_ORIGINS", "CORS_ALLOWED_ORIGINS"),
        ("SIMPLEJWT", "SIMPLE_JWT"),
        ("LANGUAGES_BIDY", "LANGUAGES_BIDI"),
    ],
)
def test_misspelt_settings(load_from: LoadFrom, typed: str, meant: str) -> None:
    """A setting that nothing reads, one letter from one that is read, is reported with what was meant."""
    loaded = load_from(CoreSettings)
    assert names(loaded, typed) == [(typed, f"nothing reads this setting. Did you mean {meant}?")]


def test_a_misspelt_field_is_a_misspelt_setting(loaded: Loaded) -> None:
    """A field of the project exports a setting that nothing reads just as well."""
    assert [variable for variable, _ in names(loaded)] == ["SECURE_SSL_REDIRCT"]


def test_an_allowed_name_is_left_alone(loaded: Loaded) -> None:
    """What stands in ``allowed_variables`` is right as it is."""
    assert [variable for variable, _ in names(loaded, "MEDIA_ROOTS")] == ["SECURE_SSL_REDIRCT"]


def test_settings_of_others_are_no_false_alarm(load_from: LoadFrom) -> None:
    """Django's own names, our own, and those of well-known packages and projects raise no alarm."""
    theirs = (Path(__file__).parent / "data" / "third_party_settings.txt").read_text(encoding="utf-8").split()
    own = [name for name in dir(global_settings) if name.isupper()]
    assert names(load_from(CoreSettings), *theirs, *own) == []
