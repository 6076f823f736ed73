"""Which other sites may read this service's answers (CORS), and which may post to it (CSRF)."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator

from dj_core_utils.settings.errors import ConfigurationError, Problem, refuse
from dj_core_utils.settings.origin_patterns import check_pattern, pattern_fault
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable
from dj_core_utils.settings.web_origins import (
    SPECIAL_ORIGINS,
    check_cors_origin,
    check_trusted_origin,
    host_of,
    is_local,
)

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_OWN_ORIGINS = "{SERVICE}_CORS_ALLOWED_ORIGINS"
_HEADER_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
_A_DAY = 86_400


def _header(name: str) -> str:
    return name if re.fullmatch(_HEADER_NAME, name) else refuse("cors.header", "this cannot be the name of a header.")


def _method(name: str) -> str:
    if not re.fullmatch(_HEADER_NAME, name):
        refuse("cors.method", "this cannot be a method.")
    if name != name.upper():
        refuse("cors.method", "methods are compared letter by letter.", f"expected  {name.upper()}")
    return name


CORSOrigin = Annotated[str, AfterValidator(check_cors_origin)]
TrustedOrigin = Annotated[str, AfterValidator(check_trusted_origin)]
OriginPattern = Annotated[str, AfterValidator(check_pattern)]
HeaderName = Annotated[str, AfterValidator(_header)]
Method = Annotated[str, AfterValidator(_method)]


class CORSSettings(Section):
    """What django-cors-headers and Django's CSRF protection are told about other sites.

    Nobody is let in by default. CORS says who may *read* an answer; who may *post* with the user's cookies is said by
    ``CSRF_TRUSTED_ORIGINS``, and a page that does both stands in both lists.
    """

    prefix: ClassVar[str] = "CORS_"

    allowed_origins: list[CORSOrigin] = variable(
        [],
        name="CORS_ALLOWED_ORIGINS",
        feeds="CORS_ALLOWED_ORIGINS",
        description="Sites whose pages may read answers of this service, as browsers name them.",
        example="https://shop.example.com,https://admin.example.com",
        other_names=("CORS_ORIGIN_WHITELIST",),
    )
    service_allowed_origins: list[CORSOrigin] | None = variable(
        None,
        name=_OWN_ORIGINS,
        feeds="CORS_ALLOWED_ORIGINS",
        description="The same for this service alone, in place of CORS_ALLOWED_ORIGINS, where services share a file.",
        example="https://shop.example.com",
    )
    allowed_origin_regexes: list[OriginPattern] = variable(
        [],
        setting="CORS_ALLOWED_ORIGIN_REGEXES",
        description="Patterns for sites that cannot be listed, from ^https:// to $; with a comma inside, a JSON list.",
        example=r"^https://[a-z0-9-]+\.preview\.example\.com$",
        other_names=("CORS_ORIGIN_REGEX_WHITELIST",),
    )
    allow_all_origins: bool = variable(
        False,
        setting="CORS_ALLOW_ALL_ORIGINS",
        description="Let every site read answers: for public data that needs no login.",
        other_names=("CORS_ORIGIN_ALLOW_ALL",),
    )
    allow_credentials: bool = variable(
        False,
        setting="CORS_ALLOW_CREDENTIALS",
        description="Let pages of those sites send the user's cookies along.",
    )
    allow_headers: list[HeaderName] = variable(
        ["accept", "authorization", "content-type", "user-agent", "x-csrftoken", "x-requested-with"],
        setting="CORS_ALLOW_HEADERS",
        description="Headers that pages of other sites may send.",
    )
    allow_methods: list[Method] = variable(
        ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"],
        setting="CORS_ALLOW_METHODS",
        description="Methods that pages of other sites may use.",
    )
    expose_headers: list[HeaderName] = variable(
        [],
        setting="CORS_EXPOSE_HEADERS",
        description="Headers of an answer that pages of other sites may read.",
        example="x-request-id",
    )
    preflight_max_age: int = variable(
        _A_DAY,
        setting="CORS_PREFLIGHT_MAX_AGE",
        description="Seconds for which a browser may remember what it was allowed; 0 makes it ask every time.",
        ge=0,
        le=_A_DAY,
    )
    urls_regex: OriginPattern = variable(
        r"^.*$",
        setting="CORS_URLS_REGEX",
        description="Paths that other sites may ask for.",
        example="^/api/.*$",
    )
    allow_private_network: bool = variable(
        False,
        setting="CORS_ALLOW_PRIVATE_NETWORK",
        description="Let public sites reach this service in a private network, where the browser asks for it.",
    )
    csrf_trusted_origins: list[TrustedOrigin] = variable(
        [],
        setting="CSRF_TRUSTED_ORIGINS",
        description="Other sites whose forms and scripts may post here with the user's cookies.",
        example="https://shop.example.com,https://*.partner.example",
    )

    @property
    def origins(self) -> list[str]:
        """The origins in force: the service's own list where it has one."""
        return self.allowed_origins if self.service_allowed_origins is None else self.service_allowed_origins

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # the same for all
        """``CORS_ALLOWED_ORIGINS``; everything else is exported as it is."""
        return {"CORS_ALLOWED_ORIGINS": list(self.origins)}

    @property
    def origins_variable(self) -> str:
        """Where the origins in force are set."""
        return "CORS_ALLOWED_ORIGINS" if self.service_allowed_origins is None else _OWN_ORIGINS

    @rule("cors.credentials")
    def credentials_need_names(self, context: RuleContext) -> Iterator[Problem]:
        """Cookies are not sent along for everybody."""
        if self.allow_all_origins and self.allow_credentials:
            yield context.policy(
                "CORS_ALLOW_ALL_ORIGINS",
                "with CORS_ALLOW_CREDENTIALS every site can read what a signed-in user sees.",
                hint="list the sites in CORS_ALLOWED_ORIGINS",
            )

    @rule("cors.allow_all")
    def strangers_are_meant(self, context: RuleContext) -> Iterator[Problem]:
        """In production, letting everybody in is worth a second look."""
        if context.is_hardened and self.allow_all_origins and not self.allow_credentials:
            yield context.warning(
                "CORS_ALLOW_ALL_ORIGINS", "every site may read what this service answers without cookies."
            )

    @rule("cors.dead_list")
    def lists_have_an_effect(self, context: RuleContext) -> Iterator[Problem]:
        """Nobody keeps a list that is not looked at."""
        for name, value in (
            (self.origins_variable, self.origins),
            ("CORS_ALLOWED_ORIGIN_REGEXES", self.allowed_origin_regexes),
        ):
            if self.allow_all_origins and value:
                yield context.policy(
                    name, "nobody looks at this list while CORS_ALLOW_ALL_ORIGINS is on.", hint="remove one of the two"
                )

    @rule("cors.null_origin")
    def anonymous_pages_get_no_cookies(self, context: RuleContext) -> Iterator[Problem]:
        """``null`` and ``file://`` are the origin of any sandboxed frame and of any file."""
        for origin in SPECIAL_ORIGINS:
            if self.allow_credentials and origin in self.origins:
                yield context.policy(
                    self.origins_variable,
                    f'"{origin}" is the origin of pages that anybody can make, and they would be sent cookies.',
                    hint=f"remove {origin}, or turn CORS_ALLOW_CREDENTIALS off",
                )

    @rule("cors.headers")
    def headers_are_named(self, context: RuleContext) -> Iterator[Problem]:
        """Browsers take ``*`` literally when cookies are sent."""
        for name, headers in (("CORS_ALLOW_HEADERS", self.allow_headers), ("CORS_EXPOSE_HEADERS", self.expose_headers)):
            if self.allow_credentials and "*" in headers:
                yield context.policy(
                    name,
                    "with CORS_ALLOW_CREDENTIALS, browsers take * for the name of a header.",
                    hint="list the headers",
                )

    @rule("cors.regex")
    def patterns_are_tight(self, context: RuleContext) -> Iterator[Problem]:
        """A pattern lets in what was meant and nothing else."""
        for number, pattern in enumerate(self.allowed_origin_regexes, 1):
            if fault := pattern_fault(pattern):
                yield context.policy(
                    "CORS_ALLOWED_ORIGIN_REGEXES",
                    f'item {number}, "{pattern}": {fault}',
                    hint=r"expected  ^https://[a-z0-9-]+\.example\.com$",
                )

    @rule("cors.insecure_origin")
    def origins_are_encrypted(self, context: RuleContext) -> Iterator[Problem]:
        """Whoever sits on the way to a page in clear text can speak for it."""
        for origin in self.origins:
            if context.is_hardened and origin.startswith("http://"):
                what = "is a page on the user's own machine" if is_local(origin) else "is sent in clear text"
                yield context.warning(
                    self.origins_variable, f'"{origin}" {what}.', hint="remove it from production, or use https"
                )

    @rule("cors.csrf")
    def cookie_origins_may_post(self, context: RuleContext) -> Iterator[Problem]:
        """A page that sends cookies can also post, where requests are authenticated by the cookie."""
        if not (self.allow_credentials and context.settings.jwt.uses_sessions):
            return
        for origin in self.origins:
            if origin not in SPECIAL_ORIGINS and not _is_trusted(origin, self.csrf_trusted_origins):
                yield context.policy(
                    "CSRF_TRUSTED_ORIGINS",
                    f"{origin} may send cookies, but each of its posts will be refused (403).",
                    hint=f"add {origin}",
                )

    @rule("cors.same_site")
    def cookies_reach_other_sites(self, context: RuleContext) -> Iterator[Problem]:
        """Browsers keep a cookie that is not ``SameSite=None`` from the requests of another site."""
        same_site = context.settings.security.session_cookie_samesite
        if not (self.allow_credentials and context.settings.jwt.uses_sessions) or same_site in ("None", False):
            return
        hosts = context.settings.allowed_hosts
        for origin in self.origins if hosts else ():
            is_ours = origin in SPECIAL_ORIGINS or any(_is_one_site(host_of(origin), host) for host in hosts)
            if not is_ours:
                yield context.warning(
                    "SESSION_COOKIE_SAMESITE",
                    f"{origin} is another site, and browsers do not send it a cookie marked {same_site}.",
                    hint="serve both under one domain, or use SESSION_COOKIE_SAMESITE=None with Secure",
                )

    @rule("csrf.scheme")
    def trusted_origins_are_encrypted(self, context: RuleContext) -> Iterator[Problem]:
        """Where TLS is on, an ``http://`` origin never matches an ``Origin`` header."""
        for number, origin in enumerate(self.csrf_trusted_origins, 1):
            if context.settings.security.ssl_redirect and origin.startswith("http://"):
                yield context.policy(
                    "CSRF_TRUSTED_ORIGINS",
                    f'item {number}, "{origin}": this service is reached by https, and so are its pages.',
                    hint=f"expected  {origin.replace('http://', 'https://')}",
                )


