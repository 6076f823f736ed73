"""Values of fields as JSON, and back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.audit.encoders import encoding_of, normal_type
from dj_core_utils.audit.encoding import encode, jsonable, native_type, normalized
from dj_core_utils.db.decoding import decode
from tests.audit.models import Product

if TYPE_CHECKING:
    from pytest_django import Settings

CHICAGO = timezone(timedelta(hours=-6))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "name": TEXTS,
    "price": st.decimals(-999_999, 999_999, places=2),
    "quantity": st.integers(),
    "is_sold": st.booleans(),
    "sold_at": st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])),
    "day": st.dates(),
    "hour": st.times(),
    "span": st.timedeltas(),
    "weight": st.floats(allow_nan=False, allow_infinity=False),
    "blob": st.binary(max_size=1024),
    "data": st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS,
        lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
        max_leaves=10,
    ),
    "token": st.uuids(),
}


@pytest.mark.parametrize("name", VALUES)
@given(data=st.data())
def test_nothing_is_lost(name: str, data: st.DataObject) -> None:
    """What is encoded, written as JSON and decoded is what it was."""
    field = cast("models.Field[Any, Any]", Product._meta.get_field(name))
    value = normalized(field, data.draw(VALUES[name]))
    text = json.dumps(encode(field, value), allow_nan=False)
    assert decode(field, json.loads(text)) == value


@pytest.mark.parametrize("name", sorted(VALUES.keys() - {"data"}))  # in a document, names tell what is secret
@given(data=st.data())
def test_the_fast_way(name: str, data: st.DataObject) -> None:
    """What is decided once for a field makes the same of every value, and of one that is not of the usual type."""
    field = cast("models.Field[Any, Any]", Product._meta.get_field(name))
    value = data.draw(VALUES[name])
    for given_value in (value, str(value) if name in {"name", "price", "quantity", "token"} else value, None):
        assert encoding_of(field).encode(given_value) == json.dumps(encode(field, normalized(field, given_value)))
    normal = normal_type(field)
    if type(value) is normal:
        assert normalized(field, value) is value or normalized(field, value) == value


@pytest.mark.parametrize(
    ("field", "value", "encoded"),
    [
        (models.DecimalField(), Decimal("1.500"), "1.500"),
        (models.DecimalField(max_digits=9, decimal_places=2), Decimal("-0.50"), "-0.50"),
        (models.DecimalField(max_digits=9, decimal_places=2), Decimal("1E+2"), "100.00"),
        (models.DecimalField(max_digits=9, decimal_places=2), Decimal("1.5"), "1.50"),
        (models.DecimalField(max_digits=9, decimal_places=5), Decimal("1.50E-7"), "0.00000"),
        (models.DecimalField(max_digits=9, decimal_places=0), Decimal("7.0"), "7"),
        (models.DateTimeField(), datetime(2026, 1, 1, 12, 0, 0, 7, UTC), "2026-01-01T12:00:00.000007+00:00"),
        (models.DateTimeField(), datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01T12:00:00.000000+00:00"),
        (
            models.DateTimeField(),
            datetime(2026, 1, 1, 12, tzinfo=CHICAGO),
            "2026-01-01T18:00:00.000000+00:00",
        ),
        (models.DateTimeField(), datetime(2026, 1, 1, 12), "2026-01-01T18:00:00.000000+00:00"),  # noqa: DTZ001  # in Chicago
        (models.DateField(), datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01"),
        (models.JSONField(), {"a": [{"password": "x", "b": 1}]}, {"a": [{"password": "***", "b": 1}]}),
        (models.JSONField(), None, None),
    ],
)
def test_the_fast_way_of_others(field: models.Field[Any, Any], value: object, encoded: object) -> None:
    """Decimals and moments in all their forms, and what is secret in a document."""
    assert encoding_of(field).encode(value) == json.dumps(encoded)


def test_null() -> None:
    """NULL is null, for every field."""
    for field in Product._meta.concrete_fields:
        assert decode(field, encode(field, normalized(field, None))) is None


@pytest.mark.parametrize(
    ("name", "value", "encoded"),
    [
        ("quantity", "7", 7),
        ("price", 1, "1.00"),
        ("price", Decimal("1.005"), "1.00"),
        ("sold_at", datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T10:00:00.000000+00:00"),
        ("sold_at", datetime(2026, 1, 1, 12), "2026-01-01T18:00:00.000000+00:00"),  # noqa: DTZ001  # in Chicago
        ("hour", time(1, 2), "01:02:00.000000"),
        ("day", datetime(2026, 1, 1, 12, tzinfo=UTC), "2026-01-01"),
        ("weight", float("inf"), "inf"),
        ("weight", float("nan"), "nan"),
        ("file", "a.txt", "a.txt"),
        ("customer_id", "5", 5),
    ],
)
def test_one_form_for_each_value(name: str, value: object, encoded: object) -> None:
    """Different ways to say the same are recorded as the same."""
    field: models.Field[Any, Any] = next(one for one in Product._meta.concrete_fields if one.attname == name)
    assert encode(field, normalized(field, value)) == encoded


def test_moments_without_time_zones(settings: Settings) -> None:
    """Without time zones a moment has no offset, as in the database."""
    settings.USE_TZ = False
    field: models.Field[Any, Any] = Product._meta.get_field("sold_at")
    moment = datetime(2026, 1, 1, 12)  # noqa: DTZ001  # that is the point
    assert encode(field, normalized(field, moment)) == "2026-01-01T12:00:00.000000"


def test_decimals_of_any_precision() -> None:
    """A field without a number of places keeps those that the value has."""
    field = models.DecimalField(max_digits=None, decimal_places=None)
    assert encode(field, Decimal("1.500")) == "1.500"


def test_large_bytes() -> None:
    """Of large content the number of bytes and a digest are kept, and it is said that it cannot be had back."""
    field: models.Field[Any, Any] = Product._meta.get_field("blob")
    encoded = encode(field, b"x" * 2000)
    assert isinstance(encoded, dict)
    assert encoded["bytes"] == 2000
    with pytest.raises(ValueError, match=r"blob: .*digest"):
        decode(field, encoded)


def test_files() -> None:
    """Of a file on its way into the storage size and digest are kept; it is neither fetched nor moved."""
    field = models.FileField(storage=InMemoryStorage())
    field.set_attributes_from_name("file")
    file = FieldFile(Product(), field, "a.txt")
    assert encode(field, normalized(field, file)) == "a.txt"
    file.file = ContentFile(b"hello", name="a.txt")
    file.file.seek(2)
    encoded = encode(field, normalized(field, file))
    assert encoded == {
        "name": "a.txt",
        "size": 5,
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    }
    assert file.file.tell() == 2
    assert decode(field, encoded) == "a.txt"
    assert encode(field, FieldFile(Product(), field, None)) == ""


class Colour(Enum):
    """A choice."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ({1: (date(2026, 1, 1), {2})}, {"1": ["2026-01-01", [2]]}),
        (Colour.RED, "red"),
        (gettext_lazy("yes"), "yes"),
        (frozenset({"b", "a"}), ["a", "b"]),
        (complex(1, 2), "(1+2j)"),
    ],
)
def test_values_of_fields_that_nobody_foresaw(value: object, encoded: object) -> None:
    """What no field of Django holds is recorded as well as it can be, and never stops a save."""
    assert jsonable(value) == encoded


class UpperField(models.CharField):  # type: ignore[type-arg]  # takes no parameters when it runs
    """Converts in a way of its own."""

    def to_python(self, value: object) -> str:
        """In capitals."""
        return str(value).upper()


def test_what_is_taken_as_it_is() -> None:
    """Values that Django does not convert are not looked at; a field with a conversion of its own is asked."""
    names = ["name", "note", "quantity", "is_sold", "customer_id", "price", "data", "file", "sold_at"]
    fields = {field.attname: field for field in Product._meta.concrete_fields}
    kinds = [native_type(fields[name]) for name in names]
    assert kinds == [str, str, int, bool, int, None, None, None, None]
    assert native_type(UpperField()) is None
