"""Other sites: who may read, who may post, and the settings of one service for older settings modules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from corsheaders.defaults import default_headers, default_methods

from dj_core_utils.settings.cors import CORSSettings, get_cors_settings
from dj_core_utils.settings.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

SHOP = "https://shop.example.com"
CREDENTIALS = {"CORS_ALLOW_CREDENTIALS": "true"}
SESSIONS = {**CREDENTIALS, "REST_FRAMEWORK_AUTHENTICATION": "session", "CORS_ALLOWED_ORIGINS": SHOP}


def problems(loaded: Loaded) -> list[Problem]:
    """The problems about other sites."""
    prefixes = ("cors.", "csrf.", "code.", "internal")
    return [found for found in loaded.problems if found.id.startswith(prefixes)]


def test_nobody_is_let_in_by_default(load_from: LoadFrom) -> None:
    """Without configuration every list of sites is empty, and the rest is what django-cors-headers does anyway."""
    loaded = load_from()
    rendered = {name: value for name, value in loaded.rendered.items() if name.startswith("CORS_")}
    assert rendered == {
        "CORS_ALLOWED_ORIGINS": [],
        "CORS_ALLOWED_ORIGIN_REGEXES": [],
        "CORS_ALLOW_ALL_ORIGINS": False,
        "CORS_ALLOW_CREDENTIALS": False,
        "CORS_ALLOW_HEADERS": list(default_headers),
        "CORS_ALLOW_METHODS": list(default_methods),
        "CORS_EXPOSE_HEADERS": [],
        "CORS_PREFLIGHT_MAX_AGE": 86_400,
        "CORS_URLS_REGEX": "^.*$",
        "CORS_ALLOW_PRIVATE_NETWORK": False,
    }
    assert loaded.rendered["CSRF_TRUSTED_ORIGINS"] == []
    assert problems(loaded) == []


def test_lists_are_read_as_people_write_them(load_from: LoadFrom) -> None:
    """Origins are separated by commas; patterns with commas inside are written as JSON."""
    environ = {
        "CORS_ALLOWED_ORIGINS": "http://localhost:3000, http://127.0.0.1:3000",
        "CORS_ALLOWED_ORIGIN_REGEXES": r'["^https://[a-z]{1,9}\\.example\\.com$"]',
        "CSRF_TRUSTED_ORIGINS": "https://*.example.com",
        "CORS_ALLOW_METHODS": "GET, HEAD",
        "CORS_EXPOSE_HEADERS": "X-Request-ID",
    }
    loaded = load_from(environ=environ)
    assert problems(loaded) == []
    assert loaded.rendered["CORS_ALLOW_METHODS"] == ["GET", "HEAD"]
    assert loaded.rendered["CORS_EXPOSE_HEADERS"] == ["X-Request-ID"]
    assert loaded.rendered["CORS_ALLOWED_ORIGINS"] == ["http://localhost:3000", "http://127.0.0.1:3000"]
    assert loaded.rendered["CORS_ALLOWED_ORIGIN_REGEXES"] == [r"^https://[a-z]{1,9}\.example\.com$"]


def test_list_of_one_service_counts_before_the_common_one(load_from: LoadFrom) -> None:
    """Where services share a file, each may have origins of its own, or none."""
    environ = {"SERVICE_NAME": "users", "CORS_ALLOWED_ORIGINS": SHOP}
    assert load_from(environ=environ).rendered["CORS_ALLOWED_ORIGINS"] == [SHOP]
    environ["USERS_CORS_ALLOWED_ORIGINS"] = "https://admin.example.com"
    assert load_from(environ=environ).rendered["CORS_ALLOWED_ORIGINS"] == ["https://admin.example.com"]
    environ["USERS_CORS_ALLOWED_ORIGINS"] = "[]"
    assert load_from(environ=environ).rendered["CORS_ALLOWED_ORIGINS"] == []


@pytest.mark.parametrize(
    ("environ", "problem_id", "message", "hint"),
    [
        (
            {"CORS_ALLOWED_ORIGINS": f"{SHOP},shop.example.com"},
            "cors.origin",
            'item 2, "shop.example.com": an origin needs its scheme.',
            "expected  https://shop.example.com",
        ),
        (
            {"CSRF_TRUSTED_ORIGINS": f"{SHOP}/"},
            "csrf.origin",
            'item 1, "https://shop.example.com/": an origin ends with its host or port.',
            "expected  https://shop.example.com",
        ),
        (
            {"CORS_ALLOWED_ORIGIN_REGEXES": "^https://(a$"},
            "cors.pattern",
            'item 1, "^https://(a$": this is not a regular expression',
            "JSON list",
        ),
        ({"CORS_ALLOW_HEADERS": "accept,x y"}, "cors.header", 'item 2, "x y": this cannot be', ""),
        ({"CORS_ALLOW_METHODS": "get"}, "cors.method", 'item 1, "get": methods', "expected  GET"),
        ({"CORS_ALLOW_METHODS": "GET IT"}, "cors.method", "this cannot be a method", ""),
        ({"CORS_URLS_REGEX": "["}, "cors.pattern", "this is not a regular expression", ""),
        ({"CORS_PREFLIGHT_MAX_AGE": "86401"}, "value.range", "86400", ""),
    ],
)
def test_what_cannot_work_is_refused_everywhere(
    load_from: LoadFrom, environ: dict[str, str], problem_id: str, message: str, hint: str
) -> None:
    """A value that no browser or no Django understands is an error, in development, too."""
    (found,) = load_from(environ=environ).errors
    assert (found.id, found.origin) == (problem_id, "environment")
    assert message in found.message
    assert hint in found.hint


@pytest.mark.parametrize(
    ("environ", "problem_id", "variable"),
    [
        ({**CREDENTIALS, "CORS_ALLOW_ALL_ORIGINS": "true"}, "cors.credentials", "CORS_ALLOW_ALL_ORIGINS"),
        (
            {"CORS_ALLOW_ALL_ORIGINS": "true", "CORS_ALLOWED_ORIGINS": SHOP},
            "cors.dead_list",
            "CORS_ALLOWED_ORIGINS",
        ),
        (
            {"CORS_ALLOW_ALL_ORIGINS": "true", "APP_CORS_ALLOWED_ORIGINS": SHOP},
            "cors.dead_list",
            "APP_CORS_ALLOWED_ORIGINS",
        ),
        (
            {"CORS_ALLOW_ALL_ORIGINS": "true", "CORS_ALLOWED_ORIGIN_REGEXES": r"^https://a\.example$"},
            "cors.dead_list",
            "CORS_ALLOWED_ORIGIN_REGEXES",
        ),
        ({**CREDENTIALS, "CORS_ALLOWED_ORIGINS": "null"}, "cors.null_origin", "CORS_ALLOWED_ORIGINS"),
        ({**CREDENTIALS, "CORS_ALLOWED_ORIGINS": "file://"}, "cors.null_origin", "CORS_ALLOWED_ORIGINS"),
        ({**CREDENTIALS, "CORS_ALLOW_HEADERS": "*"}, "cors.headers", "CORS_ALLOW_HEADERS"),
        ({**CREDENTIALS, "CORS_EXPOSE_HEADERS": "*"}, "cors.headers", "CORS_EXPOSE_HEADERS"),
        ({"CORS_ALLOWED_ORIGIN_REGEXES": "^https://a.example$"}, "cors.regex", "CORS_ALLOWED_ORIGIN_REGEXES"),
        ({**SESSIONS, "ALLOWED_HOSTS": "api.example.com"}, "cors.csrf", "CSRF_TRUSTED_ORIGINS"),
        (
            {**SESSIONS, "ALLOWED_HOSTS": "api.example.com", "CSRF_TRUSTED_ORIGINS": "https://*.example.org"},
            "cors.csrf",
            "CSRF_TRUSTED_ORIGINS",
        ),
        (
            {"SECURE_SSL_REDIRECT": "true", "CSRF_TRUSTED_ORIGINS": "http://shop.example.com"},
            "csrf.scheme",
            "CSRF_TRUSTED_ORIGINS",
        ),
    ],
)
def test_policy_of_production(load_from: LoadFrom, environ: dict[str, str], problem_id: str, variable: str) -> None:
    """What opens a door, or does nothing, stops production and is a warning elsewhere."""
    for profile, severity in (("production", "error"), ("development", "warning")):
        found = [each for each in problems(load_from(environ=environ, profiles=(profile,))) if each.id == problem_id]
        assert [(each.variable, each.severity) for each in found] == [(variable, severity)]


@pytest.mark.parametrize(
    ("environ", "problem_id"),
    [
        ({"CORS_ALLOW_ALL_ORIGINS": "true"}, "cors.allow_all"),
        ({"CORS_ALLOWED_ORIGINS": "http://shop.example.com"}, "cors.insecure_origin"),
        ({"CORS_ALLOWED_ORIGINS": "http://localhost:3000"}, "cors.insecure_origin"),
    ],
)
def test_second_look_in_production(load_from: LoadFrom, environ: dict[str, str], problem_id: str) -> None:
    """What may be meant is a warning in production and not mentioned to a developer."""
    (found,) = problems(load_from(environ=environ, profiles=("production",)))
    assert (found.id, found.severity) == (problem_id, "warning")
    assert problems(load_from(environ=environ)) == []


@pytest.mark.parametrize("trusted", [SHOP, "https://*.example.com", "https://*.shop.example.com"])
def test_trusted_origin_may_post(load_from: LoadFrom, trusted: str) -> None:
    """An origin in both lists is fine; an asterisk also means the domain itself."""
    environ = {**SESSIONS, "CSRF_TRUSTED_ORIGINS": trusted, "ALLOWED_HOSTS": "api.example.com"}
    assert problems(load_from(environ=environ, profiles=("production",))) == []


def test_tokens_need_no_trust(load_from: LoadFrom) -> None:
    """An API that signs users in by tokens is not what CSRF is about."""
    environ = {**SESSIONS, "REST_FRAMEWORK_AUTHENTICATION": "jwt"}
    assert problems(load_from(environ=environ, profiles=("production",))) == []


@pytest.mark.parametrize(
    ("origin", "hosts", "count"),
    [
        ("https://shop.example.net", "api.example.com", 1),
        (SHOP, "api.example.com", 0),
        (SHOP, ".example.com", 0),
        ("https://shop.example.net", "*", 0),
        ("https://shop.example.net", "", 0),
        ("null", "api.example.com", 0),
    ],
)
def test_cookie_that_stays_at_home(load_from: LoadFrom, origin: str, hosts: str, count: int) -> None:
    """A page of another site never gets a cookie marked Lax."""
    environ = {**SESSIONS, "CORS_ALLOWED_ORIGINS": origin, "ALLOWED_HOSTS": hosts, "CSRF_TRUSTED_ORIGINS": SHOP}
    loaded = load_from(environ=environ, profiles=("monolith",))
    found = [each for each in problems(loaded) if each.id == "cors.same_site"]
    assert [(each.variable, each.severity) for each in found] == [("SESSION_COOKIE_SAMESITE", "warning")] * count


def test_cookie_for_other_sites(load_from: LoadFrom) -> None:
    """A cookie marked None goes everywhere."""
    environ = {
        **SESSIONS,
        "CORS_ALLOWED_ORIGINS": "https://shop.example.net",
        "ALLOWED_HOSTS": "api.example.com",
        "SESSION_COOKIE_SAMESITE": "None",
    }
    assert "cors.same_site" not in {found.id for found in problems(load_from(environ=environ))}


def test_origins_of_the_section_alone() -> None:
    """The property says which list is in force."""
    assert CORSSettings(allowed_origins=[SHOP]).origins == [SHOP]
    assert CORSSettings(allowed_origins=[SHOP], service_allowed_origins=[]).origins == []


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own folder is the current one."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_here")
def test_settings_for_an_older_module(tmp_path: Path) -> None:
    """A module without export_settings gets every CORS setting of a service, from .env, too; nothing else is asked."""
    (tmp_path / ".env").write_text("CORS_ALLOWED_ORIGINS=http://localhost:3000,http://127.0.0.1:3000\nMINE=1\n")
    settings = get_cors_settings("my_app")
    assert settings["CORS_ALLOWED_ORIGINS"] == ["http://localhost:3000", "http://127.0.0.1:3000"]
    assert settings["CORS_ALLOW_HEADERS"] == list(default_headers)
    assert all(name.startswith("CORS_") for name in settings)
    os.environ["MY_APP_CORS_ALLOWED_ORIGINS"] = SHOP
    before = dict(os.environ)
    assert get_cors_settings("my_app")["CORS_ALLOWED_ORIGINS"] == [SHOP]
    assert get_cors_settings("other-app")["CORS_ALLOWED_ORIGINS"] == settings["CORS_ALLOWED_ORIGINS"]
    assert dict(os.environ) == before


@pytest.mark.usefixtures("_here")
def test_settings_for_an_older_module_are_judged() -> None:
    """A wrong origin stops the older module, too, with the same message."""
    os.environ["CORS_ALLOWED_ORIGINS"] = "shop.example.com"
    with pytest.raises(ConfigurationError, match="an origin needs its scheme") as caught:
        get_cors_settings("users")
    assert [found.id for found in caught.value.problems] == ["cors.origin"]


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("environ", "service", "problem_id"),
    [
        ({"DJANGO_PROFILE": "prodution"}, "users", "profile.unknown"),
        ({}, "No Service", "core.service_name"),
        ({"DJANGO_PROFILE": "production", "CORS_ALOWED_ORIGINS": SHOP}, "users", "variable.unknown"),
    ],
)
def test_settings_for_an_older_module_need_their_sources(
    environ: dict[str, str], service: str, problem_id: str
) -> None:
    """A profile that does not exist, a name that cannot be one, and a misspelt CORS variable are not passed over."""
    os.environ.update(environ)
    with pytest.raises(ConfigurationError) as caught:
        get_cors_settings(service)
    assert {found.id for found in caught.value.problems} == {problem_id}
