"""Values of settings as data that outlives the process they were made in: typed, comparable, and written as JSON."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from pathlib import PurePath
from types import CodeType, FunctionType
from typing import NamedTuple

from django.utils.functional import Promise

_SCALARS: dict[type, str] = {
    type(None): "none",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    Decimal: "decimal",
}
_SEQUENCES: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_DEEPEST = 50


class Term(NamedTuple):
    """A value with its type.

    Attributes:
        kind: ``str``, ``list``, ``path``, ``class``, ...
        content: A scalar, or a tuple of terms and scalars.
    """

    kind: str
    content: object

    @property
    def parts(self) -> tuple[Term, ...]:
        """The items of a sequence."""
        return self.content if isinstance(self.content, tuple) else ()

    @property
    def entries(self) -> dict[str, Term]:
        """The entries of a mapping with texts as keys."""
        pairs = (entry.parts for entry in self.parts) if self.kind == "dict" else ()
        return {str(key.content): value for key, value in pairs if key.kind == "str"}

    def as_json(self) -> list[object]:
        """The term for ``json.dumps``."""
        content = [part.as_json() for part in self.parts] if isinstance(self.content, tuple) else self.content
        return [self.kind, content]

    @classmethod
    def from_json(cls, data: list[object]) -> Term:
        """The term that ``as_json`` gave."""
        kind, content = data
        parts = tuple(cls.from_json(part) for part in content) if isinstance(content, list) else content
        return cls(str(kind), parts)


def term(value: object, depth: int = 0) -> Term:
    """What a value is, without the value itself.

    Args:
        value: Anything that a settings module may hold.
        depth: How deep in another value it lies.
    """
    if depth > _DEEPEST:
        return Term("object", "too deep")
    if isinstance(value, Promise):
        return _lazy(value, depth)
    kind = type(value)
    if kind in _SCALARS:
        return Term(_SCALARS[kind], str(value) if kind is Decimal else value)
    if kind in _SEQUENCES:
        parts = [term(item, depth + 1) for item in value]  # type: ignore[attr-defined]  # a sequence
        return Term(_SEQUENCES[kind], tuple(sorted(parts, key=repr) if kind in {set, frozenset} else parts))
    if kind is dict:
        return Term("dict", _entries(value, depth))
    return _other(value, depth)


def _entries(value: object, depth: int) -> tuple[Term, ...]:
    items: dict[object, object] = value  # type: ignore[assignment]  # its callers know
    return tuple(Term("entry", (term(key, depth + 1), term(item, depth + 1))) for key, item in items.items())


def _other(value: object, depth: int) -> Term:  # noqa: PLR0911  # one line for each type
    if isinstance(value, PurePath):
        return Term("path", str(value))
    if isinstance(value, timedelta):
        return Term("timedelta", tuple(Term("int", part) for part in (value.days, value.seconds, value.microseconds)))
    if isinstance(value, re.Pattern):
        return Term("regex", (term(value.pattern), Term("int", value.flags)))
    if isinstance(value, type):
        return Term("class", f"{value.__module__}.{value.__qualname__}")
    if isinstance(value, FunctionType):
        return _function(value)
    if isinstance(value, Enum):
        return Term("enum", f"{type(value).__module__}.{type(value).__qualname__}.{value.name}")
    if isinstance(value, bytes):
        return Term("bytes", repr(value))
    name = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, str):  # of a subclass: ours hides itself, Django's marks it as safe
        return Term("str", str.__str__(value)) if name.startswith("dj_core_utils.") else Term(name, str.__str__(value))
    if isinstance(value, dict):
        return Term(name, _entries(value, depth))
    return Term("object", (Term("class", name), Term("str", _ADDRESS.sub("", _looks(value)))))


def _function(value: FunctionType) -> Term:
    shape = sha256(repr(_shape(value.__code__)).encode()).hexdigest()
    return Term(
        "function", f"{value.__module__}.{value.__qualname__} {shape[:12] if '<' in value.__qualname__ else ''}"
    )


def _shape(code: CodeType) -> object:
    """What code does, wherever it stands and in whatever order a process has the items of a set."""
    parts = [_shape(one) if isinstance(one, CodeType) else term(one) for one in code.co_consts]
    return code.co_code, code.co_names, parts


def _lazy(value: Promise, depth: int) -> Term:
    """A text that is translated when it is read, by what it was made from."""
    args = getattr(value, "_args", None) or getattr(value, "_proxy____args", None) or ()
    return Term("lazy", tuple(term(item, depth + 1) for item in args) or (Term("str", str(value)),))


def _looks(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # a class of the project
        return ""
