"""Apps, middleware, templates, passwords and languages: what is rendered from what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from dj_core_utils.settings import middleware_order as order
from dj_core_utils.settings.apps import AppsSettings
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.importable import unimportable
from dj_core_utils.settings.rendering import RenderContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

PRODUCTION = ("monolith", "production")
STATELESS = {"ENABLE_ADMIN": "0", "ENABLE_SESSIONS": "0", "ENABLE_MESSAGES": "0", "ENABLE_STATIC_FILES": "0"}
HASHERS = "django.contrib.auth.hashers"


def found(loaded: Loaded, problem_id: str) -> list[Problem]:
    """The problems with one id."""
    return [problem for problem in loaded.problems if problem.id == problem_id]


def rendered(
    load_from: LoadFrom,
    environ: Mapping[str, str] | None = None,
    *,
    settings_class: type[CoreSettings] = CoreSettings,
    version: tuple[int, int] = (6, 1),
) -> dict[str, Any]:
    """What the section renders for one Django."""
    loaded = load_from(settings_class, environ)
    assert loaded.errors == ()
    assert loaded.settings is not None
    context = RenderContext(loaded.settings, loaded.project_dir, loaded.profiles, django_version=version)
    return dict(loaded.settings.apps.render(context))


class Shop(CoreSettings):
    """A project with apps of its own."""

    installed_apps: list[str] = [
        "shop",
        "django.contrib.admin.apps.SimpleAdminConfig",
        "users",
        "shop",
    ]  # as users write it


def test_the_projects_apps_come_first_and_nothing_twice(load_from: LoadFrom) -> None:
    """They override templates and commands of the others; an app configured by the project is not added again."""
    apps = rendered(load_from, settings_class=Shop)["INSTALLED_APPS"]
    assert apps[:3] == ["shop", "django.contrib.admin.apps.SimpleAdminConfig", "users"]
    assert "django.contrib.admin" not in apps
    assert apps[3:] == [
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "rest_framework",
        "rest_framework_simplejwt",
        "dj_core_utils.db",
        "corsheaders",
        "dj_core_utils",
    ]


def test_a_stateless_service_keeps_what_tokens_need(load_from: LoadFrom) -> None:
    """No admin, sessions, messages or pages; auth and contenttypes stay, and the guard against forged requests."""
    settings = rendered(load_from, {**STATELESS, "ENABLE_TEMPLATES": "0"}, version=(5, 2))
    assert settings["TEMPLATES"] == []
    assert settings["INSTALLED_APPS"][:3] == ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"]
    assert settings["MIDDLEWARE"] == [
        order.CONTEXT, order.HEALTH, order.SECURITY, order.CORS, order.COMMON, order.CSRF, order.FRAME,
    ]  # fmt: skip


def test_apps_without_rest_framework(load_from: LoadFrom) -> None:
    """Its apps, and the table of tokens, go together."""
    apps = rendered(load_from, {"ENABLE_REST_FRAMEWORK": "0"})["INSTALLED_APPS"]
    assert [app for app in apps if app.startswith("rest_framework")] == []


def test_middleware_is_right_by_construction(load_from: LoadFrom) -> None:
    """Everything enabled stands in the recommended order."""
    environ = {"LANGUAGES": "en,es", "STATIC_SERVER": "whitenoise"}
    middleware = rendered(load_from, environ)["MIDDLEWARE"]
    assert middleware == [name for name in order.RECOMMENDED if name not in (order.BUILD, order.SERVESTATIC)]
    assert list(order.violations(middleware, {"CSRF_USE_SESSIONS": True, "PREPEND_WWW": True})) == []


@pytest.mark.parametrize(
    ("environ", "version", "absent"),
    [
        ({}, (5, 2), order.CSP),
        ({"HEALTH_PATH": ""}, (6, 1), order.HEALTH),
        ({"LANGUAGES": "en"}, (6, 1), order.LOCALE),
        ({"LANGUAGES": "en,es", "USE_I18N": "false"}, (6, 1), order.LOCALE),
        ({}, (6, 1), order.WHITENOISE),
        ({"STATIC_SERVER": "whitenoise", **STATELESS}, (6, 1), order.WHITENOISE),
    ],
)
def test_middleware_that_does_nothing_is_left_out(
    load_from: LoadFrom, environ: dict[str, str], version: tuple[int, int], absent: str
) -> None:
    """What this Django lacks, or nobody asked for, is not in the list."""
    assert absent not in rendered(load_from, environ, version=version)["MIDDLEWARE"]


def test_the_projects_middleware_follows_ours(load_from: LoadFrom) -> None:
    """Its own goes to the end, and what has a place gets it."""
    middleware = rendered(load_from, {"MIDDLEWARE": f"shop.middleware.Basket,{order.LOCALE}"})["MIDDLEWARE"]
    assert middleware[-1] == "shop.middleware.Basket"
    assert middleware.index(order.SESSION) < middleware.index(order.LOCALE) < middleware.index(order.COMMON)


COMPLETE = [order.SECURITY, order.CORS, order.COMMON, order.CSRF, order.FRAME]


def test_a_complete_list_is_kept_as_it_is(load_from: LoadFrom) -> None:
    """Somebody who names SecurityMiddleware has decided about everything."""
    settings = rendered(load_from, {"MIDDLEWARE": ",".join([*COMPLETE, "shop.middleware.Basket"])})
    assert settings["MIDDLEWARE"] == [*COMPLETE, "shop.middleware.Basket"]


def test_an_order_that_breaks_requests_is_an_error_everywhere(load_from: LoadFrom) -> None:
    """The message says what breaks, on a laptop too."""
    middleware = [order.SECURITY, order.COMMON, order.CORS, order.CSRF, order.FRAME]
    (problem,) = found(load_from(CoreSettings, {"MIDDLEWARE": ",".join(middleware)}), "apps.middleware_order")
    assert (problem.variable, problem.origin, problem.severity) == ("MIDDLEWARE", "environment", "error")
    assert problem.message == (
        "CorsMiddleware stands after CommonMiddleware: "
        "redirects that append a slash or www carry no CORS headers, so browsers refuse them."
    )
    assert problem.hint == "move CorsMiddleware before CommonMiddleware"


def test_an_order_that_only_loses_something_is_a_warning(load_from: LoadFrom) -> None:
    """It starts, in production too."""
    middleware = [order.SECURITY, order.CONTEXT, *COMPLETE[1:]]
    loaded = load_from(CoreSettings, {"MIDDLEWARE": ",".join(middleware)}, profiles=PRODUCTION)
    (problem,) = found(loaded, "apps.middleware_order_advised")
    assert problem.severity == "warning"
    assert "has no correlation id" in problem.message


class WithWww(CoreSettings):
    """A project that declares settings of Django's own, which sharpen or ease the order."""

    PREPEND_WWW: bool = True
    MESSAGE_STORAGE: str = "django.contrib.messages.storage.cookie.CookieStorage"


