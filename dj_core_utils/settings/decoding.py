"""From text to values: what a variable's text means is said by the annotation of its leaf.

=====================  ================================================================================================
type                   text
=====================  ================================================================================================
``bool``               ``true``, ``false``, ``1``, ``0``, ``yes``, ``no``, ``on``, ``off``, in capitals or not
``int``                digits, with a sign or without
``float``, decimals    ``2``, ``0.5``, ``1e-3``; neither ``nan`` nor ``inf``
``timedelta``          seconds (``90``, ``0.5``), units from large to small (``2w``, ``1d12h``, ``1h30m``, ``500ms``),
                       or ISO 8601 (``PT15M``; no years or months, whose length varies)
lists, tuples, sets    ``a, b`` or a JSON list; a comma at the end is fine, an empty item elsewhere is not
mappings               ``a=1, b=2`` or a JSON object; no key twice
models, dataclasses    a JSON object
unions                 a literal that is listed, else the first type that can read the text, else the text, if allowed
the rest               text, for Pydantic to judge
=====================  ================================================================================================

Spaces around a value are dropped, but never those of a ``str``, a path or a secret. In JSON, items that are texts are
read by the same rules, so ``["15m"]`` is a list of durations.
"""

from __future__ import annotations

import json
import re
from collections import abc
from dataclasses import is_dataclass
from datetime import date, time
from enum import Enum
from itertools import chain, repeat
from types import UnionType
from typing import TYPE_CHECKING, Literal, NamedTuple, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from dj_core_utils.settings.errors import invalid
from dj_core_utils.settings.quoting import quoted
from dj_core_utils.settings.scalars import SCALARS, read_number
from dj_core_utils.settings.variables import is_secret_type, leaf_types, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pydantic_core import PydanticCustomError


# What Python makes of a byte of the environment that is not UTF-8.
_SURROGATE = r"[\ud800-\udfff]"
_DEEPEST = 100


def decode(text: str, annotation: object, *, is_secret: bool = False) -> object:
    """Read the text of a variable as its annotation says.

    Args:
        text: What the environment or a file holds.
        annotation: The type of the leaf, ``Optional`` and ``Annotated`` included.
        is_secret: Whether to leave the text out of messages. A type that hides itself needs no saying.

    Returns:
        A value for Pydantic to judge: sequences come as lists, what only Pydantic can read comes as text.

    Raises:
        PydanticCustomError: ``value.boolean``, ``.integer``, ``.number``, ``.duration``, ``.list``, ``.mapping``,
            ``.json``, ``.union``, ``.nul`` or ``.encoding``.
    """
    found = _decode(text, annotation)
    if isinstance(found, _Fault):
        raise found.error(is_hidden=is_secret or _hides(annotation))
    return found


def is_unset(text: str, annotation: object) -> bool:
    """Whether a text means that its variable is not set.

    Returns:
        True for the empty text, unless the leaf is a plain ``str`` or ``str | None``, for which that is a value.
    """
    return not text and unwrap(annotation)[0] is not str


class _Fault(NamedTuple):
    """Why a text cannot be read; handed back and not raised, so that no exception holds on to a secret.

    Attributes:
        id: The id of the problem.
        complaint: What is wrong, to stand behind the text in question.
        text: That text; None where it must not be shown whatever the type.
        place: Where in the value it stands.
    """

    id: str
    complaint: str
    text: str | None
    place: str = ""

    def within(self, place: str) -> _Fault:
        """The same fault, seen from the value around it."""
        return _Fault(self.id, self.complaint, self.text, f"{place}: {self.place}")

    def error(self, *, is_hidden: bool) -> PydanticCustomError:
        subject = "the value" if is_hidden or self.text is None else quoted(self.text)
        return invalid(self.id, f"{self.place}{subject} {self.complaint}")


def _decode(text: str, annotation: object) -> object:
    bare, _ = unwrap(annotation)
    if "\0" in text:
        return _Fault("value.nul", "holds a NUL byte, which no setting can use.", None)
    if not text.isascii() and re.search(_SURROGATE, text):
        return _Fault("value.encoding", "holds bytes that are not UTF-8; set it as UTF-8 text.", None)
    kind = get_origin(bare) or bare
    if reader := _READERS.get(kind):
        return reader(text, bare)
    return _of_class(text, kind) if isinstance(kind, type) else text


