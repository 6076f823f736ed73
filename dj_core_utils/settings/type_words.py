"""The type of a variable in words: what a value is, its bounds, its choices and its default."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Literal, Union, get_args, get_origin

from pydantic import SecretBytes, SecretStr

from dj_core_utils.settings.secret_url import MASK, SecretURL
from dj_core_utils.settings.value_text import env_value
from dj_core_utils.settings.variables import unwrap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dj_core_utils.settings.variables import Variable

_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "multiple_of": "a multiple of"}
_LENGTHS = {"min_length": "at least", "max_length": "at most"}
_TEXTS = (str, bytes, SecretStr, SecretBytes, SecretURL)
_SEQUENCES: dict[object, str] = {list: "list", tuple: "list", set: "set", frozenset: "set"}
_NOUNS: dict[object, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    timedelta: "duration",
    Path: "path",
    SecretURL: "URL",
    object: "any value",
}


def type_words(row: Variable) -> str:
    """What a value of a variable is: ``integer, at least 1, at most 500``.

    Args:
        row: The variable.
    """
    return ", ".join([type_noun(row.annotation), *constraints(row)])


def type_noun(annotation: object) -> str:
    """What a value of a type is, without its bounds: ``list of integer``, ``one of `a`, `b```.

    Args:
        annotation: The type.
    """
    bare, _ = unwrap(annotation)
    kind, parts = get_origin(bare) or bare, get_args(bare)
    if kind is Literal:
        return _one_of(parts)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _one_of(member.value for member in kind)
    if noun := _SEQUENCES.get(kind):
        inner = type_noun(parts[0]) if parts else "text"
        return noun if inner == "text" else f"{noun} of {inner}"
    if kind is dict:
        return f"mapping from name to {type_noun(parts[1])}" if parts else "mapping"
    if kind in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(type_noun, parts)))
    return _NOUNS.get(kind, "text")


def constraints(row: Variable) -> list[str]:
    """What else a value has to keep to: ``at least 1``, ``matches `^/```.

    Args:
        row: The variable.
    """
    found = []
    for item in row.metadata:
        found += [f"{words} {_number(getattr(item, name))}" for name, words in _BOUNDS.items() if hasattr(item, name)]
        for name, words in _LENGTHS.items():
            if (size := getattr(item, name, None)) is not None:
                found.append(f"{words} {_unit(size, row.annotation)}")
        if pattern := getattr(item, "pattern", None):
            found.append(f"matches `{getattr(pattern, 'pattern', pattern)}`")
    return found


def default_words(row: Variable, default: object) -> str:
    """The default of a variable, without anything secret: ``default `5m```, ``not set by default``.

    Args:
        row: The variable.
        default: Its default.
    """
    if row.field.is_required() and default is None:
        return "required"
    if row.field.default_factory_takes_validated_data and default is None:
        return "default made from other fields"
    if default is None:
        return "not set by default"
    if isinstance(default, SecretURL):
        return f"default `{default}`"
    if row.is_secret:
        return f"default {MASK}" if default else "default empty"
    text = env_value(default)
    return f"default `{text}`" if text else "default empty"


def plain(words: str) -> str:
    """Words without the marks of Markdown, and without the name of what they are about.

    Args:
        words: What ``type_words`` or ``default_words`` say.
    """
    return words.removeprefix("default ").replace("`", "")


def _one_of(choices: Iterable[object]) -> str:
    return f"one of {', '.join(f'`{env_value(choice)}`' for choice in choices)}"


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) else env_value(value)


def _unit(size: int, annotation: object) -> str:
    kind, _ = unwrap(annotation)
    noun = "character" if kind in _TEXTS else "item"
    return f"{size} {noun}{'' if size == 1 else 's'}"
