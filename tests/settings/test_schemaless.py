"""What is taken without a schema is what Pydantic makes of it, for every leaf and every kind of annotation."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, NewType

import pytest
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, TypeAdapter

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.schemaless import ASK, outcome
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.variables import VariableTable
from dj_core_utils.settings.web_origins import check_http_url

ROWS = VariableTable(CoreSettings, "shop")
HTTP_URL = AfterValidator(check_http_url)
UserId = NewType("UserId", int)
TEXTS = [
    "",
    "a",
    "Lax",
    "/",
    "/health/",
    "INFO",
    "info",
    "HS256",
    "console",
    "*",
    "https://a.example",
    "sqlite:///a",
    "app",
]
values = st.recursive(
    st.one_of(
        st.sampled_from(TEXTS), st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.none(), st.binary()
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TEXTS), inner, max_size=2),
    max_leaves=5,
)


@cache
def adapter(name: str) -> TypeAdapter[object]:
    """What Pydantic has for the leaf."""
    row = ROWS[name]
    annotation: Any = Annotated[row.annotation, *row.metadata] if row.metadata else row.annotation
    return TypeAdapter(annotation)


@given(value=values, name=st.sampled_from(list(ROWS)))
def test_a_leaf_is_what_pydantic_makes_of_it(value: object, name: str) -> None:
    """Whatever the value, and whichever the leaf."""
    found = outcome(value, ROWS[name].annotation, ROWS[name].metadata)
    if found is not ASK:
        expected = adapter(name).validate_python(value)
        # NaN is not equal to itself; the same object is.
        assert type(found) is type(expected)
        assert found is expected or found == expected


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ("a", str),
        (5, int),
        (True, bool),
        (b"a", bytes),
        (5, Annotated[int, Ge(1), Le(9)]),
        (0.5, Annotated[float, Gt(0), Lt(1)]),
        (5, Annotated[int, Ge(1)] | None),
        ("Lax", Literal["Lax", "Strict", False]),
        (False, Literal["Lax", "Strict", False]),
        (["a", "b"], list[str]),
        ([], list[Literal["a"]]),
        (["https://a.example"], list[Annotated[str, HTTP_URL]]),
        ("secret", SecretStr),
        ("secret", SecretStr | None),
        ("redis://:secret@cache", SecretURL | None),
    ],
)
def test_values_that_need_no_schema(value: object, annotation: Any) -> None:  # noqa: ANN401  # any type
    """The same value, and nobody was asked."""
    found = outcome(value, annotation)
    assert found is not ASK
    assert found == TypeAdapter(annotation).validate_python(value)


def of_a_project(text: str) -> str:
    """A validator that is not of this package."""
    return text


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (0, Annotated[int, Ge(1)]),
        (10, Annotated[int, Le(9)]),
        (1.0, Annotated[float, Lt(1)]),
        (0.0, Annotated[float, Gt(0)]),
        (float("nan"), Annotated[float, Ge(0)]),
        ("a", Annotated[str, Ge(1)]),
        ("Other", Literal["Lax", "Strict", False]),
        (0, Literal["Lax", "Strict", False]),
        (None, str | None),
        ("5", int),
        (True, int),
        (5, int | str),
        (5, UserId),
        (["a", 5], list[str]),
        (["a"], list),
        (("a",), list[str]),
        ({"a": "b"}, dict[str, str]),
        ("ftp://a.example", Annotated[str, HTTP_URL]),
        ("a", Annotated[str, AfterValidator(str.strip)]),
        ("a", Annotated[str, AfterValidator(of_a_project)]),
        ("a", Annotated[str, BeforeValidator(check_http_url)]),
        ("a", Annotated[str, StringConstraints(pattern="^a")]),
        ("", Annotated[str, Field(min_length=1)]),
    ],
)
def test_values_that_pydantic_is_asked_for(value: object, annotation: Any) -> None:  # noqa: ANN401  # any type
    """What does not fit, or what only Pydantic can tell."""
    assert outcome(value, annotation) is ASK


def test_a_list_is_a_copy() -> None:
    """What is validated belongs to the settings, and not to whoever gave it."""
    given_list = ["a"]
    taken = outcome(given_list, list[str])
    assert taken == given_list
    assert taken is not given_list