def _scalar(text: str, bare: object) -> object:
    scalar = SCALARS[bare]
    value = scalar.read(text.strip())
    return _Fault(scalar.id, f"is not {scalar.noun}; {scalar.advice}.", text) if value is None else value


def _of_class(text: str, kind: type) -> object:
    if issubclass(kind, Enum):
        return _choice(text, [member.value for member in kind])
    if _is_structure(kind):
        return _json(text)
    return text.strip() if issubclass(kind, (date, time, UUID)) else text


def _is_structure(kind: object) -> bool:
    """Whether a class has fields of its own; every TypedDict is a dict to Python."""
    return isinstance(kind, type) and kind is not dict and (issubclass(kind, (BaseModel, dict)) or is_dataclass(kind))


def _choice(text: str, choices: Iterable[object]) -> object:
    """The choice that the text names; the text when there is none, for Pydantic lists the choices in its message."""
    stripped = text.strip()
    for choice in choices:
        scalar = SCALARS.get(type(choice))
        if choice in (text, stripped) or (scalar is not None and scalar.read(stripped) == choice):
            return choice
    return stripped


def _literal(text: str, bare: object) -> object:
    return _choice(text, get_args(bare))


def _union(text: str, bare: object) -> object:
    """The first reading that works: listed literals, then scalars, then containers; the text itself if allowed."""
    bares = [unwrap(member)[0] for member in get_args(bare)]
    literals = [choice for bare in bares if get_origin(bare) is Literal for choice in get_args(bare)]
    if (named := _choice(text, literals)) in literals:
        return named
    readable = sorted(filter(_noun, bares), key=lambda member: _turn(member, text))
    takes_text = len(readable) < len(bares)
    for member in readable:
        # Any text can be read as a list of one; where text is allowed, only JSON is meant as something else.
        if takes_text and _turn(member, text) and not text.lstrip().startswith(("[", "{")):
            break
        if not isinstance(value := _decode(text, member), _Fault):
            return value
    return text if takes_text else _Fault("value.union", f"is neither {' nor '.join(map(_noun, readable))}.", text)


def _turn(bare: object, text: str) -> int:
    """When a member of a union is tried: scalars, then containers, and a list last where an object begins."""
    kind = get_origin(bare) or bare
    if kind in SCALARS:
        return 0
    return 2 if kind in _SEQUENCES and text.lstrip().startswith("{") else 1


def _noun(bare: object) -> str:
    """How a type that is read here is called; empty for types that take the text as it is."""
    kind = get_origin(bare) or bare
    if kind in _SEQUENCES:
        return "a list"
    if kind in _MAPPINGS:
        return "a mapping"
    if _is_structure(kind):
        return "a JSON object"
    scalar = SCALARS.get(kind)
    return scalar.noun if scalar else ""


def _sequence(text: str, bare: object) -> object:
    items = _json(text) if text.lstrip().startswith("[") else _split(text, "value.list")
    return _items(items, bare) if isinstance(items, list) else items


def _items(items: Sequence[object], bare: object) -> object:
    types = get_args(bare)
    is_fixed = get_origin(bare) is tuple and types[1:] != (Ellipsis,)
    item_types = chain(types, repeat(str)) if is_fixed else repeat(types[0] if types else str)
    values = []
    for number, (item, item_type) in enumerate(zip(items, item_types, strict=False), 1):
        value = _part(item, item_type)
        if isinstance(value, _Fault):
            return value.within(f"item {number}")
        values.append(value)
    return values


def _mapping(text: str, bare: object) -> object:
    found = _json(text) if text.lstrip().startswith("{") else _pairs(text)
    if isinstance(found, dict):
        found = list(found.items())
    return _entries(found, bare) if isinstance(found, list) else found


