"""One call, before it is sent: where it goes, what it carries, and how long it may take."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

from django.conf import settings
from django.http.request import validate_host
from django.urls import get_script_prefix

from dj_core_utils import __version__, _context
from dj_core_utils.api.exceptions import CallLoopError, InvalidCallError, ServiceTimeoutError
from dj_core_utils.api.resolution import locate
from dj_core_utils.conf import conf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from urllib.parse import SplitResult

    from dj_core_utils.api.resolution import Location
    from dj_core_utils.conf import APIConf

MOST_HOPS = 8
"""How many services may call each other before a circle is assumed."""

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_METHOD = re.compile(r"[A-Z]{1,20}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
# Hardly any server takes more
_LONGEST = 60_000
# The connection is not the caller's business, and another Host would be another service.
_FORBIDDEN = frozenset({"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"})
# Reserved and unreserved characters of RFC 3986, and the percent sign of what is quoted already
_SAFE = "/%:@!$&'()*+,;=-._~"
_NEVER_IN_PATHS = re.compile(r"[\x00-\x1f\x7f\\#\ud800-\udfff]")


class Options(TypedDict, total=False):
    """What every call may be given.

    Attributes:
        params: The query; lists repeat a name, None leaves it out.
        headers: Headers of one's own.
        json: A body of JSON: plain data, dates, decimals, UUIDs, models of Pydantic.
        data: A body as of an HTML form.
        files: Files of a form, as httpx2 takes them: ``{"photo": ("me.png", data, "image/png")}``.
        content: A body as it is.
        timeout: Seconds that the call may take in all.
        idempotency_key: Sent as ``Idempotency-Key``. The service does the same thing once, however often it is asked
            for it under one key; so the call may be repeated.
    """

    params: Mapping[str, Any] | None
    headers: Mapping[str, str] | None
    json: Any
    data: Mapping[str, Any] | None
    files: Mapping[str, Any] | None
    content: bytes | str | None
    timeout: float | None
    idempotency_key: str | None


@dataclass(slots=True, repr=False)
class Call:
    """One call.

    Attributes:
        location: Where it goes.
        method: The method.
        path: The path below the location's prefix, quoted.
        query: The query, quoted, without its question mark.
        headers: What is sent along, names in small letters; no credential.
        content: The body.
        deadline: When it is given up, on the clock of ``time.monotonic()``.
        is_hurried: Whether the deadline is that of a caller, and shorter than the service would have had.
        is_repeatable: Whether it may be sent again after the service may have seen it.
        limits: The settings that it was made under.
    """

    location: Location
    method: str
    path: str
    query: str
    headers: dict[str, str]
    content: bytes
    deadline: float
    is_hurried: bool
    is_repeatable: bool
    limits: APIConf

    def __repr__(self) -> str:
        """Without query, headers and body, which may hold secrets."""
        return f"<Call {self.method} {self.path} of {self.location.service}>"

    @property
    def target(self) -> str:
        """Path and query as they are sent."""
        path = f"{self.location.prefix}{self.path}"
        return f"{path}?{self.query}" if self.query else path

    @property
    def named(self) -> dict[str, Any]:
        """What every error says of the call."""
        return {
            "service": self.location.service,
            "method": self.method,
            "path": self.path,
            "request_id": self.headers.get("x-request-id"),
        }

    def rest(self) -> float:
        """Seconds that are left.

        Raises:
            ServiceTimeoutError: None are.
        """
        rest = self.deadline - monotonic()
        if rest <= 0:
            raise self.late()
        return rest

    def is_over(self) -> bool:
        """Whether the time is up."""
        return monotonic() >= self.deadline

    def late(self) -> ServiceTimeoutError:
        """The error that the time is up."""
        whose = "the caller's deadline" if self.is_hurried else "the deadline of the call"
        return ServiceTimeoutError(
            f"{self.location.service} has not answered {self.method} {self.path} before {whose}.",
            code="caller_deadline" if self.is_hurried else "deadline",
            **self.named,
        )


def prepare(service: str, method: str, path: str, options: Options, defaults: Mapping[str, str]) -> Call:
    """Make a call of what a caller gives.

    Args:
        service: Name of the service.
        method: The method.
        path: The path, with a query or without; also an address that the service has given, such as that of the next
            page.
        options: What goes along.
        defaults: Headers of the client.

    Raises:
        InvalidCallError: Something cannot be sent.
        UnknownServiceError: There is no such service.
        CallLoopError: Too many services have called each other by now.
        ServiceTimeoutError: Whoever called this service has given up.
    """
    limits = conf.api
    location = locate(service)
    if not _METHOD.fullmatch(method):
        raise InvalidCallError(f"{method[:20]!r} is no method of HTTP.", service=service)
    below, query = _split(path, location)
    if params := options.get("params"):
        query = "&".join(part for part in (query, _encoded(params, service)) if part)
    if len(below) + len(query) > _LONGEST:
        raise InvalidCallError(
            f"A path for {service} has more than {_LONGEST} characters; send a body.", service=service
        )
    headers = _headers(defaults, options, service)
    content, kind = _body(options, service)
    if kind:
        headers.setdefault("content-type", kind)
    deadline, is_hurried = _deadline(options.get("timeout"), limits)
    is_repeatable = method in _REPEATABLE or "idempotency-key" in headers
    call = Call(location, method, below, query, headers, content, deadline, is_hurried, is_repeatable, limits)
    if (depth := _context.call_depth.get()) >= MOST_HOPS:
        message = f"{service} was not asked {method} {below}: {depth} services have called each other before."
        raise CallLoopError(message, code="call_loop", **call.named)
    headers["x-call-depth"] = str(depth + 1)
    headers["x-deadline-ms"] = str(int(call.rest() * 1000))
    return call


def _split(path: str, location: Location) -> tuple[str, str]:
    """Path below the prefix, and query, both quoted."""
    if re.match(r"(?i)https?://", path):
        path = below(path, "", location)
    if found := _NEVER_IN_PATHS.search(path):
        raise InvalidCallError(
            f"A path for {location.service} holds {found.group()!r}: quote what is put into a path.",
            service=location.service,
        )
    path, _, query = path.partition("?")
    if "://" in path or path.startswith("//"):
        raise InvalidCallError(
            f"A path for {location.service} begins with another address; it is below the one that the settings name.",
            service=location.service,
        )
    path = path.removeprefix("/")
    if ".." in unquote(path).replace("\\", "/").split("/") or "." in unquote(path).split("/"):
        raise InvalidCallError(
            f"A path for {location.service} has a part that leads elsewhere ('..'): quote what is put into a path.",
            service=location.service,
        )
    return quote(path, safe=_SAFE), quote(query, safe=f"{_SAFE}?[]")


def below(link: str, seen_at: str, location: Location) -> str:
    """A link that a service gives, as a path below its address.

    The scheme does not count: behind a proxy that ends TLS many a service writes ``http``. Nothing is sent there; what
    counts is the configured address.

    Args:
        link: An address, or what is relative to the path at which it was seen.
        seen_at: That path, with prefix and query.
        location: Where the service is.

    Raises:
        InvalidCallError: It leads to another host, or out of the prefix.
    """
    parts = urlsplit(urljoin(seen_at, link))
    is_elsewhere = bool(parts.netloc) and not _is_host_of(location, parts)
    path = parts.path
    if location.is_local:  # links have the path in them under which a server has mounted this process
        path = f"/{path.removeprefix(get_script_prefix()).removeprefix('/')}"
    if is_elsewhere or not path.startswith(location.prefix):
        raise InvalidCallError(
            f"{location.service} points outside of its address; nothing is sent there.", service=location.service
        )
    path = path.removeprefix(location.prefix)
    return f"{path}?{parts.query}" if parts.query else path


def _is_host_of(location: Location, parts: SplitResult) -> bool:
    if location.is_local:
        return validate_host(parts.hostname or "", settings.ALLOWED_HOSTS or ["localhost", "127.0.0.1"])
    return _bare(parts.netloc) == _bare(location.host)


def _bare(netloc: str) -> str:
    return re.sub(r":(?:80|443)$", "", netloc.lower())


def _encoded(params: Mapping[str, Any], service: str) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        values: Iterable[object] = value if isinstance(value, list | tuple | set | frozenset) else [value]
        pairs += [(name, _word(item)) for item in values if item is not None]
    try:
        return urlencode(pairs)
    except UnicodeEncodeError:
        message = f"A parameter for {service} has a character that is none: half of a surrogate pair."
    raise InvalidCallError(message, service=service)


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _headers(defaults: Mapping[str, str], options: Options, service: str) -> dict[str, str]:
    headers = {"accept": "application/json", "user-agent": _user_agent(*_identity())}
    if identifier := _context.correlation_id.get():
        headers["x-request-id"] = identifier
    if trace := _context.traceparent.get():
        headers["traceparent"] = trace
    given: dict[str, object] = {**defaults, **(options.get("headers") or {})}
    if key := options.get("idempotency_key"):
        given["idempotency-key"] = key
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FORBIDDEN:
            raise InvalidCallError(f"{name[:40]!r} is no header that a call to {service} can have.", service=service)
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidCallError(f"The header {name} for {service} is no text of printable ASCII.", service=service)
        headers[name.lower()] = value
    return headers


def _identity() -> tuple[str, str]:
    return getattr(settings, "SERVICE_NAME", None) or "", getattr(settings, "SERVICE_CONTACT", None) or ""


@lru_cache(maxsize=8)
def _user_agent(name: str, contact: str) -> str:
    told = "; ".join(part for part in (name, contact) if part)
    return f"dj-core-utils/{__version__} ({told})" if told.isascii() and told else f"dj-core-utils/{__version__}"


def _body(options: Options, service: str) -> tuple[bytes, str]:
    """The body and its content type."""
    given = [name for name in ("json", "content") if options.get(name) is not None]
    given += ["data or files"] if options.get("data") is not None or options.get("files") is not None else []
    if len(given) > 1:
        raise InvalidCallError(f"A call to {service} has one body, and not {' and '.join(given)}.", service=service)
    if (value := options.get("json")) is not None:
        from dj_core_utils.api.encoding import encode  # noqa: PLC0415  # loads Django's database layer

        return encode(value), "application/json"
    if (content := options.get("content")) is not None:
        return (content.encode(), "text/plain; charset=utf-8") if isinstance(content, str) else (content, "")
    if files := options.get("files"):
        from httpx2 import Request  # noqa: PLC0415  # the only use of it that does not send

        form = Request("POST", "http://form", data=dict(options.get("data") or {}), files=dict(files))
        return form.read(), form.headers["content-type"]
    if (data := options.get("data")) is not None:
        return _encoded(data, service).encode(), "application/x-www-form-urlencoded"
    return b"", ""


def _deadline(timeout: float | None, limits: APIConf) -> tuple[float, bool]:
    own = monotonic() + (limits.deadline if timeout is None else timeout)
    callers = _context.deadline.get()
    return (own, False) if callers is None or own <= callers else (callers, True)
