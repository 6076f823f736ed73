"""HTTPS, headers, cookies, proxy, health path: what is rendered, and what each profile refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django
import pytest
from django.conf import global_settings

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.csp import policy_faults
from dj_core_utils.settings.rendering import RenderContext
from dj_core_utils.settings.rules import rules_of
from dj_core_utils.settings.security import SecuritySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

PRODUCTION = ("monolith", "production")


def found(loaded: Loaded, problem_id: str) -> list[Problem]:
    """The problems with one id."""
    return [problem for problem in loaded.problems if problem.id == problem_id]


def rendered(load_from: LoadFrom, environ: Mapping[str, str], version: tuple[int, int] = (6, 1)) -> dict[str, Any]:
    """What the section renders for one Django, from an environment."""
    loaded = load_from(CoreSettings, environ)
    assert loaded.errors == ()
    assert loaded.settings is not None
    context = RenderContext(loaded.settings, loaded.project_dir, loaded.profiles, django_version=version)
    return dict(loaded.settings.security.render(context))


@pytest.mark.parametrize(
    ("problem_id", "environ", "check"),
    [
        ("security.allowed_hosts", {}, "security.W020"),
        ("security.any_host", {"ALLOWED_HOSTS": "shop.example.com,*"}, None),
        ("security.ssl_redirect", {"SECURE_SSL_REDIRECT": "false"}, "security.W008"),
        ("security.hsts_seconds", {"SECURE_HSTS_SECONDS": "0"}, "security.W004"),
        ("security.nosniff", {"SECURE_CONTENT_TYPE_NOSNIFF": "false"}, "security.W006"),
        ("security.referrer_policy", {"SECURE_REFERRER_POLICY": "[]"}, "security.W022"),
        ("security.frame_options", {"X_FRAME_OPTIONS": "SAMEORIGIN"}, "security.W019"),
        ("security.session_cookie_secure", {"SESSION_COOKIE_SECURE": "false"}, "security.W012"),
        ("security.session_cookie_httponly", {"SESSION_COOKIE_HTTPONLY": "false"}, "security.W015"),
        ("security.csrf_cookie_secure", {"CSRF_COOKIE_SECURE": "false"}, "security.W016"),
        ("security.cookie_samesite", {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": "no"}, None),
        ("security.csp", {"SECURE_CSP": '{"default-src": ["self"]}'}, None),
        ("security.forwarded_host", {"USE_X_FORWARDED_HOST": "true"}, None),
        ("security.forwarded_host", {"USE_X_FORWARDED_PORT": "true"}, None),
    ],
)
def test_production_refuses_what_nobody_waives(
    load_from: LoadFrom, problem_id: str, environ: dict[str, str], check: str | None
) -> None:
    """Each weakness stops a hardened start; waived with a reason, it names the check of Django to silence."""
    (problem,) = found(load_from(CoreSettings, environ, profiles=PRODUCTION), problem_id)
    assert problem.severity == "error"
    assert problem.hint

    class Waiving(CoreSettings):
        waivers = {problem_id: "for this test"}  # a class variable by its base

    waived = load_from(Waiving, environ, profiles=PRODUCTION)
    assert found(waived, problem_id) == []
    assert problem_id in [problem.id for problem in waived.waived]
    checks = next(rule.checks for rule in rules_of(SecuritySettings).values() if rule.id == problem_id)
    assert (check in checks) if check is not None else (checks == ())


def test_debug_is_a_warning_where_nobody_said_what_kind_of_place_it_is(load_from: LoadFrom) -> None:
    """Without a profile for an environment the process may serve anybody."""
    (problem,) = found(load_from(environ={"DEBUG": "true"}, profiles=("monolith",)), "security.debug")
    assert (problem.severity, problem.origin) == ("warning", "environment")
    assert found(load_from(environ={"DEBUG": "true"}, profiles=("monolith", "test")), "security.debug") == []


@pytest.mark.parametrize("profile", ["development", "test"])
def test_a_laptop_is_left_in_peace(load_from: LoadFrom, profile: str) -> None:
    """With nothing set, a local profile starts without one word about HTTPS, cookies or hosts."""
    loaded = load_from(profiles=("monolith", profile))
    assert [str(problem) for problem in loaded.problems if problem.id.startswith(("security.", "apps."))] == []


def test_production_with_hosts_and_proxy_has_nothing_to_say(load_from: LoadFrom) -> None:
    """The profile turns on everything else that these sections ask for."""
    environ = {"ALLOWED_HOSTS": "shop.example.com", "TRUSTED_PROXY_HEADER": "X-Forwarded-Proto"}
    loaded = load_from(CoreSettings, environ, profiles=PRODUCTION)
    prefixes = ("security.", "apps.", "static.", "logging.")
    assert [str(problem) for problem in loaded.problems if problem.id.startswith(prefixes)] == []
    assert {"security.hsts_include_subdomains", "security.hsts_preload"} <= {problem.id for problem in loaded.waived}


def test_unhardened_hsts_says_nothing_until_it_is_used(load_from: LoadFrom) -> None:
    """Sub-domains and preloading only matter to somebody who sends the header."""
    without = load_from(CoreSettings, {}, profiles=("monolith",))
    with_seconds = load_from(CoreSettings, {"SECURE_HSTS_SECONDS": "3600"}, profiles=("monolith",))
    assert found(without, "security.hsts_preload") == []
    assert [problem.severity for problem in found(with_seconds, "security.hsts_preload")] == ["warning"]
    assert [problem.severity for problem in found(with_seconds, "security.hsts_include_subdomains")] == ["warning"]


def test_cookie_names_promise_what_they_keep(load_from: LoadFrom) -> None:
    """The prefix appears with the flag that browsers demand for it, and never on plain HTTP."""
    plain = rendered(load_from, {})
    secure = rendered(load_from, {"SESSION_COOKIE_SECURE": "true", "CSRF_COOKIE_SECURE": "true"})
    shared = rendered(load_from, {"SESSION_COOKIE_SECURE": "true", "SESSION_COOKIE_DOMAIN": ".example.com"})
    in_path = rendered(load_from, {"CSRF_COOKIE_SECURE": "true", "CSRF_COOKIE_PATH": "/shop"})
    own = rendered(load_from, {"SESSION_COOKIE_NAME": "shop_session", "SESSION_COOKIE_SECURE": "true"})
    assert (plain["SESSION_COOKIE_NAME"], plain["CSRF_COOKIE_NAME"]) == ("sessionid", "csrftoken")
    assert (secure["SESSION_COOKIE_NAME"], secure["CSRF_COOKIE_NAME"]) == ("__Host-sessionid", "__Host-csrftoken")
    assert shared["SESSION_COOKIE_NAME"] == "__Secure-sessionid"
    assert shared["SESSION_COOKIE_DOMAIN"] == ".example.com"
    assert in_path["CSRF_COOKIE_NAME"] == "__Secure-csrftoken"
    assert own["SESSION_COOKIE_NAME"] == "shop_session"


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"SESSION_COOKIE_NAME": "__Host-s"}, "SESSION_COOKIE_NAME"),
        ({"CSRF_COOKIE_NAME": "__Secure-c"}, "CSRF_COOKIE_NAME"),
        (
            {"SESSION_COOKIE_NAME": "__Host-s", "SESSION_COOKIE_SECURE": "1", "SESSION_COOKIE_DOMAIN": "example.com"},
            "SESSION_COOKIE_DOMAIN",
        ),
        (
            {"CSRF_COOKIE_NAME": "__Host-c", "CSRF_COOKIE_SECURE": "1", "CSRF_COOKIE_PATH": "/shop"},
            "CSRF_COOKIE_PATH",
        ),
    ],
)
def test_a_cookie_that_browsers_drop_is_an_error_everywhere(
    load_from: LoadFrom, environ: dict[str, str], variable: str
) -> None:
    """Nobody else notices: the cookie is sent, and never comes back."""
    (problem,) = found(load_from(CoreSettings, environ), "security.cookie_prefix")
    assert (problem.variable, problem.severity) == (variable, "error")


def test_a_bogus_samesite_is_refused(load_from: LoadFrom) -> None:
    """Django answers it with 500 at the first cookie."""
    (problem,) = load_from(CoreSettings, {"SESSION_COOKIE_SAMESITE": "lax-ish"}).errors
    assert (problem.variable, problem.id) == ("SESSION_COOKIE_SAMESITE", "value.choice")
    assert "'Lax'" in problem.message


def test_samesite_can_be_left_out(load_from: LoadFrom) -> None:
    """``false`` is Django's way to send no attribute."""
    loaded = load_from(CoreSettings, {"CSRF_COOKIE_SAMESITE": "false"})
    assert loaded.rendered["CSRF_COOKIE_SAMESITE"] is False


