r"""Web origins, patterns of origins, and addresses of services, judged one by one.

A browser writes an origin in one way only: lower case, no default port, nothing behind the port (RFC 6454, section
6.2). Django and django-cors-headers compare texts, so an origin in any other form is never met. That is refused here,
with the form that was probably meant.
"""

from __future__ import annotations

import re

from dj_core_utils.settings.errors import refuse

SPECIAL_ORIGINS = ("null", "file://")
"""What browsers send for sandboxed frames and for files; any such page has the same origin."""

_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}
_LOCAL_NAMES = r"(?:.+\.)?localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*"
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*"
_ALLOWED_HOST = r"\.?[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[a-f0-9]*:[a-f0-9.:]+\]"
_PORT = r"[1-9][0-9]{0,4}"
_HIGHEST_PORT = 65_535
_AMBIGUOUS = frozenset("\u00df\u03c2\u200c\u200d")


def check_cors_origin(text: str) -> str:
    """One origin whose pages may read this service's answers.

    Args:
        text: What was configured.

    Returns:
        The same text.

    Raises:
        PydanticCustomError: ``cors.origin``; no browser would ever send this origin.
    """
    if text in SPECIAL_ORIGINS:
        return text
    if text == "*":
        refuse("cors.origin", "an origin names one site.", "to allow every site, set CORS_ALLOW_ALL_ORIGINS=true")
    if "*" in text:
        hint = _pattern_for(text)
        refuse(
            "cors.origin",
            "origins are compared letter by letter, and * stands for nothing else.",
            f"set  CORS_ALLOWED_ORIGIN_REGEXES={hint}" if hint else "use CORS_ALLOWED_ORIGIN_REGEXES",
        )
    _check(text, "cors.origin")
    return text


def check_trusted_origin(text: str) -> str:
    """One origin whose forms may be posted here; ``https://*.example.com`` includes ``example.com`` itself.

    Args:
        text: What was configured.

    Returns:
        The same text.

    Raises:
        PydanticCustomError: ``csrf.origin``; the origin can never match.
    """
    scheme, separator, host = text.partition("://*.")
    if text in ("*", "null") or (not separator and "*" in text) or "*" in host:
        refuse(
            "csrf.origin",
            "this can never match the origin of a page.",
            "expected  https://shop.example.com  or, with every subdomain,  https://*.example.com",
        )
    _check(f"{scheme}://{host}" if separator else text, "csrf.origin", wildcard="*." if separator else "")
    return text


def meant_host(text: str) -> str | None:
    """What was probably meant by an entry of ``ALLOWED_HOSTS`` that no request can match.

    Django compares entries with the host alone, in any case, and reads ``.example.com`` as a domain with everything
    below it. Hosts with an underscore it refuses by themselves (RFC 1034, section 3.5).

    Args:
        text: What was configured.

    Returns:
        An entry that can match, empty when none is near; None for an entry that can.
    """
    if text == "*" or re.fullmatch(_ALLOWED_HOST, text.lower()):
        return None
    host = text.rpartition("://")[2].partition("/")[0]
    host = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else re.sub(r":\d*\Z", "", host)
    host = host.removeprefix("*").rstrip(".")
    return host if re.fullmatch(_ALLOWED_HOST, host.lower()) else ""


def check_http_url(text: str) -> str:
    """The address of a service: ``http`` or ``https``, a host, perhaps a port and a path.

    Args:
        text: What was configured.

    Returns:
        The same text without a slash at the end.

    Raises:
        PydanticCustomError: ``service.url``.
    """
    expected = "expected  https://users.internal  or  http://users:8000/api"
    fault = _url_fault(text)
    if fault:
        refuse("service.url", fault, expected)
    return text.rstrip("/")


def is_local(url: str) -> bool:
    """Whether an address or origin leads to this machine, so that nobody on a network can read along.

    Args:
        url: A valid one.
    """
    return re.fullmatch(_LOCAL_NAMES, host_of(url)) is not None


def host_of(origin: str) -> str:
    """The host of a valid origin or address, without scheme and port."""
    return _host_and_port(_authority(origin))[0]


