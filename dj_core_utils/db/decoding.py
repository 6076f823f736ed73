"""Reading of ``changes``: the JSON of the operation log as values of fields, and what cannot be had from it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from django.core.exceptions import ValidationError
from django.db.models import FileField, JSONField

from dj_core_utils.db.errors import UnknownValueError
from dj_core_utils.redaction import MASK, is_sensitive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Field, ForeignKey, Model


class Relation(NamedTuple):
    """A many-to-many field.

    Attributes:
        through: The hidden model behind it.
        source: Attribute of a row that holds the key of the declaring side.
        target: Field of a row that refers to the other side.
        is_symmetrical: Whether each link is two rows.
    """

    through: type[Model]
    source: str
    target: ForeignKey[Any, Any]
    is_symmetrical: bool


def decode(field: Field[Any, Any], encoded: object) -> object:
    """The value that was encoded for the log.

    Args:
        field: The field that it stood in.
        encoded: Its JSON form.

    Raises:
        ValueError: Only a digest of the value was kept.
        ValidationError: The field has another type by now, which has no such value.
    """
    if encoded is None:
        return None
    kind = field.get_internal_type()
    if isinstance(field, FileField):
        return encoded["name"] if isinstance(encoded, dict) else encoded
    if isinstance(field, JSONField):
        return encoded if field.decoder is None else json.loads(json.dumps(encoded), cls=field.decoder)
    if kind == "DurationField" and isinstance(encoded, int):
        return timedelta(microseconds=encoded)
    if kind == "BinaryField":
        if not isinstance(encoded, str):
            raise ValueError(f"{field.name}: the value was too large to be kept, only its digest was")
        return bytes.fromhex(encoded)
    return field.to_python(encoded)


def column_fields(model: type[Model]) -> dict[str, Field[Any, Any]]:
    """The fields of a model that the log can tell of, by attribute name: all columns but the primary key.

    Args:
        model: Any model.
    """
    return {
        field.attname: field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.generated)  # Django documents _meta
    }


def relations(model: type[Model]) -> dict[str, Relation]:
    """The many-to-many fields that the log can tell of, by name: those without a model of the project between.

    Args:
        model: Any model.
    """
    found: dict[str, Relation] = {}
    for field in model._meta.many_to_many:
        through = field.remote_field.through
        if through is not None and through._meta.auto_created:
            source, target = (
                cast("ForeignKey[Any, Any]", through._meta.get_field(name))
                for name in (field.m2m_field_name(), field.m2m_reverse_field_name())
            )
            found[field.name] = Relation(through, source.attname, target, field.remote_field.symmetrical)
    return found


def side_of(model: type[Model], name: str, change: Mapping[str, Any], side: Literal["before", "after"]) -> object:
    """One side of the change of a field.

    Args:
        model: The model.
        name: Attribute name of the field.
        change: What an entry has for it.
        side: Which of the two.

    Raises:
        UnknownValueError: The entry does not tell it.
    """
    if change.get("hidden"):
        raise UnknownValueError(name, "its values are hidden")
    if side not in change:
        raise UnknownValueError(name, f"its value {side} the change was not known")
    field = column_fields(model).get(name)
    if field is None:
        raise UnknownValueError(name, "the model has no such field any more")
    if isinstance(field, JSONField) and _is_masked(change[side]):
        raise UnknownValueError(name, "a part of the document is hidden")
    try:
        return decode(field, change[side])
    except ValidationError:
        raise UnknownValueError(name, f"it is no {type(field).__name__} as the field is one now") from None
    except ValueError:
        raise UnknownValueError(name, "it was too large to be kept, only its digest was") from None


def linked_keys(model: type[Model], name: str, keys: list[Any]) -> list[Any]:
    """The keys that came to a many-to-many field, or went.

    Args:
        model: The model with the field.
        name: The field's name.
        keys: What an entry has for it.

    Raises:
        UnknownValueError: The model has no such field any more.
    """
    relation = relations(model).get(name)
    if relation is None:
        raise UnknownValueError(name, "the model has no such many-to-many field any more")
    return [relation.target.to_python(key) for key in keys]


def _is_masked(value: object) -> bool:
    if isinstance(value, dict):
        return any((item == MASK and is_sensitive(key)) or _is_masked(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_is_masked, value))
