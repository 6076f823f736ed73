"""What bulk writes leave in the log, which send no signals, on each kind of database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, transaction
from django.db.models import Case, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Concat, Upper
from django.test.utils import CaptureQueriesContext

from dj_core_utils.audit.errors import ConcurrentChangeError
from tests.audit.conftest import by_python
from tests.audit.models import Club, Customer, Membership, Place, Product, Restaurant, Seat, Shown, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def products(log: Log) -> list[Product]:
    """Three products, and a log that was read."""
    made = Product.objects.bulk_create([Product(name=name, quantity=number) for number, name in enumerate("abc")])
    log()
    return list(made)


@pytest.mark.usefixtures("products")
def test_update(log: Log) -> None:
    """Each row that an update changed has its own entry with its own before."""
    assert Product.objects.filter(quantity__gte=1).update(quantity="7", note="x") == 2
    assert log() == [
        ("Product", "update", {"quantity": {"before": number, "after": 7}, "note": {"before": "", "after": "x"}})
        for number in (1, 2)
    ]
    assert Product.objects.filter(name="nobody").update(note="y") == 0
    assert log() == []


@pytest.mark.usefixtures("products")
def test_update_with_expressions(log: Log) -> None:
    """What the database has computed is read back by key, also when the filter no longer fits."""
    customer = Customer.objects.create(name="cu")
    log()
    Product.objects.filter(name="b").update(
        name=Upper("name"), quantity=F("quantity") * 10, customer=Subquery(Customer.objects.values("pk")[:1])
    )
    assert log() == [
        (
            "Product",
            "update",
            {
                "name": {"before": "b", "after": "B"},
                "quantity": {"before": 1, "after": 10},
                "customer_id": {"before": None, "after": customer.pk},
            },
        )
    ]


def test_update_through_joins(log: Log, products: list[Product]) -> None:
    """A filter over relations, with annotations and an order, changes and records the same rows."""
    customer = Customer.objects.create(name="cu")
    Product.objects.filter(name__in="ab").update(customer=customer)
    for product in products:
        product.tags.add(Tag.objects.create(name="t"))
    log()
    count = (
        Product.objects.filter(tags__name="t", customer__name="cu")
        .annotate(label=Concat(F("name"), Value("!")))
        .order_by("name")
        .update(note=F("label"))
    )
    assert count == 2
    # MariaDB computes a wrong value here; the log tells the one that it has written.
    written = Product.objects.exclude(note="").values_list("note", flat=True)
    assert sorted(changes["note"]["after"] for _, _, changes in log()) == sorted(written)
    assert len(written) == 2


@pytest.mark.usefixtures("products")
def test_update_of_relations(log: Log) -> None:
    """A relation may be given as an instance, by its name or its column, and set to nothing."""
    customer = Customer.objects.create(name="cu")
    log()
    Product.objects.filter(name="a").update(customer=customer)
    Product.objects.filter(name="a").update(customer_id=None)
    assert [changes for _, _, changes in log()] == [
        {"customer_id": {"before": None, "after": customer.pk}},
        {"customer_id": {"before": customer.pk, "after": None}},
    ]


@by_python("a trigger sees one table; see test_two_tables_for_one_object of the triggers")
@pytest.mark.usefixtures("products")
def test_update_of_a_proxy_and_of_two_tables(log: Log) -> None:
    """Proxies and parents are updated by their own rules and recorded by ours."""
    Restaurant.objects.create(city="Ulm", stars=1)
    log()
    Shown.objects.filter(name="a").update(note="x")
    Restaurant.objects.update(city="Bonn", stars=2)
    Place.objects.update(city="Ulm")
    assert log() == [
        ("Product", "update", {"note": {"before": "", "after": "x"}}),
        ("Restaurant", "update", {"city": {"before": "Ulm", "after": "Bonn"}, "stars": {"before": 1, "after": 2}}),
        ("Place", "update", {"city": {"before": "Bonn", "after": "Ulm"}}),
    ]


@pytest.mark.usefixtures("products")
def test_update_that_django_refuses(log: Log) -> None:
    """What Django refuses is refused as before, and a transaction around it can go on."""
    with pytest.raises(TypeError, match="slice"):
        Product.objects.all()[:1].update(note="x")
    with pytest.raises(FieldDoesNotExist):
        Product.objects.update(nothing="x")  # type: ignore[misc]  # that is the mistake
    assert log() == []


@by_python("a trigger sees each row that is changed, and reads none before")
@pytest.mark.usefixtures("products")
@pytest.mark.parametrize("value", ["x", Concat("note", Value("x"))])
def test_update_in_an_old_transaction(log: Log, database: str, value: object) -> None:
    """A row that another transaction made meanwhile is not changed unseen: the update is taken back."""
    if database != "postgres":
        pytest.skip("SQLite has one writer, and MariaDB locks the gap")

    def meanwhile(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith("UPDATE"):
            other = threading.Thread(target=_add_a_product)
            other.start()
            other.join()
        return execute(sql, *rest)

    with (
        connection.execute_wrapper(meanwhile),
        pytest.raises(ConcurrentChangeError, match=r"audited\.Product.*try again"),
    ):
        Product.objects.update(note=value)
    assert [operation for _, operation, _ in log()] == ["create"]
    assert set(Product.objects.values_list("note", flat=True)) == {""}


def _add_a_product() -> None:
    Product.objects.create(name="d")
    connection.close()


def test_bulk_create(log: Log) -> None:
    """Every row has its entry and its key, and is known to its instance."""
    products = Product.objects.bulk_create([Product(name="a", price="1.5"), Product(name="b", pk=7_000_000)])
    lines = log()
    found = [(operation, changes["name"], changes["price"]) for _, operation, changes in lines]
    assert sorted(found, key=lambda line: line[1]["after"]) == [
        ("create", {"after": "a"}, {"after": "1.50"}),
        ("create", {"after": "b"}, {"after": "0.00"}),
    ]
    products[0].name = "c"
    products[0].save()
    assert log() == [("Product", "update", {"name": {"before": "a", "after": "c"}})]
    assert Product.objects.bulk_create([]) == []


def test_bulk_create_with_expressions(log: Log) -> None:
    """A value that the database computes is read back."""
    Product.objects.bulk_create([Product(name=Upper(Value("a")))])
    assert log()[0][2]["name"] == {"after": "A"}


def test_bulk_create_that_ignores_conflicts(log: Log) -> None:
    """Only what was really made is recorded."""
    Customer.objects.create(name="a")
    log()
    Customer.objects.bulk_create([Customer(name="a"), Customer(name="b")], ignore_conflicts=True)
    assert [(operation, changes["name"]) for _, operation, changes in log()] == [("create", {"after": "b"})]


def test_bulk_create_of_what_cannot_conflict(log: Log) -> None:
    """Rows without a unique value are found, too, though Django does not tell their keys."""
    Tag.objects.bulk_create([Tag(name="a"), Tag(name="b"), Tag(name="c", pk=9_000_000)], ignore_conflicts=True)
    assert sorted(changes["name"]["after"] for _, _, changes in log()) == ["a", "b", "c"]
    assert Tag.objects.count() == 3


def test_bulk_create_with_keys_of_several_columns(log: Log) -> None:
    """Conflicts over several columns, with NULL in them, and over expressions where the database knows those."""
    Seat.objects.create(row="a", number=1, guest="ann")
    log()
    seats = [
        Seat(row="a", number=1, guest="bob"),
        Seat(row="a", number=2, guest="cleo"),
        Seat(number=1, guest="dora"),
        Seat(guest="ANN"),
    ]
    Seat.objects.bulk_create(seats, ignore_conflicts=True)
    made = ["cleo", "dora"] if connection.features.supports_expression_indexes else ["cleo", "dora", "ANN"]
    assert sorted(changes["guest"]["after"] for _, _, changes in log()) == sorted(made)
    assert Seat.objects.count() == 1 + len(made)


def test_bulk_create_that_writes_over(log: Log, database: str) -> None:
    """An upsert is recorded as the insert or the update that it was."""
    Customer.objects.create(name="a", password="old")
    log()
    unique = {} if database == "mariadb" else {"unique_fields": ["name"]}
    Customer.objects.bulk_create(
        [Customer(name="a", password="new"), Customer(name="b")],
        update_conflicts=True,
        update_fields=["password"],
        **unique,  # type: ignore[arg-type]  # one of several types
    )
    assert [(operation, changes) for _, operation, changes in log()] == [
        ("update", {"password": {"hidden": True}}),
        ("create", {"name": {"after": "b"}, "password": {"hidden": True}}),
    ]


def test_bulk_update(log: Log, products: list[Product]) -> None:
    """Each row has one entry, although Django writes them by one update with conditions."""
    for product in products[:2]:
        product.quantity += 10
        product.note = "unsaved"
    products[2].note = "c"
    assert Product.objects.bulk_update(products, ["quantity"], batch_size=2) == 3
    assert [changes for _, _, changes in log()] == [
        {"quantity": {"before": 0, "after": 10}},
        {"quantity": {"before": 1, "after": 11}},
    ]
    products[0].save()
    assert log() == [("Product", "update", {"note": {"before": "", "after": "unsaved"}})]


def test_bulk_update_with_expressions(log: Log, products: list[Product]) -> None:
    """A value that the database computes is read back."""
    products[0].quantity = F("quantity") + 5
    Product.objects.bulk_update(products[:1], ["quantity"])
    assert log() == [("Product", "update", {"quantity": {"before": 0, "after": 5}})]


def test_bulk_update_that_django_refuses(log: Log) -> None:
    """An instance without a key is refused as before."""
    with pytest.raises(ValueError, match="primary key"):
        Product.objects.bulk_update([Product(name="a")], ["name"])
    assert log() == []


@by_python("triggers cost no statement; see test_statements.py")
@pytest.mark.usefixtures("products")
def test_statements_of_bulk_writes(database: str) -> None:
    """An update costs one INSERT more; MariaDB has to count the rows first. One with expressions needs two SELECTs."""
    written = {"sqlite": ["INSERT"], "postgres": ["WITH"], "mariadb": ["SELECT", "INSERT"]}[database]
    with transaction.atomic():
        with CaptureQueriesContext(connection) as queries:
            Product.objects.update(note="x")
        assert [query["sql"].split()[0] for query in queries] == [*written, "UPDATE"]
        with CaptureQueriesContext(connection) as queries:
            Product.objects.update(quantity=Case(When(name="a", then=1), default=2))
        assert [query["sql"].split()[0] for query in queries] == ["SELECT", "UPDATE", "SELECT"]


def test_rows_of_a_project_between_two_others(log: Log) -> None:
    """A many-to-many model of the project is a model like any other."""
    club = Club.objects.create(name="c")
    customer = Customer.objects.create(name="cu")
    log()
    club.members.add(customer, through_defaults={"role": "chair"})
    Membership.objects.update(role="member")
    club.members.clear()
    assert [(model, operation) for model, operation, _ in log()] == [
        ("Membership", "create"),
        ("Membership", "update"),
        ("Membership", "delete"),
    ]


@pytest.mark.usefixtures("products")
def test_update_by_a_subquery_on_itself(log: Log, database: str) -> None:
    """A value from another row of the same table."""
    if database == "mariadb":
        pytest.skip("it cannot read the table that it updates")
    other = Product.objects.filter(name="c", pk__gt=OuterRef("pk")).values("name")[:1]
    Product.objects.filter(name="a").update(note=Subquery(other))
    assert log() == [("Product", "update", {"note": {"before": "", "after": "c"}})]


def test_rows_that_can_meet_nothing(log: Log) -> None:
    """Where conflicts are ignored and no value is unique, all rows are new."""
    Tag.objects.bulk_create([Tag(name="a"), Tag(name="a")], ignore_conflicts=True)
    assert log() == [("Tag", "create", {"name": {"after": "a"}})] * 2
