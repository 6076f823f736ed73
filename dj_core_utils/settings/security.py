"""HTTPS, headers, the proxy in front, the health path and the limits of uploads."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import django
from pydantic import AfterValidator, Field

from dj_core_utils.settings.cookies import CookieSettings
from dj_core_utils.settings.csp import ContentSecurityPolicy, policy_faults
from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.variables import variable
from dj_core_utils.settings.web_origins import meant_host

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

CSP_SINCE = (6, 0)
_ASYNC_UNSAFE = "DJANGO_ALLOW_ASYNC_UNSAFE"
# From Django 6.1 the safe behaviour is the only one, and setting this is deprecated.
_LEGACY_SALT_UNTIL = (6, 1)

ReferrerPolicy = Literal[
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
]


def _header(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*", name):
        refuse("security.proxy_header", "this cannot be the name of a header.", "for example  X-Forwarded-Proto")
    return name


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        reason = error.msg if isinstance(error, re.error) else "it is too large or nested too deeply"
        refuse("security.redirect_exempt", f"not a regular expression: {reason}.", "for example  ^webhooks/[a-z]+$")
    return text


def _path(text: str) -> str:
    if text and not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+/?", text):
        refuse("security.health_path", "not a plain absolute path.", "for example  /healthz, or empty for none")
    return text


class SecuritySettings(CookieSettings):
    """What goes into ``SECURE_*``, ``SESSION_*``, ``CSRF_*`` and the settings around them."""

    ssl_redirect: bool = variable(
        False, setting="SECURE_SSL_REDIRECT", description="Answer plain HTTP with a redirect to HTTPS."
    )
    ssl_host: str | None = variable(
        None,
        setting="SECURE_SSL_HOST",
        description="Host that the redirect to HTTPS names; by default the one asked for.",
    )
    redirect_exempt: list[Annotated[str, AfterValidator(_pattern)]] = variable(
        [],
        name="SECURE_REDIRECT_EXEMPT",
        feeds="SECURE_REDIRECT_EXEMPT",
        description="Regular expressions for paths, without the first slash, that are served over plain HTTP, too.",
        example="^webhooks/legacy$",
    )
    hsts_seconds: int = variable(
        0,
        setting="SECURE_HSTS_SECONDS",
        description="How long browsers insist on HTTPS. Begin with 3600; 31536000 when every page works over HTTPS.",
        example="3600",
        ge=0,
    )
    hsts_include_subdomains: bool = variable(
        False,
        setting="SECURE_HSTS_INCLUDE_SUBDOMAINS",
        description="Whether browsers insist on HTTPS for every sub-domain, too.",
    )
    hsts_preload: bool = variable(
        False,
        setting="SECURE_HSTS_PRELOAD",
        description="Whether the domain may be built into browsers as HTTPS only, which is slow to undo.",
    )
    content_type_nosniff: bool = variable(
        True, setting="SECURE_CONTENT_TYPE_NOSNIFF", description="Forbid browsers to guess content types."
    )
    referrer_policy: list[ReferrerPolicy] = variable(
        ["same-origin"],
        setting="SECURE_REFERRER_POLICY",
        description="What other sites learn of the page that a link was on; browsers use the last value they know.",
        example="same-origin",
    )
    cross_origin_opener_policy: Literal["same-origin", "same-origin-allow-popups", "unsafe-none"] | None = variable(
        "same-origin",
        setting="SECURE_CROSS_ORIGIN_OPENER_POLICY",
        description="Whether pages of other origins that open ours share a window group with it.",
    )
    frame_options: Literal["DENY", "SAMEORIGIN"] = variable(
        "DENY", setting="X_FRAME_OPTIONS", description="Who may show our pages in a frame."
    )
    csp: ContentSecurityPolicy = variable(
        {},
        name="SECURE_CSP",
        feeds=("SECURE_CSP", "TEMPLATES"),
        description="Content Security Policy that browsers enforce (Django 6.0 and newer).",
        example="""{"default-src": ["'self'"]}""",
    )
    csp_report_only: ContentSecurityPolicy = variable(
        {},
        name="SECURE_CSP_REPORT_ONLY",
        feeds=("SECURE_CSP_REPORT_ONLY", "TEMPLATES"),
        description="Content Security Policy that browsers only report on (Django 6.0 and newer).",
        example="""{"default-src": ["'self'"]}""",
    )

    proxy_header: Annotated[str, AfterValidator(_header)] | None = variable(
        None,
        name="TRUSTED_PROXY_HEADER",
        feeds="SECURE_PROXY_SSL_HEADER",
        description="Header in which a proxy of yours says that the client used HTTPS; it must overwrite the client's.",
        example="X-Forwarded-Proto",
        other_names=("SECURE_PROXY_SSL_HEADER",),
    )
    proxy_value: str = variable(
        "https",
        name="TRUSTED_PROXY_VALUE",
        feeds="SECURE_PROXY_SSL_HEADER",
        description="What that header holds for HTTPS.",
        pattern=r"^[^\s,]+$",
    )
    proxy_hops: Annotated[int, Field(ge=0)] | None = variable(
        None,
        name="TRUSTED_PROXY_HOPS",
        feeds=("TRUSTED_PROXY_HOPS", "REST_FRAMEWORK"),
        description="How many proxies of yours stand in front; 0 says that there is none.",
        example="1",
    )
    use_x_forwarded_host: bool = variable(
        False,
        setting="USE_X_FORWARDED_HOST",
        description="Believe X-Forwarded-Host instead of Host; only behind a proxy that overwrites it.",
    )
    use_x_forwarded_port: bool = variable(
        False,
        setting="USE_X_FORWARDED_PORT",
        description="Believe X-Forwarded-Port; only behind a proxy that overwrites it.",
    )
    health_path: Annotated[str, AfterValidator(_path)] = variable(
        "/healthz",
        setting="HEALTH_PATH",
        description="Path that answers health checks over plain HTTP and for any host; empty for none.",
    )

    upload_max_memory_size: int = variable(
        2_621_440,
        setting="DATA_UPLOAD_MAX_MEMORY_SIZE",
        description="Bytes of a request's body, files aside; a larger one is refused.",
        ge=1,
    )
    upload_max_fields: int = variable(
        1000, setting="DATA_UPLOAD_MAX_NUMBER_FIELDS", description="Fields of one request; more are refused.", ge=1
    )
    upload_max_files: int = variable(
        100, setting="DATA_UPLOAD_MAX_NUMBER_FILES", description="Files of one request; more are refused.", ge=1
    )
    upload_file_memory_size: int = variable(
        2_621_440,
        setting="FILE_UPLOAD_MAX_MEMORY_SIZE",
        description="Bytes of an uploaded file that are kept in memory; a larger one goes to disk. It is no limit.",
        ge=0,
    )

    def render(self, context: "RenderContext") -> dict[str, object]:
        """The settings that follow from several leaves, or depend on Django's version.

        Args:
            context: Django's version is read.
        """
        rendered = {
            **super().render(context),
            "SECURE_REDIRECT_EXEMPT": self._exempt(),
            "TRUSTED_PROXY_HOPS": self.hops,
        }
        if self.proxy_header:
            rendered["SECURE_PROXY_SSL_HEADER"] = (_meta_name(self.proxy_header), self.proxy_value)
        if context.django_version >= CSP_SINCE:
            rendered |= {"SECURE_CSP": self.csp, "SECURE_CSP_REPORT_ONLY": self.csp_report_only}
        if context.django_version < _LEGACY_SALT_UNTIL:
            rendered["SIGNED_COOKIE_LEGACY_SALT_FALLBACK"] = False
        return rendered

    def _exempt(self) -> list[str]:
        # SecurityMiddleware matches the path without its first slash.
        health = [f"^{re.escape(self.health_path.lstrip('/'))}$"] if self.health_path else []
        return list(dict.fromkeys([*health, *self.redirect_exempt]))

    @property
    def hops(self) -> int:
        """How many proxies are believed: as many as are said to be there, else one when its header is declared."""
        return self.proxy_hops if self.proxy_hops is not None else int(self.proxy_header is not None)

    @rule("security.debug", checks=("security.W018",))
    def debug_is_off(self, context: RuleContext) -> Iterator[Problem]:
        """An error page with DEBUG on shows code and settings to anybody."""
        if context.settings.debug and not context.is_local:
            yield context.strict(
                "DEBUG", "error pages would show code and settings to anybody.", hint="set DEBUG=false"
            )

    @rule("security.async_unsafe", checks=("async.E001",))
    def async_safety_is_on(self, context: RuleContext) -> Iterator[Problem]:
        """Django reads this variable by itself, and with it blocks the event loop and mixes up connections."""
        if _ASYNC_UNSAFE in context.names and not context.is_local:
            found = context.policy(_ASYNC_UNSAFE, "it lets database calls block the event loop.", hint="remove it")
            yield found._replace(origin=context.names[_ASYNC_UNSAFE])

    @rule("security.allowed_hosts", checks=("security.W020",))
    def hosts_are_listed(self, context: RuleContext) -> Iterator[Problem]:
        """Without a list of hosts every request is refused."""
        if not context.settings.allowed_hosts and not context.settings.debug and not context.is_local:
            yield context.policy(
                "ALLOWED_HOSTS",
                "no host is allowed, so every request is answered with 400.",
                hint="list the host names",
            )

    @rule("security.host")
    def hosts_can_be_met(self, context: RuleContext) -> Iterator[Problem]:
        """Django compares an entry with the host of a request alone, so with a scheme or port it never fits."""
        for number, host in enumerate(context.settings.allowed_hosts, 1):
            if (meant := meant_host(host)) is not None:
                yield context.problem(
                    "ALLOWED_HOSTS",
                    f'item {number}, "{host}": no request has this host.',
                    hint=f"expected  {meant}" if meant else "expected  shop.example.com  or  .example.com",
                )

    @rule("security.any_host")
    def hosts_are_named(self, context: RuleContext) -> Iterator[Problem]:
        """With any host allowed, the sender of a request chooses what links in pages and mails point to."""
        if "*" in context.settings.allowed_hosts and not context.is_local:
            yield context.policy(
                "ALLOWED_HOSTS",
                '"*" lets the sender of a request choose the host in our links.',
                hint="name the hosts; health checks are answered for any host at HEALTH_PATH",
            )

    @rule("security.ssl_redirect", checks=("security.W008",))
    def http_is_redirected(self, context: RuleContext) -> Iterator[Problem]:
        """Without a redirect pages are served over plain HTTP."""
        if not self.ssl_redirect and not context.is_local:
            yield context.policy(
                "SECURE_SSL_REDIRECT",
                "pages would be served over plain HTTP.",
                hint="set SECURE_SSL_REDIRECT=true; behind a proxy that ends TLS also TRUSTED_PROXY_HEADER",
            )

    @rule("security.hsts_seconds", checks=("security.W004",))
    def https_is_remembered(self, context: RuleContext) -> Iterator[Problem]:
        """Without HSTS the first request of each visit can be intercepted."""
        if not self.hsts_seconds and not context.is_local:
            yield context.policy(
                "SECURE_HSTS_SECONDS", "browsers are not told to insist on HTTPS.", hint="begin with 3600 seconds"
            )

    @rule("security.hsts_include_subdomains", checks=("security.W005",))
    def https_covers_subdomains(self, context: RuleContext) -> Iterator[Problem]:
        """Without its sub-domains a site can be attacked through cookies that they set."""
        if not self.hsts_include_subdomains and (self.hsts_seconds or context.is_hardened):
            yield context.policy(
                "SECURE_HSTS_INCLUDE_SUBDOMAINS",
                "browsers do not insist on HTTPS for sub-domains.",
                hint="set it to true when every sub-domain has HTTPS",
            )

    @rule("security.hsts_preload", checks=("security.W021",))
    def https_is_preloaded(self, context: RuleContext) -> Iterator[Problem]:
        """Without preloading the very first visit of a browser can be intercepted."""
        if not self.hsts_preload and (self.hsts_seconds or context.is_hardened):
            yield context.policy(
                "SECURE_HSTS_PRELOAD",
                "the domain cannot be built into browsers as HTTPS only.",
                hint="set it to true only together with a year of SECURE_HSTS_SECONDS and all sub-domains",
            )

    @rule("security.nosniff", checks=("security.W006",))
    def content_types_are_not_guessed(self, context: RuleContext) -> Iterator[Problem]:
        """A browser that guesses runs an uploaded file as a script."""
        if not self.content_type_nosniff:
            yield context.policy(
                "SECURE_CONTENT_TYPE_NOSNIFF", "browsers may run an upload as a script.", hint="set it to true"
            )

    @rule("security.referrer_policy", checks=("security.W022",))
    def referrers_are_kept_at_home(self, context: RuleContext) -> Iterator[Problem]:
        """Without a policy other sites learn addresses of our pages."""
        if not self.referrer_policy:
            yield context.policy(
                "SECURE_REFERRER_POLICY", "other sites may learn the addresses of our pages.", hint="set same-origin"
            )

    @rule("security.frame_options", checks=("security.W019",))
    def frames_are_refused(self, context: RuleContext) -> Iterator[Problem]:
        """A page in a frame can be made to take clicks meant for something else."""
        if self.frame_options != "DENY":
            yield context.policy("X_FRAME_OPTIONS", "our own pages may show ours in a frame.", hint="set DENY")

    @rule("security.csp")
    def policies_say_what_they_mean(self, context: RuleContext) -> Iterator[Problem]:
        """Browsers ignore what they do not know in a policy, and Django does not look."""
        for name, policy in (("SECURE_CSP", self.csp), ("SECURE_CSP_REPORT_ONLY", self.csp_report_only)):
            for message, hint in policy_faults(policy):
                yield context.policy(name, message, hint=hint)

    @rule("security.csp_unsent")
    def policies_are_sent(self, context: RuleContext) -> Iterator[Problem]:
        """A Django that knows no policies says nothing about them."""
        for name in ("SECURE_CSP", "SECURE_CSP_REPORT_ONLY"):
            if context.is_set(name) and django.VERSION[:2] < CSP_SINCE:
                yield context.warning(
                    name,
                    f"Django {django.VERSION[0]}.{django.VERSION[1]} sends no Content Security Policy.",
                    hint="use Django 6.0 or newer, or unset it",
                )

    @rule("security.redirect_exempt")
    def exemptions_match_what_they_mean(self, context: RuleContext) -> Iterator[Problem]:
        """A pattern is searched in the path without its first slash."""
        for pattern in self.redirect_exempt:
            if re.match(r"\^?/", pattern):
                yield context.warning(
                    "SECURE_REDIRECT_EXEMPT",
                    f'"{pattern}" never matches: paths are matched without their first slash.',
                    hint=f"write ^{pattern.lstrip('^/')}",
                )
            elif not (pattern.startswith("^") and pattern.endswith("$")):
                yield context.warning(
                    "SECURE_REDIRECT_EXEMPT",
                    f'"{pattern}" exempts every path that contains it.',
                    hint=f"write ^{pattern.lstrip('^').removesuffix('$')}$",
                )

    @rule("security.proxy")
    def proxy_is_declared(self, context: RuleContext) -> Iterator[Problem]:
        """Behind a proxy that ends TLS, Django takes HTTPS for HTTP until it is told how to see the difference."""
        if self.proxy_header and self.proxy_hops == 0:
            yield context.problem(
                "TRUSTED_PROXY_HOPS",
                "0 says that there is no proxy, and TRUSTED_PROXY_HEADER believes one.",
                hint="set it to 1 or leave it unset",
            )
        elif context.is_hardened and self.ssl_redirect and not self.proxy_header and self.proxy_hops is None:
            yield context.warning(
                "TRUSTED_PROXY_HEADER",
                "if a proxy ends TLS, every page redirects to itself for ever and every form is refused.",
                hint="set it, usually to X-Forwarded-Proto; or set TRUSTED_PROXY_HOPS: to 0 when there is no proxy,"
                " to 1 or more when the server (gunicorn, uvicorn) is told which proxy to trust",
            )

    @rule("security.forwarded_host")
    def forwarded_host_comes_from_a_proxy(self, context: RuleContext) -> Iterator[Problem]:
        """Without a proxy the client writes these headers itself."""
        for name, is_used in (
            ("USE_X_FORWARDED_HOST", self.use_x_forwarded_host),
            ("USE_X_FORWARDED_PORT", self.use_x_forwarded_port),
        ):
            if is_used and not self.hops and not context.is_local:
                yield context.policy(
                    name,
                    "no proxy is declared, so the sender of a request writes this header.",
                    hint="set TRUSTED_PROXY_HEADER or TRUSTED_PROXY_HOPS, or turn it off",
                )


def _meta_name(header: str) -> str:
    """``X-Forwarded-Proto`` as ``request.META`` has it; a name that is given in that form stays."""
    name = header.upper().replace("-", "_")
    return name if name.startswith("HTTP_") else f"HTTP_{name}"
