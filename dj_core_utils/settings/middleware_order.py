"""The order of middleware, as data: who must stand before whom, and what breaks otherwise.

Django checks that some middleware is there and never where it stands. Each line here was found by moving one entry and
sending requests, on the oldest and the newest Django.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from dj_core_utils.settings.errors import Problem

BUILD = "dj_core_utils.middleware.build.BuildMiddleware"
CONTEXT = "dj_core_utils.middleware.context.CurrentUserMiddleware"
HEALTH = "dj_core_utils.middleware.health.HealthMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
CSP = "django.middleware.csp.ContentSecurityPolicyMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
SERVESTATIC = "servestatic.middleware.ServeStaticMiddleware"
CORS = "corsheaders.middleware.CorsMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
MESSAGE = "django.contrib.messages.middleware.MessageMiddleware"
FRAME = "django.middleware.clickjacking.XFrameOptionsMiddleware"

RECOMMENDED = (
    BUILD, CONTEXT, HEALTH, SECURITY, CSP, WHITENOISE, SERVESTATIC, CORS, SESSION, LOCALE, COMMON, CSRF, AUTHENTICATION,
    MESSAGE, FRAME,
)  # fmt: skip

Strength = Literal["must", "should"]


class Constraint(NamedTuple):
    """One line of the partial order.

    Attributes:
        before: The middleware that comes first.
        after: The middleware that comes later.
        breaks: What happens otherwise.
        strength: ``must`` is an error, ``should`` a warning.
        is_needed: Whether ``after`` does not work at all without ``before``.
        when: A setting with which the line becomes a ``must``, or only then holds when the strength is None.
    """

    before: str
    after: str
    breaks: str
    strength: Strength | None = "must"
    is_needed: bool = False
    when: str = ""


def _before_all(first: str, others: Sequence[str], breaks: str) -> tuple[Constraint, ...]:
    return tuple(Constraint(before=first, after=other, breaks=breaks, strength="should") for other in others)


_STATIC = (WHITENOISE, SERVESTATIC)
_ORDER = (
    Constraint(before=SESSION, after=AUTHENTICATION, breaks="every request ends with 500", is_needed=True),
    Constraint(
        before=SESSION,
        after=MESSAGE,
        breaks="every request ends with 500",
        strength=None,
        is_needed=True,
        when="MESSAGE_STORAGE",
    ),
    Constraint(
        before=SESSION,
        after=CSRF,
        breaks="every request ends with 500, because CSRF_USE_SESSIONS is on",
        strength=None,
        is_needed=True,
        when="CSRF_USE_SESSIONS",
    ),
    *(
        Constraint(
            before=SECURITY,
            after=static,
            breaks="static files are served over plain HTTP, without redirect, HSTS and nosniff",
        )
        for static in _STATIC
    ),
    Constraint(
        before=SECURITY,
        after=COMMON,
        breaks="the first redirect goes to plain HTTP",
        strength="should",
        when="PREPEND_WWW",
    ),
    Constraint(
        before=SECURITY,
        after=CORS,
        breaks="preflight requests are answered over plain HTTP, without HSTS and nosniff",
        strength="should",
    ),
    Constraint(
        before=CORS,
        after=COMMON,
        breaks="redirects that append a slash or www carry no CORS headers, so browsers refuse them",
    ),
    Constraint(
        before=CORS,
        after=LOCALE,
        breaks="redirects to a language (i18n_patterns) carry no CORS headers, so browsers refuse them",
        strength="should",
    ),
    *(
        line
        for static in _STATIC
        for line in _before_all(
            static, (CORS, SESSION, LOCALE), "static files pass it for nothing and get its headers, such as Vary"
        )
    ),
    *_before_all(
        CONTEXT,
        (SECURITY, CSP, *_STATIC, CORS, SESSION, LOCALE, COMMON, CSRF, AUTHENTICATION, MESSAGE, FRAME),
        "what it answers or logs has no correlation id",
    ),
    # Behind SecurityMiddleware it works as well, because its path is exempt from the redirect.
    *_before_all(HEALTH, (COMMON,), "health checks by address get 400"),
    *_before_all(CSP, (*_STATIC, CORS, COMMON), "what it answers by itself has no Content-Security-Policy"),
)


def arrange(entries: Sequence[str]) -> list[str]:
    """Entries in the recommended order; those that have no place in it follow in the order given.

    Args:
        entries: Dotted paths of middleware.
    """
    unique = list(dict.fromkeys(entries))
    return [known for known in RECOMMENDED if known in unique] + [own for own in unique if own not in RECOMMENDED]


def is_complete(entries: Sequence[str]) -> bool:
    """Whether a list is a whole ``MIDDLEWARE`` of its own, and not an addition to ours.

    Args:
        entries: Dotted paths of middleware.
    """
    return SECURITY in entries or COMMON in entries


def violations(
    middleware: Sequence[str], conditions: Mapping[str, bool] | None = None
) -> Iterator[tuple[Strength, str, str]]:
    """Where a list breaks the partial order.

    Args:
        middleware: A whole ``MIDDLEWARE``.
        conditions: Which of the settings that matter are such that they do: ``CSRF_USE_SESSIONS``, ``PREPEND_WWW``,
            and ``MESSAGE_STORAGE`` when messages need the session. The default is that only the last one does.

    Yields:
        How bad it is, what is wrong and what breaks, and what to do.
    """
    conditions = {"MESSAGE_STORAGE": True, **(conditions or {})}
    place = {name: index for index, name in reversed(list(enumerate(middleware)))}
    for line in _ORDER:
        strength = "must" if conditions.get(line.when) else line.strength
        if strength is None or line.after not in place:
            continue
        before, after = _short(line.before), _short(line.after)
        if line.before not in place:
            if line.is_needed:
                message = f"{after} needs {before}, which is missing: {line.breaks}."
                yield strength, message, f"add {line.before} before it"
        elif place[line.before] > place[line.after]:
            yield strength, f"{before} stands after {after}: {line.breaks}.", f"move {before} before {after}"


def repaired(middleware: Sequence[str]) -> list[str]:
    """A list in which nothing stands where it must not, with as few moves as that takes.

    Args:
        middleware: A whole ``MIDDLEWARE``. What is missing stays missing.
    """
    found = list(middleware)
    lines = [line for line in _ORDER if line.strength == "must" or line.when == "MESSAGE_STORAGE"]
    while wrong := [one for one in lines if _is_behind(found, one)]:
        found.remove(wrong[0].before)
        found.insert(found.index(wrong[0].after), wrong[0].before)
    return found


def _is_behind(middleware: Sequence[str], line: Constraint) -> bool:
    is_there = line.before in middleware and line.after in middleware
    return is_there and middleware.index(line.before) > middleware.index(line.after)


def order_problems(settings: object) -> Iterator[Problem]:
    """The same over Django's settings as they are at run time, for a system check.

    Args:
        settings: ``django.conf.settings``.

    Yields:
        A problem for each violation.
    """
    conditions = {
        "CSRF_USE_SESSIONS": bool(getattr(settings, "CSRF_USE_SESSIONS", False)),
        "PREPEND_WWW": bool(getattr(settings, "PREPEND_WWW", False)),
        "MESSAGE_STORAGE": "cookie" not in str(getattr(settings, "MESSAGE_STORAGE", "")),
    }
    for strength, message, hint in violations(getattr(settings, "MIDDLEWARE", ()), conditions):
        yield Problem(
            id="apps.middleware_order" if strength == "must" else "apps.middleware_order_advised",
            variable="MIDDLEWARE",
            origin="settings",
            message=message,
            hint=hint,
            severity="error" if strength == "must" else "warning",
        )


def _short(path: str) -> str:
    return path.rpartition(".")[2]
