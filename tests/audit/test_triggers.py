"""What triggers of the database record, whoever writes the table; what Python records alike is tested with both."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import dj_database_url
import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.utils import ConnectionHandler
from django.test.utils import CaptureQueriesContext

from dj_core_utils.audit.encoding import encode, normalized
from dj_core_utils.audit.triggers.installation import put_right
from dj_core_utils.audit.unaudited import unaudited
from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import acting_as
from tests.audit.models import Customer, Item, Place, Product, Restaurant, Tag, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

by_trigger = pytest.mark.parametrize("database", ["sqlite_trigger", "postgres_trigger"], indirect=True)
on_postgres = pytest.mark.parametrize("database", ["postgres_trigger"], indirect=True)
on_sqlite = pytest.mark.parametrize("database", ["sqlite_trigger"], indirect=True)
pytestmark = pytest.mark.usefixtures("database")

NAMED: dict[str, Any] = {"name": "Bolt"}
VALUES: list[dict[str, Any]] = [
    {**NAMED, "note": "quotes \" and ' and \\ and \n and \t", "price": Decimal("-999999.99"), "quantity": -(2**31)},
    {**NAMED, "note": "emoji 🔩, accents é, ends: \x7f", "price": Decimal("0.10"), "quantity": 2**31 - 1},
    {**NAMED, "sold_at": datetime(2026, 1, 31, 11, 0, 0, tzinfo=UTC), "hour": time(23, 59), "span": timedelta(0)},
    {**NAMED, "sold_at": datetime(1, 1, 1, 0, 0, 0, 7, tzinfo=UTC), "hour": time(1, 2, 3, 4), "day": date(1, 1, 1)},
    {**NAMED, "sold_at": datetime(9999, 12, 31, 12, 0, 0, 999_999, tzinfo=UTC), "day": date(9999, 12, 31)},
    {**NAMED, "span": timedelta(days=-5, microseconds=1), "weight": 0.1 + 0.2, "blob": b"", "is_sold": False},
    {**NAMED, "span": timedelta(days=9999, seconds=86_399), "weight": 1e22, "blob": bytes(range(256)) * 4},
    {**NAMED, "weight": -1 / 3, "data": {"a": [1, None, True, 2.5, "x"], 'ke"y': {"ü": {}}}},
    {**NAMED, "weight": float("inf"), "data": [2**60, "🔩", []], "file": "a/b.txt"},
    {**NAMED, "weight": float("-inf"), "data": "text"},
]


@pytest.fixture
def second(database: str, sqlite_trigger_tables: str, tmp_path: Path) -> Iterator[str]:
    """The alias of a second database that has triggers, too."""
    del database  # is there first
    made = shutil.copy(dj_database_url.parse(sqlite_trigger_tables)["NAME"], tmp_path)
    handler = ConnectionHandler({"default": {}, "second": dict(dj_database_url.parse(f"sqlite:///{made}"))})
    connections.settings["second"] = handler.settings["second"]
    yield "second"
    connections["second"].close()
    del connections["second"]
    del connections.settings["second"]


def sql(statement: str) -> None:
    """SQL by hand, through Django."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def from_outside(*statements: str) -> None:
    """SQL by hand, by a program that knows nothing of Django, in one transaction."""
    if connection.vendor == "sqlite":
        with sqlite3.connect(connection.settings_dict["NAME"]) as other:
            for statement in statements:
                other.execute(statement)
        other.close()
        return
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as server:
        for statement in statements:
            server.execute(statement)


def json_text(line: tuple[str, str, object]) -> str:
    """The same text for the same line."""
    return json.dumps(line, sort_keys=True)


def actors() -> list[tuple[str, str]]:
    """Operation and actor of every entry."""
    return list(OperationLog.objects.order_by("id").values_list("operation_type", "actor"))


@by_trigger
@pytest.mark.parametrize("values", VALUES)
def test_the_same_json_as_from_python(log: Log, values: dict[str, Any]) -> None:
    """Each value has the form that Python would have written, after an insert, an update and a delete."""
    product = Product.objects.create(**values)
    plain = Product.objects.create(name="plain")
    log()
    fields = {field.attname: field for field in Product._meta.concrete_fields if not field.primary_key}
    stored = Product.objects.get(pk=product.pk)
    expected = {
        name: encode(field, normalized(field, getattr(stored, name)))
        for name, field in fields.items()
        if name != "token"
    }
    Product.objects.filter(pk=plain.pk).update(**values)
    product.delete()
    plain.refresh_from_db()
    [(_, _, update), (_, operation, delete)] = log()
    assert operation == "delete"
    assert {name: change["before"] for name, change in delete.items() if name != "token"} == expected
    assert {name: change["after"] for name, change in update.items()} == {
        name: value for name, value in expected.items() if name in update
    }
    assert update.keys() == {name for name in values if getattr(plain, name) != getattr(Product(name="plain"), name)}


