"""The cookies that Django sets for sessions and against cross-site request forgery."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

SameSite = Literal["Lax", "Strict", "None", False]
Cookie = Literal["session", "csrf"]

_BASE_NAMES: dict[Cookie, str] = {"session": "sessionid", "csrf": "csrftoken"}


class CookieSettings(Section):
    """Leaves and rules of the session cookie and the CSRF cookie."""

    session_engine: str = variable(
        "django.contrib.sessions.backends.db",
        setting="SESSION_ENGINE",
        description="Where sessions are kept; with a shared cache, django.contrib.sessions.backends.cached_db too.",
        example="django.contrib.sessions.backends.cached_db",
    )
    session_cookie_age: timedelta = variable(
        timedelta(weeks=2),
        name="SESSION_COOKIE_AGE",
        feeds="SESSION_COOKIE_AGE",
        description="How long a session lives.",
        example="14d",
        ge=timedelta(seconds=1),
    )
    session_expire_at_browser_close: bool = variable(
        False,
        setting="SESSION_EXPIRE_AT_BROWSER_CLOSE",
        description="Whether a session ends with the browser, whatever its age.",
    )
    session_save_every_request: bool = variable(
        False,
        setting="SESSION_SAVE_EVERY_REQUEST",
        description="Whether each request prolongs the session, at the price of one write.",
    )
    session_cookie_name: str | None = variable(
        None,
        name="SESSION_COOKIE_NAME",
        feeds="SESSION_COOKIE_NAME",
        description="Name of the session cookie; by default __Host-sessionid where that is allowed, else sessionid.",
        min_length=1,
    )
    session_cookie_secure: bool = variable(
        False, setting="SESSION_COOKIE_SECURE", description="Send the session cookie over HTTPS alone."
    )
    session_cookie_httponly: bool = variable(
        True, setting="SESSION_COOKIE_HTTPONLY", description="Keep the session cookie from scripts."
    )
    session_cookie_samesite: SameSite = variable(
        "Lax",
        setting="SESSION_COOKIE_SAMESITE",
        description="Whether requests of other sites carry the session cookie: Lax, Strict, None, or false to omit it.",
    )
    session_cookie_domain: str | None = variable(
        None,
        name="SESSION_COOKIE_DOMAIN",
        feeds="SESSION_COOKIE_DOMAIN",
        description="Domain of the session cookie, to share it with sub-domains.",
        example=".example.com",
    )
    session_cookie_path: str = variable(
        "/", setting="SESSION_COOKIE_PATH", description="Path of the session cookie.", pattern="^/"
    )

    csrf_use_sessions: bool = variable(
        False, setting="CSRF_USE_SESSIONS", description="Keep the CSRF secret in the session instead of a cookie."
    )
    csrf_cookie_age: timedelta = variable(
        timedelta(weeks=52),
        name="CSRF_COOKIE_AGE",
        feeds="CSRF_COOKIE_AGE",
        description="How long the CSRF cookie lives.",
        example="52w",
        ge=timedelta(seconds=1),
    )
    csrf_cookie_name: str | None = variable(
        None,
        name="CSRF_COOKIE_NAME",
        feeds="CSRF_COOKIE_NAME",
        description="Name of the CSRF cookie; by default __Host-csrftoken where that is allowed, else csrftoken.",
        min_length=1,
    )
    csrf_cookie_secure: bool = variable(
        False, setting="CSRF_COOKIE_SECURE", description="Send the CSRF cookie over HTTPS alone."
    )
    csrf_cookie_httponly: bool = variable(
        False,
        setting="CSRF_COOKIE_HTTPONLY",
        description="Keep the CSRF cookie from scripts; a front end must then read the token from the page.",
    )
    csrf_cookie_samesite: SameSite = variable(
        "Lax",
        setting="CSRF_COOKIE_SAMESITE",
        description="Whether requests of other sites carry the CSRF cookie: Lax, Strict, None, or false to omit it.",
    )
    csrf_cookie_domain: str | None = variable(
        None,
        name="CSRF_COOKIE_DOMAIN",
        feeds="CSRF_COOKIE_DOMAIN",
        description="Domain of the CSRF cookie, to share it with sub-domains.",
        example=".example.com",
    )
    csrf_cookie_path: str = variable(
        "/", setting="CSRF_COOKIE_PATH", description="Path of the CSRF cookie.", pattern="^/"
    )

    def cookie_name(self, cookie: Cookie) -> str:
        """The name that a cookie gets.

        ``__Host-`` tells browsers to refuse the cookie from a sub-domain or from plain HTTP; they drop it unless it is
        secure, for the whole site, and for this host alone. ``__Secure-`` asks only for the first of these
        (RFC 6265bis, section 4.1.3).

        Args:
            cookie: Which one.
        """
        given: str | None = getattr(self, f"{cookie}_cookie_name")
        if given:
            return given
        if not getattr(self, f"{cookie}_cookie_secure"):
            return _BASE_NAMES[cookie]
        is_for_host = not getattr(self, f"{cookie}_cookie_domain") and getattr(self, f"{cookie}_cookie_path") == "/"
        return f"{'__Host-' if is_for_host else '__Secure-'}{_BASE_NAMES[cookie]}"

    def render(self, context: "RenderContext") -> dict[str, object]:  # noqa: ARG002  # every section's signature
        """Names, domains and age of the cookies.

        Args:
            context: Not needed.
        """
        return {
            "SESSION_COOKIE_AGE": int(self.session_cookie_age.total_seconds()),
            "SESSION_COOKIE_NAME": self.cookie_name("session"),
            "SESSION_COOKIE_DOMAIN": self.session_cookie_domain or None,
            "CSRF_COOKIE_AGE": int(self.csrf_cookie_age.total_seconds()),
            "CSRF_COOKIE_NAME": self.cookie_name("csrf"),
            "CSRF_COOKIE_DOMAIN": self.csrf_cookie_domain or None,
        }

    @rule("security.session_cookie_secure", checks=("security.W010", "security.W011", "security.W012"))
    def session_cookie_travels_encrypted(self, context: RuleContext) -> Iterator[Problem]:
        """A session cookie that also goes over HTTP can be read on the way."""
        if context.settings.apps.enable_sessions and not self.session_cookie_secure and not context.is_local:
            yield context.policy(
                "SESSION_COOKIE_SECURE",
                "the session cookie would be sent over plain HTTP.",
                hint="set SESSION_COOKIE_SECURE=true",
            )

    @rule("security.session_cookie_httponly", checks=("security.W013", "security.W014", "security.W015"))
    def session_cookie_is_out_of_reach_of_scripts(self, context: RuleContext) -> Iterator[Problem]:
        """A script that got into a page could take the session with it."""
        if context.settings.apps.enable_sessions and not self.session_cookie_httponly:
            yield context.policy(
                "SESSION_COOKIE_HTTPONLY",
                "scripts in a page could read the session cookie.",
                hint="set SESSION_COOKIE_HTTPONLY=true",
            )

    @rule("security.csrf_cookie_secure", checks=("security.W016",))
    def csrf_cookie_travels_encrypted(self, context: RuleContext) -> Iterator[Problem]:
        """A CSRF cookie that also goes over HTTP can be read and set on the way."""
        if not (self.csrf_cookie_secure or self.csrf_use_sessions or context.is_local):
            yield context.policy(
                "CSRF_COOKIE_SECURE",
                "the CSRF cookie would be sent over plain HTTP.",
                hint="set CSRF_COOKIE_SECURE=true",
            )

    @rule("security.cookie_samesite")
    def cookies_for_other_sites_are_secure(self, context: RuleContext) -> Iterator[Problem]:
        """Browsers drop a cookie with SameSite=None that is not secure."""
        for cookie in self._cookies(context):
            if getattr(self, f"{cookie}_cookie_samesite") == "None" and not getattr(self, f"{cookie}_cookie_secure"):
                yield context.policy(
                    f"{cookie.upper()}_COOKIE_SAMESITE",
                    "browsers drop a cookie with SameSite=None that is not secure.",
                    hint=f"set {cookie.upper()}_COOKIE_SECURE=true, or SameSite to Lax",
                )

    @rule("security.cookie_prefix")
    def cookie_prefix_is_kept(self, context: RuleContext) -> Iterator[Problem]:
        """Browsers drop a ``__Host-`` or ``__Secure-`` cookie that does not keep what its name promises."""
        for cookie in self._cookies(context):
            name, upper = self.cookie_name(cookie), f"{cookie.upper()}_COOKIE"
            if name.startswith(("__Host-", "__Secure-")) and not getattr(self, f"{cookie}_cookie_secure"):
                yield context.problem(
                    f"{upper}_NAME",
                    f"browsers drop a cookie called {name} that is not secure.",
                    hint=f"set {upper}_SECURE=true, or choose a name without prefix",
                )
            for leaf, wanted in (("domain", (None, "")), ("path", ("/",))):
                if name.startswith("__Host-") and getattr(self, f"{cookie}_cookie_{leaf}") not in wanted:
                    yield context.problem(
                        f"{upper}_{leaf.upper()}",
                        f"browsers drop a cookie called {name} that has a {leaf} of its own.",
                        hint=f"leave {upper}_{leaf.upper()} unset, or let the name begin with __Secure-",
                    )

    def _cookies(self, context: RuleContext) -> list[Cookie]:
        """The cookies that this service sets."""
        is_set = {"session": context.settings.apps.enable_sessions, "csrf": not self.csrf_use_sessions}
        return [cookie for cookie in _BASE_NAMES if is_set[cookie]]
