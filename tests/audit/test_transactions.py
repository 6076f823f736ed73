"""An entry exists exactly if its change does, however a transaction begins and ends."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from dj_core_utils.audit.buffer import is_hooked
from dj_core_utils.audit.errors import AuditNotWrittenError
from dj_core_utils.audit.losses import losses
from dj_core_utils.db.models import OperationLog
from tests.audit.conftest import by_python
from tests.audit.models import Customer, Product, Tag

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pytest_django.fixtures import Settings

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

pytestmark = pytest.mark.usefixtures("database")


class StopError(Exception):
    """Ends a block."""


@contextmanager
def rolled_back() -> Iterator[None]:
    """A block whose transaction, or savepoint, is rolled back at its end."""
    with pytest.raises(StopError), transaction.atomic():  # noqa: PT012  # it is the error that ends the block
        yield
        raise StopError


@pytest.fixture
def other(database: str) -> Iterator[str]:
    """The alias of a second connection to the same database."""
    del database  # only has to be there
    connections.settings["other"] = connections.settings["default"]
    yield "other"
    connections["other"].close()
    del connections["other"]
    del connections.settings["other"]


def tag(name: str) -> Tag:
    """A change that is told from the others by its name."""
    return Tag.objects.create(name=name)


def names(log: Log) -> list[str]:
    """The names of the tags that the log knows of."""
    return [changes["name"]["after"] for _, _, changes in log()]


def rows() -> list[str]:
    """The names of the tags that there are."""
    return list(Tag.objects.order_by("pk").values_list("name", flat=True))


def statements(queries: CaptureQueriesContext) -> list[str]:
    """The first word of each statement."""
    return [query["sql"].split()[0] for query in queries]


def test_autocommit(log: Log, capture: str) -> None:
    """Without a transaction, a change and its entry make one of their own."""
    tag("a")  # a connection looks once for triggers
    with CaptureQueriesContext(connection) as queries:
        tag("b")
    expected = ["INSERT", "INSERT"] if capture == "python" else ["INSERT"]
    assert [word for word in statements(queries) if word not in {"BEGIN", "COMMIT", "SET"}] == expected
    assert names(log) == rows() == ["a", "b"]


def test_one_insert_for_a_transaction(log: Log, capture: str) -> None:
    """All that a transaction has changed is one INSERT and one transaction in the log; the next one is another."""
    tag("first")  # a connection looks once for triggers
    log()
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        for name in "abc":
            tag(name)
    assert sum("operationlog" in query["sql"] for query in queries) == (capture == "python")
    tag("d")
    first, *others = OperationLog.objects.order_by("id").values_list("transaction_id", flat=True)[1:]
    assert [other == first for other in others] == [True, True, False]
    assert names(log) == ["a", "b", "c", "d"]


@by_python("a trigger writes at once")
def test_nothing_is_written_before_the_end(log: Log) -> None:
    """Inside of the transaction, nothing is in the table yet."""
    with transaction.atomic():
        tag("a")
        assert log() == []
    assert names(log) == ["a"]


def test_immediate_writing(log: Log, settings: Settings) -> None:
    """On demand each change is written at once, and goes with its transaction all the same."""
    settings.AUDIT = {**settings.AUDIT, "write": "immediate"}
    with transaction.atomic():
        tag("a")
        assert names(log) == ["a"]
    with rolled_back():
        tag("b")
    assert names(log) == []


@pytest.fixture
def silent_backend(database: str) -> None:
    """A backend that commits as Django does, but without Django's method, so that nothing tells of it."""
    del database  # only has to be there
    of_django = type(connections["default"])

    class Backend(of_django):  # type: ignore[misc, valid-type]  # the class of each database in turn
        def commit(self) -> None:
            self._commit()
            self.run_commit_hooks_on_set_autocommit_on = True

    assert is_hooked(of_django)  # type: ignore[arg-type]  # a class is hashable
    assert not is_hooked(Backend)
    connections["default"].close()
    connections["default"] = Backend(connections["default"].settings_dict, "default")


@pytest.mark.usefixtures("silent_backend")
def test_a_backend_that_commits_in_its_own_way(log: Log) -> None:
    """Where nothing tells of the commit each change is written at once, and goes with its transaction all the same."""
    with transaction.atomic():
        tag("a")
        assert names(log) == ["a"]
    with rolled_back():
        tag("b")
    tag("c")
    assert names(log) == ["c"]
    assert rows() == ["a", "c"]
    assert OperationLog.objects.values("transaction_id").distinct().count() == 2


@by_python("a trigger fails with the error of the database; see the tests of the triggers")
@pytest.mark.usefixtures("silent_backend")
def test_a_broken_log_on_a_backend_that_commits_in_its_own_way(log: Log) -> None:
    """There, too, no change is committed without its entry."""
    with broken_log(), pytest.raises(AuditNotWrittenError):
        tag("a")
    tag("b")
    assert names(log) == rows() == ["b"]


def test_rollback(log: Log) -> None:
    """What is rolled back is not in the log."""
    with rolled_back():
        tag("a")
    tag("b")
    assert names(log) == rows() == ["b"]