@by_trigger
def test_large_and_hidden_values(log: Log) -> None:
    """Of large content its size is kept, and a secret is not there at all, also of a document that had one before."""
    product = Product.objects.create(name="a", blob=b"x" * 1025, token=UUID(int=7), data={"a": 1})
    [(_, _, changes)] = log()
    assert changes["blob"]["after"]["bytes"] == 1025
    assert changes["token"] == {"hidden": True}
    for document in ({"list": [{"accessToken": "canary"}]}, {"a": 2}):
        product.data = document
        product.save()
        assert log() == [("Product", "update", {"data": {"hidden": True}})]
    Product.objects.update(data={"a": "my token: canary", "b": 'a "secret" word'})
    assert "data" in log()[0][2]


@by_trigger
def test_keys(log: Log) -> None:
    """A UUID as the key is its usual text; a key that changes is a row that goes and one that comes."""
    item = Item.objects.create(product=Product.objects.create(name="p"))
    assert OperationLog.objects.for_object(item).get().id_instance == str(item.pk)
    tag = Tag.objects.create(name="a")
    log()
    sql(f"UPDATE audited_tag SET id = 700 WHERE id = {tag.pk}")  # noqa: S608  # a number
    assert log() == [("Tag", "delete", {"name": {"before": "a"}}), ("Tag", "create", {"name": {"after": "a"}})]
    keys = list(OperationLog.objects.order_by("id").values_list("id_instance", flat=True))
    assert keys[-2:] == [str(tag.pk), "700"]


@by_trigger
def test_sql_by_hand(log: Log) -> None:
    """SQL that Django did not make is recorded, with the one who acts, and nobody is warned."""
    with acting_as("importer", reason="ticket 4711"):
        sql("INSERT INTO audited_tag (name) VALUES ('a'), ('b')")
        sql("-- a comment\nUPDATE audited_tag SET name = 'c' WHERE name = 'a'")
        sql("/* another */ DELETE FROM audited_tag WHERE name = 'b'")
        sql("WITH old AS (SELECT 'c' AS name) UPDATE audited_tag SET name = 'd' WHERE name IN (SELECT name FROM old)")
        sql("UPDATE audited_tag SET name = name")
    assert [(operation, changes["name"]) for _, operation, changes in log()] == [
        ("create", {"after": "a"}),
        ("create", {"after": "b"}),
        ("update", {"before": "a", "after": "c"}),
        ("delete", {"before": "b"}),
        ("update", {"before": "c", "after": "d"}),
    ]
    assert {*OperationLog.objects.values_list("actor", "reason")} == {("importer", "ticket 4711")}


@by_trigger
def test_another_program(log: Log) -> None:
    """A program that knows nothing of Django is recorded all the same; nobody knows who it was."""
    Tag.objects.create(name="a")
    from_outside("UPDATE audited_tag SET name = 'b'", "INSERT INTO audited_tag (name) VALUES ('c')")
    with acting_as("ann"):
        Tag.objects.create(name="d")
    assert [changes["name"]["after"] for _, _, changes in log()] == ["a", "b", "c", "d"]
    assert actors() == [("create", ""), ("update", ""), ("create", ""), ("create", "ann")]
    _, one, other, ours = OperationLog.objects.order_by("id")
    assert one.transaction_id == other.transaction_id != ours.transaction_id
    assert abs(ours.date - one.date) < timedelta(minutes=1)


@by_trigger
def test_two_databases(second: str) -> None:
    """Each records what is written to it, once, in the same block or not, and takes back what is its own."""

    def entries(using: str) -> list[tuple[str, str]]:
        return list(OperationLog.objects.using(using).order_by("id").values_list("operation_type", "actor"))

    here, there = Tag(name="a"), Tag(name="b")
    here.save(using="default")
    there.save(using=second)
    assert (entries("default"), entries(second)) == ([("create", "")], [("create", "")])
    with acting_as("ann"), transaction.atomic():
        here.name = "taken back"
        here.save(using="default")
        with transaction.atomic(second):
            there.name = "c"
            there.save(using=second)
            there.name = "d"
            there.save(using=second)
        transaction.set_rollback(True)
    assert entries("default") == [("create", "")]
    assert entries(second) == [("create", ""), ("update", "ann"), ("update", "ann")]
    assert OperationLog.objects.using(second).values("transaction_id").distinct().count() == 2
    with connections[second].cursor() as cursor:
        cursor.execute("UPDATE audited_tag SET name = 'e'")
    Tag.objects.using(second).all().delete()
    assert [kind for kind, _ in entries(second)[3:]] == ["update", "delete"]
    assert entries("default") == [("create", "")]