def test_cookies_nobody_sets_are_not_judged(load_from: LoadFrom) -> None:
    """A service without sessions has no session cookie; a CSRF secret in the session has no cookie of its own."""
    environ = {"ENABLE_SESSIONS": "0", "ENABLE_ADMIN": "0", "ENABLE_MESSAGES": "0", "SESSION_COOKIE_SECURE": "false"}
    stateless = load_from(CoreSettings, environ, profiles=PRODUCTION)
    in_session = load_from(CoreSettings, {"CSRF_USE_SESSIONS": "1", "CSRF_COOKIE_SECURE": "0"}, profiles=PRODUCTION)
    assert found(stateless, "security.session_cookie_secure") == []
    assert found(in_session, "security.csrf_cookie_secure") == []


def test_ages_are_durations(load_from: LoadFrom) -> None:
    """They are written as one likes, Django gets seconds, and its own numbers are the defaults."""
    settings = rendered(load_from, {"SESSION_COOKIE_AGE": "1d12h"})
    assert settings["SESSION_COOKIE_AGE"] == 129_600
    assert settings["CSRF_COOKIE_AGE"] == global_settings.CSRF_COOKIE_AGE


@pytest.mark.parametrize(
    ("header", "meta"),
    [
        ("X-Forwarded-Proto", "HTTP_X_FORWARDED_PROTO"),
        ("x-forwarded-proto", "HTTP_X_FORWARDED_PROTO"),
        ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_PROTO"),
    ],
)
def test_a_declared_proxy_becomes_a_pair(load_from: LoadFrom, header: str, meta: str) -> None:
    """The header is named as in HTTP; Django gets the pair that it compares."""
    settings = rendered(load_from, {"TRUSTED_PROXY_HEADER": header})
    assert settings["SECURE_PROXY_SSL_HEADER"] == (meta, "https")
    assert settings["TRUSTED_PROXY_HOPS"] == 1