def test_rollback_of_a_savepoint(log: Log) -> None:
    """What an inner block did goes with it; what was around it stays, in order."""
    with transaction.atomic():
        tag("a")
        with rolled_back():
            tag("b")
            with transaction.atomic():
                tag("c")
        tag("d")
        with transaction.atomic():
            tag("e")
    assert names(log) == rows() == ["a", "d", "e"]


def test_rollback_of_a_savepoint_without_anything_before(log: Log) -> None:
    """An inner block that was the first to change something leaves nothing when it is rolled back."""
    connection.close()  # no buffer yet
    with transaction.atomic():
        with rolled_back():
            tag("a")
        tag("b")
    assert names(log) == rows() == ["b"]


def test_savepoints_by_hand(log: Log) -> None:
    """A savepoint that is rolled back by hand takes its entries along; Django's on_commit does not know that."""
    with transaction.atomic():
        tag("a")
        savepoint = connection.savepoint() or ""
        tag("b")
        connection.savepoint_rollback(savepoint)
        savepoint = connection.savepoint() or ""
        tag("c")
        connection.savepoint_commit(savepoint)
    assert names(log) == rows() == ["a", "c"]


def test_an_inner_block_without_savepoint(log: Log) -> None:
    """An error in an inner block without savepoint takes everything along."""
    with rolled_back():
        tag("a")
        with transaction.atomic(savepoint=False):
            tag("b")
    assert names(log) == rows() == []


def test_set_rollback(log: Log) -> None:
    """A transaction that is marked for rollback leaves nothing."""
    with transaction.atomic():
        tag("a")
        transaction.set_rollback(True)
    assert names(log) == rows() == []


def test_a_durable_block(log: Log) -> None:
    """A durable block commits what is in it."""
    with transaction.atomic(durable=True):
        tag("a")
    assert names(log) == rows() == ["a"]


def test_a_failed_write(log: Log) -> None:
    """A row that the database refuses is not in the log, in autocommit and inside of a block."""
    Customer.objects.create(name="a")
    log()
    with pytest.raises(IntegrityError):
        Customer.objects.create(name="a")
    with transaction.atomic(), pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(name="a")
    assert log() == []


def test_hooks_after_the_commit(log: Log) -> None:
    """What is changed by on_commit is recorded as a transaction of its own, also when a hook fails."""

    def fail() -> None:
        raise StopError

    with pytest.raises(StopError), transaction.atomic():  # noqa: PT012  # the hooks run at the end of the block
        tag("a")
        transaction.on_commit(lambda: tag("b"))
        transaction.on_commit(fail)
    assert names(log) == rows() == ["a", "b"]


def test_manual_transactions(log: Log) -> None:
    """With autocommit off, an entry is written by the commit that commits its change."""
    transaction.set_autocommit(False)
    try:
        tag("a")
        transaction.rollback()
        tag("b")
        transaction.commit()
        tag("c")
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    assert names(log) == rows() == ["b"]


def test_autocommit_that_is_switched_on(log: Log, database: str) -> None:
    """SQLite and MariaDB commit when autocommit is switched on; psycopg refuses to do so."""
    transaction.set_autocommit(False)
    tag("a")
    if database == "postgres":
        transaction.rollback()
        transaction.set_autocommit(True)
    else:
        transaction.set_autocommit(True)
    assert names(log) == rows() == ([] if database == "postgres" else ["a"])


def test_a_schema_change_commits(log: Log, database: str) -> None:
    """MariaDB commits when a table is made; then the entry of what was committed is there, too."""
    with rolled_back():
        tag("a")
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE audited_scratch (n integer)")
    committed = ["a"] if database == "mariadb" else []
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS audited_scratch")
    assert names(log) == rows() == committed


@by_python("a trigger fails with the error of the database; see the tests of the triggers")
def test_a_broken_log_refuses_the_change(log: Log) -> None:
    """Without a table for its entry, no change is committed, and the connection is clean afterwards."""
    with broken_log():
        with pytest.raises(AuditNotWrittenError, match=r"database 'default'.*migrated"):
            tag("a")
        with pytest.raises(DatabaseError), transaction.atomic():
            tag("b")
    tag("c")
    assert names(log) == rows() == ["c"]


@by_python("a trigger fails with the error of the database; see the tests of the triggers")
def test_a_broken_log_in_an_immediate_write(log: Log, settings: Settings) -> None:
    """Written at once, an entry that cannot be written marks the transaction for rollback."""
    settings.AUDIT = {**settings.AUDIT, "write": "immediate"}
    with broken_log(), transaction.atomic():
        with pytest.raises(AuditNotWrittenError):
            tag("a")
        assert transaction.get_rollback()
    assert names(log) == rows() == []


