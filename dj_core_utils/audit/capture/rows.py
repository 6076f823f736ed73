"""Reading of rows for the record: what is about to change, and what a database expression has made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from django.db import connections
from django.db.models import Model

from dj_core_utils.audit.encoding import normalized

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from django.db.models import Field, ForeignKey, QuerySet

    from dj_core_utils.audit.policy import ModelPolicy

# Databases bound the number of parameters of a statement.
BATCH = 500

Rows = dict[object, "Mapping[str, object]"]


def held_values(policy: ModelPolicy, held: Mapping[str, Any], names: Collection[str]) -> dict[str, object]:
    """What Python knows of a row that was written; an expression is known to the database alone.

    Args:
        policy: What is recorded of the model.
        held: Attributes of the instance.
        names: Attribute names of the columns.
    """
    normal, fields = policy.normal, policy.fields
    known: dict[str, object] = {}
    for name in names:
        if name in held:
            value = held[name]
            kind: Any = normal.get(name)
            if value is None or (type(value) is kind and (kind is not datetime or value.tzinfo is UTC)):
                known[name] = value
            elif not hasattr(value, "resolve_expression"):
                known[name] = normalized(fields[name], value)
    return known


def stored_values(policy: ModelPolicy, using: str, key: object, names: Collection[str]) -> Mapping[str, object]:
    """Some columns of one row as they stand in the database.

    Args:
        policy: What is recorded of the model.
        using: Alias of the database.
        key: The primary key.
        names: Attribute names of the columns.
    """
    return rows_by_key(policy, using, [key], names).get(key, {})


def rows_by_key(policy: ModelPolicy, using: str, keys: Collection[object], names: Collection[str]) -> Rows:
    """Some columns of rows whose keys are known.

    Args:
        policy: What is recorded of the model.
        using: Alias of the database.
        keys: Primary keys.
        names: Attribute names of the columns.
    """
    manager = policy.model._base_manager.using(using)
    found: Rows = {}
    for batch in _batches(list(keys)):
        found.update(_read(manager.filter(pk__in=batch), names))
    return found


def rows_to_change(policy: ModelPolicy, using: str, queryset: QuerySet[Model], names: Collection[str]) -> Rows:
    """The rows that a queryset is about to change, locked until the transaction ends where the database can.

    Args:
        policy: What is recorded of the model.
        using: Alias of the database.
        queryset: The rows; it is not evaluated itself.
        names: Attribute names of the columns.
    """
    return _read(locked(policy, using, queryset), names)


def locked(policy: ModelPolicy, using: str, queryset: QuerySet[Model]) -> QuerySet[Any]:
    """A query of the rows that another one is about to change, that locks them where the database can.

    Args:
        policy: What is recorded of the model.
        using: Alias of the database.
        queryset: The rows; it is not evaluated itself.
    """
    rows: QuerySet[Any] = queryset.using(using)
    query = rows.query
    if len(query.alias_map) > 1 or query.distinct or query.group_by is not None or query.combinator:
        # Only rows of the table itself can be locked, so what the filter joins moves into a subquery.
        keys = rows.order_by().values("pk")
        rows = policy.model._base_manager.using(using).filter(pk__in=keys)
    if connections[using].features.has_select_for_update:
        rows = rows.select_for_update()
    return rows.order_by()


def plain_value(field: Field[Any, Any], value: object) -> object:
    """The value of an update as the database will hold it.

    Args:
        field: The field.
        value: What was given for it; for a relation it may be an instance.
    """
    if isinstance(value, Model) and field.is_relation:
        value = getattr(value, cast("ForeignKey[Any, Any]", field).target_field.attname)
    return normalized(field, value)


def _read(rows: QuerySet[Any], names: Collection[str]) -> Rows:
    columns = list(names)
    return {key: dict(zip(columns, values, strict=True)) for key, *values in rows.values_list("pk", *columns)}


def _batches(keys: list[object]) -> Iterator[Iterable[object]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
