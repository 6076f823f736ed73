"""Entries that the database writes by itself, with one ``INSERT ... SELECT`` before rows are changed by a query.

Reading the rows, comparing and encoding them in Python takes many times as long. It is done there all the same where
only Python knows what a value means, where there is not one entry a row, or where others that wait would come too late.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connections
from django.db.models import BooleanField, Func, TextField

from dj_core_utils.audit import diff
from dj_core_utils.audit.capture.dialects import MARIADB, SQLITE, Dialect, dialect_of, json_of, key_of
from dj_core_utils.audit.capture.kinds import kind_of
from dj_core_utils.audit.capture.rows import locked, plain_value
from dj_core_utils.audit.gap import gap_around
from dj_core_utils.audit.recorder import entry_of
from dj_core_utils.audit.writer import CHANGES, KEY, write_selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Field, Model, QuerySet
    from django.db.models.sql.compiler import SQLCompiler

    from dj_core_utils.audit.buffer import Buffer
    from dj_core_utils.audit.entry import Operation
    from dj_core_utils.audit.policy import ModelPolicy

# Of these the text in the database says nothing about equality.
_NOT_COMPARED = frozenset({"file", "other"})
_LEAST_INTEGER, _GREATEST_INTEGER = -(2**63), 2**63 - 1


class Written(NamedTuple):
    """Entries were written.

    Attributes:
        rows: How many rows are about to be changed; None where nobody else can write until then.
    """

    rows: int | None


@dataclass(frozen=True, slots=True)
class _Table:
    """How the database writes one model.

    Attributes:
        dialect: What it speaks.
        key: Template of the primary key.
        columns: Template of the JSON text, by attribute name; None where only Python can make it.
    """

    dialect: Dialect
    key: str
    columns: Mapping[str, str | None]


class _Sql(Func):
    """SQL over several columns of a row."""

    def __init__(
        self,
        names: Iterable[str],
        make: Callable[[Sequence[str]], str],
        parameters: Sequence[object] = (),
        output_field: Field[Any, Any] | None = None,
    ) -> None:
        super().__init__(*names, output_field=output_field or TextField())
        self._make = make
        self._parameters = parameters

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> tuple[str, list[object]]:  # type: ignore[override]  # there is no template
        del connection  # its dialect is known
        columns = [compiler.compile(source)[0] for source in self.get_source_expressions()]
        return self._make(columns), list(self._parameters)


class _Change:
    """One column that an update writes.

    Args:
        policy: What is recorded of the model.
        table: How the database writes it.
        name: Attribute name of the column.
        value: What every row will hold.

    Raises:
        ValueError: The database cannot be given the value.
    """

    def __init__(self, policy: ModelPolicy, table: _Table, name: str, value: object) -> None:
        """Encode the value."""
        self._dialect = table.dialect
        self._json = f"COALESCE({table.columns[name]}, 'null')"
        self._name = name
        self._is_hidden = name in policy.hidden
        after = policy.encoders[name](value)
        compared = table.dialect.differs.get(kind_of(policy.fields[name]) or "other")
        self._differs = compared or table.dialect.same.replace("{c}", self._json)
        self.compared: object = value if compared else after
        self._after = f', "after": {after}}}'
        if isinstance(value, str) and "\0" in value.encode().decode():
            raise ValueError("PostgreSQL has no such text")
        if isinstance(value, int) and not _LEAST_INTEGER <= value <= _GREATEST_INTEGER:
            raise ValueError("SQLite has no such number")

    @property
    def text_parameters(self) -> list[object]:
        """Those of ``text``."""
        return [] if self._is_hidden else [self._after]

    @property
    def document_parameters(self) -> list[object]:
        """Those of ``document``."""
        return [] if self._is_hidden else [f"{self._after}}}"]

    def differs(self, column: str) -> str:
        """Whether a row holds something else; with what is ``compared``.

        Args:
            column: The column.
        """
        return self._differs.replace("{c}", column)

    def text(self, column: str) -> str:
        """The JSON of the change, with its name in front.

        Args:
            column: The column.
        """
        return self._between(", ", column, "")

    def document(self, column: str) -> str:
        """The JSON of the only change of an entry.

        Args:
            column: The column.
        """
        return self._dialect.document.replace("{c}", self._between("{", column, "}"))

    def _between(self, start: str, column: str, end: str) -> str:
        name = f'{start}"{self._name}": '
        if self._is_hidden:
            return f"'{name}{diff.HIDDEN}{end}'"
        before = self._json.replace("{c}", column)
        # What comes after it is one parameter: each part that a database joins costs time in every row.
        return self._dialect.joined([f'{name}{{"before": ', "", ""], [before, self._dialect.parameter])


def write_deletes(buffer: Buffer, policy: ModelPolicy, using: str, queryset: QuerySet[Model]) -> Written | None:
    """Write the entries of rows that are about to be deleted.

    Args:
        buffer: Where other entries wait.
        policy: What is recorded of the model.
        using: Alias of the database.
        queryset: The rows.

    Returns:
        None if it has to be done in Python.
    """
    table = _table(buffer, policy, using)
    if table is None or any(table.columns[name] is None for name in policy.fields.keys() - policy.hidden):
        return None
    return _write(buffer, policy, "delete", locked(policy, using, queryset), table, _deleted(policy, table))


def write_updates(
    buffer: Buffer, policy: ModelPolicy, using: str, queryset: QuerySet[Model], values: Mapping[str, object]
) -> Written | None:
    """Write the entries of rows that are about to be given the same values.

    Args:
        buffer: Where other entries wait.
        policy: What is recorded of the model.
        using: Alias of the database.
        queryset: The rows.
        values: By attribute name, as they were given to ``update()``.

    Returns:
        None if it has to be done in Python.
    """
    table = _table(buffer, policy, using)
    if table is None or any(not _is_compared(policy, table, name) for name in values):
        return None
    if any(hasattr(value, "resolve_expression") for value in values.values()):
        return None  # the database knows the value only when it has written it
    try:
        changes = {
            name: _Change(policy, table, name, plain_value(policy.fields[name], value))
            for name, value in values.items()
        }
    except (ArithmeticError, TypeError, ValueError, ValidationError):
        return None  # Django will say what is wrong with it
    rows = locked(policy, using, queryset)
    found = len(rows.values_list("pk")) if table.dialect is MARIADB else None  # its INSERT cannot count the rest
    if not table.dialect.counts_all:
        rows = rows.filter(_differing(changes))
    written = _write(buffer, policy, "update", rows, table, _updated(table, changes))
    return written and Written(written.rows if found is None else found)


def _write(  # noqa: PLR0917  # all of one statement
    buffer: Buffer, policy: ModelPolicy, operation: Operation, rows: QuerySet[Any], table: _Table, changes: _Sql
) -> Written | None:
    connection = connections[rows.db]
    key = _Sql(["pk"], lambda columns: table.key.replace("{c}", columns[0]))
    query = rows.values(**{KEY: key, CHANGES: changes}).query
    try:
        sql, parameters = query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        return Written(0)
    if len(parameters) > (connection.features.max_query_params or math.inf):
        return None
    buffer.flush()
    entry = entry_of(buffer, policy.label, operation, "", "")
    found = write_selected(connection, entry, sql, parameters)
    return None if found is None else Written(None if table.dialect is SQLITE else found)


def _deleted(policy: ModelPolicy, table: _Table) -> _Sql:
    dialect = table.dialect
    shown = [name for name in policy.fields if name not in policy.hidden]
    texts, text = [], "{"
    for name in policy.fields:
        if name in policy.hidden:
            text += f'"{name}": {diff.HIDDEN}, '
        else:
            texts.append(f'{text}"{name}": {{"before": ')
            text = "}, "
    texts.append(text.removesuffix(", ") + "}")

    def make(columns: Sequence[str]) -> str:
        values = [
            f"COALESCE({template.replace('{c}', column)}, 'null')"
            for name, column in zip(shown, columns, strict=True)
            if (template := table.columns[name])
        ]
        return dialect.document.replace("{c}", dialect.joined(texts, values))

    return _Sql(shown, make)


def _updated(table: _Table, changes: Mapping[str, _Change]) -> _Sql:
    dialect = table.dialect

    def make(columns: Sequence[str]) -> str:
        pairs = zip(columns, changes.values(), strict=True)
        cases = [
            f"CASE WHEN {change.differs(column)} THEN {change.text(column)} ELSE '' END" for column, change in pairs
        ]
        together = dialect.joined(["", *[""] * len(cases)], cases) if len(cases) > 1 else cases[0]
        text = dialect.joined(["{", "}"], [f"SUBSTR({together}, 3)"])
        return dialect.document.replace("{c}", f"NULLIF({text}, '{{}}')")

    parameters = [each for change in changes.values() for each in (change.compared, *change.text_parameters)]
    if len(changes) == 1 and not dialect.counts_all:  # the rows that do not differ are left out already
        [change] = changes.values()
        return _Sql(changes, lambda columns: change.document(columns[0]), change.document_parameters)
    return _Sql(changes, make, parameters)


def _differing(changes: Mapping[str, _Change]) -> _Sql:
    def make(columns: Sequence[str]) -> str:
        pairs = zip(columns, changes.values(), strict=True)
        return "(" + " OR ".join(change.differs(column) for column, change in pairs) + ")"

    return _Sql(changes, make, [change.compared for change in changes.values()], BooleanField())


def _is_compared(policy: ModelPolicy, table: _Table, name: str) -> bool:
    return table.columns[name] is not None and kind_of(policy.fields[name]) not in _NOT_COMPARED


def _table(buffer: Buffer, policy: ModelPolicy, using: str) -> _Table | None:
    """How the database writes a model now; None if it cannot, or if other entries have to be written later."""
    if policy.through is not None or not buffer.may_flush or gap_around(policy.label) is not None:
        return None
    connection = connections[using]
    known = (policy, using, connection.vendor, settings.USE_TZ, connection.timezone_name)
    if known not in _tables:
        _tables[known] = _decide(policy, connection)
    return _tables[known]


def _decide(policy: ModelPolicy, connection: BaseDatabaseWrapper) -> _Table | None:
    dialect = dialect_of(connection)
    if dialect is None or (key := key_of(dialect, connection, policy.model._meta.pk)) is None:
        return None
    columns = {name: json_of(dialect, connection, policy.label, field) for name, field in policy.fields.items()}
    return _Table(dialect, key, columns)


_tables: dict[tuple[object, ...], _Table | None] = {}