def _pairs(text: str) -> list[tuple[str, object]] | _Fault:
    items = _split(text, "value.mapping")
    if isinstance(items, _Fault):
        return items
    pairs: list[tuple[str, object]] = []
    for number, item in enumerate(items, 1):
        key, equals, value = item.partition("=")
        if not (equals and key.strip()):
            complaint = f"has no name=value in entry {number}; write it like a=1, b=2 or as a JSON object."
            return _Fault("value.mapping", complaint, text)
        pairs.append((key.strip(), value.strip()))
    return pairs


def _entries(pairs: Sequence[tuple[str, object]], bare: object) -> object:
    key_type, value_type = get_args(bare) or (str, str)
    values: dict[object, object] = {}
    for number, (name, item) in enumerate(pairs, 1):
        # Only scalars: what else is decoded cannot be a key.
        key = _decode(name, key_type) if _is_scalar(key_type) else name
        value = _part(item, value_type)
        for fault in (key, value):
            if isinstance(fault, _Fault):
                return fault.within(f"entry {number}")
        if key in values:
            return _Fault("value.mapping", f"has a key twice: entry {number} repeats an earlier one.", None)
        values[key] = value
    return values


def _part(value: object, annotation: object) -> object:
    """A part of a container: text is read like any text, what JSON has typed is left, down to the texts in it."""
    if isinstance(value, str):
        return _decode(value, annotation)
    bare, _ = unwrap(annotation)
    kind = get_origin(bare) or bare
    if isinstance(value, list) and kind in _SEQUENCES:
        return _items(value, bare)
    if isinstance(value, dict) and kind in _MAPPINGS:
        return _entries(list(value.items()), bare)
    return value


def _split(text: str, problem_id: str) -> list[str] | _Fault:
    items = [item.strip() for item in text.split(",")]
    if not items[-1]:
        items.pop()
    if "" in items:
        complaint = f"has nothing at place {items.index('') + 1} between its commas; drop a comma, or use JSON."
        return _Fault(problem_id, complaint, text)
    return items


def _json(text: str) -> object:
    try:
        value: object = json.loads(
            text, object_pairs_hook=_without_repeats, parse_float=_json_number, parse_constant=_json_number
        )
        if _is_shallow(value):
            return value
        complaint = f"is JSON nested more than {_DEEPEST} levels deep."
    except json.JSONDecodeError as error:
        complaint = f"is not valid JSON from character {error.pos + 1} on; texts and names stand in double quotes."
    except _RepeatedNameError:
        complaint = "is JSON with one name twice in an object."
    except (ValueError, RecursionError):
        complaint = "is JSON with a number that is out of range, or nested too deeply."
    return _Fault("value.json", complaint, None)


def _is_shallow(value: object) -> bool:
    """Whether everything that walks through a value afterwards can do so."""
    level = [value]
    for _ in range(_DEEPEST):
        containers = (
            item.values() if isinstance(item, dict) else item for item in level if isinstance(item, (dict, list))
        )
        level = list(chain.from_iterable(containers))
        if not level:
            return True
    return False


class _RepeatedNameError(ValueError):
    """A JSON object has a name twice, and only one of the values would survive."""


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedNameError
    return found


def _json_number(text: str) -> float:
    value = read_number(text)
    if value is None:  # NaN, Infinity, or a number that would become one
        raise ValueError
    return value


_SEQUENCES: frozenset[object] = frozenset(
    {list, tuple, set, frozenset, abc.Sequence, abc.MutableSequence, abc.Set, abc.Collection, abc.Iterable}
)
_MAPPINGS: frozenset[object] = frozenset({dict, abc.Mapping, abc.MutableMapping})

_READERS: dict[object, Callable[[str, object], object]] = {
    str: lambda text, _: text,
    **dict.fromkeys(SCALARS, _scalar),
    **dict.fromkeys(_SEQUENCES, _sequence),
    **dict.fromkeys(_MAPPINGS, _mapping),
    **dict.fromkeys((Union, UnionType), _union),
    Literal: _literal,
}


def _is_scalar(annotation: object) -> bool:
    return unwrap(annotation)[0] in SCALARS


def _hides(annotation: object) -> bool:
    """Whether to show no text of this type: it hides itself, or it is a structure whose fields may."""
    return is_secret_type(annotation) or any(_is_structure(part) for part in leaf_types(annotation))
