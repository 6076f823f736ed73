"""Writes entries into the table: one INSERT for all that one transaction has changed."""

from __future__ import annotations

import logging
from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError

from dj_core_utils.audit.entry import Context, Entry
from dj_core_utils.audit.errors import AuditNotWrittenError
from dj_core_utils.audit.losses import losses
from dj_core_utils.audit.policy import audit_settings
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Field

logger = logging.getLogger("dj_core_utils.audit")

# What a query calls the columns that ``write_selected`` takes from it.
KEY, CHANGES = "dj_core_utils_key", "dj_core_utils_changes"
# Databases bound the number of parameters of a statement; of those that Django knows, none below this many rows.
_MOST_ROWS = 500


def write(connection: BaseDatabaseWrapper, entries: Sequence[Entry]) -> None:
    """Write entries inside the transaction that they tell of.

    Args:
        connection: The connection of the changes.
        entries: What waited.

    Raises:
        AuditNotWrittenError: They could not be written, and ``AUDIT["on_failure"]`` is ``refuse``. The transaction can
            only be rolled back.
    """
    if audit_settings().on_failure == "log":
        _write_or_log(connection, entries)
        return
    try:
        _insert(connection, entries)
    except Exception as error:
        raise _refused(connection, f"{len(entries)} entries") from error


def write_selected(connection: BaseDatabaseWrapper, entry: Entry, sql: str, parameters: Sequence[Any]) -> int | None:
    """Let the database write entries of the rows that it is about to change.

    Args:
        connection: The connection of the changes.
        entry: What all of them have in common.
        sql: A query of ``KEY`` and ``CHANGES``. On PostgreSQL rows whose changes are NULL are counted, and no more.
        parameters: Those of the query.

    Returns:
        How many rows were found; None if it has failed and ``AUDIT["on_failure"]`` is ``log``.

    Raises:
        AuditNotWrittenError: They could not be written, and ``AUDIT["on_failure"]`` is ``refuse``.
    """
    if audit_settings().on_failure != "log":
        try:
            return _insert_selected(connection, entry, sql, parameters)
        except Exception as error:
            raise _refused(connection, "Entries") from error
    savepoint = connection.savepoint() or ""
    try:
        found = _insert_selected(connection, entry, sql, parameters)
    except DatabaseError:
        connection.savepoint_rollback(savepoint)
        return None
    connection.savepoint_commit(savepoint)
    return found


def _refused(connection: BaseDatabaseWrapper, what: str) -> AuditNotWrittenError:
    if connection.in_atomic_block:
        connection.needs_rollback = True
    return AuditNotWrittenError(
        f"{what} of the operation log could not be written to database {connection.alias!r}, "
        "so their changes were not committed, either. Is dj_core_utils.db migrated there?"
    )


def _write_or_log(connection: BaseDatabaseWrapper, entries: Sequence[Entry]) -> None:
    savepoint = connection.savepoint() or ""
    try:
        _insert(connection, entries)
    except Exception:
        connection.savepoint_rollback(savepoint)
        losses.entries += len(entries)
        logger.exception("%d entries of the operation log are lost", len(entries))
    else:
        connection.savepoint_commit(savepoint)


def _insert(connection: BaseDatabaseWrapper, entries: Sequence[Entry]) -> None:
    statement, placeholders = _statement(connection)
    rows = list(_rows(connection, entries))
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(statement + placeholders, rows[0])
            return
        step = min(_MOST_ROWS, connection.ops.bulk_batch_size(_FIELDS, entries))
        for start in range(0, len(entries), step):
            batch = rows[start : start + step]
            cursor.execute(statement + ", ".join([placeholders] * len(batch)), list(chain.from_iterable(batch)))


def _insert_selected(connection: BaseDatabaseWrapper, entry: Entry, sql: str, parameters: Sequence[Any]) -> int:
    names, selected = _shared_columns(connection)
    [(*shared, _, _)] = _rows(connection, [entry])
    insert = f"INSERT INTO {names} SELECT {selected}, found.{KEY}, found.{CHANGES} FROM"
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute(f"{insert} ({sql}) AS found", [*shared, *parameters])
            return int(cursor.rowcount)
        insert = f"{insert} found WHERE found.{CHANGES} IS NOT NULL"
        written = f"WITH found AS MATERIALIZED ({sql}), written AS ({insert}) SELECT COUNT(*) FROM found"  # noqa: S608  # our names, and SQL of Django
        cursor.execute(written, [*parameters, *shared])
        return int(cursor.fetchone()[0])


def _shared_columns(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """The columns of an INSERT that takes the last two from a query, and the parameters for the others."""
    if connection.vendor not in _shared:
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in (*_SHARED, *_OWN))
        parameters = ["%s"] * len(_SHARED)
        if connection.vendor == "postgresql":  # it would take what it cannot tell for text
            parameters = [f"CAST(%s AS {field.cast_db_type(connection)})" for field in _SHARED]
        table = quote(OperationLog._meta.db_table)
        _shared[connection.vendor] = f"{table} ({columns})", ", ".join(parameters)
    return _shared[connection.vendor]


def _rows(connection: BaseDatabaseWrapper, entries: Iterable[Entry]) -> Iterator[tuple[Any, ...]]:
    """Values as the driver takes them: text is text, and most others are those of the entry before."""
    last: tuple[object, object] = None, None
    shared: tuple[Any, ...] = ()
    transaction_id: object = None
    for context, transaction, *own in entries:
        if context is not last[0]:
            date, user_id, *texts = context
            shared = (_moment(date, connection), _user_key(user_id, connection), *texts)
        if transaction is not last[1]:
            transaction_id = transaction if connection.features.has_native_uuid_field else transaction.hex
        last = context, transaction
        yield *shared, transaction_id, *own


def _moment(value: datetime, connection: BaseDatabaseWrapper) -> object:
    """What the field ends in, which would look at the time zone again."""
    if value.tzinfo is UTC and connection.vendor == "sqlite" and connection.timezone is UTC:
        return value.isoformat(" ")[:-_OFFSET]  # the same text, in a third of the time
    moment: object = connection.ops.adapt_datetimefield_value(value)
    return moment


def _user_key(value: object, connection: BaseDatabaseWrapper) -> object:
    return None if value is None else _by_name["user_id"].get_db_prep_save(value, connection)


def _statement(connection: BaseDatabaseWrapper) -> tuple[str, str]:
    """The beginning of the INSERT and the placeholders of one row, which are the same for all databases of a kind."""
    if connection.vendor not in _statements:
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in _FIELDS)
        table = quote(OperationLog._meta.db_table)
        row = ", ".join(["%s"] * len(_FIELDS))
        _statements[connection.vendor] = f"INSERT INTO {table} ({columns}) VALUES ", f"({row})"  # noqa: S608  # our names
    return _statements[connection.vendor]


_by_name = {field.attname: field for field in OperationLog._meta.concrete_fields}
_FIELDS: tuple[Field[Any, Any], ...] = tuple(_by_name[name] for name in (*Context._fields, *Entry._fields[1:]))
_OFFSET = len("+00:00")
_SHARED, _OWN = _FIELDS[:-2], _FIELDS[-2:]
_statements: dict[str, tuple[str, str]] = {}
_shared: dict[str, tuple[str, str]] = {}
