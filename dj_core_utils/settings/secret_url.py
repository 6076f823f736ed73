"""A URL that may hold a password and never shows it."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "***"

_IN_MEMORY = ":memory:"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
_HOST = r"(?:\[[^\]@]*\]|[^:/?#@,]*)(?::\d{0,5})?"
_HOSTS = rf"{_HOST}(?:,{_HOST})*(?=[/?#]|$)"
_TELLING_NAME = r"(?i)pass|pwd|secret|token|key|credential|auth"
# Names that sound like it and hold a path, a prefix or a method, which is what one wants to see.
_HARMLESS_NAMES = frozenset({"key_prefix", "passfile", "require_auth", "ssl_key", "sslkey", "ssl_keyfile", "ssl-key"})
# Here a name that stands alone before the @ is usually the credential itself.
_TOKEN_SCHEMES = frozenset({"http", "https", "redis", "rediss", "valkey", "valkeys", "nats", "tls", "unix"})


class SecretURL:
    """A URL whose password is hidden in ``str``, ``repr``, JSON and errors.

    Args:
        text: The URL as it was given, right or wrong.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text away from every display."""
        self._text = text

    def get_secret_value(self) -> str:
        """The URL with its password, under the name that Pydantic's secrets use."""
        return self._text

    def passwords(self) -> set[str]:
        """Every password as it stands in the URL and as it is meant, empty when there is none."""
        scheme, rest = _split_scheme(self._text)
        userinfo, _, tail = rest.rpartition("@")
        user, colon, password = userinfo.partition(":")
        found = {password if colon or not _is_token(scheme) else user}
        for parameter in tail.partition("?")[2].split("&"):
            name, _, value = parameter.partition("=")
            if _is_secret_name(name):
                found.add(value)
        return (found | {unquote(text) for text in found}) - {""}

    def __str__(self) -> str:
        """The URL with ``***`` for its password."""
        return mask_url(self._text)

    def __repr__(self) -> str:
        """The same, with its type."""
        return f"{type(self).__name__}({str(self)!r})"

    def __len__(self) -> int:
        """Length of the whole URL, as Pydantic's secrets have it."""
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        """Equal when the whole URLs are."""
        return isinstance(other, SecretURL) and self._text == other._text

    def __hash__(self) -> int:
        """Hash of the whole URL."""
        return hash(self._text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[object], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Accept text or an instance; serialise masked."""
        make: Callable[[str], SecretURL] = cls
        from_text = core_schema.no_info_after_validator_function(make, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.to_string_ser_schema(),
        )


def mask_url(text: str) -> str:
    """Hide every part of a URL that may be secret, also when it is malformed.

    The user's name stays. Everything between the first colon after it and the last ``@`` is taken for the password, so
    that a password with reserved characters is hidden whole. Where a name alone may be a token (``https``, ``redis``),
    it is hidden, too; so are options that sound secret, and whatever follows a ``#``.

    Args:
        text: Anything that was given where a URL belongs.

    Returns:
        Text that is safe to print; ``***`` alone when no scheme can be seen.
    """
    scheme, rest = _split_scheme(text)
    if not scheme:
        return MASK if text else ""
    if rest == _IN_MEMORY:  # of SQLite; not a password that lost its @
        return text
    userinfo, at, tail = rest.rpartition("@")
    if _holds_secret_parameter(userinfo) or (not at and not re.match(_HOSTS, rest)):
        # An @ inside a secret option, or a password that lost its @ and stands where the port would.
        return scheme + MASK
    place, mark, fragment = tail.partition("#")
    place, question, query = place.partition("?")
    shown = "&".join(map(_masked_parameter, query.split("&"))) if query else ""
    return f"{scheme}{_masked_userinfo(scheme, userinfo)}{at}{place}{question}{shown}{mark}{MASK if fragment else ''}"


def _split_scheme(text: str) -> tuple[str, str]:
    scheme = re.match(_SCHEME, text)
    return (scheme.group(), text[scheme.end() :]) if scheme else ("", text)


def _is_token(scheme: str) -> bool:
    return scheme.removesuffix("://").lower() in _TOKEN_SCHEMES


def _masked_userinfo(scheme: str, userinfo: str) -> str:
    user, colon, _ = userinfo.partition(":")
    if any(mark in user for mark in "/?#") or (user and not colon and _is_token(scheme)):
        return MASK
    return f"{user}:{MASK}" if colon else user


def _masked_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:  # a piece of a value that holds an unencoded &
        return MASK if parameter else ""
    return f"{name}={MASK if value and _is_secret_name(name) else value}"


def _holds_secret_parameter(text: str) -> bool:
    parameters = re.split(r"[?&]", text)[1:]
    return any(_is_secret_name(name) for name, equals, _ in (piece.partition("=") for piece in parameters) if equals)


def _is_secret_name(name: str) -> bool:
    name = unquote(name)
    return name.lower() not in _HARMLESS_NAMES and bool(re.search(_TELLING_NAME, name))