@by_trigger
def test_who_acts(log: Log) -> None:
    """Each change has its own actor, whatever was told before, rolled back or committed."""
    with transaction.atomic():
        with acting_as("ann"):
            Tag.objects.create(name="a")
        Tag.objects.create(name="b")
        savepoint = connection.savepoint() or ""
        with acting_as("bob"):
            Tag.objects.create(name="taken back")
            connection.savepoint_rollback(savepoint)
            Tag.objects.create(name="c")
    Tag.objects.create(name="d")
    assert [changes["name"]["after"] for _, _, changes in log()] == ["a", "b", "c", "d"]
    assert [actor for _, actor in actors()] == ["ann", "", "bob", ""]
    *together, alone = OperationLog.objects.order_by("id").values_list("transaction_id", flat=True)
    assert len(set(together)) == 1
    assert alone not in together
    assert None not in together


@by_trigger
def test_what_is_told_once() -> None:
    """The database is told once in a transaction who acts, and not at all before what is out of reach."""
    Tag.objects.create(name="a")
    with CaptureQueriesContext(connection) as queries, acting_as("ann"), transaction.atomic():
        for name in "abc":
            Tag.objects.create(name=name)
    told = [query["sql"] for query in queries if "set_config" in query["sql"]]
    assert len(told) == (connection.vendor == "postgresql")
    with CaptureQueriesContext(connection) as queries, acting_as("ann"):
        Visit.objects.create(page="/")
    assert [query["sql"].split()[0] for query in queries] == ["INSERT"]


@by_trigger
def test_autocommit_off(log: Log) -> None:
    """With autocommit off the actor is told as in any transaction."""
    transaction.set_autocommit(False)
    try:
        with acting_as("ann"):
            Tag.objects.create(name="a")
            transaction.rollback()
            Tag.objects.create(name="b")
            transaction.commit()
    finally:
        transaction.set_autocommit(True)
    assert [changes["name"]["after"] for _, _, changes in log()] == ["b"]
    assert actors() == [("create", "ann")]


@by_trigger
def test_two_tables_for_one_object(log: Log) -> None:
    """Each table has its own entry; a trigger sees one table."""
    restaurant = Restaurant.objects.create(city="Ulm", stars=1)
    restaurant.city, restaurant.stars = "Bonn", 2
    restaurant.save()
    Place.objects.update(city="Köln")
    restaurant.delete()
    assert sorted(log(), key=json_text) == sorted(
        [
            ("Place", "create", {"city": {"after": "Ulm"}}),
            ("Restaurant", "create", {"stars": {"after": 1}}),
            ("Place", "update", {"city": {"before": "Ulm", "after": "Bonn"}}),
            ("Restaurant", "update", {"stars": {"before": 1, "after": 2}}),
            ("Place", "update", {"city": {"before": "Bonn", "after": "Köln"}}),
            ("Restaurant", "delete", {"stars": {"before": 2}}),
            ("Place", "delete", {"city": {"before": "Köln"}}),
        ],
        key=json_text,
    )


@by_trigger
def test_links_by_hand(log: Log) -> None:
    """Rows of the hidden table of a many-to-many field are changes of the field, also by hand."""
    product = Product.objects.create(name="p")
    one, two = Tag.objects.create(name="a"), Tag.objects.create(name="b")
    log()
    table = "audited_product_tags"
    sql(f"INSERT INTO {table} (product_id, tag_id) VALUES ({product.pk}, {one.pk})")  # noqa: S608  # numbers
    sql(f"UPDATE {table} SET tag_id = {two.pk}")  # noqa: S608  # numbers
    sql(f"UPDATE {table} SET tag_id = tag_id")  # noqa: S608  # numbers
    sql(f"DELETE FROM {table}")  # noqa: S608  # numbers
    assert log() == [
        ("Product", "m2m_post_add", {"tags": {"added": [one.pk]}}),
        ("Product", "m2m_post_remove", {"tags": {"removed": [one.pk]}}),
        ("Product", "m2m_post_add", {"tags": {"added": [two.pk]}}),
        ("Product", "m2m_post_remove", {"tags": {"removed": [two.pk]}}),
    ]


