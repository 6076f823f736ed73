"""The strict grammar that database, cache and email URLs share: split into parts, and the wrong part named.

One rule for user, password, host, name and options: what is reserved in a URL (``/ ? # [ ] @``, blanks) is written
percent-encoded. Nothing is guessed, so that no text can be read as another host than the one that was meant.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from dj_core_utils.settings.errors import invalid
from dj_core_utils.settings.secret_url import SecretURL, mask_url
from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pydantic_core import PydanticCustomError

_SCHEME = r"[a-z][a-z0-9+.-]*"
_RESERVED = r"[/?#\[\]@\s]"
_CONTROL = r"[\x00-\x1f\x7f]"
_LONE_PERCENT = r"%(?![0-9A-Fa-f]{2})"
_HOST_NAME = r"[\w.-]+"
_OPTION_NAME = r"[A-Za-z][\w.-]*"
_DRIVE = r"[A-Za-z]:(?:[/\\]|$)"
_HIGHEST_PORT = 65535


class URLGrammar(NamedTuple):
    """What one kind of URL looks like.

    Attributes:
        problem_id: The id of its problems, ``database.url``.
        example: How a URL of this kind is written, for hints.
        schemes: The schemes that are known.
        several_hosts: Those of them that may list hosts, separated by commas.
        instead: What to say to those whose password is hard to encode; may be empty.
    """

    problem_id: str
    example: str
    schemes: Collection[str]
    several_hosts: Collection[str] = ()
    instead: str = ""

    def error(self, message: str, text: str = "", hint: str = "") -> PydanticCustomError:
        """The error for a URL that breaks this grammar, with the URL masked and the expected form.

        Args:
            message: What is wrong.
            text: The URL; left out when nothing of it can be shown.
            hint: What to do, before the expected form; one that begins with ``expected`` takes its place.
        """
        shown = f": {mask_url(text)}" if text else "."
        example = "" if hint.startswith("expected") else f"expected  {self.example}"
        return invalid(self.problem_id, f"{message}{shown}", "\n".join(filter(None, (hint, example))))


class Host(NamedTuple):
    """One server of a URL.

    Attributes:
        name: Host name, address without brackets, or the absolute path of a socket; empty for the default.
        port: The port, or None for the default.
    """

    name: str
    port: int | None = None

    @property
    def is_local(self) -> bool:
        """Whether traffic to it stays on this machine."""
        name = self.name.lower().rstrip(".")
        return name in {"", "localhost", "::1"} or name.startswith(("/", "127.")) or name.endswith(".localhost")

    def address(self, default_port: int) -> str:
        """Name and port as a URL has them, an IPv6 address in brackets.

        Args:
            default_port: The port when none is given.
        """
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"{name}:{self.port or default_port}"


class URLParts(NamedTuple):
    """A URL taken apart, every part decoded except the path.

    Attributes:
        text: The URL itself, trimmed.
        grammar: The grammar that it follows.
        scheme: The scheme in lower case.
        user: The user, possibly empty.
        password: The password, possibly empty.
        hosts: The servers; never empty, one without a name when none is given.
        path: The path with its leading slash, still encoded, because a slash may be part of a name.
        options: The query by name; blank values are kept, and a plus sign is a plus sign.
    """

    text: str
    grammar: URLGrammar
    scheme: str
    user: str = ""
    password: str = ""
    hosts: tuple[Host, ...] = (Host(""),)
    path: str = ""
    options: Mapping[str, str] = MappingProxyType({})

    def __repr__(self) -> str:
        """The URL, masked."""
        return f"URLParts({mask_url(self.text)!r})"

    def error(self, message: str, hint: str = "") -> PydanticCustomError:
        """The error for a part that a later reader finds unfit; see ``URLGrammar.error``."""
        return self.grammar.error(message, self.text, hint)

    def decoded_path(self, part: str) -> str:
        """The path without its leading slash, decoded.

        Args:
            part: What the path is in this URL, such as ``database name``.
        """
        return _decoded(self.path[1:], part, self.text, self.grammar)


def folder_of(parts: URLParts) -> str:
    """The absolute folder that a URL names, empty for none; ``file:///C:/mail`` has a drive (RFC 8089, appendix E)."""
    folder = parts.decoded_path("folder").strip("/")
    return folder if not folder or re.match(_DRIVE, folder) else f"/{folder}"


