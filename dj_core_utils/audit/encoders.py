"""The JSON text of one field, decided once: nearly all values have the type that their field always holds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

from django.db.models import DateField, DateTimeField, DecimalField, DurationField, JSONField, TimeField, UUIDField

from dj_core_utils.audit.encoding import encode, native_type, normalized
from dj_core_utils.redaction import MASK, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import Field

    Encoder = Callable[[Any], str]


class Encoding(NamedTuple):
    """How the values of one field become JSON text.

    Attributes:
        kind: The type that nearly all values have; None where each has to be looked at.
        usual: Encodes values of this type, and no others.
        encode: Encodes any value.
    """

    kind: type | None
    usual: Encoder
    encode: Encoder


_MICROSECOND = timedelta(microseconds=1)
_SECONDS = len("2026-01-01T12:00:00")
# What these methods return as it came, beside what JSON knows.
_UNCONVERTED: Mapping[object, type] = {
    DateField.to_python: date,
    DecimalField.to_python: Decimal,
    DurationField.to_python: timedelta,
    TimeField.to_python: time,
    UUIDField.to_python: UUID,
}


def normal_type(field: Field[Any, Any]) -> type | None:
    """The type whose values are normalized as they are; None where each value has to be looked at.

    Args:
        field: Any field; one that converts in a way of its own has no such type.
    """
    return native_type(field) or _UNCONVERTED.get(type(field).to_python)


def encoding_of(field: Field[Any, Any]) -> Encoding:
    """What makes JSON text of the values of a field; of a document, what is secret by its name is masked.

    Args:
        field: Any field.
    """

    def encoded(value: object) -> str:
        if value is None:
            return "null"
        found = encode(field, normalized(field, value))
        return json.dumps(_without_secrets(found) if isinstance(field, JSONField) else found)

    if type(field).to_python is DateTimeField.to_python:
        return _encoding(datetime, lambda value: _moment(value) if value.tzinfo else encoded(value), encoded)
    kind = normal_type(field)
    usual = _usual(field, kind)
    return Encoding(None, encoded, encoded) if usual is None else _encoding(kind, usual, encoded)


def _encoding(kind: type | None, usual: Encoder, unusual: Encoder) -> Encoding:
    return Encoding(kind, usual, lambda value: usual(value) if type(value) is kind else unusual(value))


def _usual(field: Field[Any, Any], kind: type | None) -> Encoder | None:
    if isinstance(field, DecimalField):
        places = cast("int | None", field.decimal_places)
        return None if kind is None or places is None else _decimals(places)
    return _ENCODERS.get(cast("type", kind))


def _decimals(places: int) -> Encoder:
    rounded = f'"{{:.{places}f}}"'.format
    # Where the point stands in the text of one that has so many places; str() takes half of the time.
    point = slice(-places - 1, -places or None)

    def encoded(value: Decimal) -> str:
        text = str(value)
        return f'"{text}"' if text[point] == "." and "E" not in text else rounded(value)

    return encoded


def _moment(value: datetime) -> str:
    text = (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat()
    # Faster than to name the precision.
    return f'"{text}"' if value.microsecond else f'"{text[:_SECONDS]}.000000{text[_SECONDS:]}"'


def _without_secrets(value: object) -> object:
    """A JSON document may hold a password under a name of its own."""
    if isinstance(value, dict):
        return {key: MASK if is_sensitive(key) else _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


_ENCODERS: Mapping[type, Encoder] = {
    bool: {True: "true", False: "false"}.__getitem__,
    int: str,
    str: encode_basestring_ascii,
    date: '"{}"'.format,
    time: lambda value: f'"{value.isoformat(timespec="microseconds")}"',
    timedelta: lambda value: f"{value // _MICROSECOND}",
    UUID: '"{}"'.format,
}
