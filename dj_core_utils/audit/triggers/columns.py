"""What triggers have to know of a table: its recorded columns, its key, and whether they can record it at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey

from dj_core_utils.db.keys import LONGEST_KEY
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Field, Model
    from django.db.models.options import Options

    from dj_core_utils.audit.policy import ModelPolicy

# Databases whose triggers can write the log.
VENDORS = ("postgresql", "sqlite")

TEXTS = frozenset(
    {"CharField", "FileField", "FilePathField", "GenericIPAddressField", "IPAddressField", "SlugField", "TextField"}
)
INTEGERS = frozenset(
    {
        "AutoField",
        "BigAutoField",
        "BigIntegerField",
        "IntegerField",
        "PositiveBigIntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
        "SmallAutoField",
        "SmallIntegerField",
    }
)


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: What the log calls it: the attribute name of the field.
        column: What the database calls it.
        kind: Django's name for the type, ``CharField``; of a relation, that of the key that it holds.
        places: Decimal places, where the field has a number of them.
        is_hidden: Whether its values are left out.
    """

    name: str
    column: str
    kind: str
    places: int | None = None
    is_hidden: bool = False


def column_of(field: Field[Any, Any], *, is_hidden: bool = False) -> Column:
    """A column, by its field.

    Args:
        field: Any field with a column.
        is_hidden: Whether its values are left out.
    """
    holder = _holder(field)
    places: int | None = getattr(holder, "decimal_places", None)
    return Column(field.attname, str(field.column), holder.get_internal_type(), places, is_hidden)


def recorded_columns(policy: ModelPolicy) -> list[Column]:
    """The recorded columns of the table of a model; those of parents are in the tables of the parents.

    Args:
        policy: What is recorded of the model.
    """
    own = {field.attname for field in policy.model._meta.local_concrete_fields}
    return [column_of(field, is_hidden=name in policy.hidden) for name, field in policy.fields.items() if name in own]


def key_columns(model: type[Model]) -> list[Column]:
    """The columns of the primary key, which may be several.

    Args:
        model: Any model.
    """
    return [column_of(field) for field in model._meta.pk_fields]  # Django documents _meta


def log_columns() -> Mapping[str, str]:
    """The columns of the operation log, by attribute name."""
    return {field.attname: str(field.column) for field in OperationLog._meta.concrete_fields}


def objection(policy: ModelPolicy, connection: BaseDatabaseWrapper) -> str | None:
    """Why the triggers of a database cannot record a model, so that Python has to; None if they can.

    Args:
        policy: What is recorded of the model.
        connection: The database.
    """
    meta = policy.model._meta
    if not meta.managed:
        return "Django does not manage its table"
    if '"' in meta.db_table:
        return "its table is named with a schema"
    # An object in several tables is recorded by one and the same.
    children = [model for model in apps.get_models() if policy.model in model._meta.all_parents]
    found = (_objection_to_fields(model._meta, connection) for model in (policy.model, *meta.all_parents, *children))
    return next(filter(None, found), None)


def _objection_to_fields(meta: Options[Any], connection: BaseDatabaseWrapper) -> str | None:
    for field in meta.local_concrete_fields:
        holder = _holder(field)
        convert = getattr(type(holder), "from_db_value", None)
        if convert is not None and not convert.__module__.startswith("django."):
            return f"{field.name} is stored in a form of its own"
        if connection.vendor != "sqlite":
            continue
        if holder.get_internal_type() == "DateTimeField" and settings.USE_TZ and connection.timezone_name != "UTC":
            return f"{field.name} is not stored in UTC"
        if field.primary_key and holder.get_internal_type() in TEXTS and _longest(holder) > LONGEST_KEY:
            return "its key may be longer than the log can hold"
    return None


def _longest(field: Field[Any, Any]) -> float:
    return float("inf") if field.max_length is None else field.max_length


def _holder(field: Field[Any, Any]) -> Field[Any, Any]:
    """The field whose type the column has: of a relation, the key that it refers to."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field
