"""What ``save()`` and its relatives leave in the log, on each kind of database."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.core import serializers
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from dj_core_utils.audit.capture.rows import held_values
from dj_core_utils.audit.policy import policy_of
from tests.audit.conftest import by_python
from tests.audit.models import Customer, Item, Place, Product, Restaurant, Shown, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = pytest.mark.usefixtures("database")


def before(value: object, capture: str) -> dict[str, object]:
    """What was there before, where only a trigger can know it."""
    return {"before": value} if capture == "trigger" else {}


def test_a_new_row(log: Log) -> None:
    """A new row is recorded with all its values, in the one form that each type has."""
    product = Product.objects.create(
        name="Bolt ✓",
        price="1.5",
        quantity="7",
        sold_at=datetime(2026, 1, 31, 11, 0, tzinfo=UTC),
        day="2026-01-31",
        hour=time(10, 30),
        span=timedelta(seconds=1, microseconds=5),
        weight=0.1,
        blob=b"\x00\xff",
        data={"a": [1, None, True]},
        token="0190a8b4c5d64e7f8a9b0c1d2e3f4a5b",
    )
    [(model, operation, changes)] = log()
    assert (model, operation) == ("Product", "create")
    assert {name: change["after"] for name, change in changes.items() if "after" in change} == {
        "name": "Bolt ✓",
        "note": "",
        "price": "1.50",
        "quantity": 7,
        "is_sold": True,
        "sold_at": "2026-01-31T11:00:00.000000+00:00",
        "day": "2026-01-31",
        "hour": "10:30:00.000000",
        "span": 1000005,
        "weight": 0.1,
        "blob": "00ff",
        "data": {"a": [1, None, True]},
        "file": "",
        "customer_id": None,
        "parent_id": None,
    }
    assert product.pk is not None


def test_an_update(log: Log) -> None:
    """An update holds what differs, before and after."""
    product = Product.objects.create(name="a", price=Decimal("1.50"))
    log()
    product.name, product.price = "b", Decimal("1.5")
    product.save()
    assert log() == [("Product", "update", {"name": {"before": "a", "after": "b"}})]


def test_an_update_of_a_loaded_row(log: Log, capture: str) -> None:
    """What was loaded is the before, of any type, without a query."""
    Product.objects.create(name="a", token=uuid4(), span=timedelta(1), blob=b"1", day=date(2026, 1, 1))
    log()
    product = Product.objects.get()
    product.span, product.blob, product.day = timedelta(2), b"2", date(2026, 1, 2)
    with CaptureQueriesContext(connection) as queries:
        product.save()
    assert [query["sql"].split()[0] for query in queries if query["sql"].split()[0] not in {"BEGIN", "COMMIT"}] == [
        "UPDATE",
        *(["INSERT"] if capture == "python" else []),
    ]
    assert log() == [
        (
            "Product",
            "update",
            {
                "span": {"before": 86_400_000_000, "after": 172_800_000_000},
                "blob": {"before": "31", "after": "32"},
                "day": {"before": "2026-01-01", "after": "2026-01-02"},
            },
        )
    ]


def test_the_second_of_two_stale_copies(log: Log, capture: str) -> None:
    """It records what it was loaded with; what it overwrote is in the entry of the first one, or known to a trigger."""
    Product.objects.create(name="a", quantity=1)
    first, second = Product.objects.get(), Product.objects.get()
    log()
    first.quantity = 2
    first.save()
    second.quantity = 3
    second.save()
    overwritten = {"before": 1 if capture == "python" else 2, "after": 3}
    assert [changes["quantity"] for _, _, changes in log()] == [{"before": 1, "after": 2}, overwritten]


def test_no_change(log: Log) -> None:
    """A save that changes nothing leaves nothing."""
    product = Product.objects.create(name="a", data={"x": 1}, weight=float(1))
    log()
    product.weight = 1
    product.price = "0.00"
    product.save()
    Product.objects.get().save()
    assert log() == []


def test_update_fields(log: Log) -> None:
    """What was changed in memory and not written is not recorded, now or when it is written later."""
    product = Product.objects.create(name="a", note="x")
    log()
    product.name, product.note = "b", "y"
    product.save(update_fields=["name"])
    assert log() == [("Product", "update", {"name": {"before": "a", "after": "b"}})]
    product.save()
    assert log() == [("Product", "update", {"note": {"before": "x", "after": "y"}})]


def test_expressions(log: Log) -> None:
    """What the database has computed is what is recorded."""
    product = Product.objects.create(name="a", quantity=3)
    log()
    product.quantity = F("quantity") + 1
    product.save()
    assert log() == [("Product", "update", {"quantity": {"before": 3, "after": 4}})]


def test_deferred_fields(log: Log) -> None:
    """Of a row that was loaded in part, nothing is loaded for the log."""
    Product.objects.create(name="a", note="x")
    log()
    product = Product.objects.only("name").get()
    product.name = "b"
    product.save()
    assert log() == [("Product", "update", {"name": {"before": "a", "after": "b"}})]


def test_a_deferred_field_that_is_loaded_later(log: Log) -> None:
    """A field that is loaded on access has a before from then on."""
    Product.objects.create(name="a", note="x")
    log()
    product = Product.objects.only("name").get()
    product.note += "y"
    product.save()
    assert log() == [("Product", "update", {"note": {"before": "x", "after": "xy"}})]


def test_a_deferred_field_that_is_set_blindly(log: Log, capture: str) -> None:
    """A before that nobody knows is missing, and is not taken for NULL; a trigger knows it."""
    Product.objects.create(name="a", note="x")
    log()
    product = Product.objects.only("name").get()
    product.note = "y"
    product.save()
    assert log() == [("Product", "update", {"note": {**before("x", capture), "after": "y"}})]


def test_a_row_that_was_never_loaded(log: Log, capture: str) -> None:
    """An instance made by hand that meets a row has no before at all; the row has one for a trigger."""
    product = Product.objects.create(name="a")
    log()
    Product(pk=product.pk, name="b").save(update_fields=["name"])
    assert log() == [("Product", "update", {"name": {**before("a", capture), "after": "b"}})]


def test_another_row_with_the_same_instance(log: Log, capture: str) -> None:
    """A copy by changing the key is a new row; the loaded values belong to the old one."""
    product = Product.objects.create(name="a")
    other = Product.objects.create(name="b")
    log()
    product.pk = None
    product._state.adding = True
    product.save()
    [(_, operation, changes)] = log()
    assert (operation, changes["name"]) == ("create", {"after": "a"})
    product.pk = other.pk
    product.save(update_fields=["name"])
    assert log() == [("Product", "update", {"name": {**before("b", capture), "after": "a"}})]


def test_refreshing(log: Log, capture: str) -> None:
    """What was refreshed is the before of the next change; of the rest, what was loaded, or what a trigger finds."""
    product = Product.objects.create(name="a", note="x")
    Product.objects.update(name="b", note="y")
    log()
    product.refresh_from_db(fields=["name"])
    product.name, product.note = "c", "z"
    product.save()
    note = {"before": "x" if capture == "python" else "y", "after": "z"}
    assert log() == [("Product", "update", {"name": {"before": "b", "after": "c"}, "note": note})]


def test_a_document_that_was_changed_in_place(log: Log) -> None:
    """A list inside of a JSON document that grew is a change."""
    Product.objects.create(name="a", data={"sizes": [1]})
    log()
    product = Product.objects.get()
    product.data["sizes"].append(2)
    product.save()
    expected = {"data": {"before": {"sizes": [1]}, "after": {"sizes": [1, 2]}}}
    assert log() == [("Product", "update", expected)]
    product.data["sizes"].append(3)
    product.save()
    assert log() == [("Product", "update", {"data": {"before": {"sizes": [1, 2]}, "after": {"sizes": [1, 2, 3]}}})]


def test_what_is_secret(log: Log, capture: str) -> None:
    """A secret is recorded as changed, and is not in the log; by field name, and by name inside of a document.

    A trigger hides such a document as a whole.
    """
    customer = Customer.objects.create(name="c", password="canary-1")
    customer.password = "canary-2"
    customer.save()
    product = Product.objects.create(name="a", data={"api_key": "canary-3", "list": [{"secret": "canary-4"}], "x": 1})
    lines = log()
    assert "canary" not in str(lines)
    assert lines[0][2]["password"] == lines[1][2]["password"] == {"hidden": True}
    masked = {"after": {"api_key": "***", "list": [{"secret": "***"}], "x": 1}}
    assert lines[2][2]["data"] == (masked if capture == "python" else {"hidden": True})
    product.delete()
    customer.delete()
    assert "canary" not in str(log())


def test_get_or_create_and_update_or_create(log: Log) -> None:
    """Both are saves."""
    Customer.objects.get_or_create(name="c")
    Customer.objects.get_or_create(name="c")
    Product.objects.update_or_create(name="p", defaults={"note": "x"})
    Product.objects.update_or_create(name="p", defaults={"note": "y"})
    lines = log()
    assert [(model, operation) for model, operation, _ in lines] == [
        ("Customer", "create"),
        ("Product", "create"),
        ("Product", "update"),
    ]
    assert lines[2][2] == {"note": {"before": "x", "after": "y"}}


def test_a_hidden_row(log: Log) -> None:
    """A manager that hides rows hides nothing from the log."""
    product = Product.objects.create(name="hidden")
    product.quantity = F("quantity") + 1
    product.save()
    product.delete()
    assert [operation for _, operation, _ in log()] == ["create", "update", "delete"]


def test_a_proxy(log: Log) -> None:
    """A proxy is recorded as the model that it stands for, whichever of the two is used next."""
    Shown.objects.create(name="a")
    product = Product.objects.get()
    product.name = "b"
    product.save()
    shown = Shown.objects.get()
    shown.name = "c"
    shown.save()
    assert [(model, changes["name"]) for model, _, changes in log()] == [
        ("Product", {"after": "a"}),
        ("Product", {"before": "a", "after": "b"}),
        ("Product", {"before": "b", "after": "c"}),
    ]


@by_python("a trigger sees one table; see test_two_tables_for_one_object of the triggers")
def test_two_tables_for_one_object(log: Log) -> None:
    """A child is recorded with the fields of its parents, in one entry."""
    restaurant = Restaurant.objects.create(city="Ulm", stars=1)
    restaurant.city = "Bonn"
    restaurant.save()
    Place.objects.get().save()
    restaurant = Restaurant.objects.get()
    restaurant.stars = 2
    restaurant.save()
    restaurant.delete()
    assert log() == [
        ("Restaurant", "create", {"city": {"after": "Ulm"}, "stars": {"after": 1}}),
        ("Restaurant", "update", {"city": {"before": "Ulm", "after": "Bonn"}}),
        ("Restaurant", "update", {"stars": {"before": 1, "after": 2}}),
        ("Restaurant", "delete", {"city": {"before": "Bonn"}, "stars": {"before": 2}}),
        ("Place", "delete", {"city": {"before": "Bonn"}}),
    ]


def test_what_is_excluded(log: Log) -> None:
    """A model that is not recorded leaves nothing."""
    Visit.objects.create(page="/").delete()
    Visit.objects.bulk_create([Visit(page="/")])
    Visit.objects.update(page="/a")
    visit = Visit.objects.get()
    visit.refresh_from_db()
    Visit.objects.bulk_update([visit], ["page"])
    Visit.objects.all().delete()
    assert log() == []


def test_keys_of_other_types(log: Log) -> None:
    """A UUID key is its usual text."""
    item = Item.objects.create(product=Product.objects.create(name="p"))
    from dj_core_utils.db.models import OperationLog  # noqa: PLC0415

    assert OperationLog.objects.for_object(item).get().id_instance == str(item.pk)
    assert len(log()) == 2


def test_a_fixture(log: Log) -> None:
    """A fixture brings the row of each table by itself, and each is recorded with what its own table holds."""
    place = {"model": "audited.place", "pk": 1, "fields": {"city": "Ulm"}}
    restaurant = {"model": "audited.restaurant", "pk": 1, "fields": {"stars": 3}}
    for row in serializers.deserialize("json", json.dumps([place, restaurant])):
        row.save()
    assert log() == [
        ("Place", "create", {"city": {"after": "Ulm"}}),
        ("Restaurant", "create", {"stars": {"after": 3}}),
    ]


def test_what_is_not_in_memory() -> None:
    """A field that an instance does not hold, or holds as an expression, is not known."""
    policy = policy_of(Product)
    assert policy is not None
    assert held_values(policy, {"name": "a", "quantity": F("quantity")}, ["name", "note", "quantity"]) == {"name": "a"}
