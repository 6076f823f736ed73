"""Tells the triggers of a database who acts, before a statement that may write."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.signals import setting_changed
from django.db import transaction
from django.utils import timezone

from dj_core_utils.audit.buffer import is_hooked
from dj_core_utils.audit.gap import gaps
from dj_core_utils.audit.policy import policy_of
from dj_core_utils.audit.recorder import buffer_of
from dj_core_utils.audit.triggers.postgresql_functions import SETTING
from dj_core_utils.audit.triggers.serving import served_tables
from dj_core_utils.audit.triggers.sqlite_session import session_of
from dj_core_utils.db.entries import context_values
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

    from dj_core_utils.audit.buffer import Buffer

_COMMENT = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
_WRITE = re.compile(
    rf"{_COMMENT}(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|WITH\b.*?\b(?:INSERT|UPDATE|DELETE|MERGE))\b",
    re.IGNORECASE | re.DOTALL,
)
_TABLE = re.compile(
    r"(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+[\"]?(?P<table>\w+)", re.IGNORECASE
)


def telling(connection: BaseDatabaseWrapper, sql: str, run: Callable[[], object]) -> object:
    """Run a statement; triggers that it sets off know who acts.

    Args:
        connection: What it runs on.
        sql: The statement.
        run: Runs it.
    """
    if not _WRITE.match(sql) or _is_out_of_reach(sql) or not served_tables(connection):
        return run()
    buffer = buffer_of(connection.alias)
    tell = _tell_sqlite if connection.vendor == "sqlite" else _tell_postgresql
    result = tell(connection, buffer, run)
    if not buffer.depth:
        buffer.settle(now=False)
    return result


def _tell_postgresql(connection: BaseDatabaseWrapper, buffer: Buffer, run: Callable[[], object]) -> object:
    if connection.in_atomic_block or not connection.get_autocommit():
        _set(connection, buffer)
        return run()
    if not gaps.get() and not any(context_values().values()):
        return run()
    with transaction.Atomic(connection.alias, savepoint=False, durable=False):
        _set(connection, buffer)
        return run()


def _set(connection: BaseDatabaseWrapper, buffer: Buffer) -> None:
    """Once in a transaction, and again when something of it has changed."""
    known: dict[str, Any] = {name: value for name, value in context_values().items() if value not in {None, ""}}
    if "user_id" in known:
        known["user_id"] = str(known["user_id"])
    if unaudited := _unaudited():
        known["unaudited"] = unaudited
    if buffer.clearing is not None:
        known["clearing"] = _label_of_field(buffer.clearing)
    text = json.dumps({**known, "transaction_id": str(buffer.transaction_id)})
    if text != buffer.told or not is_hooked(type(connection)):  # type: ignore[arg-type]  # a class is hashable
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, text])
        buffer.told = text


def _tell_sqlite(connection: BaseDatabaseWrapper, buffer: Buffer, run: Callable[[], object]) -> object:
    values = {"date": timezone.now(), **context_values(), "transaction_id": buffer.transaction_id}
    prepared = {
        field.attname: field.get_db_prep_save(values[field.attname], connection)
        for field in OperationLog._meta.concrete_fields
        if field.attname in values
    }
    session = session_of(connection)
    before = session.values, session.unaudited, session.clearing
    session.values, session.unaudited = prepared, _unaudited()
    session.clearing = None if buffer.clearing is None else _label_of_field(buffer.clearing)
    try:
        return run()
    finally:
        session.values, session.unaudited, session.clearing = before
        if connection.get_autocommit():  # the statement was a transaction, of which no hook tells
            buffer.end()


def _unaudited() -> list[str]:
    return sorted({label for gap in gaps.get() if gap.is_open for label in gap.labels})


def _label_of_field(hidden: type[Model]) -> str:
    """The model that declares a many-to-many field, by the hidden model behind it."""
    policy = policy_of(hidden)
    return policy.through.model._meta.label if policy and policy.through else hidden._meta.label


def _is_out_of_reach(sql: str) -> bool:
    """Whether the statement writes a table from which no recorded one is reached, such as that of the sessions."""
    found = _TABLE.match(sql)
    return found is not None and found["table"] in _out_of_reach()


@cache
def _out_of_reach() -> frozenset[str]:
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    reached = {model for model in models if policy_of(model) is not None}
    waiting = list(reached)
    while waiting:  # a database may delete by foreign keys, so what a recorded row refers to is within reach
        for field in waiting.pop()._meta.concrete_fields:
            target = field.related_model if field.is_relation else None
            if isinstance(target, type) and target not in reached:
                reached.add(target)
                waiting.append(target)
    return frozenset(model._meta.db_table for model in models if model not in reached)


def forget_reach(*, setting: str, **_: object) -> None:
    """Look anew after ``override_settings(AUDIT=...)``.

    Args:
        setting: The setting that has changed.
    """
    if setting == "AUDIT":
        _out_of_reach.cache_clear()


setting_changed.connect(forget_reach, dispatch_uid="dj_core_utils.audit.reach")
