"""Triggers of SQLite: one for each operation of a table, called for each row.

What they write is complete for whoever writes the table, with any program. A connection of Django adds who acts by
triggers of its own on the log; see ``dj_core_utils.audit.triggers.sqlite_session``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.conf import settings

from dj_core_utils.audit.triggers.columns import column_of, key_columns, log_columns, recorded_columns
from dj_core_utils.audit.triggers.made import Installed, Made
from dj_core_utils.audit.triggers.sqlite_values import difference, differs, key, literal, quoted, sides, value
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from django.db.backends.base.base import BaseDatabaseWrapper

    from dj_core_utils.audit.policy import ModelPolicy, Through
    from dj_core_utils.audit.triggers.columns import Column

_PREFIX = "dcu_audit_"
_TRIGGERS = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'dcu_audit_*'"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def make(connection: BaseDatabaseWrapper, policies: Iterable[ModelPolicy]) -> list[Made]:
    """The triggers of the tables that are there.

    Args:
        connection: The database.
        policies: The models.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = {name for (name,) in cursor.fetchall()}
    if OperationLog._meta.db_table not in tables:
        return []
    return [_made(policy) for policy in policies if policy.model._meta.db_table in tables]


def installed(connection: BaseDatabaseWrapper) -> list[Installed]:
    """The triggers that are there.

    Args:
        connection: The database.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        rows = cursor.fetchall()
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for table, name, sql in rows:
        found[table][name.removeprefix(_PREFIX).removesuffix(f"_{table}")] = sql
    return [
        Installed(table, table, "\n".join(sorted(triggers.values())), _is_complete(triggers.keys()))
        for table, triggers in sorted(found.items())
    ]


def schema_version(connection: BaseDatabaseWrapper) -> int:
    """A number that is another one after each change of the schema, whoever has made it.

    Args:
        connection: Open.
    """
    with connection.wrap_database_errors:
        return int(connection.connection.execute("PRAGMA main.schema_version").fetchone()[0])


def drop(connection: BaseDatabaseWrapper, name: str) -> list[str]:
    """Statements that take triggers away.

    Args:
        connection: The database.
        name: The table.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        return [f"DROP TRIGGER {quoted(trigger)}" for table, trigger, _ in sorted(cursor.fetchall()) if table == name]


def _is_complete(names: AbstractSet[str]) -> bool:
    return {"insert", "delete"} <= names and not names.isdisjoint({"update", "key"})


def _made(policy: ModelPolicy) -> Made:
    table = policy.model._meta.db_table
    make_triggers = _row_triggers(policy) if policy.through is None else _link_triggers(policy, policy.through)
    create = tuple(
        f"CREATE TRIGGER {quoted(f'{_PREFIX}{name}_{table}')} {event} BEGIN\n  "
        + "\n  ".join(f"{statement};" for statement in statements)
        + "\nEND"
        for name, event, statements in make_triggers
    )
    return Made(table, table, policy.label, "\n".join(sorted(create)), create)


def _row_triggers(policy: ModelPolicy) -> Iterator[tuple[str, str, list[str]]]:
    table, columns, keys = quoted(policy.model._meta.db_table), recorded_columns(policy), key_columns(policy.model)
    label = literal(policy.label)
    came = _insert(label, key(keys, "NEW"), "create", sides(columns, "after", "NEW"))
    gone = _insert(label, key(keys, "OLD"), "delete", sides(columns, "before", "OLD"))
    yield "insert", f"AFTER INSERT ON {table}", [came]
    yield "delete", f"AFTER DELETE ON {table}", [gone]
    yield "key", f"AFTER UPDATE ON {table} WHEN {_any_differs(keys)}", [gone, came]
    if columns:
        when = f"NOT ({_any_differs(keys)}) AND ({_any_differs(columns)})"
        changed = _insert(label, key(keys, "NEW"), "update", difference(columns))
        yield "update", f"AFTER UPDATE ON {table} WHEN {when}", [changed]


def _link_triggers(policy: ModelPolicy, through: Through) -> Iterator[tuple[str, str, list[str]]]:
    fields = {field.attname: field for field in policy.model._meta.concrete_fields}
    source, target = column_of(fields[through.source]), column_of(fields[through.target])
    table, label = quoted(policy.model._meta.db_table), literal(through.model._meta.label)

    def link(operation: str, side: str, row: str) -> str:
        keys = f"json_object('{side}', json_array(json({value(target, row)})))"
        return _insert(label, key([source], row), operation, f"json_object({literal(through.name)}, {keys})")

    came, gone = link("m2m_post_add", "added", "NEW"), link("m2m_post_remove", "removed", "OLD")
    yield "insert", f"AFTER INSERT ON {table}", [came]
    yield "delete", f"AFTER DELETE ON {table}", [gone]
    yield "update", f"AFTER UPDATE ON {table} WHEN {_any_differs([source, target])}", [gone, came]


def _any_differs(columns: Sequence[Column]) -> str:
    return " OR ".join(differs(column) for column in columns)


def _insert(label: str, id_instance: str, operation: str, changes: str) -> str:
    zone = "" if settings.USE_TZ else ", 'localtime'"
    empty = dict.fromkeys(("actor", "on_behalf_of", "reason", "service", "correlation_id"), "''")
    values = {
        "date": f"strftime('%Y-%m-%d %H:%M:%f000', 'now'{zone})",
        "model_changed": label,
        "id_instance": id_instance,
        "operation_type": literal(operation),
        "changes": changes,
        **empty,
    }
    names = log_columns()
    columns = ", ".join(quoted(names[name]) for name in values)
    log = quoted(OperationLog._meta.db_table)
    return f"INSERT INTO {log} ({columns}) VALUES ({', '.join(values.values())})"  # noqa: S608  # our names
