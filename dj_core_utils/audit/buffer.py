"""Entries that wait on their database connection until its transaction ends, and go with it if it is rolled back.

Django has no hook before a commit, and callables of ``transaction.on_commit`` outlive a savepoint that is rolled back
by hand. So the buffer marks its length at each savepoint, cuts itself back when that is rolled back, and is written
just before the commit, inside the transaction: an entry exists exactly if its change does.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from functools import cache, wraps
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import ref

from django.db.backends.base.base import BaseDatabaseWrapper

from dj_core_utils.audit import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import Model
    from django.db.models.base import ModelState
    from django.db.transaction import Atomic

    from dj_core_utils.actor import Actor
    from dj_core_utils.audit.entry import Context, Entry
    from dj_core_utils.audit.gap import Gap, Kind, Skipped

    Write = Callable[[BaseDatabaseWrapper, list[Entry]], None]

# So many wait at most, where no savepoint could still take some of them back.
MOST_WAITING = 1000

_ATTRIBUTE = "dj_core_utils_audit"
_INSTALLED = "dj_core_utils_hook"
# These end a transaction on MySQL and MariaDB without being asked to.
_IMPLICIT_COMMIT = re.compile(
    r"\s*(?:ALTER|ANALYZE|CACHE|CREATE|DROP|FLUSH|GRANT|INSTALL|LOCK|OPTIMIZE|RENAME|REPAIR|REVOKE|TRUNCATE|UNLOCK)\b",
    re.IGNORECASE,
)


# The buffers, by identity, whose transactions have changes: asked for each instance that is loaded.
_changing: set[int] = set()


class Buffer:
    """What waits on one connection.

    Attributes:
        entries: What is not written yet.
        depth: How many recording operations are running; a write at depth 0 was announced by nobody.
        is_updating: Whether ``bulk_update`` is running, whose inner ``update`` is not recorded by itself.
        clearing: The hidden model of the many-to-many field that is being cleared.
        context: When the running operation is and who acts, once that was asked.
        who: Who acted last, and the columns that say so: mostly the same one again.
        told: What the triggers of the database were told in the running transaction.
    """

    def __init__(self, connection: BaseDatabaseWrapper, write: Write) -> None:
        """Nothing waits.

        Args:
            connection: The real connection, not Django's proxy.
            write: Writes entries through a connection.
        """
        self.entries: list[Entry] = []
        self.depth = 0
        self.is_updating = False
        self.clearing: type[Model] | None = None
        self.context: Context | None = None
        self.who: tuple[Actor | None, tuple[object, str, str, str]] = None, (None, "", "", "")
        self.told: str | None = None
        self._connection = connection
        self._write = write
        self._marks: dict[str, tuple[int, int, int]] = {}
        self._skipped: list[Skipped] = []
        self._undo: list[tuple[ref[ModelState], snapshot.Snapshot | None]] = []
        self._transaction_id: UUID | None = None

    @property
    def transaction_id(self) -> UUID:
        """Groups what one transaction changed; ordered by time, so that an index on it stays compact."""
        if self._transaction_id is None:
            self._transaction_id = _uuid7()
            _changing.add(id(self))
        return self._transaction_id

    @property
    def may_flush(self) -> bool:
        """Whether all that waits would be taken back by the same rollback as what is written now."""
        return not any(entries for entries, _, _ in self._marks.values())

    def add(self, entry: Entry) -> None:
        """Let an entry wait.

        Args:
            entry: What has just been changed in the running transaction.
        """
        self.entries.append(entry)
        if len(self.entries) >= MOST_WAITING and not self._marks:
            self.flush()

    def skip(self, skipped: Skipped) -> None:
        """Count a change that is not recorded, once it is known to stay.

        Args:
            skipped: What has just been changed.
        """
        if self._connection.in_atomic_block or not self._connection.get_autocommit():
            self._skipped.append(skipped)
            _changing.add(id(self))
        else:
            skipped.gap.count(self._connection.alias, skipped)

    def skipped_in(self, gap: Gap) -> Counter[tuple[str, Kind]]:
        """What the running transaction has changed and not recorded.

        Args:
            gap: The block that it was not recorded in.
        """
        return Counter((skipped.label, skipped.kind) for skipped in self._skipped if skipped.gap is gap)

    def remember(self, state: ModelState) -> None:
        """Know what an instance was loaded with, should its change be rolled back.

        Args:
            state: The ``_state`` of the instance, before its snapshot is renewed.
        """
        self._undo.append((ref(state), snapshot.state_of(state)))

    def flush(self) -> None:
        """Write what waits."""
        if not self.entries:
            return
        waiting, self.entries = self.entries, []
        self._marks = {name: (0, undo, skipped) for name, (_, undo, skipped) in self._marks.items()}
        self.depth += 1
        try:
            self._write(self._connection, waiting)
        finally:
            self.depth -= 1

    def settle(self, *, now: bool) -> None:
        """After an operation: write where no commit of ours will come.

        Args:
            now: Whether each change is written at once.
        """
        blocks = self._connection.atomic_blocks
        # The only sign there is; outside of tests the first block has none.
        is_test = bool(blocks) and _is_of_a_test(blocks[0]) and all(map(_is_of_a_test, blocks))
        if now or is_test:
            self.flush()
        if is_test:
            self._transaction_id = None
            _changing.discard(id(self))

    def clear(self) -> None:
        """Forget everything, because the transaction was rolled back or the connection is gone."""
        self._cut(0, 0, 0)
        self.end()

    def end(self) -> None:
        """The transaction is over, and what was not taken back before stays."""
        if self._skipped:
            self._count_skipped()
        self.entries = []
        self.clearing = None
        self.told = None
        self._marks.clear()
        self._undo.clear()
        self._transaction_id = None
        _changing.discard(id(self))

    def mark(self, savepoint: str) -> None:
        """A savepoint begins here."""
        self._marks[savepoint] = (len(self.entries), len(self._undo), len(self._skipped))

    def cut(self, savepoint: str) -> None:
        """A savepoint was rolled back. One without a mark is older than all that waits."""
        self._cut(*self._marks.get(savepoint, (0, 0, 0)))
        self.told = None  # the database may have forgotten it, too

    def release(self, savepoint: str) -> None:
        """A savepoint was released; what was done in it belongs to what is around it."""
        self._marks.pop(savepoint, None)

    def before(self, sql: str) -> None:
        """A statement is about to run: on MySQL and MariaDB one that changes the schema commits what is open.

        Args:
            sql: The statement.
        """
        is_waiting = self.entries or self._skipped
        if is_waiting and self._connection.vendor == "mysql" and _IMPLICIT_COMMIT.match(sql):
            self.flush()
            self._count_skipped()
            self._undo.clear()

    def _count_skipped(self) -> None:
        skipped, self._skipped = self._skipped, []
        for each in skipped:
            each.gap.count(self._connection.alias, each)

    def _cut(self, entries: int, undo: int, skipped: int) -> None:
        del self.entries[entries:]
        del self._skipped[skipped:]
        while len(self._undo) > undo:
            reference, before = self._undo.pop()
            if (state := reference()) is not None:
                snapshot.restore(state, before)


def remember_uncommitted(connection: BaseDatabaseWrapper, state: ModelState) -> None:
    """What is loaded after a change, in the transaction of that change, never was if that is rolled back.

    Args:
        connection: What it is loaded through.
        state: The ``_state`` of the instance, before its snapshot is made or renewed.
    """
    buffer = buffer_on(connection)
    if buffer is not None and id(buffer) in _changing:
        buffer.remember(state)


def may_be_uncommitted() -> bool:
    """Whether any transaction of this process has changes, so that what is loaded has to be looked at."""
    return bool(_changing)


def buffer_on(connection: BaseDatabaseWrapper) -> Buffer | None:
    """The buffer of a connection that has recorded something."""
    found: Buffer | None = vars(connection).get(_ATTRIBUTE)
    return found


def attach(connection: BaseDatabaseWrapper, write: Write) -> Buffer:
    """The buffer of a connection, made if need be.

    Args:
        connection: The real connection: ``connections[alias]``.
        write: What writes entries.
    """
    found = buffer_on(connection)
    if found is None:
        found = vars(connection)[_ATTRIBUTE] = Buffer(connection, write)
    return found


def install_hooks() -> None:
    """Let every connection of every database tell its buffer what becomes of the transaction; once a process."""
    for name, hook in _HOOKS.items():
        original = getattr(BaseDatabaseWrapper, name)
        if not hasattr(original, _INSTALLED):
            setattr(BaseDatabaseWrapper, name, _hooked(original, hook))


@cache
def is_hooked(backend: type[BaseDatabaseWrapper]) -> bool:
    """Whether a backend lets the hooks work; one may override a method without calling ours.

    Args:
        backend: The class of its connections, once the hooks are installed.
    """
    # SQLite closes in its own way, which ends no transaction of a database in memory.
    return all(hasattr(getattr(backend, name), _INSTALLED) for name in _HOOKS if name != "close")


def _is_of_a_test(block: Atomic) -> bool:
    return bool(vars(block).get("_from_testcase"))


def _hooked(original: Callable[..., Any], hook: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def method(self: BaseDatabaseWrapper, *args: Any, **kwargs: Any) -> object:
        buffer = buffer_on(self)
        if buffer is None:
            return original(self, *args, **kwargs)
        return hook(buffer, original, self, *args, **kwargs)

    setattr(method, _INSTALLED, True)
    return method


def _commit(buffer: Buffer, original: Callable[..., Any], connection: BaseDatabaseWrapper) -> None:
    try:
        buffer.flush()
    except BaseException:
        connection.rollback()  # Django rolls back after a DatabaseError alone
        raise
    original(connection)
    buffer.end()


def _rollback(buffer: Buffer, original: Callable[..., Any], connection: BaseDatabaseWrapper) -> None:
    buffer.clear()
    original(connection)


def _savepoint(buffer: Buffer, original: Callable[..., Any], connection: BaseDatabaseWrapper) -> str | None:
    savepoint: str | None = original(connection)
    if savepoint is not None:
        buffer.mark(savepoint)
    return savepoint


def _savepoint_rollback(
    buffer: Buffer, original: Callable[..., Any], connection: BaseDatabaseWrapper, sid: str
) -> None:
    original(connection, sid)
    buffer.cut(sid)


def _savepoint_commit(buffer: Buffer, original: Callable[..., Any], connection: BaseDatabaseWrapper, sid: str) -> None:
    original(connection, sid)
    buffer.release(sid)
    buffer.settle(now=False)


def _set_autocommit(
    buffer: Buffer,
    original: Callable[..., Any],
    connection: BaseDatabaseWrapper,
    autocommit: bool,  # noqa: FBT001  # Django's signature
    *args: Any,
    **kwargs: Any,
) -> None:
    if autocommit:  # SQLite and MySQL commit here what is open
        buffer.flush()
    original(connection, autocommit, *args, **kwargs)
    if autocommit:
        buffer.end()


def _close(buffer: Buffer, original: Callable[..., Any], connection: BaseDatabaseWrapper) -> None:
    original(connection)
    buffer.clear()


_HOOKS: dict[str, Callable[..., Any]] = {
    "commit": _commit,
    "rollback": _rollback,
    "savepoint": _savepoint,
    "savepoint_rollback": _savepoint_rollback,
    "savepoint_commit": _savepoint_commit,
    "set_autocommit": _set_autocommit,
    "close": _close,
}


def _uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562, section 5.7): milliseconds first, then chance."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    return UUID(int=value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62)