def test_no_proxy_is_trusted_by_default(load_from: LoadFrom) -> None:
    """Django's own default stays, and no hop is believed."""
    settings = rendered(load_from, {})
    assert "SECURE_PROXY_SSL_HEADER" not in settings
    assert settings["TRUSTED_PROXY_HOPS"] == 0


@pytest.mark.parametrize("header", ["X Forwarded Proto", "X-Forwarded-Proto:", "-X", "('HTTP_X', 'https')"])
def test_a_header_that_cannot_be_one_is_refused(load_from: LoadFrom, header: str) -> None:
    """Django answers a malformed pair with 500, and a wrong name with a redirect loop."""
    (problem,) = load_from(CoreSettings, {"TRUSTED_PROXY_HEADER": header}).errors
    assert problem.id == "security.proxy_header"


def test_djangos_own_name_of_the_proxy_header_is_answered(load_from: LoadFrom) -> None:
    """Somebody who knows Django's setting learns ours."""
    loaded = load_from(CoreSettings, {}, dotenv="SECURE_PROXY_SSL_HEADER=HTTP_X_FORWARDED_PROTO,https\n")
    (problem,) = (problem for problem in loaded.problems if problem.variable == "SECURE_PROXY_SSL_HEADER")
    assert "TRUSTED_PROXY_HEADER" in str(problem)


@pytest.mark.parametrize(
    ("environ", "severities"),
    [
        ({}, ["warning"]),
        ({"TRUSTED_PROXY_HEADER": "X-Forwarded-Proto"}, []),
        ({"TRUSTED_PROXY_HOPS": "0"}, []),
        ({"TRUSTED_PROXY_HOPS": "2"}, []),
        ({"SECURE_SSL_REDIRECT": "false"}, []),
        ({"TRUSTED_PROXY_HEADER": "X-Forwarded-Proto", "TRUSTED_PROXY_HOPS": "0"}, ["error"]),
    ],
)
def test_production_asks_about_the_proxy_until_it_is_told(
    load_from: LoadFrom, environ: dict[str, str], severities: list[str]
) -> None:
    """The redirect loop behind a silent proxy is named before it happens; any answer ends the question."""
    problems = found(load_from(CoreSettings, environ, profiles=PRODUCTION), "security.proxy")
    assert [problem.severity for problem in problems] == severities