@by_python("a trigger cannot go on; the settings refuse to ask for that")
def test_a_broken_log_may_be_put_up_with(log: Log, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """On demand the change goes on; the loss is counted and logged."""
    settings.AUDIT = {**settings.AUDIT, "on_failure": "log"}
    before = losses.entries
    with broken_log():
        tag("a")
        with transaction.atomic():
            tag("b")
            tag("c")
    assert rows() == ["a", "b", "c"]
    assert losses.entries - before == 3
    assert [record.getMessage() for record in caplog.records] == [
        "1 entries of the operation log are lost",
        "2 entries of the operation log are lost",
    ]
    tag("d")
    assert names(log) == ["d"]


def test_a_change_after_a_rollback(log: Log) -> None:
    """An instance that still holds what was rolled back is compared with what the database holds."""
    product = Product.objects.create(name="a", quantity=1)
    log()
    with rolled_back():
        product.quantity = 2
        product.save()
    product.save()
    assert log() == [("Product", "update", {"quantity": {"before": 1, "after": 2}})]


def test_a_change_after_the_rollback_of_a_savepoint(log: Log) -> None:
    """The same inside of a transaction, where an earlier change stands."""
    product = Product.objects.create(name="a", quantity=1)
    log()
    with transaction.atomic():
        product.quantity = 2
        product.save()
        with rolled_back():
            product.quantity = 3
            product.save()
        product.save()
    assert [changes["quantity"] for _, _, changes in log()] == [{"before": 1, "after": 2}, {"before": 2, "after": 3}]


@by_python("it is about what instances were loaded with, which triggers do not need")
def test_a_change_of_what_was_read_before_a_rollback(log: Log) -> None:
    """What was loaded or refreshed inside of a transaction that was rolled back never was: it is forgotten."""
    product = Product.objects.create(name="a", quantity=1)
    log()
    with rolled_back():
        Product.objects.update(quantity=2)
        loaded = Product.objects.get()
        product.refresh_from_db()
    loaded.save(update_fields=["quantity"])
    assert log() == [("Product", "update", {"quantity": {"after": 2}})]
    Product.objects.update(quantity=1)
    log()
    product.save(update_fields=["quantity"])
    assert log() == [("Product", "update", {"quantity": {"before": 1, "after": 2}})]


def test_what_was_read_through_another_connection_meanwhile(log: Log, other: str) -> None:
    """Only the connection whose transaction has changes could have read what never was; another one read what is."""
    Product.objects.create(name="a", quantity=1)
    Tag.objects.using(other).create(name="recorded there before")
    log()
    with rolled_back():
        tag("b")
        product = Product.objects.using(other).get()
        product.refresh_from_db(using=other)
    with pytest.raises(StopError), transaction.atomic(using=other):
        raise StopError
    product.quantity = 2
    product.save()
    assert log() == [("Product", "update", {"quantity": {"before": 1, "after": 2}})]


def test_what_was_read_before_a_commit(log: Log) -> None:
    """After a commit it is known like any other."""
    Product.objects.create(name="a", quantity=1)
    with transaction.atomic():
        Product.objects.update(quantity=2)
        product = Product.objects.get()
    log()
    product.quantity = 3
    product.save()
    assert log() == [("Product", "update", {"quantity": {"before": 2, "after": 3}})]


@by_python("with triggers nothing waits")
def test_very_many_changes(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many changes some are written early, but none that a savepoint could still take back."""
    monkeypatch.setattr("dj_core_utils.audit.buffer.MOST_WAITING", 3)
    with transaction.atomic():
        for name in "abcd":
            tag(name)
        assert names(log) == ["a", "b", "c"]
        with rolled_back():
            for name in "efgh":
                tag(name)
            assert names(log) == []
        tag("i")
    assert rows() == ["a", "b", "c", "d", "i"]
    assert names(log) == ["d", "i"]


def test_more_changes_than_parameters(log: Log) -> None:
    """A transaction of any size is written, in as many statements as it takes."""
    with transaction.atomic():
        Tag.objects.bulk_create(Tag(name=str(number)) for number in range(1_500))
    assert len(log()) == 1_500


def test_async_code(log: Log) -> None:
    """The async twins are recorded like the others."""

    async def change() -> None:
        product = await Product.objects.acreate(name="a")
        product.name = "b"
        await product.asave()
        await Product.objects.aupdate(note="x")
        await product.adelete()

    asyncio.run(_closing_its_connection(change))
    assert [operation for _, operation, _ in log()] == ["create", "update", "update", "delete"]


async def _closing_its_connection(change: Callable[[], Awaitable[None]]) -> None:
    """Django runs the queries of one loop in a thread of its own, which has a connection of its own."""
    async with ThreadSensitiveContext():
        await change()
        await sync_to_async(connections.close_all)()


class broken_log:  # noqa: N801  # used like a function
    """A block in which the log has no table."""

    def __enter__(self) -> None:
        """Take it away."""
        self._rename("dj_core_utils_db_operationlog", "log_out_of_the_way")

    def __exit__(self, *_: object) -> None:
        """Put it back."""
        self._rename("log_out_of_the_way", "dj_core_utils_db_operationlog")

    @staticmethod
    def _rename(before: str, after: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {before} RENAME TO {after}")