@by_trigger
def test_blocks_that_are_not_recorded(log: Log) -> None:
    """Triggers are silent in a block, and what they leave out is counted, without saves that change nothing."""
    customer = Customer.objects.create(name="c")
    log()
    with unaudited(reason="bulk import 4711", models=[Tag, Product]):
        product = Product.objects.create(name="p")
        product.save()
        product.tags.add(Tag.objects.create(name="a"))
        customer.name = "d"
        customer.save()
        with transaction.atomic():
            Tag.objects.update(name="taken back")
            transaction.set_rollback(True)
        sql("DELETE FROM audited_product_tags")
        sql("UPDATE audited_tag SET name = 'x'")
    Tag.objects.update(name="y")
    counts = {"audited.Product": {"unrecorded": 2}, "audited.Tag": {"unrecorded": 1, "statements": 1}}
    assert log() == [
        ("Customer", "update", {"name": {"before": "c", "after": "d"}}),
        ("dj_core_utils_db.OperationLog", "unaudited", counts),
        ("Tag", "update", {"name": {"before": "x", "after": "y"}}),
    ]


@on_postgres
def test_truncate(log: Log) -> None:
    """A table that is emptied at once is recorded row by row, its relations, too."""
    product = Product.objects.create(name="p")
    product.tags.add(Tag.objects.create(name="a"), Tag.objects.create(name="b"))
    log()
    with acting_as("ann"):
        sql("TRUNCATE audited_tag, audited_product_tags")
    assert sorted((model, operation) for model, operation, _ in log()) == [
        ("Product", "m2m_post_remove"),
        ("Tag", "delete"),
        ("Tag", "delete"),
    ]
    assert {actor for operation, actor in actors() if operation == "delete"} == {"ann"}
    with unaudited(reason="bulk import 4711", models=[Product]):
        sql("TRUNCATE audited_product CASCADE")
    assert [operation for _, operation, _ in log()] == ["unaudited"]


@by_trigger
def test_flush() -> None:
    """``flush``, which TransactionTestCase calls after each test, leaves tables and log empty and triggers in place."""
    Tag.objects.create(name="a")
    call_command("flush", interactive=False, verbosity=0)
    assert not OperationLog.objects.exists()
    assert put_right("default") == []


@on_sqlite
def test_replace(log: Log) -> None:
    """SQLite does not tell its triggers of a row that REPLACE takes away: there is an entry of what came alone."""
    Customer.objects.create(name="a")
    log()
    with acting_as("ann"):
        sql("REPLACE INTO audited_customer (name, password) VALUES ('a', '')")
    assert [operation for _, operation, _ in log()] == ["create"]


@on_sqlite
def test_values_that_django_would_not_write(log: Log) -> None:
    """SQLite holds what it is given in any column; no write fails for that."""
    from_outside(
        "INSERT INTO audited_product (name, note, price, quantity, is_sold, data, sold_at, hour, day, token, weight,"
        " span, blob) VALUES (x'c3a9', 5, 'much', 1.5, 7, '{}', 1700000000, 'noon', 'today', 'x', 'heavy', 'long', 'b')"
    )
    [(_, operation, changes)] = log()
    assert operation == "create"
    assert {name: change["after"] for name, change in changes.items() if name not in {"token", "data"}} == {
        "name": "é",
        "note": "5",
        "price": "much",
        "quantity": "1.5",
        "is_sold": True,
        "sold_at": "1700000000",
        "hour": "noon",
        "day": "today",
        "span": "long",
        "weight": "heavy",
        "blob": "62",
        "file": None,
        "customer_id": None,
        "parent_id": None,
    }


@by_trigger
def test_a_log_that_cannot_be_written() -> None:
    """Without its entry there is no change; the error is one of the database, and the connection goes on."""
    sql("CREATE TABLE kept AS SELECT * FROM dj_core_utils_db_operationlog")
    Tag.objects.create(name="a")
    constraint = (
        "CREATE TRIGGER refuse BEFORE INSERT ON dj_core_utils_db_operationlog BEGIN SELECT RAISE(ABORT, 'full'); END"
        if connection.vendor == "sqlite"
        else "ALTER TABLE dj_core_utils_db_operationlog ADD CONSTRAINT refuse CHECK (id < 0) NOT VALID"
    )
    sql(constraint)
    try:
        with pytest.raises(DatabaseError):
            Tag.objects.create(name="b")
        with transaction.atomic(), pytest.raises(DatabaseError), transaction.atomic():
            Tag.objects.update(name="c")
    finally:
        sql(
            "DROP TRIGGER refuse"
            if connection.vendor == "sqlite"
            else "ALTER TABLE dj_core_utils_db_operationlog DROP CONSTRAINT refuse"
        )
        sql("DROP TABLE kept")
    assert list(Tag.objects.values_list("name", flat=True)) == ["a"]
    assert len(actors()) == 1
