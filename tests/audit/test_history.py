"""What an object held at a moment, rebuilt from the log."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import models
from django.db.models import signals
from django.test.utils import isolate_apps
from django.utils import timezone

from dj_core_utils.db.decoding import decode
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.errors import UnknownValueError
from dj_core_utils.db.keys import key_text, key_value
from dj_core_utils.db.models import OperationLog
from tests.audit.models import Club, Customer, Item, Product, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import Model

    from dj_core_utils.db.entries import OperationLogQuerySet
    from dj_core_utils.db.history import PastObject

pytestmark = [
    pytest.mark.usefixtures("database"),
    pytest.mark.parametrize("database", ["sqlite", "sqlite_trigger", "postgres_trigger", "mariadb"], indirect=True),
]

VALUES: dict[str, Any] = {
    "name": "Bolt ✓",
    "price": Decimal("1.50"),
    "quantity": 2**31 - 1,
    "is_sold": False,
    "sold_at": datetime(2026, 1, 31, 11, 0, 0, 7, tzinfo=UTC),
    "day": date(2026, 1, 31),
    "span": timedelta(days=2, microseconds=5),
    "weight": 0.1,
    "blob": b"\x00\xff",
    "data": {"a": [1, None, True]},
}


def now() -> datetime:
    """A moment between two changes."""
    return timezone.now()


def past(instance: Model, moment: datetime) -> PastObject:
    """What the log tells of it."""
    return OperationLog.objects.for_object(instance).as_of(moment)


def forget(**fields: Any) -> None:
    """Prune the log, as retention does."""
    with log_keeper():
        OperationLog.objects.filter(**fields).delete()


def test_values_have_their_types() -> None:
    """Each value is what the field held, before and after it was changed."""
    customer = Customer.objects.create(name="c")
    product = Product.objects.create(**VALUES, customer=customer)
    then = now()
    product.refresh_from_db()
    product.price, product.day, product.customer, product.data = Decimal(2), None, None, {}
    product.save()
    old, new = past(product, then), past(product, now())
    assert {name: old[name] for name in VALUES} == VALUES
    assert (old.exists, old["id"], old["customer_id"], old["file"]) == (True, product.pk, customer.pk, "")
    assert (old.model, old.key, old.moment) == (Product, str(product.pk), then)
    assert (new["price"], new["day"], new["customer_id"], new["data"], new["name"]) == (2, None, None, {}, "Bolt ✓")
    assert old.unknown == new.unknown == {"token": "its values are hidden"}


def test_a_deleted_object() -> None:
    """What is deleted is told by its model and key; before it was made and after it was deleted it did not exist."""
    before = now()
    item = Item.objects.create(product=Product.objects.create(name="p"))
    key, product_key, made = item.pk, item.product_id, now()
    item.delete()
    history = OperationLog.objects.for_key(Item, key)
    assert history.as_of(made).values == {"id": key, "product_id": product_key}
    for moment in (before, now()):
        assert history.as_of(moment).exists is False
        with pytest.raises(UnknownValueError, match=r"does not tell product_id: the object did not exist then"):
            history.as_of(moment)["product_id"]
    with pytest.raises(KeyError, match="produkt"):
        history.as_of(made)["produkt"]


def test_an_object_that_the_log_does_not_know() -> None:
    """Of an object without entries nothing is told, not even that it existed."""
    found = OperationLog.objects.for_key(Product, 7).as_of(now())
    assert (found.exists, found.values, found.unknown["name"]) == (None, {}, "no entry tells it")


def test_an_object_older_than_the_log(capture: str) -> None:
    """What was changed later is known from then, what was never changed is not made up; a trigger knows more."""
    product = Product.objects.create(name="a", note="x")
    forget()
    then = now()
    product.name = "b"
    product.save()
    assert (past(product, then)["name"], past(product, then).exists) == ("a", True)
    assert past(product, now())["name"] == "b"
    assert past(product, then).unknown["note"] == past(product, now()).unknown["note"] == "no entry tells it"
    blind = Product.objects.only("name").get()
    blind.note = "y"
    blind.save()
    if capture == "python":
        assert past(product, then).unknown["note"] == "its value before the change was not known"
    else:
        assert past(product, then)["note"] == "x"
    assert past(product, now())["note"] == "y"
    product.refresh_from_db()
    product.delete()
    assert OperationLog.objects.for_key(Product, blind.pk).as_of(then)["quantity"] == 0


def test_a_row_that_came_back_unseen() -> None:
    """Nothing is taken from before a delete, or from beyond the next one."""
    product = Product.objects.create(name="a")
    key = product.pk
    product.delete()
    OperationLog.objects.create(
        model_changed="audited.Product", id_instance=str(key), operation_type="update", changes={"note": {"after": "x"}}
    )
    then = now()
    OperationLog.objects.create(model_changed="audited.Product", id_instance=str(key), operation_type="delete")
    Product.objects.create(pk=key, name="b")
    found = OperationLog.objects.for_key(Product, key).as_of(then)
    assert (found["note"], found.unknown["name"]) == ("x", "no entry tells it")


def test_what_is_hidden_is_told_as_hidden(capture: str) -> None:
    """A secret, a document with one in it, large content and a changed type have no value, and say why."""
    customer = Customer.objects.create(name="c", password="canary")
    assert past(customer, now()).unknown == {"password": "its values are hidden"}
    product = Product.objects.create(name="p", data={"list": [{"api_key": "canary"}]}, blob=b"x" * 2000)
    with log_keeper():
        entry = OperationLog.objects.for_object(product).get()
        entry.changes["quantity"] = {"after": "many"}
        entry.changes["colour"] = {"after": "red"}
        entry.save()
    found = past(product, now())
    assert found.unknown == {
        "data": "a part of the document is hidden" if capture == "python" else "its values are hidden",
        "blob": "it was too large to be kept, only its digest was",
        "quantity": "it is no IntegerField as the field is one now",
        "token": "its values are hidden",
    }
    assert "colour" not in found.values
    assert "canary" not in repr(found)


def test_relations() -> None:
    """A relation is the set of keys that were linked."""
    product = Product.objects.create(name="p")
    made = now()
    one, two, three = Tag.objects.bulk_create([Tag(name=name) for name in "abc"])
    product.tags.set([one, two])
    some = now()
    product.tags.remove(one)
    product.tags.add(three)
    other = now()
    product.tags.clear()
    assert [past(product, moment)["tags"] for moment in (made, some, other, now())] == [
        set(),
        {one.pk, two.pk},
        {two.pk, three.pk},
        set(),
    ]


@pytest.fixture
def slow_deletes() -> Iterator[None]:
    """A receiver of signals, with which Django loads the rows of relations before it deletes them."""

    def receive(**_: object) -> None:
        """Do nothing."""

    through = Product.tags.through
    signals.pre_delete.connect(receive, sender=through)
    yield
    signals.pre_delete.disconnect(receive, sender=through)


@pytest.mark.parametrize("receivers", [[], ["slow_deletes"]])
def test_relations_older_than_the_log(receivers: list[str], request: pytest.FixtureRequest) -> None:
    """A relation whose beginning is not in the log is known once it was emptied, by clear() or by a delete."""
    for name in receivers:
        request.getfixturevalue(name)
    product = Product.objects.create(name="p")
    one, two = Tag.objects.bulk_create([Tag(name=name) for name in "ab"])
    product.tags.add(one)
    forget()
    then = now()
    product.tags.add(two)
    assert past(product, then).unknown["tags"] == "the log does not begin with an empty relation"
    key, later = product.pk, now()
    product.delete()
    history = OperationLog.objects.for_key(Product, key)
    assert (history.as_of(then)["tags"], history.as_of(later)["tags"]) == ({one.pk}, {one.pk, two.pk})


def test_relations_made_again_in_the_same_transaction() -> None:
    """What is linked to an object that was made again is not taken for what the deleted one had."""
    product = Product.objects.create(name="p")
    tag = Tag.objects.create(name="a")
    shared = {"model_changed": "audited.Product", "id_instance": str(product.pk), "transaction_id": uuid4()}
    OperationLog.objects.create(**shared, operation_type="delete")
    OperationLog.objects.create(**shared, operation_type="m2m_post_remove", changes={"tags": {"removed": [99]}})
    OperationLog.objects.create(**shared, operation_type="create", changes={"name": {"after": "q"}})
    OperationLog.objects.create(**shared, operation_type="m2m_post_add", changes={"tags": {"added": [tag.pk]}})
    assert past(product, now())["tags"] == {tag.pk}


def test_a_relation_that_is_gone() -> None:
    """A field that the model has not any more is not told of."""
    product = Product.objects.create(name="p")
    OperationLog.objects.create(
        model_changed="audited.Product",
        id_instance=str(product.pk),
        operation_type="m2m_post_add",
        changes={"labels": {"added": [1]}},
    )
    assert "labels" not in past(product, now()).values
    with pytest.raises(UnknownValueError, match="labels: the model has no such many-to-many field any more"):
        OperationLog.objects.for_object(product).latest("id").revert()


@pytest.mark.parametrize(
    "part",
    [
        lambda product: OperationLog.objects.for_object(product).by(1),
        lambda product: OperationLog.objects.by(1).for_object(product),
        lambda _: OperationLog.objects.for_model(Product),
    ],
)
def test_a_part_of_a_history(part: Callable[[Product], OperationLogQuerySet[OperationLog]]) -> None:
    """From a part of a history nothing is rebuilt, because it would be wrong."""
    product = Product.objects.create(name="p")
    with pytest.raises(ValueError, match="whole history of one object"):
        part(product).as_of(now())


def test_a_moment_without_time_zone() -> None:
    """A moment that could be any of 24 hours is refused."""
    product = Product.objects.create(name="p")
    with pytest.raises(ValueError, match="with a time zone"):
        past(product, datetime(2026, 1, 1))  # noqa: DTZ001  # that is the point


def test_keys() -> None:
    """A key is read back as what it was, unless it was too long to be kept."""
    uuid = uuid4()
    assert key_value(Item, key_text(uuid)) == uuid
    assert key_value(Product, "7") == 7
    with pytest.raises(UnknownValueError, match="too long"):
        key_value(Tag, key_text("x" * 300))


@isolate_apps("tests.audit")
def test_a_key_of_several_columns() -> None:
    """A composite key is read back as a tuple, a document as what its decoder makes of it."""

    class Cell(models.Model):
        """Two columns for a key."""

        pk = models.CompositePrimaryKey("row", "id")
        row = models.IntegerField()
        id = models.UUIDField()
        data = models.JSONField(decoder=Reversing)

        class Meta:
            """In the app of the tests."""

            app_label = "audited"

    key = (7, uuid4())
    assert key_value(Cell, key_text(key)) == key
    assert decode(Cell._meta.get_field("data"), "abc") == "cba"


class Reversing(json.JSONDecoder):
    """Gives texts back to front."""

    def decode(self, s: str, *_: object) -> object:
        """A text, back to front."""
        return str(json.loads(s))[::-1]


def test_a_relation_through_a_model_of_the_project() -> None:
    """Its rows are objects of their own, so the relation is no value of the object."""
    club = Club.objects.create(name="c")
    assert past(club, now()).values == {"id": club.pk, "name": "c"}