def get_cors_settings(service: str) -> dict[str, object]:
    """The ``CORS_*`` settings of one service, for a settings module that does not call ``export_settings``.

    They are read, checked and judged as ever: environment, secret files, the ``.env`` of the current folder, profiles.
    ``<SERVICE>_CORS_ALLOWED_ORIGINS`` counts before ``CORS_ALLOWED_ORIGINS``. What else may be wrong with the
    configuration is left to whoever reads it.

    Args:
        service: The service's name: ``users`` reads ``USERS_CORS_ALLOWED_ORIGINS``.

    Returns:
        Every ``CORS_*`` setting by name.

    Raises:
        ConfigurationError: One of these variables, or the ``.env`` or profile they come from, cannot be used.
    """
    outcome = _read_cors(service)
    if isinstance(outcome, ConfigurationError):
        raise outcome
    return outcome


def _read_cors(service: str) -> dict[str, object] | ConfigurationError:
    import os  # noqa: PLC0415  # for this function alone
    from pathlib import Path  # noqa: PLC0415  # the same

    from dj_core_utils.settings.base import CoreSettings  # noqa: PLC0415  # it imports this module
    from dj_core_utils.settings.loading import load  # noqa: PLC0415  # the same
    from dj_core_utils.settings.rendering import plain  # noqa: PLC0415  # the same
    from dj_core_utils.settings.report import next_step, write_report  # noqa: PLC0415  # the same

    loaded = load(CoreSettings, environ={**os.environ, "SERVICE_NAME": service}, project_dir=Path.cwd())
    problems = [found for found in loaded.errors if _speaks_of_cors(found)]
    if problems or loaded.settings is None or loaded.table is None:
        report = write_report(f"The CORS settings of {service} are not usable", problems, next_step(""))
        return ConfigurationError(report, problems)
    section = loaded.settings.cors
    rows = [row for row in loaded.table.values() if row.path[0] == "cors" and row.setting is not None]
    exported = {str(row.setting): plain(getattr(section, row.path[-1])) for row in rows}
    settings = {**exported, "CORS_ALLOWED_ORIGINS": list(section.origins)}
    return {name: value for name, value in settings.items() if name.startswith("CORS_")}


def _speaks_of_cors(problem: Problem) -> bool:
    """Whether a problem is one of these settings, or of a file that they are read from."""
    is_of_source = problem.id.startswith(("dotenv.", "profile.", "class.", "code.", "internal"))
    return is_of_source or "CORS_" in problem.variable or problem.variable == "SERVICE_NAME"


def _is_trusted(origin: str, trusted: list[str]) -> bool:
    """Whether Django's CSRF protection would accept the origin."""
    scheme, _, rest = origin.partition("://")
    for known in trusted:
        known_scheme, _, pattern = known.partition("://")
        is_match = rest == pattern or (
            pattern.startswith("*.") and (rest.endswith(pattern[1:]) or rest == pattern.removeprefix("*."))
        )
        if known_scheme == scheme and is_match:
            return True
    return False


def _is_one_site(host: str, allowed: str) -> bool:
    """Whether two hosts probably belong to one site: without a list of public suffixes, the last two labels decide."""
    allowed = allowed.removeprefix(".")
    if allowed == "*":
        return True
    return host.split(".")[-2:] == allowed.split(".")[-2:]
