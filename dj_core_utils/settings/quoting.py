"""How a value that is not secret stands in a message: in quotes, on one line, not too long, and without a secret."""

from __future__ import annotations

import json
import re

from dj_core_utils.secret_forms import without_known_forms
from dj_core_utils.settings.secret_url import MASK

_LONGEST = 60
# Nobody declared it as secret, and still it may be an address with a password in it.
_CREDENTIALS = r"(?s)(://[^\s:/@]*:).*"
# Of one case, or camelCase: what people call things, and what a piece of a key does not look like.
_WORD = r"[A-Z0-9]*|[a-z0-9]*|(?:[a-z]{2,})?(?:[A-Z][a-z]{2,})*"
_SEPARATORS = r"[_.-]"
_LONGEST_WORD = 24
_JSON = (str, bool, int, float, list, tuple, dict, type(None))


def quoted(value: object) -> str:
    """A value for a message.

    Args:
        value: A text as it was given, or what TOML or code gave instead of one.
    """
    if isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, _JSON) else str(value)
    text = without_password(text)
    return f'"{printable(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")}"'


def printable(text: str) -> str:
    """The text with everything escaped that would break a line or steer a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def is_readable(name: str) -> bool:
    """Whether a name was made for people, and is no piece of a secret in the wrong place.

    In ``.env`` the second line of an unquoted value is taken for a name, in a mapping everything before a ``=``.
    """
    words = re.split(_SEPARATORS, name)
    return all(len(word) <= _LONGEST_WORD and re.fullmatch(_WORD, word) for word in words)


def without_password(text: str) -> str:
    """A text of any kind with ``***`` for the password of an address in it, and for keys of well-known services."""
    # Up to the last @ alone, for else a pattern would look for one again and again.
    head, at, tail = without_known_forms(text, MASK).rpartition("@")
    masked = re.sub(_CREDENTIALS, rf"\g<1>{MASK}", head, count=1)
    return f"{masked}{at}{tail}"
