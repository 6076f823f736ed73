"""The tables whose changes the triggers of a database record."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.audit.triggers import postgresql, sqlite
from dj_core_utils.audit.triggers.columns import VENDORS
from dj_core_utils.conf import conf

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_ATTRIBUTE = "dj_core_utils_audit_served"
_NONE: frozenset[str] = frozenset()


class _Served(NamedTuple):
    """What was found: through which connection of the driver, and at which version of the schema."""

    raw: object
    version: int
    tables: frozenset[str]


_NEVER = _Served(None, -1, _NONE)


def served_tables(connection: BaseDatabaseWrapper) -> frozenset[str]:
    """The tables whose changes the triggers of a database record, whether those are the newest ones or not.

    They are looked up once for each connection; in SQLite, where that costs nothing, again when the schema has changed.

    Args:
        connection: The database.
    """
    if conf.audit.capture != "trigger" or connection.vendor not in VENDORS:
        return _NONE
    connection.ensure_connection()
    version = sqlite.schema_version(connection) if connection.vendor == "sqlite" else 0
    known: _Served = vars(connection).get(_ATTRIBUTE, _NEVER)
    if known.raw is not connection.connection or known.version != version:
        kind = sqlite if connection.vendor == "sqlite" else postgresql
        tables = frozenset(found.table for found in kind.installed(connection) if found.table and found.is_complete)
        known = vars(connection)[_ATTRIBUTE] = _Served(connection.connection, version, tables)
    return known.tables


def look_again(connection: BaseDatabaseWrapper) -> None:
    """The triggers of a database were changed.

    Args:
        connection: The database.
    """
    vars(connection).pop(_ATTRIBUTE, None)
