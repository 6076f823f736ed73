"""Values of model fields as JSON that loses nothing, in the formats that a database trigger can write, too.

Every value is brought into the form that its field gives it first, so that ``"7"`` set on an integer field and the 7
that the database returns are the same value. Of a file its name is kept, and of one that is being uploaded its size in
bytes and its SHA-256 digest, too; ``NaN`` and infinity become text. The rest is as ``ChangesEncoder`` has it. The way
back is ``dj_core_utils.db.decoding``.
"""

from __future__ import annotations

import json
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    DecimalField,
    ForeignKey,
    IntegerField,
    JSONField,
    TextField,
)
from django.db.models.fields.files import FieldFile, FileField
from django.utils import timezone

from dj_core_utils.db.encoding import ChangesEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Field

_ENCODER = ChangesEncoder()
# What these methods return as it came; a field with another method is another matter.
_UNCONVERTED: Mapping[object, type] = {
    CharField.to_python: str,
    TextField.to_python: str,
    IntegerField.to_python: int,
    BooleanField.to_python: bool,
}
_ENCODED = frozenset({datetime, date, time, timedelta, Decimal, UUID})
_NATIVE = frozenset({type(None), bool, int, str})


def native_type(field: Field[Any, Any]) -> type | None:
    """The type whose values are normalized and encoded as they are; None where each value has to be looked at.

    Args:
        field: Any field; one that converts in a way of its own has no such type.
    """
    while type(field).to_python is ForeignKey.to_python:
        field = cast("ForeignKey[Any, Any]", field).target_field
    return _UNCONVERTED.get(type(field).to_python)


def normalized(field: Field[Any, Any], value: object) -> object:
    """A value as the database will return it, so that it can be compared with one that was loaded.

    Args:
        field: The field that it stands in.
        value: What Python code has set.
    """
    if value is None or isinstance(field, JSONField):
        return value
    if isinstance(field, FileField):
        return value if isinstance(value, FieldFile) else str(value)
    if isinstance(field, DateTimeField) and isinstance(value, datetime):
        return _in_the_time_zone_of_django(value)
    return field.to_python(value)


def encode(field: Field[Any, Any], value: object) -> object:
    """The JSON form of a normalized value.

    Args:
        field: The field that it stands in.
        value: What ``normalized`` has returned.
    """
    if isinstance(field, JSONField):
        return json.loads(json.dumps(value, cls=field.encoder))
    if isinstance(field, DecimalField) and isinstance(value, Decimal):
        return _decimal(value, field.decimal_places)
    return jsonable(value)


def jsonable(value: object) -> object:  # noqa: PLR0911  # one line a type
    """The JSON form of a value by its type alone.

    Args:
        value: Any value; what is not known becomes its text.
    """
    if type(value) in _NATIVE:
        return value
    if type(value) in _ENCODED:
        return _ENCODER.default(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, FieldFile):
        return _file(value)
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [jsonable(item) for item in items]
    if isinstance(value, Enum):
        return jsonable(value.value)
    try:
        return _ENCODER.default(value)
    except TypeError:
        return str(value)


def _in_the_time_zone_of_django(value: datetime) -> datetime:
    if timezone.is_naive(value) and settings.USE_TZ:
        return timezone.make_aware(value, timezone.get_default_timezone())
    return value


def _decimal(value: Decimal, places: int | None) -> str:
    return str(value) if places is None else f"{value:.{places}f}"


def _file(value: FieldFile) -> object:
    """A file that lies in its storage is not fetched for the record; one that is on its way there is at hand."""
    content = vars(value).get("_file")
    if not value or content is None or content.closed:
        return value.name or ""
    position = content.tell()
    digest = sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    content.seek(position)
    return {"name": value.name, "size": content.size, "sha256": digest.hexdigest()}