@pytest.mark.parametrize(
    ("environ", "hops"), [({}, 0), ({"TRUSTED_PROXY_HEADER": "X-Forwarded-Proto"}, 1), ({"TRUSTED_PROXY_HOPS": "2"}, 2)]
)
def test_throttling_counts_clients_behind_the_proxies(load_from: LoadFrom, environ: dict[str, str], hops: int) -> None:
    """Django REST Framework believes as many addresses of X-Forwarded-For as there are proxies, and none without."""
    rest_framework = load_from(CoreSettings, environ).rendered["REST_FRAMEWORK"]
    assert rest_framework["NUM_PROXIES"] == hops  # type: ignore[index]  # a mapping


def test_forwarded_headers_need_a_proxy(load_from: LoadFrom) -> None:
    """With a proxy declared, by header or by hops, they may be believed."""
    for proxy in ({"TRUSTED_PROXY_HEADER": "X-Forwarded-Proto"}, {"TRUSTED_PROXY_HOPS": "1"}):
        loaded = load_from(CoreSettings, {"USE_X_FORWARDED_HOST": "1", **proxy}, profiles=PRODUCTION)
        assert found(loaded, "security.forwarded_host") == []


def test_the_health_path_is_exempt_from_the_redirect(load_from: LoadFrom) -> None:
    """It is matched whole and without its first slash; patterns of the project follow."""
    default = rendered(load_from, {"SECURE_REDIRECT_EXEMPT": "^hooks/old$"})
    dotted = rendered(load_from, {"HEALTH_PATH": "/health/v1.0"})
    none = rendered(load_from, {"HEALTH_PATH": ""})
    assert default["SECURE_REDIRECT_EXEMPT"] == ["^healthz$", "^hooks/old$"]
    assert dotted["SECURE_REDIRECT_EXEMPT"] == [r"^health/v1\.0$"]
    assert none["SECURE_REDIRECT_EXEMPT"] == []


@pytest.mark.parametrize("path", ["healthz", "/", "/healthz?x=1", "/health z", "http://x/healthz"])
def test_a_health_path_is_a_plain_path(load_from: LoadFrom, path: str) -> None:
    """Anything else could never be asked for, or would answer for the whole site."""
    (problem,) = load_from(CoreSettings, {"HEALTH_PATH": path}).errors
    assert problem.id == "security.health_path"


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("^/hooks$", "write ^hooks$"),
        ("/hooks", "write ^hooks"),
        ("hooks", "write ^hooks$"),
        ("^hooks", "write ^hooks$"),
    ],
)
def test_exemptions_that_miss_or_hit_too_much_are_told(load_from: LoadFrom, pattern: str, hint: str) -> None:
    """A leading slash never matches, and an unanchored pattern exempts whatever contains it."""
    (problem,) = found(load_from(CoreSettings, {"SECURE_REDIRECT_EXEMPT": pattern}), "security.redirect_exempt")
    assert (problem.severity, problem.hint) == ("warning", hint)


@pytest.mark.parametrize("pattern", ["(", "(" * 5000])
def test_an_exemption_that_is_no_pattern_is_refused(load_from: LoadFrom, pattern: str) -> None:
    """SecurityMiddleware would fail to start."""
    (problem,) = load_from(CoreSettings, {"SECURE_REDIRECT_EXEMPT": f"^hooks$,{pattern}"}).errors
    assert problem.id == "security.redirect_exempt"
    assert "item 2" in problem.message
    assert "not a regular expression" in problem.message


