"""Types of fields, written as types of the settings that they become."""

from __future__ import annotations

import datetime as dt
import ipaddress
import pathlib
import re
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum, StrEnum
from types import ModuleType
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypeVar, Union

import pydantic
import pytest
from pydantic import BaseModel, Field, SecretBytes, SecretStr
from typing_extensions import TypeAliasType

from dj_core_utils.cli.annotation_text import TypeWriter
from dj_core_utils.settings.rendering import plain
from dj_core_utils.settings.secret_url import SecretURL


class Colour(StrEnum):
    """Values of text."""

    RED = "red"
    BLUE = "blue"


class Size(Enum):
    """Values that no Literal can hold."""

    SMALL = 1.5


class Empty(Enum):
    """No value at all."""


class Point(NamedTuple):
    """A class of the project."""

    x: int
    y: int


class Outer:
    """A class with one inside."""

    class Inner:
        """One inside."""


class Limit(BaseModel):
    """A model with a secret and a model in it."""

    rate: int
    key: SecretStr | None = None
    above: Limit | None = None


class Bare(BaseModel):
    """A model without fields."""


UserId = NewType("UserId", int)
T = TypeVar("T")
Names = TypeAliasType("Names", list[str])
Tree = NewType("Tree", list)  # type: ignore[type-arg]  # its argument is itself, see below
Tree.__supertype__ = list[Tree]  # type: ignore[attr-defined]  # as "type Tree = list[Tree]" in Python 3.12

HERE = __name__


CASES: list[tuple[object, str]] = [
    (int, "int"),
    (bool, "bool"),
    (None, "None"),
    (Optional[str], "str | None"),  # noqa: UP045  # users write it
    (Union[int, str], "int | str"),  # noqa: UP007  # the same
    (SecretStr | str, "str"),
    (Annotated[int, Field(ge=1)], "int"),
    (UserId, "int"),
    (SecretStr, "str"),
    (SecretBytes, "bytes"),
    (SecretURL | None, "str | None"),
    (list, "list[Any]"),
    (dict, "dict[Any, Any]"),
    (tuple, "tuple[Any, ...]"),
    (set, "set[Any]"),
    (frozenset, "frozenset[Any]"),
    (list[str], "list[str]"),
    (dict[str, SecretStr], "dict[str, str]"),
    (tuple[int, ...], "tuple[int, ...]"),
    (tuple[()], "tuple[()]"),
    (set[str], "set[str]"),
    (set[Limit], "list[_Limit]"),
    (Sequence[str], "collections.abc.Sequence[str]"),
    (Mapping[str, int], "collections.abc.Mapping[str, int]"),
    (re.Pattern[str], "re.Pattern[str]"),
    (Callable[[int], str], "collections.abc.Callable"),
    (type[int], "type[int]"),
    (dt.timedelta, "datetime.timedelta"),
    (pathlib.Path | None, "pathlib.Path | None"),
    (Decimal, "decimal.Decimal"),
    (ipaddress.IPv4Address, "ipaddress.IPv4Address"),
    (Literal["a", 'say "b"', 3, True, b"x"], 'Literal["a", "say \\"b\\"", 3, True, b\'x\']'),
    (Literal[Colour.RED], 'Literal["red"]'),
    (Colour, 'Literal["red", "blue"]'),
    (Size, "Any"),
    (Empty, "Any"),
    (Point, f"{HERE}.Point"),
    (Outer.Inner, f"{HERE}.Outer.Inner"),
    (Limit, "_Limit"),
    (list[Limit], "list[_Limit]"),
    (pydantic.AnyUrl, "str"),
    (pydantic.PostgresDsn, "str"),
    (pydantic.IPvAnyAddress, "ipaddress.IPv4Address | ipaddress.IPv6Address"),
    (pydantic.ByteSize, "Any"),
    (pydantic.PositiveInt, "int"),
    (Any, "Any"),
    (object, "object"),
    (T, "Any"),
    ("text", "Any"),
    (Names | None, "list[str] | None"),
    (Tree, "list[Any]"),
]


@pytest.mark.parametrize(("annotation", "text"), CASES, ids=[text for _, text in CASES])
def test_a_type_is_written_as_what_is_exported(annotation: object, text: str) -> None:
    """A field of this type becomes a setting of that type."""
    assert TypeWriter().write(annotation) == text


def test_the_head_imports_what_is_named() -> None:
    """Whatever the types name is imported, once, and in order."""
    writer = TypeWriter()
    for annotation, _ in CASES:
        writer.write(annotation)
    head = writer.head().splitlines()
    assert head[:7] == [
        "import collections.abc",
        "import datetime",
        "import decimal",
        "import ipaddress",
        "import pathlib",
        "import re",
        f"import {HERE}",
    ]
    assert head[7] == "from typing import Any, Literal, TypedDict"


def test_a_model_is_a_mapping_of_its_fields() -> None:
    """A model becomes a mapping with a type for each key, itself among them, and a second one of its name another."""
    writer = TypeWriter()

    class Limit(BaseModel):
        """Of the same name."""

        n: int

    texts = [writer.write(annotation) for annotation in (globals()["Limit"], Limit, Bare)]
    assert texts == ["_Limit", "_Limit2", "_Bare"]
    assert writer.head() == (
        "from typing import TypedDict\n\n"
        "class _Limit(TypedDict):\n    rate: int\n    key: str | None\n    above: _Limit | None\n\n"
        "class _Limit2(TypedDict):\n    n: int\n\n"
        "class _Bare(TypedDict):\n    pass"
    )
    assert plain(globals()["Limit"](rate=3)).keys() == {"rate", "key", "above"}  # type: ignore[attr-defined]  # a mapping


def test_a_class_that_nobody_can_import_is_any() -> None:
    """A class of a function has no name that another file could use."""

    class Hidden:
        """Made in a function."""

    writer = TypeWriter()
    assert (writer.write(Hidden), writer.head()) == ("Any", "from typing import Any")


def test_a_class_of_a_private_module_comes_from_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a package hands on is imported from there; what it keeps to itself, from where it is."""
    package, private = ModuleType("shop"), ModuleType("shop._money")
    for name in ("Price", "Rate"):
        setattr(private, name, type(name, (), {"__module__": "shop._money"}))
    vars(package)["Price"] = vars(private)["Price"]
    monkeypatch.setitem(sys.modules, "shop", package)
    monkeypatch.setitem(sys.modules, "shop._money", private)
    writer = TypeWriter()
    texts = [writer.write(vars(private)[name]) for name in ("Price", "Rate")]
    assert texts == ["shop.Price", "shop._money.Rate"]


def test_nothing_needs_no_head() -> None:
    """Types of the builtins alone need no import."""
    writer = TypeWriter()
    writer.write(typing.get_type_hints(Point)["x"])
    assert writer.head() == ""
