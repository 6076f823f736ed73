"""One at a time: who seals, prunes or erases keeps the others out until the transaction ends."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import OperationalError, connections, transaction

from dj_core_utils.audit.errors import SealError
from dj_core_utils.db.models import OperationSeal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

# Seconds that MySQL and MariaDB wait; PostgreSQL has lock_timeout, SQLite its own timeout.
WAIT = 60
_NAME = "CONCAT('dj_core_utils.seals.', MD5(DATABASE()))"


@contextmanager
def alone(using: str) -> Iterator[None]:
    """A transaction in which nobody else seals, prunes or erases, and which sees all that they have committed.

    Readers, and those who add entries, are not held up.

    Args:
        using: Alias of the database.

    Raises:
        SealError: Somebody else is at it for too long.
    """
    connection = connections[using]
    if connection.vendor == "mysql":
        with _named_lock(connection), transaction.atomic(using):
            yield
        return
    with transaction.atomic(using):
        _lock_seals(connection)
        yield


def _lock_seals(connection: BaseDatabaseWrapper) -> None:
    """Until the transaction ends. The first statement in it, so that it reads nothing older than the lock."""
    table = connection.ops.quote_name(OperationSeal._meta.db_table)
    # A DELETE of nothing makes SQLite a writer; it has one at a time.
    statement = f"DELETE FROM {table} WHERE 1 = 0"  # noqa: S608  # our own table
    if connection.vendor == "postgresql":
        statement = f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except OperationalError as error:
        raise _too_long() from error


@contextmanager
def _named_lock(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """LOCK TABLES would commit, and a lock on rows ends too early or locks none, so the lock is one of the session."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT GET_LOCK({_NAME}, %s)", [WAIT])  # no value of anybody
        if cursor.fetchone() != (1,):
            raise _too_long()
        try:
            yield
        finally:
            cursor.execute(f"SELECT RELEASE_LOCK({_NAME})")  # as above


def _too_long() -> SealError:
    return SealError("Somebody else seals, prunes or erases at this moment. Try again later.")
