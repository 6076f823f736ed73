"""Values of settings as data, as Python, and as text for people."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.cli.init.literals import Literals
from dj_core_utils.cli.init.report import shown
from dj_core_utils.cli.init.secrecy import holds_secret
from dj_core_utils.cli.init.terms import Term, term
from dj_core_utils.settings.secret_text import SecretText

FOLDER = Path("/srv/shop")

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.binary(),
    st.timedeltas(),
    st.decimals(allow_nan=False, allow_infinity=False),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(), inner, max_size=4),
        st.sets(st.integers(), max_size=4),
    ),
    max_leaves=12,
)


class Colour(Enum):
    """An enumeration of a project."""

    RED = 1


class Broken:
    """An object that cannot show itself."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


class Mapping(dict[str, int]):
    """A mapping of a project's own."""


@given(VALUES)
def test_a_literal_gives_the_value_back(value: object) -> None:
    """Python that runs the literal has the value, with its type."""
    literals = Literals(FOLDER)
    text = literals.write(term(value))
    assert text is not None
    namespace: dict[str, Any] = {"BASE_DIR": FOLDER, "Path": Path, "Decimal": Decimal, "timedelta": timedelta}
    assert term(eval(text, namespace)) == term(value)  # noqa: S307  # what was just written


@given(VALUES)
def test_a_term_survives_the_way_between_processes(value: object) -> None:
    """What the child writes is what the parent reads."""
    assert Term.from_json(term(value).as_json()) == term(value)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        ("a", SafeString("a")),
        ({"a": 1}, Mapping(a=1)),
        ([1], (1,)),
        ("/srv", Path("/srv")),
        (re.compile("a"), re.compile("a", re.IGNORECASE)),
        (gettext_lazy("a"), "a"),
        (gettext_lazy("a"), gettext_lazy("b")),
        (lambda book: book.price, lambda book: book.title),
        (Path, Decimal),
        (Colour.RED, 1),
        (b"a", "a"),
        ({1}, frozenset({1})),
        (timedelta(1), timedelta(2)),
        (object, object()),
    ],
)
def test_values_of_another_type_or_content_differ(first: object, second: object) -> None:
    """The comparison sees what ``==`` or ``repr`` might not."""
    assert term(first) != term(second)


def test_a_function_is_what_it_does() -> None:
    """Neither its line nor the order that a set has in this process makes it another one."""
    text = "lambda word: word in {'a', 'b', 'c', 'd'} and any(one in {'e', 'f', 'g'} for one in word)"
    moved = eval(compile(f"\n\n{text}", "<moved>", "eval"))  # noqa: S307  # our own text
    assert term(eval(text)) == term(moved)  # noqa: S307  # the same
    assert term(eval(text.replace("'g'", "'h'"))) != term(moved)  # noqa: S307  # the same
    code = f"from dj_core_utils.cli.init.terms import term; print(term({text}))"
    shown = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(shown) == 1


def test_values_that_are_the_same() -> None:
    """Addresses, the order of sets and our own masks make no difference."""
    assert term(object()) == term(object())
    assert term({"b", "a", "c"}) == term({"c", "b", "a"})
    assert term(SecretText("a")) == term("a")
    assert term(Broken()) == term(Broken())
    nested: list[object] = []
    nested.append(nested)
    assert term(nested).kind == "list"


@pytest.mark.parametrize(
    ("value", "text", "imported"),
    [
        (FOLDER, "BASE_DIR", ""),
        (FOLDER / "media", 'BASE_DIR / "media"', ""),
        (str(FOLDER / "media"), 'str(BASE_DIR / "media")', ""),
        (Path("/etc"), 'Path("/etc")', "from pathlib import Path"),
        (timedelta(minutes=90), "timedelta(minutes=90)", "from datetime import timedelta"),
        (
            timedelta(seconds=1, microseconds=5),
            "timedelta(seconds=1, microseconds=5)",
            "from datetime import timedelta",
        ),
        (gettext_lazy("German"), '_("German")', "from django.utils.translation import gettext_lazy as _"),
        (("a",), '("a",)', ""),
        (set(), "set()", ""),
    ],
)
def test_literals_are_what_one_would_write(value: object, text: str, imported: str) -> None:
    """Paths start at the project, durations have the fitting unit, what is needed is imported."""
    literals = Literals(FOLDER)
    assert literals.write(term(value)) == text
    assert literals.imports == ({imported} if imported else set())


@pytest.mark.parametrize("value", [object(), [object()], {"a": object()}, {Colour.RED: 1}, print, frozenset({1})])
def test_what_has_no_literal_is_not_written(value: object) -> None:
    """An object of a project's own is not made up."""
    assert Literals(FOLDER).write(term(value)) is None


def test_long_values_take_several_lines() -> None:
    """One item a line, with a comma behind the last."""
    text = Literals(FOLDER).write(term({"names": ["a" * 60, "b" * 60]}))
    assert text == '{\n    "names": [\n' + f'        "{"a" * 60}",\n        "{"b" * 60}",\n' + "    ],\n}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_API_KEY", "sk-1"),
        ("DATABASES", {"default": {"PASSWORD": "hunter2"}}),
        ("BROKER", "redis://:hunter2@localhost/1"),
        ("PLACES", [{"token": "hunter2"}]),
    ],
)
def test_secrets_are_neither_shown_nor_written(name: str, value: object) -> None:
    """A secret is known by its name, or as the password of a URL."""
    assert holds_secret(name, term(value))
    assert "hunter2" not in shown(name, term(value))
    assert "sk-1" not in shown(name, term(value))


def test_values_are_shown_on_one_line() -> None:
    """Long ones are cut, missing ones said to be so."""
    assert shown("A", None) == "not set"
    assert shown("A", term({"b": [1, "c"]})) == "{b: [1, 'c']}"
    assert shown("A", term(object())) == "<object object> (builtins.object)"
    assert shown("A", term(["x" * 300])).endswith(" ...")