def test_declared_settings_sharpen_and_ease_the_order(load_from: LoadFrom) -> None:
    """With PREPEND_WWW the first redirect must be the safe one; with cookie storage messages need no session."""
    middleware = [order.COMMON, order.SECURITY, order.MESSAGE, order.SESSION, order.CSRF, order.FRAME]
    loaded = load_from(WithWww, {"MIDDLEWARE": ",".join(middleware)})
    (problem,) = found(loaded, "apps.middleware_order")
    assert problem.message.startswith("SecurityMiddleware stands after CommonMiddleware")


@pytest.mark.parametrize(
    ("missing", "problem_id"),
    [
        (order.SECURITY, "apps.security_middleware"),
        (order.FRAME, "apps.frame_middleware"),
        (order.CSRF, "apps.csrf_middleware"),
        (order.COMMON, "apps.common_middleware"),
    ],
)
def test_production_misses_what_protects(load_from: LoadFrom, missing: str, problem_id: str) -> None:
    """A complete list without one of these stops a hardened start."""
    environ = {"MIDDLEWARE": ",".join(name for name in COMPLETE if name != missing)}
    (problem,) = found(load_from(CoreSettings, environ, profiles=PRODUCTION), problem_id)
    assert problem.severity == "error"
    assert f"{missing.rpartition('.')[2]} is missing: " in problem.message


def test_the_admin_needs_its_parts(load_from: LoadFrom) -> None:
    """Each part that is off is named."""
    environ = {"ENABLE_SESSIONS": "0", "ENABLE_TEMPLATES": "0"}
    problems = found(load_from(CoreSettings, environ), "apps.admin_needs")
    assert [problem.variable for problem in problems] == ["ENABLE_SESSIONS", "ENABLE_TEMPLATES"]
    assert {problem.severity for problem in problems} == {"error"}


def test_messages_need_sessions(load_from: LoadFrom) -> None:
    """Their default storage falls back to the session."""
    loaded = load_from(CoreSettings, {**STATELESS, "ENABLE_MESSAGES": "1"})
    (problem,) = found(loaded, "apps.middleware_order")
    assert "MessageMiddleware needs SessionMiddleware" in problem.message


