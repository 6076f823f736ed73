"""What any log of this form costs: lines that were made beforehand, written with the changes that they are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TABLE = "dj_core_utils_db_operationlog"
COLUMNS = (
    "date",
    "model_changed",
    "operation_type",
    "user_id",
    "actor",
    "on_behalf_of",
    "reason",
    "service",
    "correlation_id",
    "transaction_id",
    "id_instance",
    "changes",
)
_CHANGES = {
    "create": (
        '{"name": {"after": "Product 1"}, "number": {"after": "A-00000001"}, "price": {"after": "12.50"}, '
        '"quantity": {"after": 1}, "is_sold": {"after": true}, "note": {"after": "a few words on it"}, '
        '"sold_at": {"after": "2026-11-02T12:30:00.000000+00:00"}, "supplier_id": {"after": 1}}'
    ),
    "update": '{"quantity": {"before": 1, "after": 2}}',
}
_CHANGES["delete"] = _CHANGES["create"].replace("after", "before")
_CASTS = {"date": "timestamptz", "user_id": "integer", "transaction_id": "uuid", "changes": "jsonb"}
_KEY = COLUMNS.index("id_instance")
_ROWS = 500

Line = tuple[object, ...]


class Least:
    """A log whose lines cost nothing but their INSERT: no capture, no encoding, no rollback is thought of."""

    def __init__(self) -> None:
        """Begin at the first transaction."""
        self._transactions = 0
        columns = ", ".join(COLUMNS)
        self._insert = f"INSERT INTO {TABLE} ({columns}) "
        self._places = f"({', '.join(['%s'] * len(COLUMNS))})"

    def lines(self, operation: str, rows: int) -> list[Line]:
        """Lines as the driver takes them.

        Args:
            operation: What they say.
            rows: How many.
        """
        return [self._line(operation, key) for key in range(rows)]

    def change(self, lines: Sequence[Line], change: Callable[[int], object]) -> None:
        """Change single rows, each in a transaction of its own where none is open.

        Args:
            lines: One for each row.
            change: What changes a row, of which it is given the place.
        """
        if connection.in_atomic_block:
            for row in range(len(lines)):
                change(row)
            for start in range(0, len(lines), _ROWS):
                self._write(lines[start : start + _ROWS])
            return
        for row, line in enumerate(lines):
            with transaction.atomic():
                change(row)
                self._write([line])

    def change_all(self, line: Line, action: Callable[[], object]) -> None:
        """Change all products by one statement, and write a line for each.

        Args:
            line: What all of them say.
            action: What changes them.
        """
        is_postgres = connection.vendor == "postgresql"  # it takes what it cannot tell for text
        places = [f"CAST(%s AS {_CASTS.get(name, 'text')})" if is_postgres else "%s" for name in COLUMNS]
        places[_KEY] = "CAST(id AS text)"
        sql = f"{self._insert} SELECT {', '.join(places)} FROM audited_product"  # noqa: S608  # our names
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [*line[:_KEY], *line[_KEY + 1 :]])
            action()

    def _write(self, lines: Sequence[Line]) -> None:
        with connection.cursor() as cursor:
            sql = f"{self._insert} VALUES {', '.join([self._places] * len(lines))}"
            cursor.execute(sql, [*chain.from_iterable(lines)])

    def _line(self, operation: str, key: int) -> Line:
        self._transactions += 1
        transaction_id = f"{self._transactions:032x}"
        date = datetime(2026, 11, 2, 12, 30, tzinfo=UTC) + timedelta(milliseconds=self._transactions)
        moment = connection.ops.adapt_datetimefield_value(date)
        return (
            *(moment, "audited.Product", operation, None, "", "", "", "shop", "", transaction_id),
            *(str(key), _CHANGES[operation]),
        )
