"""Taking changes back: what comes back, what is recorded of it, and what is refused."""

from __future__ import annotations

import pickle
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from django.db import connection, transaction

from dj_core_utils.actor import Actor
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.errors import ChangedSinceError, HistoryError, UnknownValueError
from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import acting_as
from tests.audit.models import Club, Customer, Diary, Item, Membership, Note, Place, Product, Restaurant, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = pytest.mark.usefixtures("database")
_Error = TypeVar("_Error", bound=Exception)
# What Python decides, the same whatever the database.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def last() -> OperationLog:
    """The newest entry."""
    return OperationLog.objects.latest("id")


def revert_last_transaction(reason: str = "") -> int:
    """Take back what was written together with the newest entry."""
    key = last().transaction_id
    assert key is not None
    return OperationLog.objects.in_transaction(key).revert(reason=reason)


@contextmanager
def refused(error: type[_Error], match: str, log: Log) -> Iterator[pytest.ExceptionInfo[_Error]]:
    """Nothing is written, and the error says why."""
    log()
    with pytest.raises(error, match=match) as caught:
        yield caught
    assert log() == []


def test_an_update(log: Log) -> None:
    """The old values are back, of every type, and that is a change of its own with actor and reason."""
    values: dict[str, Any] = {
        "price": Decimal("1.50"),
        "blob": b"1",
        "data": {"a": 1},
        "file": "a.txt",
        "sold_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    Product.objects.create(name="a", note="x", **values)
    product = Product.objects.get()
    product.name, product.price, product.blob, product.data, product.file = "b", Decimal(2), b"2", {"a": 2}, "b.txt"
    product.sold_at = None
    product.save()
    changed = last()
    Product.objects.update(note="y")
    log()
    with acting_as("ada"):
        changed.revert(reason="ticket 4711")
    found = Product.objects.get()
    assert (found.name, found.note) == ("a", "y")
    assert {name: getattr(found, name) for name in values} == values
    [(_, operation, changes)] = log()
    assert (operation, changes["name"]) == ("update", {"before": "b", "after": "a"})
    assert (last().actor, last().reason) == ("ada", f"ticket 4711 (revert of entry {changed.pk})")
    last().revert()
    assert Product.objects.get().name == "b"
    assert last().reason == f"revert of entry {last().pk - 1}"


def test_a_whole_transaction(log: Log) -> None:
    """All that was done together comes back together: rows that were deleted, what hung on them, and relations."""
    club = Club.objects.create(name="c")
    member = Membership.objects.create(club=club, customer=Customer.objects.create(name="c"))
    product = Product.objects.create(name="p")
    tag, other = Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")])
    product.tags.add(tag)
    with transaction.atomic():
        tag.delete()
        club.delete()
        Tag.objects.update(name="c")
        Product.objects.create(name="new").tags.add(other)
    log()
    assert revert_last_transaction("wrong button") == 7
    assert (Membership.objects.get(), Club.objects.get().name) == (member, "c")
    assert list(product.tags.all()) == [Tag.objects.get(name="a")]
    assert set(Tag.objects.values_list("name", flat=True)) == {"a", "b"}
    assert not Product.objects.filter(name="new").exists()
    assert (
        len({entry.transaction_id for entry in OperationLog.objects.filter(reason__startswith="wrong button (")}) == 1
    )


@on_sqlite
def test_a_delete_whose_entries_stand_the_other_way_round(log: Log) -> None:
    """An object comes back before its relations, whichever of them the log has first."""
    product, tag = Product.objects.create(name="p"), Tag.objects.create(name="a")
    product.tags.add(tag)
    link = Product.tags.through._default_manager.get()
    with transaction.atomic():
        key = tag.pk
        link.delete()
        tag.delete()
    with log_keeper():  # as if the relation had been on the side of the tag
        older, newer = OperationLog.objects.order_by("-id")[:2][::-1]
        older.operation_type, newer.operation_type = newer.operation_type, older.operation_type
        older.model_changed, newer.model_changed = newer.model_changed, older.model_changed
        older.id_instance, newer.id_instance = newer.id_instance, older.id_instance
        older.changes, newer.changes = newer.changes, older.changes
        older.save()
        newer.save()
    revert_last_transaction()
    assert list(product.tags.values_list("pk", flat=True)) == [key]
    log()


@on_sqlite
def test_a_symmetrical_relation(log: Log) -> None:
    """The two rows of a link are taken back together, once."""
    one, two = Product.objects.create(name="a"), Product.objects.create(name="b")
    one.friends.add(two)
    assert revert_last_transaction() == 2
    assert not one.friends.exists()
    assert revert_last_transaction() == 2
    assert list(one.friends.all()) == [two]
    log()


@on_sqlite
def test_a_child_of_another_table(log: Log) -> None:
    """An object of two tables is deleted and made again in both."""
    restaurant = Restaurant.objects.create(city="Ulm", stars=1)
    restaurant.delete()
    revert_last_transaction()
    assert Restaurant.objects.values_list("city", "stars").get() == ("Ulm", 1)
    last_create = OperationLog.objects.filter(model_changed="audited.Restaurant", operation_type="create").latest("id")
    last_create.revert()
    assert not Place.objects.exists()
    Restaurant.objects.create(city="Bonn")
    log()


@on_sqlite
def test_moments_that_set_themselves(log: Log) -> None:
    """When a row was written last is now; when it was made stays as it was."""
    Diary.objects.create(text="x")
    last().revert()
    diary = Diary.objects.create(text="a")
    made, written, updated = diary.made, diary.written, diary.updated_at
    diary.text = "b"
    diary.save()
    last().revert()
    diary.refresh_from_db()
    assert diary.text == "a"
    assert (diary.made, diary.written > written, diary.updated_at > updated) == (made, True, True)
    diary.save()
    assert last().changes.keys() == {"written", "updated_at"}
    before = Diary.objects.get()
    last().revert()
    assert Diary.objects.get().written == before.written
    diary.delete()
    with acting_as(Actor(user_id=7)):
        last().revert()
    found = Diary.objects.get()
    assert (found.made, found.created_by_id, found.written > before.written) == (made, None, True)
    log()


@on_sqlite
@pytest.mark.parametrize("change", ["update", "delete"])
def test_a_field_that_changed_since(change: str, log: Log) -> None:
    """An entry is not taken back where something later would be lost; the error names the field, not its values."""
    product = Product.objects.create(name="a")
    product.name = "canary-1"
    product.save()
    entry = last()
    if change == "update":
        Product.objects.update(name="canary-2", note="y")
        message = rf"audited.Product {product.pk} has changed since entry {entry.pk}, in name\.$"
    else:
        product.delete()
        message = "does not exist any more"
    with refused(ChangedSinceError, message, log) as caught:
        entry.revert()
    assert caught.value.fields == (("name",) if change == "update" else ())
    assert "canary" not in str(caught.value)


@on_sqlite
def test_all_or_nothing(log: Log) -> None:
    """When one entry of a transaction cannot be taken back, none is."""
    with transaction.atomic():
        first, second = Tag.objects.create(name="a"), Tag.objects.create(name="b")
    key = last().transaction_id
    Tag.objects.filter(pk=first.pk).update(name="c")
    assert key is not None
    with refused(ChangedSinceError, "in name", log):
        OperationLog.objects.in_transaction(key).revert()
    assert Tag.objects.filter(pk=second.pk).exists()


@on_sqlite
def test_a_hidden_value(log: Log) -> None:
    """What is hidden, partly hidden, unknown or only a digest cannot come back."""
    customer = Customer.objects.create(name="c", password="canary-1")
    customer.password = "canary-2"
    customer.save()
    with refused(UnknownValueError, "password: its values are hidden", log):
        last().revert()
    product = Product.objects.create(name="p", data={"token": "canary"}, blob=b"x" * 2000)
    product.data = {}
    product.save()
    with refused(UnknownValueError, "data: a part of the document", log):
        last().revert()
    product.blob = b""
    product.save()
    with refused(UnknownValueError, "blob: it was too large", log):
        last().revert()
    Product(pk=product.pk, note="x").save(update_fields=["note"])
    with refused(UnknownValueError, "note: its value before the change was not known", log):
        last().revert()
    customer.delete()
    with refused(UnknownValueError, "password", log):
        last().revert()


@on_sqlite
def test_a_created_row_with_a_secret(log: Log) -> None:
    """It can be deleted again as long as its secret is the same, which the log knows."""
    customer = Customer.objects.create(name="c", password="canary-1")
    entry = last()
    customer.password = "canary-2"
    customer.save()
    with refused(ChangedSinceError, "in password", log):
        entry.revert()
    with log_keeper():
        last().delete()
    entry.revert()
    assert not Customer.objects.exists()


@on_sqlite
@pytest.mark.parametrize("what", ["item", "child", "note", "customer", "tag"])
def test_a_created_row_that_is_used(what: str, log: Log) -> None:
    """It is not deleted again once something refers to it, which would go or change with it."""
    product = Product.objects.create(name="p")
    entry = last()
    if what == "item":
        Item.objects.create(product=product)
    elif what == "child":
        Product.objects.create(name="c", parent=product)
    elif what == "note":
        product.notes.create(text="x")
        assert Note.objects.exists()
    elif what == "tag":
        product.tags.create(name="t")
    else:
        customer = Customer.objects.create(name="c")
        entry = last()
        Product.objects.update(customer=customer)
    with refused(ChangedSinceError, "refer to it now", log):
        entry.revert()


@on_sqlite
def test_a_deleted_row_that_is_there_again(log: Log) -> None:
    """A row that was made anew with the same key is not overwritten; one whose unique value is taken does not come."""
    tag = Tag.objects.create(name="a")
    key = tag.pk
    tag.delete()
    entry = last()
    Tag.objects.create(pk=key, name="b")
    with refused(ChangedSinceError, "exists again", log):
        entry.revert()
    club = Club.objects.create(name="c")
    Membership.objects.create(club=club, customer=Customer.objects.create(name="c")).delete()
    entry = last()
    club.delete()
    with refused(ChangedSinceError, "refers to is gone", log):
        entry.revert()


@on_sqlite
def test_a_deleted_row_of_a_model_that_has_grown(log: Log) -> None:
    """A field that the deleted row did not have is not made up."""
    Tag.objects.create(name="a").delete()
    with log_keeper():
        entry = last()
        entry.changes = {}
        entry.save()
    with refused(UnknownValueError, "name: its value before the change was not known", log):
        entry.revert()
    tag = Tag.objects.create(name="b")
    shared = {"model_changed": "audited.Tag", "id_instance": str(tag.pk), "operation_type": "update"}
    entry = OperationLog.objects.create(**shared, changes={"colour": {"before": "red", "after": "blue"}})
    with refused(UnknownValueError, "colour: the model has no such field any more", log):
        entry.revert()


@on_sqlite
def test_relations_that_changed_since(log: Log) -> None:
    """A link that has come or gone since is not touched."""
    product = Product.objects.create(name="p")
    one, two = Tag.objects.bulk_create([Tag(name=name) for name in "ab"])
    product.tags.add(one, two)
    added = last()
    product.tags.remove(one)
    removed = last()
    with refused(ChangedSinceError, "in tags", log):
        added.revert()
    product.tags.add(one)
    with refused(ChangedSinceError, "in tags", log):
        removed.revert()
    added.revert()
    assert not product.tags.exists()


@on_sqlite
def test_what_the_project_has_no_model_for(log: Log) -> None:
    """An entry of an app that is gone is not taken back, and nothing at all is nothing."""
    entry = OperationLog.objects.create(model_changed="gone.Model", id_instance="1", operation_type="update")
    with refused(HistoryError, "no model gone.Model any more", log):
        entry.revert()
    entry = OperationLog.objects.create(model_changed="audited.Tag", id_instance="", operation_type="unaudited")
    with refused(HistoryError, "tells of the log itself", log):
        entry.revert()
    assert OperationLog.objects.none().revert() == 0
    assert not hasattr(OperationLog.objects, "revert")
    assert connection.in_atomic_block is False


def test_errors_travel() -> None:
    """An error that comes from a worker says the same."""
    error = pickle.loads(pickle.dumps(UnknownValueError("name", "it is hidden")))  # noqa: S301  # ours
    assert (str(error), error.field) == ("The operation log does not tell name: it is hidden.", "name")
    other = pickle.loads(pickle.dumps(ChangedSinceError("m", row="shop.Order 7", fields=("a",))))  # noqa: S301  # ours
    assert (str(other), other.row) == ("m", "shop.Order 7")
