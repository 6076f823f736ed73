"""Take secrets out of what people and machines will read: by the name of a key, by shape, and by exact value.

Nothing handed in is changed; every function returns a copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from dj_core_utils.secret_forms import is_public_name, without_known_forms

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MASK = "***"

_MAX_DEPTH = 8
# Shorter values stand in other words by chance and are too weak to be worth it.
_SHORTEST_SECRET = 8
# From this length on a value is taken out of the middle of a word, too.
_LONG_SECRET = 16

_KEYWORDS = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|credential|authorization|cookie|session_?(?:id|key)"
    r"|(?:api|access|private|signing|encryption|service|account)[_-]?key)"
)
# Possessive, and with the end optional: an unclosed quote is secret to the end, and nothing is scanned twice.
_QUOTED = r"[bruf]{0,2}(?:\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?)"
_BRACKETED = r"(?:\[[^\]]*+\]?|\([^)]*+\)?)"
_SENSITIVE_KEY = re.compile(_KEYWORDS, re.IGNORECASE)
# Of settings only those that are secret as a whole: CSRF_COOKIE_NAME and PASSWORD_HASHERS are not.
_SECRET_SETTING = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret|token|key|credential)(?:s|_fallbacks)?$", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"://[^\s:/?#@]*:([^\s]+)@")

_PATTERNS = (
    # scheme://user:password@host
    (re.compile(r"(://[^\s:/?#@\"'<>]*:)[^\s/?#\"'<>]*@"), rf"\g<1>{MASK}@"),
    # Header lines: everything up to the end of the line or of the quoted text
    (
        re.compile(
            rf"((?:authorization|cookie)[\"']?\s{{0,3}}[:=]\s{{0,3}})(?:{_QUOTED}|[^\r\n\"'}}]+)", re.IGNORECASE
        ),
        rf"\g<1>{MASK}",
    ),
    # key=value, key: value, "key": "value"
    (
        re.compile(
            rf"({_KEYWORDS}[\w-]{{0,40}}[\"']?\s{{0,3}}[:=]\s{{0,3}})"
            rf"(?:{_QUOTED}|{_BRACKETED}|[^\s,;&\"'<>(){{}}\[\]]+)",
            re.IGNORECASE,
        ),
        rf"\g<1>{MASK}",
    ),
    (re.compile(r"\b(Bearer|Basic|Token)\s+(?=\S*[\d=._-])[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE), rf"\g<1> {MASK}"),
    # A JSON Web Token: the header is a JSON object, which begins with eyJ in base64
    (re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), MASK),
)


def is_sensitive(key: object) -> bool:
    """Whether the value under such a key is a secret by its name: ``password``, ``X-API-Key``, ``refreshToken``."""
    return isinstance(key, str) and _SENSITIVE_KEY.search(key) is not None


def redact_text(text: str, secrets: re.Pattern[str] | None = None) -> str:
    """A text without passwords in URLs, tokens, private keys, values of sensitive keys, and known secrets.

    Args:
        text: Any text: a message, a traceback, a query string.
        secrets: Exact values to take out, as ``exactly`` makes it.
    """
    if secrets is not None:
        text = secrets.sub(MASK, text)
    text = without_known_forms(text, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact(value: object, secrets: re.Pattern[str] | None = None, *, depth: int = 0) -> object:
    """A copy of a value as plain JSON data, without secrets.

    Args:
        value: Anything; mappings and sequences are walked, other objects are turned into text.
        secrets: Exact values to take out, as ``exactly`` makes it.
        depth: How deep the value lies; what is nested deeper than eight levels is left out.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        # JSON has no word for infinity and not-a-number.
        return value if value - value == 0 else str(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _redact_nested(value, secrets, depth + 1)
    return redact_text(_text(value), secrets)


def exactly(values: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds known secrets wherever they are quoted.

    Args:
        values: The secrets. Those shorter than eight characters are ignored, those shorter than sixteen are found as
            whole words only.

    Returns:
        The pattern, or None when there is nothing to find.
    """
    spellings = {spelling for value in values if len(value) >= _SHORTEST_SECRET for spelling in _spellings(value)}
    parts = [
        re.escape(spelling) if len(spelling) >= _LONG_SECRET else rf"(?<!\w){re.escape(spelling)}(?!\w)"
        for spelling in sorted(spellings, key=len, reverse=True)
    ]
    return re.compile("|".join(parts)) if parts else None


def sensitive_values(value: object, *, is_secret: bool = False, depth: int = 0) -> Iterator[str]:
    """Every text in a structure of settings that is secret by the name of its key, or is the password of a URL.

    Args:
        value: The structure: ``{"DATABASES": {"default": {"PASSWORD": ...}}, "SECRET_KEY": ...}``.
        is_secret: Whether a key further up said so.
        depth: How deep the value lies.
    """
    if isinstance(value, str):
        if is_secret:
            yield str(value)
        for match in _URL_PASSWORD.finditer(value):
            yield match[1]
    elif depth < _MAX_DEPTH and isinstance(value, Mapping):
        for key, item in value.items():
            if key == "JWT_KEYS" and isinstance(item, Mapping):
                # The rest of it names keys and services, which logs are to show.
                secret_parts = {"previous_keys": item.get("previous"), "next": item.get("next")}
                yield from sensitive_values(secret_parts, is_secret=is_secret, depth=depth + 1)
                continue
            is_named = isinstance(key, str) and _SECRET_SETTING.search(key) is not None and not is_public_name(key)
            yield from sensitive_values(item, is_secret=is_secret or is_named, depth=depth + 1)
    elif depth < _MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from sensitive_values(item, is_secret=is_secret, depth=depth + 1)


def _redact_nested(
    value: Mapping[object, object] | Collection[object], secrets: re.Pattern[str] | None, depth: int
) -> object:
    if depth > _MAX_DEPTH:
        return "..."
    if isinstance(value, Mapping):
        return {
            redact_text(_text(key), secrets): MASK if is_sensitive(key) else redact(item, secrets, depth=depth)
            for key, item in value.items()
        }
    return [redact(item, secrets, depth=depth) for item in value]


def _spellings(value: str) -> set[str]:
    """A secret as it stands in text, in a URL, and in the ``repr`` of a string."""
    text = str(value)
    # ``str.__repr__``, because a subclass may hide itself there.
    return {text, quote(text, safe=""), str.__repr__(text)[1:-1]}


def _text(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode(errors="replace")
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  # any object may be logged, and a line may not be lost over it
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
