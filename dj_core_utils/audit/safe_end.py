"""How far the log can be sealed: a lower key may be committed later than a higher one."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import OperationalError, connections, transaction
from django.db.models import Max
from django.utils import timezone

from dj_core_utils.audit.errors import SealError
from dj_core_utils.db.models import OperationLog, OperationSeal

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Of a database that cannot be asked, no transaction is expected to stay open for longer.
LAG = timedelta(hours=1)
_POLL = 0.05
# Who writes to the table holds this lock from before the key is taken until the transaction ends.
_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def safe_end(using: str, *, wait: float) -> int:
    """The highest key below which no entry will appear any more; 0 when there is no entry.

    Args:
        using: Alias of the database.
        wait: Seconds to wait for open transactions that have written to the log.

    Raises:
        SealError: One of them is still open.
    """
    connection = connections[using]
    if connection.vendor not in {"postgresql", "mysql", "sqlite"}:
        return _highest(using, date__lt=timezone.now() - LAG)
    end = _highest(using)
    if connection.vendor == "postgresql":
        _outlast_writers(connection, wait)
    elif connection.vendor == "mysql":
        _read_locking(connection, end, wait)
    return end  # SQLite has one writer at a time


def _highest(using: str, **conditions: object) -> int:
    return OperationLog.objects.using(using).filter(**conditions).aggregate(last=Max("id"))["last"] or 0


def _outlast_writers(connection: BaseDatabaseWrapper, wait: float) -> None:
    """Wait, without holding up anybody, for those that write at this moment; who comes later takes higher keys."""
    deadline = time.monotonic() + wait
    waited_for = _writers(connection)
    while waited_for := waited_for & _writers(connection):
        if time.monotonic() >= deadline:
            _refuse()
        time.sleep(_POLL)


def _writers(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [connection.ops.quote_name(OperationLog._meta.db_table)])
        return {name for (name,) in cursor.fetchall()}


def _read_locking(connection: BaseDatabaseWrapper, end: int, wait: float) -> None:
    """A locking read waits for entries that are not committed, until it reaches its timeout."""
    using = connection.alias
    last = OperationSeal.objects.using(using).aggregate(last=Max("last_id"))["last"] or 0
    table = connection.ops.quote_name(OperationLog._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute("SET @dj_core_utils_wait = @@SESSION.innodb_lock_wait_timeout")
        cursor.execute("SET SESSION innodb_lock_wait_timeout = %s", [max(1, round(wait))])
        try:
            with transaction.atomic(using):
                sql = f"SELECT COUNT(*) FROM {table} WHERE id > %s AND id <= %s LOCK IN SHARE MODE"  # noqa: S608  # ours
                cursor.execute(sql, [last, end])
        except OperationalError:
            _refuse()
        finally:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = @dj_core_utils_wait")


def _refuse() -> None:
    raise SealError("A transaction that has written to the log is still open, so nothing was sealed. Try again later.")