@pytest.mark.parametrize(
    ("engine", "count"),
    [("django.contrib.sessions.backends.cached_db", 1), ("django.contrib.sessions.backends.signed_cookies", 0)],
)
def test_sessions_need_their_table(load_from: LoadFrom, engine: str, count: int) -> None:
    """A project that adds the middleware by hand is told about the app, unless its sessions need none."""
    environ = {**STATELESS, "MIDDLEWARE": order.SESSION, "SESSION_ENGINE": engine}
    assert len(found(load_from(CoreSettings, environ), "apps.session_app")) == count


def test_build_refuses_to_serve_first_of_all(load_from: LoadFrom) -> None:
    """Under the profile build the first middleware is the one that never starts, complete list or not."""
    ours = load_from(CoreSettings, {}, profiles=("monolith", "build"))
    own = load_from(CoreSettings, {"MIDDLEWARE": ",".join(COMPLETE)}, profiles=("monolith", "build"))
    assert ours.rendered["MIDDLEWARE"][:2] == [order.BUILD, order.CONTEXT]  # type: ignore[index]  # a list
    assert own.rendered["MIDDLEWARE"] == [order.BUILD, *COMPLETE]


def test_templates_know_what_is_enabled(load_from: LoadFrom) -> None:
    """Processors follow the parts; folders are relative to the project; the project's processors come last."""
    environ = {"TEMPLATE_CONTEXT_PROCESSORS": "shop.context.basket", "SECURE_CSP": '{"default-src": ["\'self\'"]}'}
    loaded = load_from()
    (new,) = rendered(load_from, environ)["TEMPLATES"]
    (old,) = rendered(load_from, {**environ, **STATELESS, "DEBUG": "0"}, version=(5, 2))["TEMPLATES"]
    assert new["DIRS"] == [str(loaded.project_dir / "templates")]
    assert new["OPTIONS"]["context_processors"] == [
        "django.template.context_processors.debug",
        "django.template.context_processors.request",
        "django.template.context_processors.csp",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "shop.context.basket",
    ]
    assert old["OPTIONS"]["context_processors"] == [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "shop.context.basket",
    ]


def test_languages_get_their_names(load_from: LoadFrom) -> None:
    """Codes are enough; an unknown one is its own name; without any, Django's list stays."""
    assert rendered(load_from, {"LANGUAGES": "es,tlh"})["LANGUAGES"] == [("es", "Spanish"), ("tlh", "tlh")]
    assert "LANGUAGES" not in rendered(load_from)


def test_locale_folders_are_relative_to_the_project(load_from: LoadFrom) -> None:
    """Django wants them absolute."""
    folder = load_from().project_dir
    assert rendered(load_from, {"LOCALE_PATHS": "locale,/srv/locale"})["LOCALE_PATHS"] == [
        str(folder / "locale"),
        "/srv/locale",
    ]


def test_the_admin_can_move(load_from: LoadFrom) -> None:
    """The project's URL patterns read it."""
    assert load_from(CoreSettings, {"ADMIN_PATH": "back-office/"}).rendered["ADMIN_PATH"] == "back-office/"


@pytest.mark.parametrize("path", ["/admin/", "admin", ""])
def test_an_admin_path_fits_a_url_pattern(load_from: LoadFrom, path: str) -> None:
    """A leading slash never matches, and without one at the end the admin's pages run into it."""
    (problem,) = load_from(CoreSettings, {"ADMIN_PATH": path}).errors
    assert problem.id == "apps.admin_path"


def test_validators_take_both_forms(load_from: LoadFrom) -> None:
    """A dotted path is enough; Django's form is kept."""
    environ = {"AUTH_PASSWORD_VALIDATORS": '["shop.v.V", {"NAME": "shop.v.W", "OPTIONS": {"n": 1}}]'}
    assert rendered(load_from, environ)["AUTH_PASSWORD_VALIDATORS"] == [
        {"NAME": "shop.v.V"},
        {"NAME": "shop.v.W", "OPTIONS": {"n": 1}},
    ]


def test_a_validator_without_a_name_is_an_error(load_from: LoadFrom) -> None:
    """Django fails when the first password is judged."""
    (problem,) = load_from(CoreSettings, {"AUTH_PASSWORD_VALIDATORS": '[{"OPTIONS": {}}]'}).errors
    assert problem.id == "apps.password_validator_form"


def test_production_judges_passwords(load_from: LoadFrom) -> None:
    """An empty list passes every check of Django."""
    (problem,) = found(
        load_from(CoreSettings, {"AUTH_PASSWORD_VALIDATORS": "[]"}, profiles=PRODUCTION), "apps.password_validators"
    )
    assert problem.severity == "error"


def test_hashers_are_djangos_until_some_are_listed(load_from: LoadFrom) -> None:
    """Nothing is rendered for an empty list."""
    assert "PASSWORD_HASHERS" not in rendered(load_from)
    assert rendered(load_from, {"PASSWORD_HASHERS": "a.B"})["PASSWORD_HASHERS"] == ["a.B"]


