"""Finds writes to recorded tables that nothing recorded, such as SQL by hand."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from django.apps import apps

from dj_core_utils.audit.buffer import buffer_on
from dj_core_utils.audit.errors import UnannouncedWriteError
from dj_core_utils.audit.gap import Skipped, gap_around, gaps
from dj_core_utils.audit.losses import losses
from dj_core_utils.audit.policy import audit_settings, policy_of
from dj_core_utils.audit.recorder import buffer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger("dj_core_utils.audit")

_WRITE = re.compile(
    r"\s*(?:INSERT\s+(?:OR\s+\w+\s+|IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+"
    r"(?:ONLY\s+)?(?:[\w\"`]+\.)?[\"`]?(?P<table>\w+)",
    re.IGNORECASE,
)


def watch(
    execute: Callable[..., Any],
    sql: str,
    params: object,
    many: bool,  # noqa: FBT001  # Django's signature
    context: dict[str, Any],
) -> object:
    """Stand around every statement of a connection.

    Args:
        execute: Runs it.
        sql: The statement.
        params: Its parameters.
        many: Whether it runs once for each of several sets of them.
        context: Holds the connection.

    Raises:
        UnannouncedWriteError: It writes a recorded table past the record, and ``AUDIT["unannounced"]`` is ``raise``.
    """
    connection: BaseDatabaseWrapper = context["connection"]
    if audit_settings().capture == "trigger":
        from dj_core_utils.audit.triggers.telling import telling  # noqa: PLC0415  # who has no triggers needs no more

        return telling(connection, sql, lambda: _watched(connection, execute, sql, params, many, context))
    return _watched(connection, execute, sql, params, many, context)


def _watched(  # noqa: PLR0917  # Django's, and the connection
    connection: BaseDatabaseWrapper,
    execute: Callable[..., Any],
    sql: str,
    params: object,
    many: bool,  # noqa: FBT001  # as above
    context: dict[str, Any],
) -> object:
    buffer = buffer_on(connection)
    if buffer is not None:
        if buffer.depth:
            return execute(sql, params, many, context)
        buffer.before(sql)
    if (written := _WRITE.match(sql)) is None:
        return execute(sql, params, many, context)
    if (skipped := _skipped(written["table"])) is None:
        _judge(written["table"], connection)
        return execute(sql, params, many, context)
    done = execute(sql, params, many, context)
    buffer_of(connection.alias).skip(skipped)
    return done


def _skipped(table: str) -> Skipped | None:
    """The statement as one that a block around it leaves out of the record."""
    if not gaps.get() or (label := _recorded_as(table)) is None or (gap := gap_around(label)) is None:
        return None
    return Skipped(gap, label, "statements")


def _judge(table: str, connection: BaseDatabaseWrapper) -> None:
    reaction = audit_settings().unannounced
    if reaction == "ignore" or (label := _recorded_as(table)) is None or _is_served(table, connection):
        return
    message = f"{label} is written past the record: by SQL that Django did not make"
    if reaction == "raise":
        raise UnannouncedWriteError(message)
    losses.unannounced += 1
    logger.warning(message, stacklevel=6)


def _is_served(table: str, connection: BaseDatabaseWrapper) -> bool:
    if audit_settings().capture != "trigger":
        return False
    from dj_core_utils.audit.triggers.serving import served_tables  # noqa: PLC0415  # as above

    return table in served_tables(connection)


def _recorded_as(table: str) -> str | None:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == table:
            policy = policy_of(model)
            return policy.label if policy else None
    return None
