"""Triggers of PostgreSQL: one function a table, called for each row, or for each statement of a hidden table."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.audit.triggers.made import Installed, Made
from dj_core_utils.audit.triggers.postgresql_functions import link_body, row_body
from dj_core_utils.audit.triggers.postgresql_values import quoted
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.backends.base.base import BaseDatabaseWrapper

    from dj_core_utils.audit.policy import ModelPolicy

_PREFIX = "dcu_audit_"
_ROW = {"dcu_audit_row": "AFTER INSERT OR UPDATE OR DELETE", "dcu_audit_truncate": "BEFORE TRUNCATE"}
_STATEMENT = {
    "dcu_audit_insert": "AFTER INSERT",
    "dcu_audit_update": "AFTER UPDATE",
    "dcu_audit_delete": "AFTER DELETE",
    "dcu_audit_truncate": "BEFORE TRUNCATE",
}
_TRANSITION = {
    "dcu_audit_insert": "REFERENCING NEW TABLE AS dcu_new",
    "dcu_audit_update": "REFERENCING OLD TABLE AS dcu_old NEW TABLE AS dcu_new",
    "dcu_audit_delete": "REFERENCING OLD TABLE AS dcu_old",
}
_INSTALLED = """
    SELECT f.proname, c.relname, obj_description(f.oid, 'pg_proc'), array_agg(t.tgname::text)
    FROM pg_proc f
    LEFT JOIN pg_trigger t ON t.tgfoid = f.oid AND t.tgenabled IN ('O', 'A') AND t.tgparentid = 0
    LEFT JOIN pg_class c ON c.oid = t.tgrelid
    WHERE f.proname >= 'dcu_audit_' AND f.proname < 'dcu_audit`'
      AND f.pronamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass(%s))
    GROUP BY f.oid, f.proname, c.relname ORDER BY f.proname
"""
_TABLES = """
    SELECT one.name, n.nspname, c.relkind FROM unnest(%s::text[]) AS one(name)
    JOIN pg_class c ON c.oid = to_regclass(quote_ident(one.name)) AND c.relkind IN ('r', 'p')
    JOIN pg_namespace n ON n.oid = c.relnamespace
"""


class Found(NamedTuple):
    """A table that is there.

    Attributes:
        schema: Where it is found.
        name: The name with the schema, quoted.
        rows: What all of its own rows are selected from, those of partitions among them.
    """

    schema: str
    name: str
    rows: str


def tables(connection: BaseDatabaseWrapper, names: Iterable[str]) -> dict[str, Found]:
    """The tables that are there.

    Args:
        connection: The database.
        names: Names of tables.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [list(names)])
        rows = cursor.fetchall()
    found = {}
    for name, schema, kind in rows:
        table = _qualified(schema, name)
        found[name] = Found(schema, table, table if kind == "p" else f"ONLY {table}")
    return found


def make(connection: BaseDatabaseWrapper, policies: Iterable[ModelPolicy]) -> list[Made]:
    """The triggers of the tables that are there.

    Args:
        connection: The database.
        policies: The models.
    """
    log = OperationLog._meta.db_table
    by_table = {policy.model._meta.db_table: policy for policy in policies}
    found = tables(connection, [log, *by_table])
    if log not in found:
        return []
    return [_made(policy, found[table], found[log], connection) for table, policy in by_table.items() if table in found]


def installed(connection: BaseDatabaseWrapper) -> list[Installed]:
    """The triggers that are there.

    Args:
        connection: The database.
    """
    with connection.cursor() as cursor:
        cursor.execute(_INSTALLED, [quoted(OperationLog._meta.db_table)])
        rows = cursor.fetchall()
    return [
        Installed(name, table, signature or "", {*names} in ({*_ROW}, {*_STATEMENT}))
        for name, table, signature, names in rows
    ]


def drop(connection: BaseDatabaseWrapper, name: str) -> list[str]:
    """Statements that take triggers away.

    Args:
        connection: The database.
        name: What they are found by.
    """
    log = tables(connection, [OperationLog._meta.db_table])[OperationLog._meta.db_table]
    return [f"DROP FUNCTION {_qualified(log.schema, name)}() CASCADE"]


def _made(policy: ModelPolicy, table: Found, log: Found, connection: BaseDatabaseWrapper) -> Made:
    name = _PREFIX + sha256(policy.model._meta.db_table.encode()).hexdigest()[:16]
    function = _qualified(log.schema, name)
    if policy.through is None:
        triggers, level = _ROW, "ROW"
        body = row_body(policy, table.rows, log.name, connection)
    else:
        triggers, level = _STATEMENT, "STATEMENT"
        body = link_body(policy, policy.through, table.rows, log.name, connection)
    head = f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql"
    create = [f"{head} SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $dcu_audit${body}$dcu_audit$"]
    # Whoever may call it could put it on a table of their own, and write what they like into the log.
    create.append(f"REVOKE ALL ON FUNCTION {function}() FROM PUBLIC")
    for trigger, event in triggers.items():
        each = "STATEMENT" if "TRUNCATE" in event else level
        transition = _TRANSITION.get(trigger, "")
        create.append(
            " ".join(f"CREATE TRIGGER {trigger} {event} ON {table.name} {transition} FOR EACH {each}".split())
            + f" EXECUTE FUNCTION {function}()"
        )
    signature = sha256("\n".join(create).encode()).hexdigest()
    create.append(f"COMMENT ON FUNCTION {function}() IS '{signature}'")
    return Made(name, policy.model._meta.db_table, policy.label, signature, tuple(create))


def _qualified(schema: str, name: str) -> str:
    return f"{quoted(schema)}.{quoted(name)}"
