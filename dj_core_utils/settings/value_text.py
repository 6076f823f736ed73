"""Typed values as text: for people, for machines and for ``.env``; what is secret is masked by its type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from pydantic import BaseModel, SecretBytes, SecretStr

from dj_core_utils.secret_forms import has_known_form
from dj_core_utils.settings.quoting import is_readable, printable, without_password
from dj_core_utils.settings.secret_url import MASK, SecretURL

if TYPE_CHECKING:
    from collections.abc import Collection

NOTHING = "-"
EMPTY = "(empty)"

_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000))
_SEQUENCES = (list, tuple, set, frozenset)
# What is read back without quotes: no edge to trim, no quote to begin with, nothing that looks like a comment.
_BARE = r"(?!['\" ])(?:(?! #)[ -~])*(?<! )"


def show_value(value: object, *, is_secret: bool = False, reveal: bool = False) -> str:
    """A value on one line, for people.

    Args:
        value: Any value of a settings object.
        is_secret: Whether plain text in it is secret, too; types that hide themselves need no saying.
        reveal: Show secrets in clear.

    Returns:
        ``-`` for None, ``(empty)`` for an empty text, list or mapping, ``5m`` for a duration, ``a, b`` for a list.
    """
    if value is None:
        return NOTHING
    return printable("\n".join(_shown(value, is_secret=is_secret, reveal=reveal).splitlines())) or EMPTY


def json_value(value: object, *, is_secret: bool = False, reveal: bool = False) -> object:
    """A value as JSON can hold it: durations are seconds, texts are masked as for people.

    Args:
        value: Any value of a settings object.
        is_secret: Whether plain text in it is secret, too.
        reveal: Show secrets in clear.
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if (items := _mapping(value)) is not None:
        return {
            _name(key, is_secret=is_secret, reveal=reveal): json_value(item, is_secret=is_secret, reveal=reveal)
            for key, item in items.items()
        }
    if isinstance(value, _SEQUENCES):
        return [json_value(item, is_secret=is_secret, reveal=reveal) for item in _ordered(value)]
    return _shown(value, is_secret=is_secret, reveal=reveal)


def env_value(value: object) -> str:
    """A default as one would write it in ``.env``; nothing for None and for what is secret."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, (SecretStr, SecretBytes, SecretURL)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return show_duration(value)
    simple = [env_value(item) for item in value] if isinstance(value, _SEQUENCES) else None
    if simple is not None and all(text and "," not in text for text in simple):
        return ",".join(simple)
    if simple is not None or isinstance(value, (Mapping, BaseModel)):
        return json.dumps(json_value(value), ensure_ascii=False) if value else ""
    return "" if has_known_form(str(value)) else str(value)


def env_line(name: str, text: str) -> str:
    """``NAME=text`` with the quotes, and only those, that a ``.env`` file needs to give the same text back."""
    is_bare = re.fullmatch(_BARE, text) and (" " not in text or "'" in text)
    if not text or is_bare:
        return f"{name}={text}"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'"


def show_duration(value: timedelta) -> str:
    """A duration as one would write it: ``5m``, ``1d12h``, ``500ms``, ``0s``."""
    rest = abs(value) // timedelta(microseconds=1)
    text = ""
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    if rest:  # no unit is smaller than a millisecond
        return f"{value.total_seconds():f}".rstrip("0")
    return f"{'-' if value < timedelta(0) else ''}{text}" if text else "0s"


def mask(value: object) -> str:
    """What stands for a secret: that there is one, and how long it is; nothing for an empty one.

    Args:
        value: A text, or one of Pydantic's secrets.
    """
    size = len(value) if isinstance(value, (SecretStr, SecretBytes, str, bytes)) else 0
    return f"{MASK} ({size} character{'' if size == 1 else 's'})" if size else ""


def _shown(value: object, *, is_secret: bool, reveal: bool) -> str:
    if isinstance(value, Enum):
        value = value.value
    if (items := _mapping(value)) is not None:
        return ", ".join(
            f"{_name(key, is_secret=is_secret, reveal=reveal)}={_shown(item, is_secret=is_secret, reveal=reveal)}"
            for key, item in items.items()
        )
    if isinstance(value, _SEQUENCES):
        return ", ".join(_shown(item, is_secret=is_secret, reveal=reveal) for item in _ordered(value))
    if isinstance(value, timedelta):
        return show_duration(value)
    if reveal:
        return _clear(value)
    is_hidden = isinstance(value, (SecretStr, SecretBytes)) or (is_secret and isinstance(value, (str, bytes)))
    return mask(value) if is_hidden else without_password(str(value))


def _name(key: object, *, is_secret: bool, reveal: bool) -> str:
    """The name of an entry, unless it is a piece of a secret that lost its own name."""
    name = str(key)
    return name if reveal or not is_secret or is_readable(name) else MASK


def _clear(value: object) -> str:
    if isinstance(value, (SecretStr, SecretBytes, SecretURL)):
        value = value.get_secret_value()
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _mapping(value: object) -> Mapping[object, object] | None:
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    return value if isinstance(value, Mapping) else None


def _ordered(value: Collection[object]) -> Collection[object]:
    return sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
