"""What deletes leave in the log, with all that goes with them, on each kind of database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models.signals import post_delete
from django.test.utils import CaptureQueriesContext

from dj_core_utils.audit.errors import ConcurrentChangeError
from tests.audit.conftest import by_python
from tests.audit.models import Customer, Item, Note, Product, Tag, Ticket, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = pytest.mark.usefixtures("database")


def kinds(lines: list[Line]) -> list[tuple[str, str]]:
    """Model and operation of each line, sorted."""
    return sorted((model, operation) for model, operation, _ in lines)


def test_delete(log: Log) -> None:
    """A row that is deleted leaves all that it held in the database, not what was set in memory."""
    tag = Tag.objects.create(name="a")
    log()
    tag.name = "unsaved"
    tag.delete()
    assert log() == [("Tag", "delete", {"name": {"before": "a"}})]


def test_delete_of_what_was_not_loaded(log: Log) -> None:
    """What the instance does not know is read before it is gone."""
    tag = Tag.objects.create(name="a")
    other = Tag.objects.create(name="b")
    log()
    Tag(pk=tag.pk).delete()
    Tag.objects.only("pk").get(pk=other.pk).delete()
    assert [changes for _, _, changes in log()] == [{"name": {"before": "a"}}, {"name": {"before": "b"}}]


def test_delete_of_nothing(log: Log) -> None:
    """A query that finds nothing leaves nothing."""
    assert Tag.objects.all().delete() == (0, {})
    assert Tag.objects.filter(name="x").delete()[0] == 0
    assert log() == []


def test_delete_of_a_query(log: Log) -> None:
    """Rows that Django deletes without loading them are recorded each."""
    Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")])
    log()
    assert Tag.objects.filter(name__in="ab").delete() == (2, {"audited.Tag": 2})
    found = sorted(changes["name"]["before"] for _, _, changes in log())
    assert found == ["a", "b"]


def test_delete_by_hand(log: Log) -> None:
    """``_raw_delete`` is recorded, too."""
    Tag.objects.create(name="a")
    log()
    assert Tag.objects.all()._raw_delete("default") == 1  # noqa: SLF001  # as some packages do
    assert log() == [("Tag", "delete", {"name": {"before": "a"}})]


@by_python("a trigger sees each row that is deleted, and reads none before")
def test_delete_that_another_transaction_disturbs(log: Log, database: str) -> None:
    """A row that another transaction made meanwhile is not deleted unseen: the delete is taken back."""
    if database != "postgres":
        pytest.skip("SQLite has one writer, and MariaDB locks the gap")
    Tag.objects.create(name="a")
    log()

    def meanwhile(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith("DELETE"):
            other = threading.Thread(target=_add_a_tag)
            other.start()
            other.join()
        return execute(sql, *rest)

    with connection.execute_wrapper(meanwhile), pytest.raises(ConcurrentChangeError):
        Tag.objects.all()._raw_delete("default")  # noqa: SLF001  # what fast deletes end in
    assert [operation for _, operation, _ in log()] == ["create"]
    assert Tag.objects.count() == 2


def _add_a_tag() -> None:
    Tag.objects.create(name="b")
    connection.close()


def test_cascade(log: Log) -> None:
    """All that is deleted or set to null along is recorded, generic relations and many-to-many fields included."""
    customer = Customer.objects.create(name="cu")
    product = Product.objects.create(name="p", customer=customer)
    child = Product.objects.create(name="child", parent=product)
    Item.objects.create(product=product)
    Item.objects.create(product=child)
    Note.objects.create(text="n", about=product)
    child.tags.add(Tag.objects.create(name="t"))
    log()
    product.delete()
    # MariaDB checks constraints at once, so Django takes the child from its parent first.
    lines = [line for line in log() if line[1] != "update"]
    assert kinds(lines) == [
        ("Item", "delete"),
        ("Item", "delete"),
        ("Note", "delete"),
        ("Product", "delete"),
        ("Product", "delete"),
        ("Product", "m2m_post_remove"),
    ]
    products = [changes for model, operation, changes in lines if (model, operation) == ("Product", "delete")]
    assert {changes["name"]["before"] for changes in products} == {"p", "child"}
    assert all("before" in changes["note"] for changes in products)


def test_set_null(log: Log) -> None:
    """Rows whose relation is set to null are recorded as updates."""
    customer = Customer.objects.create(name="cu")
    Product.objects.create(name="p", customer=customer)
    key = customer.pk
    log()
    customer.delete()
    assert log() == [
        ("Product", "update", {"customer_id": {"before": key, "after": None}}),
        ("Customer", "delete", {"name": {"before": "cu"}, "password": {"hidden": True}}),
    ]


def test_set_null_with_listeners(log: Log) -> None:
    """A receiver of the project makes Django delete one by one; the log is the same."""

    def receiver(**_: object) -> None:
        """Nothing to do."""

    post_delete.connect(receiver, sender=Customer)
    try:
        test_set_null(log)
    finally:
        post_delete.disconnect(receiver, sender=Customer)


def test_fast_deletes_stay_fast(log: Log) -> None:
    """The log needs no receiver, so rows are still deleted without being loaded as instances."""
    Tag.objects.bulk_create([Tag(name=str(number)) for number in range(50)])
    log()
    with CaptureQueriesContext(connection) as queries:
        Tag.objects.filter(name__gte="").delete()
    deletes = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
    assert len([sql for sql in deletes if "audited_tag" in sql]) == 1
    assert len(log()) == 50


def test_a_rule_of_the_project(log: Log) -> None:
    """Rows that Django has loaded and sets to another value are recorded as updates, too."""
    customer = Customer.objects.create(name="cu")
    Ticket.objects.create(customer=customer)
    visit = Visit.objects.create(page="/", customer=customer)
    key = customer.pk
    log()
    customer.delete()
    visit.refresh_from_db()
    assert visit.customer is None  # and that is not recorded
    assert sorted(log())[1:] == [("Ticket", "update", {"customer_id": {"before": key, "after": None}})]


def test_cascade_into_what_is_not_recorded(log: Log) -> None:
    """A delete that touches nothing recorded is Django's own."""
    visit = Visit.objects.create(page="/")
    assert visit.delete() == (1, {"audited.Visit": 1})
    assert ContentType.objects.filter(model="nothing").delete()[0] == 0
    assert log() == []
