"""From typed values to what Django and the packages around it expect in settings."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pydantic import BaseModel, ConfigDict, HttpUrl, PostgresDsn, SecretBytes, SecretStr

from dj_core_utils.settings.rendering import plain

if TYPE_CHECKING:
    from collections.abc import Hashable


class Colour(Enum):
    """A choice."""

    RED = "red"


class Size(NamedTuple):
    """A tuple with names."""

    width: int
    colour: Colour


class Peer(BaseModel):
    """A model that can stand in a set."""

    model_config = ConfigDict(frozen=True)

    name: str = "orders"
    token: SecretStr = SecretStr("s3cret")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        ([Colour.RED], ["red"]),
        ({Colour.RED: (Colour.RED,)}, {"red": ("red",)}),
        (frozenset({Colour.RED}), frozenset({"red"})),
        (Size(3, Colour.RED), Size(3, "red")),  # type: ignore[arg-type]  # the plain form is what is tested
        (SecretBytes(b"x"), b"x"),
        (Peer(), {"name": "orders", "token": "s3cret"}),
        ({Peer()}, [{"name": "orders", "token": "s3cret"}]),
        (HttpUrl("https://shop.example/a"), "https://shop.example/a"),
        ([PostgresDsn("postgres://u@h/n")], ["postgres://u@h/n"]),
    ],
)
def test_values_become_plain(value: Hashable, expected: object) -> None:
    """No Pydantic type and no Enum is left, at any depth, and the container keeps its type."""
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
