"""Writes rows with one package turned on: reads what to do from standard input, answers with what it took.

    python -m audited.worker PACKAGE DATABASE_URL

Each line names an operation, a number of rows, and ``block`` for one transaction or ``auto`` for autocommit; the
answer is ``[seconds, statements]`` as JSON. Seconds are those of this process on SQLite, which works inside of it, and
those of the clock on a server.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import dj_database_url
import django
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from audited.least import Least
    from django.db.models import Model

DJANGO = ("contenttypes", "auth", "sessions")
# No audit, and beside each change the INSERT of a line that somebody has made before: what any log of this form costs.
LEAST = "one INSERT, by hand"
SINGLE = ("create", "update", "delete")
APPS = {
    "nothing": [],
    "dj_core_utils": ["dj_core_utils.db"],
    "dj_core_utils, by trigger": ["dj_core_utils.db"],
    LEAST: ["dj_core_utils.db"],
    "django-auditlog": ["auditlog"],
    "django-simple-history": ["simple_history"],
    "django-easy-audit": ["easyaudit"],
}


def configure(package: str, url: str) -> None:
    """Set Django up with one package and every table.

    Args:
        package: One of ``APPS``.
        url: The database.
    """
    database: dict[str, Any] = {**dj_database_url.parse(url)}
    # A disk would hide what a package costs.
    if url.startswith("sqlite"):
        database["OPTIONS"] = {"init_command": "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL"}
    else:
        database["OPTIONS"] = {"options": "-c synchronous_commit=off"}
    settings.configure(
        DATABASES={"default": database},
        INSTALLED_APPS=[*(f"django.contrib.{app}" for app in DJANGO), *APPS[package], "audited"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        RECORDED_BY=package,
        # As settings of the framework have them.
        AUDIT={"capture": "trigger"} if package.endswith("by trigger") else {},
        SERVICE_NAME="shop",
    )
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415  # after the setup

    # Tables of apps without migrations come first in one run, and one of them refers to the users.
    call_command("migrate", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)


class Shop:
    """The operations, on instances that were loaded before they are timed."""

    def __init__(self, least: Least | None) -> None:
        """A supplier for all products.

        Args:
            least: Writes lines that were made beforehand.
        """
        from audited.models import Product, Supplier  # noqa: PLC0415  # after the setup

        self._least = least

        self._products = Product.objects
        self._supplier = Supplier.objects.create(name="s")
        self._made: list[Model] = []

    def prepare(self, operation: str, rows: int) -> Callable[[], object]:
        """What is to be timed.

        Args:
            operation: Name of a method.
            rows: How many.
        """
        if operation in {"update", "delete"}:
            self._made = list(self._products.order_by("pk")[:rows])
        elif operation != "create":
            missing = rows - self._products.count()
            self._products.bulk_create([self._product(number) for number in range(missing)])
        action: Callable[[int], object] = getattr(self, operation)
        least, is_single = self._least, operation in SINGLE
        if least is None or operation == "load":
            return lambda: [action(row) for row in range(rows)] if is_single else action(rows)
        lines = least.lines(operation.removeprefix("queryset_"), rows if is_single else 1)
        if is_single:
            return lambda: least.change(lines, action)
        return lambda: least.change_all(lines[0], lambda: action(rows))

    def create(self, row: int) -> None:
        """Save a new instance."""
        self._product(row).save()

    def update(self, row: int) -> None:
        """Save a loaded instance after a change of one field."""
        product = self._made[row]
        product.quantity += 1  # type: ignore[attr-defined]  # of Product
        product.save()

    def delete(self, row: int) -> None:
        """Delete a loaded instance."""
        self._made[row].delete()

    def load(self, rows: int) -> int:
        """Make instances of rows."""
        return len(self._products.all()[:rows])

    def queryset_update(self, rows: int) -> int:  # noqa: ARG002  # all there are
        """Change one field of all rows at once."""
        return self._products.update(quantity=int(time.monotonic() * 1000) % 1_000_000)

    def queryset_delete(self, rows: int) -> object:  # noqa: ARG002  # all there are
        """Delete all rows at once."""
        return self._products.all().delete()

    def _product(self, number: int) -> Model:
        return self._products.model(
            name=f"Product {number}",
            number=f"A-{number:08}",
            price=Decimal("12.50"),
            quantity=number,
            note="a few words on it",
            sold_at=datetime(2026, 11, 2, 12, 30, tzinfo=UTC),
            supplier=self._supplier,
        )


def main() -> None:
    """Answer until the input ends."""
    _, package, url = sys.argv
    configure(package, url)
    from audited.least import Least  # noqa: PLC0415  # as above
    from django.db import connection, transaction  # noqa: PLC0415  # after the setup
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415  # as above

    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    shop = Shop(Least() if package == LEAST else None)
    for line in sys.stdin:
        operation, rows, mode = line.split()
        action = shop.prepare(operation, int(rows))
        # Statements are counted on a single row, and what is timed is not watched.
        watched = CaptureQueriesContext(connection) if rows == "1" else nullcontext([])
        with watched as queries:
            start = clock()
            with transaction.atomic() if mode == "block" else nullcontext():
                action()
            seconds = clock() - start
        print(json.dumps([seconds, len(queries)]), flush=True)


if __name__ == "__main__":
    main()
