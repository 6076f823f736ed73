"""Records what was changed: entries into the buffer of the connection, and from there into the table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.db import connections, transaction
from django.utils import timezone

from dj_core_utils.actor import current_actor
from dj_core_utils.audit.buffer import attach, is_hooked
from dj_core_utils.audit.encoding import jsonable
from dj_core_utils.audit.entry import Context, Entry
from dj_core_utils.audit.gap import Skipped, gap_around, gaps
from dj_core_utils.audit.policy import audit_settings
from dj_core_utils.audit.writer import write
from dj_core_utils.db.entries import actor_values, place_values
from dj_core_utils.db.keys import key_text
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from django.db.backends.base.base import BaseDatabaseWrapper

    from dj_core_utils.audit.buffer import Buffer
    from dj_core_utils.audit.entry import Operation
    from dj_core_utils.audit.policy import ModelPolicy, Through


def buffer_of(using: str) -> Buffer:
    """The buffer of a database in this thread.

    Args:
        using: Alias of the database.
    """
    return attach(connections[using], write)


# The two blocks are classes: around each save, generators would cost more than what is done inside of them.
class announced:  # noqa: N801  # used as a function is
    """A block whose writes are recorded by whoever announces them.

    Args:
        using: Alias of the database.
    """

    __slots__ = ("_buffer",)

    def __init__(self, using: str) -> None:
        """Nothing happens before the block begins."""
        self._buffer = buffer_of(using)

    def __enter__(self) -> None:
        """Statements are expected from now on."""
        self._buffer.depth += 1

    def __exit__(self, *_: object) -> None:
        """No longer."""
        self._buffer.depth -= 1


class recording:  # noqa: N801  # used as a function is
    """A block whose changes and entries are committed together.

    A transaction is begun where none is open. Where one is, an error marks it for rollback, because a change whose
    entry is missing must not be committed.

    Args:
        using: Alias of the database.
    """

    __slots__ = ("_block", "_buffer", "_connection", "_outer")

    def __init__(self, using: str) -> None:
        """Nothing happens before the block begins."""
        self._connection: BaseDatabaseWrapper = connections[using]
        self._buffer = attach(self._connection, write)
        self._block: transaction.Atomic | None = None
        if not self._connection.in_atomic_block:
            self._block = transaction.Atomic(using, savepoint=False, durable=False)

    def __enter__(self) -> Buffer:
        """Begin a transaction if need be."""
        if self._block is not None:
            self._block.__enter__()
        self._buffer.depth += 1
        # When it is and who acts is asked once in a block, and anew in one that a signal handler opens inside of it.
        self._outer, self._buffer.context = self._buffer.context, None
        return self._buffer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit or roll back what was begun here."""
        connection, buffer = self._connection, self._buffer
        buffer.depth -= 1
        buffer.context = self._outer
        now = error is None and (audit_settings().write == "immediate" or not is_hooked(type(connection)))  # type: ignore[arg-type]  # a class is hashable
        if self._block is not None:
            if now:  # a backend that does not tell of its commit has to find the entries written by then
                try:
                    buffer.flush()
                except BaseException as failure:
                    self._block.__exit__(type(failure), failure, failure.__traceback__)
                    raise
            self._block.__exit__(kind, error, trace)
        elif isinstance(error, Exception):  # as transaction.mark_for_rollback_on_error() does
            connection.needs_rollback = True
            connection.rollback_exc = error  # type: ignore[attr-defined]  # of Django, unknown to its types
        if error is None:
            buffer.settle(now=now)


def record(buffer: Buffer, policy: ModelPolicy, operation: Operation, key: object, changes: str) -> None:
    """Let the change of one object wait for the commit; nothing is recorded of a change without changes.

    Args:
        buffer: Where it waits.
        policy: What is recorded of the model.
        operation: What was done.
        key: The primary key of the object.
        changes: What it did, as JSON text; empty for nothing.
    """
    if changes or operation != "update":
        _add(buffer, policy.label, operation, key, changes)


def record_links(buffer: Buffer, through: Through, operation: Operation, rows: Iterable[Mapping[str, object]]) -> None:
    """Let changes of a many-to-many field wait, one entry for each object that declares the field.

    Args:
        buffer: Where they wait.
        through: The field.
        operation: ``m2m_post_add``, ``m2m_post_remove`` or ``m2m_post_clear``.
        rows: The rows of the hidden table that came or went, by attribute name.
    """
    targets: dict[object, list[object]] = {}
    for row in rows:
        targets.setdefault(row[through.source], []).append(row[through.target])
    side = "added" if operation == "m2m_post_add" else "removed"
    for source, found in targets.items():
        changes = {through.name: {side: _sorted(found)}}
        _add(buffer, through.model._meta.label, operation, source, json.dumps(changes))


def record_about_log(buffer: Buffer, operation: Operation, changes: Mapping[str, object], reason: str) -> None:
    """Record what was done to the log itself.

    Args:
        buffer: Where the entry waits.
        operation: What was done.
        changes: By model, what it did.
        reason: Why.
    """
    entry = entry_of(buffer, OperationLog._meta.label, operation, "", json.dumps(changes))
    buffer.add(entry._replace(context=entry.context._replace(reason=reason or entry.context.reason)))


def _add(buffer: Buffer, label: str, operation: Operation, key: object, changes: str) -> None:
    if gaps.get() and (gap := gap_around(label)) is not None:
        buffer.skip(Skipped(gap, label, "unrecorded"))
        return
    buffer.add(entry_of(buffer, label, operation, key, changes))


def entry_of(buffer: Buffer, label: str, operation: Operation, key: object, changes: str) -> Entry:
    """An entry of the running operation.

    Args:
        buffer: That of the database, with the time and the actor of the operation.
        label: The model, as ``app_label.Model``.
        operation: What was done.
        key: The primary key of the object.
        changes: What it did, as JSON text.
    """
    context = buffer.context
    if context is None:
        actor = current_actor()
        if actor is not buffer.who[0]:
            buffer.who = actor, actor_values(actor)
        context = buffer.context = Context(timezone.now(), *buffer.who[1], *place_values())
    return Entry(context, buffer.transaction_id, label, operation, key_text(key), changes)


def _sorted(keys: list[object]) -> list[object]:
    return sorted(map(jsonable, keys), key=lambda key: (isinstance(key, str), key))
