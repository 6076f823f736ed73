"""Who acts, for the triggers of SQLite: triggers of one connection, on the log itself, that write it completed.

A trigger that called a function of this process would stop every other program that writes the table. So the triggers
of the tables call none, and these, which no other connection sees, do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_core_utils.audit.triggers.columns import log_columns
from dj_core_utils.audit.triggers.sqlite_values import quoted
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper

_ATTRIBUTE = "dj_core_utils_audit_session"
_FUNCTION = "dj_core_utils_audit"
_TOLD = ("date", "user_id", "actor", "on_behalf_of", "reason", "service", "correlation_id", "transaction_id")
_NAMES = ("dcu_audit_complete", "dcu_audit_unaudited")
_THERE = "SELECT count(*) FROM sqlite_temp_master WHERE name IN ('dcu_audit_complete', 'dcu_audit_unaudited')"


class Session:
    """What the triggers of one connection are told while a statement runs.

    Attributes:
        values: Columns of the log, by attribute name; None while nobody tells.
        unaudited: Labels of models whose changes are not recorded now.
        clearing: Label of the model whose many-to-many field is being cleared.
    """

    def __init__(self, raw: object) -> None:
        """Nothing is told yet.

        Args:
            raw: The connection of the driver that the function is known to.
        """
        self.raw = raw
        self.values: Mapping[str, object] | None = None
        self.unaudited: Collection[str] = ()
        self.clearing: str | None = None

    def answer(self, name: str, label: str) -> object:
        """What a trigger asks for.

        Args:
            name: A column, ``told``, ``unaudited`` or ``clearing``.
            label: The model of the entry.
        """
        if self.values is None:
            return None
        if name == "told":
            return label not in self.unaudited
        if name == "unaudited":
            return label in self.unaudited
        if name == "clearing":
            return label == self.clearing
        return self.values[name]


def session_of(connection: BaseDatabaseWrapper) -> Session:
    """The session of a connection, whose triggers are there afterwards.

    Args:
        connection: Open, and with a log.
    """
    raw: Any = connection.connection
    session: Session | None = vars(connection).get(_ATTRIBUTE)
    if session is None or session.raw is not raw:
        session = vars(connection)[_ATTRIBUTE] = Session(raw)
        raw.create_function(_FUNCTION, 2, session.answer)
    # Asked each time: a rollback takes away what was made since.
    with connection.wrap_database_errors:
        if raw.execute(_THERE).fetchone() != (len(_NAMES),):
            for statement in _statements():
                raw.execute(statement)
    return session


def end(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers of the connection away, so that the table of the log can be changed.

    Args:
        connection: Open.
    """
    with connection.cursor() as cursor:
        for name in _NAMES:
            cursor.execute(f"DROP TRIGGER IF EXISTS temp.{name}")


def _statements() -> tuple[str, str]:
    names = {name: quoted(column) for name, column in log_columns().items() if name != "id"}
    values = {name: f"{_FUNCTION}('{name}', {{0}})" if name in _TOLD else f"NEW.{names[name]}" for name in names}
    is_clear = f"{values['operation_type']} = 'm2m_post_remove' AND {_FUNCTION}('clearing', {{0}})"
    values["operation_type"] = f"CASE WHEN {is_clear} THEN 'm2m_post_clear' ELSE {values['operation_type']} END"
    log, label = quoted(OperationLog._meta.db_table), f"NEW.{names['model_changed']}"
    row = ", ".join(values.values()).format(label)
    insert = f"INSERT INTO {log} ({', '.join(names.values())}) VALUES ({row})"  # noqa: S608  # our names
    begin = f"CREATE TEMP TRIGGER IF NOT EXISTS {{}} BEFORE INSERT ON main.{log} WHEN {_FUNCTION}('{{}}', {label})"
    complete, unaudited = _NAMES
    # What is complete has a transaction, and sets nothing off where SQLite is told to let triggers set off themselves.
    is_incomplete = f"AND NEW.{names['transaction_id']} IS NULL"
    return (
        f"{begin.format(complete, 'told')} {is_incomplete} BEGIN {insert}; SELECT RAISE(IGNORE); END",
        f"{begin.format(unaudited, 'unaudited')} BEGIN SELECT RAISE(IGNORE); END",
    )
