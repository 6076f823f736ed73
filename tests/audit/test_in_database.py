"""Entries that the database writes by itself: the same as those that Python would have written."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import pytest
from django.db import DataError, connection, models, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dj_core_utils.audit.capture.dialects import dialect_of, json_of, key_of
from dj_core_utils.audit.errors import AuditNotWrittenError
from dj_core_utils.audit.losses import losses
from dj_core_utils.audit.recorder import announced
from dj_core_utils.audit.unaudited import unaudited
from dj_core_utils.db.decoding import decode
from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import acting_as
from tests.audit.conftest import by_python as not_by_trigger
from tests.audit.models import Country, Item, Place, Product, Reading, Restaurant, Seat, Tag, Weight
from tests.audit.test_transactions import StopError, broken_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django import Settings

    from dj_core_utils.audit.capture.dialects import Dialect
    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = pytest.mark.usefixtures("database")
of_python = not_by_trigger("it is about the statements by which Python lets the database write")
sqlite_alone = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001  # bounds have none
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": st.integers(-(2**31), 2**31 - 1),
    "name": TEXTS | st.sampled_from(["", "null", "Ä", "ä", "a ", "a", '"\\/\b\x1f\x7f\u2028', "%s %(a)s {c} '"]),
    "note": st.none() | TEXTS,
    "slug": st.none() | st.just("a-b"),
    "price": st.none() | st.decimals(Decimal("-9999999999.9999"), Decimal("9999999999.9999"), places=4),
    "large": st.none() | st.integers(-(2**63), 2**63 - 1),
    "is_good": st.none() | st.booleans(),
    "taken_at": st.none() | MOMENTS | MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
    "day": st.none() | st.dates(date(1000, 1, 1)),
    "hour": st.none() | st.times() | st.just(time(1, 2, 3)),
    "span": st.none() | st.timedeltas(timedelta(days=-100_000_000), timedelta(days=100_000_000)),
    "code": st.none() | st.uuids(version=4),
    "file": st.none() | st.just("files/ä.txt"),
    "item_id": st.none() | st.uuids(version=4),
    "api_key": TEXTS,
}
ROWS = st.lists(st.fixed_dictionaries(VALUES), min_size=4, max_size=6)
COMPARED = {name: strategy for name, strategy in VALUES.items() if name not in {"number", "file"}}
# Databases take their time: a failure is shown as it was found.
some_examples = settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@contextmanager
def by_python() -> Iterator[None]:
    """Another entry waits and would come too late, so that Python writes all of them at the end."""
    with transaction.atomic():
        Tag.objects.create(name="waits")
        with transaction.atomic():
            yield


def is_written_by_database(action: Callable[[], object]) -> bool:
    """Whether an action lets the database write its entries."""
    with CaptureQueriesContext(connection) as queries:
        action()
    return any("operationlog" in query["sql"] and "found" in query["sql"] for query in queries)


def twins(rows: list[dict[str, Any]]) -> tuple[models.QuerySet[Reading], models.QuerySet[Reading]]:
    """The same rows twice, in an order that their numbers tell."""
    found = []
    for _ in range(2):
        made = Reading.objects.bulk_create([Reading(**row) for row in rows])
        found.append(Reading.objects.filter(pk__in=[reading.pk for reading in made]))
    return found[0], found[1]


def by_row(lines: list[Line]) -> list[dict[str, Any]]:
    """The changes of readings, in one order."""
    return sorted((changes for model, _, changes in lines if model == "Reading"), key=repr)


@of_python
@some_examples
@given(rows=ROWS)
def test_deletes_as_python_writes_them(log: Log, rows: list[dict[str, Any]]) -> None:
    """Whatever a row holds, the entry of its delete is the same."""
    first, second = twins(rows)
    log()
    assert is_written_by_database(first.delete)
    written = by_row(log())
    with by_python():
        assert not is_written_by_database(second.delete)
    assert written == by_row(log())
    assert len(written) == len(rows)


@of_python
@some_examples
@given(data=st.data(), rows=ROWS)
def test_updates_as_python_writes_them(log: Log, data: st.DataObject, rows: list[dict[str, Any]]) -> None:
    """Whatever a row holds and is given, the entry of the update is the same, or there is none."""
    names = data.draw(st.sets(st.sampled_from(sorted(COMPARED)), min_size=1, max_size=3))
    values = {name: data.draw(st.just(rows[0][name]) | COMPARED[name]) for name in sorted(names)}
    first, second = twins(rows)
    log()
    assert is_written_by_database(lambda: first.update(**values))
    written = by_row(log())
    with by_python():
        assert not is_written_by_database(lambda: second.update(**values))
    assert written == by_row(log())


@of_python
def test_every_kind_of_value(log: Log) -> None:
    """What an entry of a delete looks like, whichever database has written it."""
    item = uuid4()
    Reading.objects.create(
        number=-7,
        name='a "quote"',
        price="1.5",
        large=2**60,
        is_good=False,
        taken_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        day=date(2026, 11, 1),
        hour=time(12, 30),
        span=timedelta(days=1, microseconds=1),
        code=UUID(int=1),
        file="files/a.txt",
        item_id=item,
        api_key="not for the log",
    )
    log()
    assert is_written_by_database(Reading.objects.all().delete)
    assert [changes for _, _, changes in log()] == [
        {
            "number": {"before": -7},
            "name": {"before": 'a "quote"'},
            "note": {"before": None},
            "slug": {"before": None},
            "price": {"before": "1.5000"},
            "large": {"before": 2**60},
            "is_good": {"before": False},
            "taken_at": {"before": "2026-11-01T12:00:00.000000+00:00"},
            "day": {"before": "2026-11-01"},
            "hour": {"before": "12:30:00.000000"},
            "span": {"before": 86_400_000_001},
            "code": {"before": "00000000-0000-0000-0000-000000000001"},
            "file": {"before": "files/a.txt"},
            "item_id": {"before": str(item)},
            "api_key": {"hidden": True},
        }
    ]


NUMBERS = [0.0, -0.0, 0.1, 1 / 3, 5e-324, 1e22, 1.7976931348623157e308, 34114456386915528.0, 2.0**60, None]


@of_python
def test_floating_point_numbers(log: Log, database: str) -> None:
    """Every digit is there; MariaDB would leave some out, so it leaves them to Python."""
    by_database = database != "mariadb"
    made = Weight.objects.bulk_create([Weight(weight=number) for number in NUMBERS])
    log()
    assert is_written_by_database(lambda: Weight.objects.update(weight=0.1)) == by_database
    keys = {str(weight.pk): weight.weight for weight in made}
    entries = list(OperationLog.objects.filter(model_changed="audited.Weight", operation_type="update"))
    field = Weight._meta.get_field("weight")  # PostgreSQL writes 1e22 as an integer, as it does for Python
    found = {entry.id_instance: decode(field, entry.changes["weight"]["before"]) for entry in entries}
    assert found == {key: number for key, number in keys.items() if number != 0.1}
    assert {entry.changes["weight"]["after"] for entry in entries} == {0.1}
    assert is_written_by_database(Weight.objects.all().delete) == by_database


@of_python
@pytest.mark.parametrize(
    ("number", "recorded"), [(float("inf"), "inf"), (float("-inf"), "-inf"), (float("nan"), "nan")]
)
def test_what_is_no_number(log: Log, database: str, number: float, recorded: str) -> None:
    """Infinity is text; SQLite holds NULL for what is not a number, MariaDB neither of them."""
    if database == "mariadb":
        pytest.skip("it holds no such values")
    Weight.objects.create(weight=number)
    log()
    assert is_written_by_database(Weight.objects.all().delete)
    assert log()[0][2] == {"weight": {"before": None if (database, recorded) == ("sqlite", "nan") else recorded}}


@of_python
def test_several_columns(log: Log) -> None:
    """An entry names the columns that differ in its row, and no others; hidden ones without their values."""
    Reading.objects.bulk_create(
        [Reading(name="a", number=1, api_key="x"), Reading(name="b", number=1), Reading(name="c", api_key="x")]
    )
    log()
    assert Reading.objects.filter(name__in="abc").update(number="1", api_key="x", note=None) == 3
    lines = log()
    assert {"number": {"before": 0, "after": 1}} in [changes for _, _, changes in lines]
    assert {"api_key": {"hidden": True}} in [changes for _, _, changes in lines]
    assert len(lines) == 2


@of_python
def test_what_goes_with_an_entry(log: Log) -> None:
    """Who, why, when and in which transaction are those of the entries around it, and the order is that of the work."""
    with acting_as("importer", reason="ticket 4711"), transaction.atomic():
        tag = Tag.objects.create(name="a")
        Tag.objects.update(name="b")
        tag.name = "c"
        tag.save()
        Tag.objects.filter(name="c").delete()
    assert [(operation, changes["name"]) for _, operation, changes in log()] == [
        ("create", {"after": "a"}),
        ("update", {"before": "a", "after": "b"}),
        ("update", {"before": "a", "after": "c"}),  # as the instance knew it
        ("delete", {"before": "c"}),
    ]
    entries = OperationLog.objects.order_by("id")
    assert {(entry.actor, entry.reason) for entry in entries} == {("importer", "ticket 4711")}
    assert {entry.id_instance for entry in entries} == {str(tag.pk)} | ({"None"} - {"None"})
    assert len({entry.transaction_id for entry in entries}) == 1
    assert None not in {entry.transaction_id for entry in entries}


@of_python
def test_rollbacks(log: Log) -> None:
    """What is rolled back, with a savepoint or as a whole, leaves no entry."""
    Tag.objects.create(name="a")
    log()
    with pytest.raises(StopError), transaction.atomic():  # noqa: PT012  # it is the error that ends the block
        assert is_written_by_database(lambda: Tag.objects.update(name="b"))
        raise StopError
    with transaction.atomic():
        savepoint = connection.savepoint() or ""
        assert is_written_by_database(lambda: Tag.objects.update(name="c"))
        connection.savepoint_rollback(savepoint)
        Tag.objects.update(name="d")
    assert log() == [("Tag", "update", {"name": {"before": "a", "after": "d"}})]


@of_python
def test_entries_that_wait_before_a_savepoint(log: Log) -> None:
    """They are not written in it, where its rollback would take them along; so all of them are written at the end."""
    with transaction.atomic():
        Tag.objects.create(name="a")
        with transaction.atomic():
            assert not is_written_by_database(lambda: Tag.objects.update(name="b"))
        with pytest.raises(StopError), transaction.atomic():  # noqa: PT012  # as above
            Tag.objects.update(name="c")
            raise StopError
    assert [changes["name"]["after"] for _, _, changes in log()] == ["a", "b"]


@of_python
def test_unrecorded_changes(log: Log) -> None:
    """In a block that is not recorded, the database writes nothing, and the rows are counted."""
    Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")])
    log()
    with unaudited(reason="import", models=[Tag]):
        assert not is_written_by_database(lambda: Tag.objects.update(name="c"))
        Tag.objects.all().delete()
    assert [changes for _, _, changes in log()] == [{"audited.Tag": {"unrecorded": 4}}]


@of_python
def test_a_broken_log_refuses_the_change(log: Log) -> None:
    """Without a table for its entries, no row is changed, and the connection is clean afterwards."""
    Tag.objects.create(name="a")
    log()
    with broken_log():
        with pytest.raises(AuditNotWrittenError, match="migrated"):
            Tag.objects.update(name="b")
        with pytest.raises(AuditNotWrittenError), transaction.atomic():
            Tag.objects.all().delete()
    assert Tag.objects.get().name == "a"
    assert log() == []


@of_python
def test_a_broken_log_may_be_put_up_with(log: Log, settings: Settings) -> None:
    """On demand the change goes on, and what is lost is counted by the row."""
    Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")])
    log()
    settings.AUDIT = {**settings.AUDIT, "on_failure": "log"}
    before = losses.entries
    with broken_log():
        Tag.objects.update(name="c")
        Tag.objects.filter(name="c").delete()
    assert losses.entries - before == 4
    Tag.objects.create(name="d")
    assert is_written_by_database(lambda: Tag.objects.update(name="e"))
    assert [operation for _, operation, _ in log()] == ["create", "update"]


@of_python
def test_what_only_python_knows(log: Log, database: str) -> None:
    """A field that reads in a way of its own, a value that the database computes, a file, a document."""
    Country.objects.create(code="de", name="de", people=1)
    Product.objects.create(name="a", data={"password": "x", "a": [1.5]}, blob=b"\x00\xff", weight=0.1)
    log()
    assert not is_written_by_database(lambda: Country.objects.update(people=F("people") + 1))
    assert is_written_by_database(lambda: Country.objects.update(people=3)) == (database != "sqlite")
    assert not is_written_by_database(lambda: Country.objects.update(name="fr"))
    assert not is_written_by_database(Country.objects.all().delete)
    assert not is_written_by_database(lambda: Product.objects.update(file="b.txt"))
    assert not is_written_by_database(lambda: Product.objects.update(data={"a": [1.5]}))
    assert not is_written_by_database(lambda: Product.objects.update(blob=b"y"))
    assert [changes for _, _, changes in log()] == [
        {"people": {"before": 1, "after": 2}},
        {"people": {"before": 2, "after": 3}},
        {"name": {"before": "DE", "after": "fr"}},
        {"name": {"before": "FR"}, "people": {"before": 3}},
        {"file": {"before": "", "after": "b.txt"}},
        {"data": {"before": {"password": "***", "a": [1.5]}, "after": {"a": [1.5]}}},
        {"blob": {"before": "00ff", "after": "79"}},
    ]


@of_python
def test_documents_and_bytes(log: Log, database: str) -> None:
    """SQLite asks Python for single values; the others leave rows that hold such ones to it."""
    Product.objects.create(
        name="a", data={"password": "x", "a": [1.5]}, blob=b"\x00\xff", weight=0.1, token=UUID(int=5)
    )
    log()
    deletes = Product.objects.all()._raw_delete  # noqa: SLF001  # what fast deletes end in
    assert is_written_by_database(lambda: deletes("default")) == (database == "sqlite")
    changes = log()[0][2]
    assert changes["data"] == {"before": {"password": "***", "a": [1.5]}}
    assert changes["blob"] == {"before": "00ff"}
    assert changes["weight"] == {"before": 0.1}
    assert changes["token"] == {"hidden": True}


@of_python
def test_keys(log: Log, database: str) -> None:
    """A key is written as Python writes it: a UUID with hyphens, a text as it is."""
    item = Item.objects.create(product=Product.objects.create(name="a"))
    Country.objects.create(code="de")
    log()
    deletes = Item.objects.all()._raw_delete  # noqa: SLF001  # what fast deletes end in
    assert is_written_by_database(lambda: deletes("default")) == (database != "sqlite")
    assert not is_written_by_database(Country.objects.all().delete)
    Country.objects.create(code="fr", people=1)
    Country.objects.update(people=2)
    keys = OperationLog.objects.order_by("id").values_list("id_instance", flat=True)
    assert list(keys)[-4:] == [str(item.pk), "de", "fr", "fr"]
    del log


@of_python
def test_two_tables(log: Log) -> None:
    """The fields of a parent are read from its table."""
    Restaurant.objects.create(city="Ulm", stars=1)
    log()
    assert is_written_by_database(lambda: Restaurant.objects.update(city="Bonn", stars=2))
    assert is_written_by_database(lambda: Restaurant.objects.all()._raw_delete("default"))  # noqa: SLF001  # as above
    assert [changes for _, _, changes in log()] == [
        {"city": {"before": "Ulm", "after": "Bonn"}, "stars": {"before": 1, "after": 2}},
        {"city": {"before": "Bonn"}, "stars": {"before": 2}},
    ]
    assert Place.objects.exists()


@of_python
@pytest.mark.parametrize(
    ("name", "value"), [("guest", "\ud800"), ("number", "seven"), ("number", 2**64), ("guest", "\0")]
)
def test_values_that_are_refused(log: Log, database: str, name: str, value: str | int) -> None:
    """What is wrong with a value is said by Django or the driver, as without a record, and nothing is recorded."""
    Seat.objects.create(row="a", number=1)
    log()
    is_possible = value == "\0" and database != "postgres"
    with nullcontext() if is_possible else pytest.raises((ValueError, OverflowError, DataError)):
        Seat.objects.update(**{name: value})
    assert [changes for _, _, changes in log()] == ([{"guest": {"before": "", "after": "\0"}}] if is_possible else [])


@of_python
def test_moments_without_zones(log: Log, database: str, settings: Settings) -> None:
    """Where a moment has no zone, only Python knows what it means."""
    settings.USE_TZ = False
    Reading.objects.create(taken_at=datetime(2026, 11, 1, 12))  # noqa: DTZ001  # as above
    log()
    assert is_written_by_database(Reading.objects.all().delete) == (database == "sqlite")
    assert log()[0][2]["taken_at"] == {"before": "2026-11-01T12:00:00.000000"}


@of_python
def test_fields_that_a_database_does_not_know_well_enough(database: str) -> None:
    """Decimals without a number of places, or with more than SQLite holds, and keys of any length."""
    dialect = cast("Dialect", dialect_of(connection))
    free, long = models.DecimalField(), models.DecimalField(max_digits=20, decimal_places=2)
    free.set_attributes_from_name("free")
    long.set_attributes_from_name("long")
    by_python = "dj_core_utils_json('a.B', 'free', {c})" if database == "sqlite" else None
    assert json_of(dialect, connection, "a.B", free) == by_python
    assert ("json" in (json_of(dialect, connection, "a.B", long) or "")) == (database == "sqlite")
    assert key_of(dialect, connection, models.TextField()) is None
    assert key_of(dialect, connection, models.CharField(max_length=300)) is None


@sqlite_alone
class TestSqlite:
    """What others may have written into the one database that lets them write anything."""

    @pytest.mark.parametrize(
        ("column", "stored", "recorded"),
        [
            ("taken_at", "2026-11-01T12:00:00Z", "2026-11-01T12:00:00.000000+00:00"),
            ("taken_at", "2026-11-01 12:00:00.5", "2026-11-01T12:00:00.500000+00:00"),
            ("hour", "12:30", "12:30:00.000000"),
            ("day", "2026-11-1", "2026-11-01"),
            ("code", "0000000000000000000000000000000A", "00000000-0000-0000-0000-00000000000a"),
            ("price", "1.5", "1.5000"),
            ("is_good", 2, 2),
        ],
    )
    def test_unusual_forms(self, log: Log, column: str, stored: str | int, recorded: str | int) -> None:
        """They are recorded as what Django reads in them."""
        reading = Reading.objects.create()
        with announced("default"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE audited_reading SET {column} = %s", [stored])  # noqa: S608  # our names
        log()
        assert is_written_by_database(Reading.objects.filter(pk=reading.pk).delete)
        assert log()[0][2][column] == {"before": recorded}

    def test_more_parameters_than_a_statement_takes(self, log: Log) -> None:
        """Where there is no room for those of an entry, the rows are read."""
        Tag.objects.create(name="0")
        log()
        most = connection.features.max_query_params or 0
        names = [str(number) for number in range(most - 1)]
        assert not is_written_by_database(lambda: Tag.objects.filter(name__in=names).update(name="x"))
        assert log() == [("Tag", "update", {"name": {"before": "0", "after": "x"}})]


@of_python
def test_no_rows(log: Log) -> None:
    """A query that can find nothing writes nothing."""
    assert not is_written_by_database(lambda: Tag.objects.filter(pk__in=[]).update(name="x"))
    assert log() == []