def trimmed(text: str) -> str:
    """A URL without the blanks and the one pair of quotes that copying leaves around it."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text


def form_warnings(url: SecretURL | None) -> Iterator[tuple[str, str]]:
    """What is read in spite of how it is written.

    Args:
        url: The URL as it was given.

    Yields:
        Messages, each with a hint.
    """
    text = url.get_secret_value() if url is not None else ""
    if trimmed(text) != text:
        yield "blanks or quotes around the URL are ignored.", "remove them"
    if re.search(_LONE_PERCENT, text):
        yield "a percent sign without two hexadecimal digits behind it is kept as it stands.", "write it as %25"


def split_url(text: str, grammar: URLGrammar) -> URLParts:
    """Take a URL apart.

    Args:
        text: The URL; blanks and quotes around it are ignored.
        grammar: What it has to look like.

    Returns:
        Its parts.

    Raises:
        PydanticCustomError: A part is wrong; the message names it and shows the URL masked.
    """
    text = trimmed(text)
    scheme, rest = split_scheme(text, grammar)
    tail = rest.rpartition("@")[2]
    userinfo = rest[: -len(tail) - 1] if len(tail) < len(rest) else ""
    _refuse_reserved(userinfo, text, grammar)
    if found := re.search(r"[#\s]", tail):
        raise grammar.error(f"{_name_of(found.group())} after the host is not encoded", text, _encode(found.group()))
    user, _, password = userinfo.partition(":")
    end = re.search(r"[/?]|$", tail).start()  # type: ignore[union-attr]  # the end of the text always matches
    path, _, query = tail[end:].partition("?")
    return URLParts(
        text=text,
        grammar=grammar,
        scheme=scheme,
        user=_decoded(user, "user", text, grammar),
        password=_decoded(password, "password", text, grammar),
        hosts=tuple(_hosts(tail[:end], scheme, text, grammar)),
        path=path,
        options=split_query(query, text, grammar),
    )


def split_query(query: str, text: str, grammar: URLGrammar) -> dict[str, str]:
    """The options of a URL by name.

    Args:
        query: What stands behind the question mark.
        text: The whole URL, for errors.
        grammar: Its grammar, for errors.

    Raises:
        PydanticCustomError: An option has no name or value, or stands twice.
    """
    options: dict[str, str] = {}
    for number, piece in enumerate(filter(None, query.split("&")), start=1):
        name, equals, value = piece.partition("=")
        if not equals or not re.fullmatch(_OPTION_NAME, name):
            raise grammar.error(f"option {number} is not of the form name=value", text, "in a value write & as %26")
        if name in options:
            raise grammar.error(f"the option {name} stands twice", text)
        options[name] = _decoded(value, f"option {name}", text, grammar)
    return options


def split_scheme(text: str, grammar: URLGrammar) -> tuple[str, str]:
    """The scheme of a trimmed URL in lower case, and what follows its ``://``.

    Raises:
        PydanticCustomError: There is none, it is unknown, or the text cannot be a URL at all.
    """
    if not text:
        raise grammar.error("the URL is empty")
    if not text.isprintable() and re.search(_CONTROL, text):
        raise grammar.error("the URL holds a line break or another control character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise grammar.error("the URL holds bytes that are not UTF-8") from None
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or not re.fullmatch(_SCHEME, scheme):
        raise grammar.error("the URL does not begin with a scheme and ://")
    if scheme not in grammar.schemes:
        suggestion = nearest(scheme.partition("+")[0], grammar.schemes)
        hint = f"did you mean {suggestion}?" if suggestion else f"known: {', '.join(sorted(grammar.schemes))}"
        raise grammar.error(f'the scheme "{scheme}" is not known', text, hint)
    return scheme, rest


def _refuse_reserved(userinfo: str, text: str, grammar: URLGrammar) -> None:
    found = re.search(_RESERVED, userinfo)
    if found is None:
        return
    character = found.group()
    before = userinfo[: found.start()]
    hint = "\n".join(filter(None, (_encode(character), grammar.instead)))
    if character in "/?#" and (":" not in before or before.rpartition(":")[2].isdigit()):
        hint = f"in a password write {character} as {quote(character, safe='')}; behind the host write @ as %40"
        raise grammar.error(f"{_name_of(character)} stands before the last @", text, hint)
    part = "password" if ":" in before else "user"
    raise grammar.error(f"{_name_of(character)} in the {part} is not encoded", text, hint)


def _hosts(text: str, scheme: str, url: str, grammar: URLGrammar) -> Iterator[Host]:
    listed = text.split(",")
    if len(listed) > 1 and scheme not in grammar.several_hosts:
        raise grammar.error(f"a {scheme} URL names one host, not a list", url)
    if len(listed) > 1 and not all(listed):
        raise grammar.error("the list of hosts has an empty item", url)
    for item in listed:
        yield _host(item, url, grammar)


def _host(text: str, url: str, grammar: URLGrammar) -> Host:
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        if not bracket or not _is_ipv6(name) or (port and not port.startswith(":")):
            raise grammar.error("the host in brackets is not an IPv6 address", url)
        return Host(unquote(name), _port(port[1:], url, grammar) if port else None)
    name, colon, port = text.partition(":")
    if ":" in port:
        raise grammar.error("the host holds several colons", url, "an IPv6 address stands in brackets: [::1]:5432")
    name = _decoded(name, "host", url, grammar)
    if name and not name.startswith("/") and not re.fullmatch(_HOST_NAME, name):
        raise grammar.error("the host is not a host name", url)
    return Host(name, _port(port, url, grammar) if colon else None)


def _port(text: str, url: str, grammar: URLGrammar) -> int:
    if not text:
        raise grammar.error("the port after the colon is missing", url)
    if not (text.isascii() and text.isdigit()):
        raise grammar.error("the port is not a number", url)
    if len(text) > len(str(_HIGHEST_PORT)) or not 1 <= int(text) <= _HIGHEST_PORT:
        raise grammar.error(f"the port is not between 1 and {_HIGHEST_PORT}", url)
    return int(text)


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address  # noqa: PLC0415  # few URLs need it

    try:
        IPv6Address(unquote(text))
    except ValueError:
        return False
    return True


def _decoded(text: str, part: str, url: str, grammar: URLGrammar) -> str:
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise grammar.error(f"the {part} is not UTF-8 once it is decoded", url) from None
    if "\0" in decoded:
        raise grammar.error(f"the {part} holds a NUL", url)
    return decoded


def _name_of(character: str) -> str:
    return "a blank" if character.isspace() else f"{'an' if character == '@' else 'a'} {character}"


def _encode(character: str) -> str:
    every = "every @ but the one before the host" if character == "@" else "it"
    return f"write {every} as {quote(character, safe='')}"