@pytest.mark.parametrize(
    ("version", "names", "absent"),
    [
        ((5, 2), {"SIGNED_COOKIE_LEGACY_SALT_FALLBACK"}, {"SECURE_CSP", "SECURE_CSP_REPORT_ONLY"}),
        ((6, 0), {"SIGNED_COOKIE_LEGACY_SALT_FALLBACK", "SECURE_CSP", "SECURE_CSP_REPORT_ONLY"}, set()),
        ((6, 1), {"SECURE_CSP", "SECURE_CSP_REPORT_ONLY"}, {"SIGNED_COOKIE_LEGACY_SALT_FALLBACK"}),
    ],
)
def test_each_django_gets_what_it_knows(
    load_from: LoadFrom, version: tuple[int, int], names: set[str], absent: set[str]
) -> None:
    """Policies from 6.0 on; the switch for old signatures while it can be set without a deprecation."""
    settings = rendered(load_from, {}, version)
    assert names <= settings.keys()
    assert not absent & settings.keys()


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ({"defualt-src": ["'self'"]}, "write default-src"),
        ({"zzz": ["'self'"]}, "directives are such as"),
        ({"script-src": ["self"]}, "write \"'self'\""),
        ({"script-src": "'self' unsafe-inline"}, "write \"'unsafe-inline'\""),
        ({"script-src": ["nonce-abc"]}, "write \"'nonce-abc'\""),
    ],
)
def test_a_policy_that_browsers_misread_is_told(policy: dict[str, list[str] | str | bool], words: str) -> None:
    """A misspelt directive is ignored, and a keyword without quotes is a host."""
    ((_, hint),) = policy_faults(policy)
    assert words in hint


def test_a_sound_policy_passes() -> None:
    """Quoted keywords, hosts, schemes and directives without values are all fine."""
    policy: dict[str, list[str] | str | bool] = {
        "default-src": ["'self'", "https://cdn.example.com", "data:"],
        "script-src": "'self' 'nonce-abc'",
        "sandbox": ["allow-forms"],
        "upgrade-insecure-requests": True,
    }
    assert list(policy_faults(policy)) == []


def test_a_policy_can_be_written_in_the_environment(load_from: LoadFrom) -> None:
    """As JSON, the form of Django's setting."""
    policy = '{"default-src": ["\'self\'"], "upgrade-insecure-requests": true}'
    settings = rendered(load_from, {"SECURE_CSP": policy})
    assert settings["SECURE_CSP"] == {"default-src": ["'self'"], "upgrade-insecure-requests": True}


def test_a_policy_that_this_django_does_not_send_is_told(load_from: LoadFrom) -> None:
    """When somebody set it; that the profile has one for newer versions is no news."""
    policy = '{"default-src": ["\'self\'"]}'
    given = found(load_from(CoreSettings, {"SECURE_CSP": policy}, profiles=PRODUCTION), "security.csp_unsent")
    from_profile = found(load_from(profiles=PRODUCTION), "security.csp_unsent")
    assert len(given) == (django.VERSION < (6, 0))
    assert from_profile == []


def test_the_section_can_stand_in_a_class(load_from: LoadFrom) -> None:
    """A project changes a default in its class; the environment still wins over it."""

    class Shop(CoreSettings):
        security: SecuritySettings = SecuritySettings(frame_options="SAMEORIGIN", hsts_seconds=60)

    loaded = load_from(Shop, {"SECURE_HSTS_SECONDS": "120"})
    assert loaded.rendered["X_FRAME_OPTIONS"] == "SAMEORIGIN"
    assert loaded.rendered["SECURE_HSTS_SECONDS"] == 120


def test_every_rendered_name_is_djangos(load_from: LoadFrom) -> None:
    """What is rendered is read: by this Django, or by us."""
    names = set(rendered(load_from, {}, django.VERSION[:2])) | {
        variable.setting
        for variable in load_from().table.values()  # type: ignore[union-attr]  # a load has a table
        if variable.path[0] == "security" and variable.setting
    }
    assert {name for name in names if not hasattr(global_settings, name)} == {"HEALTH_PATH", "TRUSTED_PROXY_HOPS"}


def test_async_safety_is_not_switched_off_in_production(load_from: LoadFrom) -> None:
    """A variable that Django reads by itself is refused where users are served, and let alone on a laptop."""
    environ = {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
    hardened = {problem.id: problem for problem in load_from(environ=environ, profiles=["production"]).errors}
    assert hardened["security.async_unsafe"].origin == "environment"
    assert "security.async_unsafe" not in [problem.id for problem in load_from(environ=environ).problems]