def test_a_hasher_without_its_package_is_told(load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch) -> None:
    """First in the list it breaks the next login everywhere; further down only passwords stored with it."""
    monkeypatch.setitem(sys.modules, "bcrypt", None)  # what Python takes for a package that is not there
    bcrypt, pbkdf2 = f"{HASHERS}.BCryptSHA256PasswordHasher", f"{HASHERS}.PBKDF2PasswordHasher"
    (first,) = found(load_from(CoreSettings, {"PASSWORD_HASHERS": f"{bcrypt},{pbkdf2}"}), "apps.hasher_package")
    (later,) = found(load_from(CoreSettings, {"PASSWORD_HASHERS": f"{pbkdf2},{bcrypt}"}), "apps.hasher_package")
    argon2 = load_from(CoreSettings, {"PASSWORD_HASHERS": f"{HASHERS}.Argon2PasswordHasher,{pbkdf2}"})
    assert (first.severity, later.severity) == ("error", "warning")
    assert "needs the package bcrypt" in first.message
    assert found(argon2, "apps.hasher_package") == []


def test_production_refuses_fast_hashes(load_from: LoadFrom) -> None:
    """What is right for tests is wrong for users, and what PBKDF2 stored is not forgotten in silence."""
    environ = {"PASSWORD_HASHERS": f"{HASHERS}.MD5PasswordHasher"}
    loaded = load_from(CoreSettings, environ, profiles=PRODUCTION)
    assert [problem.severity for problem in found(loaded, "apps.hasher_weak")] == ["error"]
    assert [problem.severity for problem in found(loaded, "apps.hasher_lost")] == ["warning"]


def test_the_profile_test_hashes_fast(load_from: LoadFrom) -> None:
    """Without a word about it."""
    loaded = load_from(profiles=("monolith", "test"))
    assert loaded.rendered["PASSWORD_HASHERS"] == [f"{HASHERS}.MD5PasswordHasher"]
    assert [problem.id for problem in loaded.problems if problem.id.startswith("apps.")] == []


class Old(CoreSettings):
    """A project that still declares what Django dropped."""

    USE_L10N: bool = True
    DEFAULT_FILE_STORAGE: str = "shop.Storage"


def test_dropped_settings_are_named_with_their_successor(load_from: LoadFrom) -> None:
    """Django ignores them without a word."""
    problems = found(load_from(Old), "apps.removed_setting")
    assert {problem.variable: problem.hint for problem in problems} == {
        "DEFAULT_FILE_STORAGE": "use STORAGES",
        "USE_L10N": "use nothing: formats are always localised",
    }


class Named:
    """Settings whose dotted paths are wrong, one of each kind."""

    MIDDLEWARE = (order.SECURITY, "shop.nowhere.Middleware")
    PASSWORD_HASHERS = (f"{HASHERS}.NoSuchHasher",)
    AUTHENTICATION_BACKENDS = ("django.contrib.auth.backends.ModelBackend",)
    STORAGES = {"default": {"BACKEND": "shop.storage.Storage"}, "own": {}}  # settings are plain
    AUTH_PASSWORD_VALIDATORS = ({"NAME": "shop.validators.V"},)
    SESSION_ENGINE = "shop.sessions"
    TEMPLATES = ({"OPTIONS": {"context_processors": ["shop.context.basket"]}},)
    CSRF_FAILURE_VIEW = "shop.views.failure"


def test_what_cannot_be_imported_is_found_before_it_is_used() -> None:
    """Each wrong path is named under its setting, with Python's reason; right ones are not."""
    problems = list(unimportable(Named()))
    assert {(problem.variable, problem.message.partition(" ")[0]) for problem in problems} == {
        ("MIDDLEWARE", "shop.nowhere.Middleware"),
        ("PASSWORD_HASHERS", f"{HASHERS}.NoSuchHasher"),
        ("STORAGES", "shop.storage.Storage"),
        ("AUTH_PASSWORD_VALIDATORS", "shop.validators.V"),
        ("SESSION_ENGINE", "shop.sessions.SessionStore"),
        ("TEMPLATES", "shop.context.basket"),
        ("CSRF_FAILURE_VIEW", "shop.views.failure"),
    }
    assert "No module named 'shop'" in problems[0].message


def test_the_section_can_stand_in_a_class(load_from: LoadFrom) -> None:
    """A project turns parts off in its class."""

    class Api(CoreSettings):
        apps: AppsSettings = AppsSettings(enable_admin=False)

    assert "django.contrib.admin" not in rendered(load_from, settings_class=Api)["INSTALLED_APPS"]
