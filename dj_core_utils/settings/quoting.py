"""How a value that is not secret stands in a message: in quotes, on one line, not too long, and without a password."""

from __future__ import annotations

import json
import re

from dj_core_utils.settings.secret_url import MASK

_LONGEST = 60
# Nobody declared it as secret, and still it may be an address with a password in it.
_CREDENTIALS = r"(?s)(://[^\s:/@]*:).*"
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
    text = _without_password(text)
    return f'"{printable(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")}"'


def printable(text: str) -> str:
    """The text with everything escaped that would break a line or steer a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _without_password(text: str) -> str:
    # Up to the last @ alone, for else a pattern would look for one again and again.
    head, at, tail = text.rpartition("@")
    masked = re.sub(_CREDENTIALS, rf"\g<1>{MASK}", head, count=1)
    return f"{masked}{at}{tail}"
