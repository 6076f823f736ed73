"""What recording costs in statements, which is the same on every machine."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from tests.audit.conftest import by_python
from tests.audit.models import Product, Seat, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.usefixtures("database"),
    by_python("triggers cost no statement"),
]

# How each kind of database reads, locks and records the rows of a query by itself.
BY_THE_DATABASE = {"sqlite": ["INSERT"], "postgres": ["WITH"], "mariadb": ["SELECT", "INSERT"]}


@pytest.fixture
def seat(database: str) -> Seat:
    """A row that nothing refers to."""
    del database  # only has to be there
    return Seat.objects.create(row="A", number=1, guest="Ann")


def statements(action: Callable[[], object], *, in_block: bool) -> list[str]:
    """The first words of what an action sends, the ends of a transaction left out."""
    with CaptureQueriesContext(connection) as queries, transaction.atomic() if in_block else nullcontext():
        action()
    words = [query["sql"].split()[0] for query in queries]
    return [word for word in words if word not in {"BEGIN", "COMMIT"}]


def changed(seat: Seat) -> Seat:
    """The same row with something to write."""
    seat.guest += "e"
    return seat


@pytest.mark.parametrize("in_block", [True, False])
def test_instances(seat: Seat, *, in_block: bool) -> None:
    """Each change of an instance is its own statement and one INSERT into the log; nothing is read."""
    created = statements(lambda: Seat(row="B", number=1, guest="Bob").save(), in_block=in_block)
    updated = statements(lambda: changed(seat).save(), in_block=in_block)
    deleted = statements(seat.delete, in_block=in_block)
    assert (created, updated, deleted) == (["INSERT", "INSERT"], ["UPDATE", "INSERT"], ["DELETE", "INSERT"])


def test_many_instances(seat: Seat) -> None:
    """However many changes a transaction has, the log is written once."""

    def work() -> None:
        other = Seat(row="B", number=1, guest="Bob")
        other.save()
        changed(seat).save()
        other.delete()

    assert statements(work, in_block=True) == ["INSERT", "UPDATE", "DELETE", "INSERT"]


def test_a_row_that_was_loaded(seat: Seat) -> None:
    """What a loaded instance held before is known without a query."""
    loaded = Seat.objects.get(pk=seat.pk)
    assert statements(lambda: changed(loaded).save(update_fields=["guest"]), in_block=True) == ["UPDATE", "INSERT"]


def test_no_change(seat: Seat, database: str) -> None:
    """Where nothing has changed, nothing is sent that Django would not send; of a query only the database knows."""
    assert statements(seat.save, in_block=True) == ["UPDATE"]
    read = BY_THE_DATABASE[database]
    assert statements(lambda: Seat.objects.update(guest="Ann"), in_block=True) == [*read, "UPDATE"]
    assert statements(lambda: Seat.objects.filter(row="Z").delete(), in_block=True) == [*read[-1:], "DELETE"]
    assert statements(Seat.objects.none().update, in_block=True) == []


@pytest.mark.usefixtures("seat")
def test_queries(database: str) -> None:
    """A change of many rows writes the log once; where only the database knows the values, they are read twice."""
    read = BY_THE_DATABASE[database]
    assert statements(lambda: Seat.objects.update(number=2), in_block=True) == [*read, "UPDATE"]
    computed = statements(lambda: Seat.objects.update(number=F("number") + 1), in_block=True)
    assert computed == ["SELECT", "UPDATE", "SELECT", "INSERT"]
    assert statements(Seat.objects.all().delete, in_block=True) == [*read[-1:], "DELETE"]


def test_relations() -> None:
    """Many-to-many rows cost one INSERT into the log, too."""
    product, tag = Product.objects.create(name="a"), Tag.objects.create(name="t")
    bare = ["INSERT"]  # Django leaves it to the database to ignore what is there
    added = statements(lambda: product.tags.add(tag), in_block=True)
    assert [word for word in added if word != "SELECT"] == [*bare, "INSERT"]
