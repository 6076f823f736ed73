"""The operation log with many entries, on PostgreSQL: every documented way to read it has its index."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from dj_core_utils.db.log_page import MOST_COUNTED, Filter
from dj_core_utils.db.models import OperationLog
from tests.db.conftest import default_database
from tests.library.models import Book, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.plugin import DjangoDbBlocker

    from dj_core_utils.db.entries import OperationLogQuerySet

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ENTRIES = 60_000
# Of the oldest ones every second is of a model, and by a user, that has no newer ones: what planners expect everywhere.
OLD = ENTRIES // 10
FILL = f"""
    INSERT INTO dj_core_utils_db_operationlog
        (date, model_changed, id_instance, operation_type, changes, user_id, actor, on_behalf_of, reason, service,
         correlation_id, transaction_id)
    SELECT '2026-01-01+00'::timestamptz + n * interval '1 minute',
           CASE WHEN n < {OLD} AND n % 2 = 0 THEN 'library.Note'
                ELSE (ARRAY['library.Book', 'library.Author', 'library.Card'])[1 + n % 3] END,
           (n % 9973)::text, CASE n % 3000 WHEN 0 THEN 'prune' ELSE 'update' END, '{{}}',
           CASE WHEN n < {OLD} AND n % 2 = 0 THEN 999 ELSE n % 401 END, '', '', '', '', '', md5((n / 4)::text)::uuid
    FROM generate_series(1, {ENTRIES}) AS n
"""  # noqa: S608  # a number of our own


@pytest.fixture(scope="module")
def _many_entries(postgres_tables: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Sixty thousand entries, with the statistics that the planner goes by; rolled back at the end."""
    with django_db_blocker.unblock(), default_database(postgres_tables), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FILL)
            cursor.execute("ANALYZE dj_core_utils_db_operationlog")
            # Of a table that fits into memory any index is good; this is what the planner thinks of one that does not.
            cursor.execute("SET LOCAL random_page_cost = 1.1")
        yield
        transaction.set_rollback(True)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of a plan."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def middle() -> OperationLog:
    """An entry from the middle of the table."""
    return OperationLog(pk=OperationLog.objects.earliest("id").pk + ENTRIES // 2, date=MOMENT + timedelta(days=20))


def window() -> OperationLogQuerySet[OperationLog]:
    """Ten days."""
    return OperationLog.objects.between(MOMENT + timedelta(days=12), MOMENT + timedelta(days=22))


def after(entries: OperationLogQuerySet[OperationLog]) -> OperationLogQuerySet[OperationLog]:
    """Those of the newer half."""
    return entries.filter(date__gte=MOMENT + timedelta(days=20))


PRIMARY = "dj_core_utils_db_operationlog_pkey"
READS: dict[str, tuple[Callable[[], OperationLogQuerySet[OperationLog]], str]] = {
    "one row": (lambda: OperationLog.objects.for_object(Book(pk=77)), "dcu_log_object"),
    "one row, next page": (lambda: OperationLog.objects.for_object(Book(pk=77)).before(middle()), "dcu_log_object"),
    "one user": (lambda: OperationLog.objects.by(7), "dcu_log_user"),
    "one user, next page": (lambda: OperationLog.objects.by(7).before(middle()), "dcu_log_user"),
    "one user, long ago": (lambda: OperationLog.objects.by(999), "dcu_log_user"),
    "one user in a window": (lambda: after(OperationLog.objects.by(999)), "dcu_log_user"),
    "one table": (lambda: OperationLog.objects.for_model(Book), "dcu_log_model"),
    "one table, next page": (lambda: OperationLog.objects.for_model(Book).before(middle()), "dcu_log_model"),
    "one table, long ago": (lambda: OperationLog.objects.for_model(Note), "dcu_log_model"),
    "one table in a window": (lambda: after(OperationLog.objects.for_model(Note)), "dcu_log_model"),
    "admin, all": (lambda: Filter({}).entries, PRIMARY),
    "admin, by model": (lambda: Filter({"model": "library.Note"}).entries, "dcu_log_model"),
    "admin, by object": (lambda: Filter({"model": "library.Book", "key": "77"}).entries, "dcu_log_object"),
    "admin, by user": (lambda: Filter({"actor": "999"}).entries, "dcu_log_user"),
    "admin, by model and day": (
        lambda: Filter({"model": "library.Note", "start": "2026-01-20"}).entries,
        "dcu_log_model",
    ),
    "admin, by user and day": (lambda: Filter({"actor": "999", "start": "2026-01-20"}).entries, "dcu_log_user"),
    "admin, by day": (lambda: Filter({"start": "2026-01-20", "end": "2026-01-21"}).entries, "dcu_log_date"),
    "admin, by rare operation": (lambda: Filter({"operation": "prune"}).entries, "dcu_log_rare"),
    "admin, by operation and day": (
        lambda: Filter({"operation": "prune", "end": "2026-01-02"}).entries,
        "dcu_log_rare",
    ),
    "one transaction": (lambda: OperationLog.objects.in_transaction(UUID(int=7)), "dcu_log_transaction"),
    "a window": (window, "dcu_log_date"),
    "a window, next page": (lambda: window().before(middle()), "dcu_log_date"),
    "all": (OperationLog.objects.all, PRIMARY),
    "all, next page": (lambda: OperationLog.objects.all().before(middle()), PRIMARY),
}  # fmt: skip


@pytest.mark.usefixtures("_many_entries")
@pytest.mark.parametrize("read", READS)
def test_reads_go_by_index(read: str) -> None:
    """A page of a hundred comes from its index, reads few rows, and sorts next to none."""
    entries, index = READS[read]
    plan = json.loads(entries()[:100].explain(format="json", analyze=True))[0]["Plan"]
    steps = list(nodes(plan))
    assert {step["Index Name"] for step in steps if "Index Name" in step} == {index}
    assert "Seq Scan" not in {step["Node Type"] for step in steps}
    assert max(step["Actual Rows"] + step.get("Rows Removed by Filter", 0) for step in steps) <= 200


@pytest.mark.usefixtures("_many_entries")
@pytest.mark.parametrize("query", [{}, {"model": "library.Book"}, {"start": "2026-01-02"}], ids=str)
def test_nobody_counts_them_all(query: dict[str, str]) -> None:
    """The admin says "more than ten thousand" after it has seen that many."""
    wanted = Filter(query)
    assert wanted.total is None
    counted = wanted.entries.order_by()[: MOST_COUNTED + 1]
    plan = json.loads(counted.explain(format="json", analyze=True))[0]["Plan"]
    assert max(step["Actual Rows"] for step in nodes(plan)) == MOST_COUNTED + 1
