"""What a database has to know of a field to write its values as JSON by itself; of many fields it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from django.db.models import ForeignKey

if TYPE_CHECKING:
    from django.db.models import Field

Kind = Literal[
    "text",
    "file",
    "integer",
    "boolean",
    "decimal",
    "float",
    "datetime",
    "date",
    "time",
    "duration",
    "uuid",
    "other",
]

_KINDS: dict[str, Kind] = {
    "AutoField": "integer",
    "BigAutoField": "integer",
    "SmallAutoField": "integer",
    "IntegerField": "integer",
    "BigIntegerField": "integer",
    "SmallIntegerField": "integer",
    "PositiveIntegerField": "integer",
    "PositiveBigIntegerField": "integer",
    "PositiveSmallIntegerField": "integer",
    "CharField": "text",
    "SlugField": "text",
    "TextField": "text",
    "FilePathField": "text",
    "FileField": "file",
    "BooleanField": "boolean",
    "DecimalField": "decimal",
    "FloatField": "float",
    "DateTimeField": "datetime",
    "DateField": "date",
    "TimeField": "time",
    "DurationField": "duration",
    "UUIDField": "uuid",
    "BinaryField": "other",
    "GenericIPAddressField": "other",
    "JSONField": "other",
}
# A field that has one of these from somebody else converts in a way that only Python knows.
_CONVERSIONS = (
    "cast_db_type",
    "db_parameters",
    "db_type",
    "from_db_value",
    "get_db_converters",
    "get_db_prep_save",
    "get_db_prep_value",
    "get_internal_type",
    "get_prep_value",
    "select_format",
    "to_python",
)
_DJANGO = "django.db.models."


def kind_of(field: Field[Any, Any]) -> Kind | None:
    """What Django keeps in the column of a field; None if that is not Django's alone to say.

    Args:
        field: Any field; a relation is what it refers to.
    """
    target = target_of(field)
    if not (_is_djangos(type(field)) and _is_djangos(type(target))):
        return None
    return _KINDS.get(target.get_internal_type())


def target_of(field: Field[Any, Any]) -> Field[Any, Any]:
    """The field whose values stand in the column: for a relation, the one at its end.

    Args:
        field: Any field.
    """
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


def _is_djangos(kind: type) -> bool:
    owners = (next((base for base in kind.__mro__ if name in vars(base)), None) for name in _CONVERSIONS)
    return all(owner is None or owner.__module__.startswith(_DJANGO) for owner in owners)
