"""The JSON text of one field, decided once: nearly all values have the type that their field always holds."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db.models import DateField, DateTimeField, DecimalField, DurationField, JSONField, TimeField, UUIDField

from dj_core_utils.audit.encoding import encode, native_type, normalized
from dj_core_utils.redaction import MASK, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.db.models import Field

    Encoder = Callable[[Any], str]

_MICROSECOND = timedelta(microseconds=1)
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


def encoder_of(field: Field[Any, Any]) -> Encoder:
    """What makes JSON text of the values of a field; of a document, what is secret by its name is masked.

    Args:
        field: Any field.
    """

    def encoded(value: object) -> str:
        found = None if value is None else encode(field, normalized(field, value))
        return json.dumps(_without_secrets(found) if isinstance(field, JSONField) else found)

    if type(field).to_python is DateTimeField.to_python:
        return lambda value: _moment(value) if type(value) is datetime and value.tzinfo else encoded(value)
    kind = normal_type(field)
    usual = _usual(field, kind)
    return encoded if usual is None else lambda value: usual(value) if type(value) is kind else encoded(value)


def _usual(field: Field[Any, Any], kind: type | None) -> Encoder | None:
    if isinstance(field, DecimalField):
        places = cast("int | None", field.decimal_places)
        return None if kind is None or places is None else f'"{{:.{places}f}}"'.format
    return _ENCODERS.get(cast("type", kind))


def _moment(value: datetime) -> str:
    return f'"{(value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(timespec="microseconds")}"'


def _without_secrets(value: object) -> object:
    """A JSON document may hold a password under a name of its own."""
    if isinstance(value, dict):
        return {key: MASK if is_sensitive(key) else _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


_ENCODERS: Mapping[type, Encoder] = {
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    str: encode_basestring_ascii,
    date: '"{}"'.format,
    time: lambda value: f'"{value.isoformat(timespec="microseconds")}"',
    timedelta: lambda value: f"{value // _MICROSECOND}",
    UUID: '"{}"'.format,
}