def canonical_origin(text: str) -> str:
    """The origin that somebody probably meant, in the form that browsers send.

    Args:
        text: Anything; a missing scheme is taken for ``https``, and for ``http`` on this machine.

    Returns:
        An origin that ``check_cors_origin`` accepts; empty when that would be a guess.
    """
    text = text.strip().strip("\"'")
    scheme, separator, _ = text.partition("://")
    authority = _authority(text)
    if "@" in authority:
        return ""
    host, port = _host_and_port(authority)
    host = _ascii_host(host.lower())
    if not separator:
        scheme = "http" if re.fullmatch(_LOCAL_NAMES, host) else "https"
    scheme = scheme.lower()
    port = port.lstrip("0")
    origin = f"{scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS.get(scheme) else "")
    return "" if _fault(origin) else origin


def _check(origin: str, problem_id: str, *, wildcard: str = "") -> None:
    fault = _fault(origin)
    if not fault:
        return
    meant = canonical_origin(origin)
    if meant and wildcard:
        meant = meant.replace("://", f"://{wildcard}")
    refuse(problem_id, fault, f"expected  {meant}" if meant else "expected  https://shop.example.com")


def _fault(origin: str) -> str:
    """What is wrong with an origin, as a sentence; empty when nothing is."""
    scheme, separator, rest = origin.partition("://")
    authority = _authority(origin)
    host, port = _host_and_port(authority)
    checks = (
        (not origin.strip(), "an origin cannot be empty."),
        (any(character.isspace() for character in origin), "an origin has no spaces."),
        (not separator, "an origin needs its scheme."),
        (not re.fullmatch(_SCHEME, scheme), "this is not a scheme that an origin can have."),
        (rest != authority, "an origin ends with its host or port."),
        ("@" in authority, "an origin names no user."),
        (not host, "an origin needs its host."),
        (origin != origin.lower(), "browsers send origins in lower case, so this one never matches."),
        (not origin.isascii(), "browsers send international names in their ASCII form."),
        (not _is_host(host), "this is not the name of a host."),
        (_has_bad_port(authority, host, port), "this is not a port."),
        (port and port == _DEFAULT_PORTS.get(scheme), "browsers leave the default port out, so this never matches."),
    )
    return next((message for is_wrong, message in checks if is_wrong), "")


def _url_fault(text: str) -> str:
    scheme = text.partition("://")[0]
    authority = _authority(text)
    host, port = _host_and_port(authority)
    checks = (
        (scheme not in ("http", "https"), "the address of a service begins with http:// or https://."),
        (any(character.isspace() for character in text), "an address has no spaces."),
        ("@" in authority, "an address holds no user or password."),
        (not _is_host(host.lower()) or _has_bad_port(authority, host, port), "this is not a host with a port."),
        ("?" in text or "#" in text, "an address ends with its path."),
    )
    return next((message for is_wrong, message in checks if is_wrong), "")


def _authority(text: str) -> str:
    """Host and port, and whoever stands before an ``@``."""
    scheme, separator, rest = text.partition("://")
    return re.split(r"[/?#\\]", rest if separator else scheme, maxsplit=1)[0]


def _host_and_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        return host + bracket, rest.removeprefix(":")
    host, _, port = authority.partition(":")
    return host, port


def _has_bad_port(authority: str, host: str, port: str) -> bool:
    if authority == host:
        return False
    return authority != f"{host}:{port}" or re.fullmatch(_PORT, port) is None or int(port) > _HIGHEST_PORT


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return re.fullmatch(_NAME, host) is not None
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415  # hardly anybody writes one

    try:
        return "%" not in host and host == f"[{IPv6Address(host[1:-1])}]"
    except AddressValueError:
        return False


def _ascii_host(host: str) -> str:
    # Python's codec reads the letters of _AMBIGUOUS in another way than browsers do.
    if host.isascii() or not _AMBIGUOUS.isdisjoint(host):
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def _pattern_for(wildcard: str) -> str:
    """A pattern for what ``https://*.example.com`` was meant to say."""
    scheme, separator, host = wildcard.partition("://*.")
    is_simple = separator and re.fullmatch(_SCHEME, scheme) and re.fullmatch(_NAME, host)
    return rf"^{scheme}://[a-z0-9-]+\.{re.escape(host)}$".replace(r"\-", "-") if is_simple else ""
