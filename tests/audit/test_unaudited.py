"""Blocks whose changes are not recorded, and what the log says of them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection, connections, transaction

from dj_core_utils.audit.errors import AuditNotWrittenError
from dj_core_utils.audit.unaudited import unaudited
from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import acting_as
from tests.audit.models import Customer, Product, Shown, Tag, Visit

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

    from tests.audit.conftest import Line

    Log = Callable[[], list[Line]]

REASON = "bulk import 4711"
INSERT = "INSERT INTO audited_tag (name) VALUES ('sql')"
# What Python decides, the same whatever the database; what databases do differently is tested on each.
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
both_captures = pytest.mark.parametrize("database", ["sqlite", "sqlite_trigger", "postgres_trigger"], indirect=True)


def about(**counts: int) -> Line:
    """The entry of a block, by model."""
    changes = {f"audited.{name}": {"unrecorded": count} for name, count in counts.items()}
    return ("dj_core_utils_db.OperationLog", "unaudited", changes)


def test_one_entry_instead_of_many(log: Log) -> None:
    """Every kind of change of the model is counted, other models are recorded, and the entry says who and why."""
    with acting_as("importer", reason="another"), unaudited(reason=f" {REASON} ", models=[Tag]):
        tag = Tag.objects.create(name="a")
        Tag.objects.bulk_create([Tag(name="b"), Tag(name="c")])
        Tag.objects.update(name="d")
        Customer.objects.create(name="recorded")
        tag.delete()
    assert [line[:2] for line in log()[:-1]] == [("Customer", "create")]
    entry = OperationLog.objects.first()
    assert entry is not None
    assert (entry.model_changed, entry.operation_type, entry.changes) == about(Tag=7)
    assert (entry.actor, entry.reason, entry.id_instance) == ("importer", REASON, "")


@both_captures
class TestBlocks:
    """Where blocks begin and end."""

    def test_recording_goes_on_with_known_values(self, log: Log) -> None:
        """What a block has changed is the value before the next change."""
        tag = Tag.objects.create(name="a")
        with unaudited(reason=REASON, models=["audited.Tag"]):
            tag.name = "b"
            tag.save()
        tag.name = "c"
        tag.save()
        assert log()[1:] == [about(Tag=1), ("Tag", "update", {"name": {"before": "b", "after": "c"}})]

    def test_the_innermost_block_counts(self, log: Log) -> None:
        """Each block has its own entry and its own reason."""
        with unaudited(reason="outer", models=[Tag, Customer]):
            Tag.objects.create(name="a")
            with unaudited(reason="inner", models=[Tag]):
                Tag.objects.create(name="b")
                Customer.objects.create(name="c")
            Tag.objects.create(name="d")
        assert log() == [about(Tag=1), about(Customer=1, Tag=2)]
        assert [entry.reason for entry in OperationLog.objects.order_by("id")] == ["inner", "outer"]

    def test_a_block_that_fails(self, log: Log) -> None:
        """What was changed before the error stays, and so does the entry."""
        with suppress(LookupError), unaudited(reason=REASON, models=[Tag]):
            Tag.objects.create(name="a")
            raise LookupError
        Tag.objects.create(name="b")
        assert [line[1] for line in log()] == ["unaudited", "create"]

    def test_a_block_without_changes(self, log: Log) -> None:
        """That somebody could have changed something is recorded, too."""
        with unaudited(reason=REASON, models=[Tag]):
            Visit.objects.create(page="not recorded anyway")
        assert log() == [about(Tag=0)]

    def test_a_block_again(self, log: Log) -> None:
        """One object makes several blocks after each other, but not inside each other."""
        block = unaudited(reason=REASON, models=[Tag])
        for _ in range(2):
            with block:
                Tag.objects.create(name="a")
        assert log() == [about(Tag=1)] * 2
        with block, pytest.raises(RuntimeError, match="entered already"):
            block.__enter__()

    def test_proxies_and_relations(self, log: Log) -> None:
        """A proxy is the model that it stands for; related rows belong to the model that declares the field."""
        tag = Tag.objects.create(name="a")
        with unaudited(reason=REASON, models=[Shown]):
            Product.objects.create(name="a").tags.add(tag)
        assert log()[1:] == [about(Product=2)]

    def test_the_process_says_so_when_it_begins(self, log: Log, caplog: pytest.LogCaptureFixture) -> None:
        """Whoever kills the process inside of the block finds it in the log of the process."""
        caplog.set_level(logging.WARNING, "dj_core_utils.audit")
        with unaudited(reason=REASON, models=[Tag]):
            assert caplog.messages == ["changes of audited.Tag are not recorded: bulk import 4711"]
        assert log() == [about(Tag=0)]


class TestTransactions:
    """What is rolled back is not counted."""

    @both_captures
    def test_transactions_inside(self, log: Log) -> None:
        """Transactions and savepoints that are rolled back inside of a block changed nothing."""
        with unaudited(reason=REASON, models=[Tag]):
            with transaction.atomic():
                Tag.objects.create(name="committed")
                with transaction.atomic():
                    Tag.objects.create(name="back to the savepoint")
                    transaction.set_rollback(True)
            with transaction.atomic():
                Tag.objects.create(name="rolled back")
                transaction.set_rollback(True)
        assert log() == [about(Tag=1)]

    @both_captures
    def test_a_transaction_around(self, log: Log) -> None:
        """The entry is part of the transaction that it is made in."""
        with transaction.atomic():
            with unaudited(reason="taken back", models=[Tag]):
                Tag.objects.create(name="a")
            transaction.set_rollback(True)
        with transaction.atomic():
            with unaudited(reason=REASON, models=[Tag]):
                Tag.objects.create(name="b")
            Tag.objects.create(name="c")
        assert sorted(line[1] for line in log()) == ["create", "unaudited"]
        assert Tag.objects.count() == 2

    @both_captures
    def test_a_transaction_that_is_broken(self, log: Log, settings: Settings) -> None:
        """In a transaction that can only be rolled back there is nothing to write, and the error is the first one."""
        settings.AUDIT = {**settings.AUDIT, "write": "immediate"}

        def fail() -> None:
            with transaction.atomic(), unaudited(reason=REASON, models=[Tag]):
                Tag.objects.create(name="a")
                with transaction.atomic(savepoint=False):
                    raise LookupError

        with pytest.raises(LookupError):
            fail()
        assert log() == []

    @both_captures
    def test_an_entry_that_cannot_be_written(self, log: Log) -> None:
        """The caller learns that the log does not know of the block."""
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE dj_core_utils_db_operationlog RENAME TO away")
        try:
            with pytest.raises(AuditNotWrittenError), unaudited(reason=REASON, models=[Tag]):
                Tag.objects.create(name="a")
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE away RENAME TO dj_core_utils_db_operationlog")
        assert log() == []

    @pytest.mark.parametrize("database", ["mariadb"], indirect=True)
    def test_a_change_of_the_schema_commits(self, log: Log) -> None:
        """On MariaDB what comes before a change of the schema cannot be rolled back any more, and is counted."""
        with unaudited(reason=REASON, models=[Tag]), transaction.atomic():
            Tag.objects.create(name="stays")
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE audited_more (id integer)")
                cursor.execute("DROP TABLE audited_more")
            transaction.set_rollback(True)
        assert log() == [about(Tag=1)]


@one_database
class TestSqlByHand:
    """Statements that nothing records anyway."""

    @pytest.fixture(autouse=True)
    def _refuse_it(self, settings: Settings) -> None:
        settings.AUDIT = {**settings.AUDIT, "unannounced": "raise"}

    @pytest.mark.parametrize("is_atomic", [True, False])
    def test_it_is_counted(self, log: Log, is_atomic: bool) -> None:  # noqa: FBT001  # a parameter
        """It is allowed in the block, and counted by the statement, in a transaction or without one."""
        with unaudited(reason=REASON, models=[Tag, Customer]), connection.cursor() as cursor:
            if is_atomic:
                with transaction.atomic():
                    cursor.execute(INSERT)
            else:
                cursor.execute(INSERT)
            Tag.objects.create(name="a")
        changes = {"audited.Customer": {"unrecorded": 0}, "audited.Tag": {"unrecorded": 1, "statements": 1}}
        assert log() == [("dj_core_utils_db.OperationLog", "unaudited", changes)]

    def test_of_other_models_it_is_refused(self, log: Log) -> None:
        """The block is for its models alone."""
        with unaudited(reason=REASON, models=[Customer]), connection.cursor() as cursor:
            cursor.execute("INSERT INTO audited_visit (page) VALUES ('not recorded')")
            with pytest.raises(RuntimeError, match=r"audited\.Tag is written past the record"):
                cursor.execute(INSERT)
        assert log() == [about(Customer=0)]


@one_database
class TestAsync:
    """On an event loop."""

    def test_async_blocks(self, log: Log) -> None:
        """``async with`` does the same; a task that outlives the block is recorded again."""

        async def run() -> None:
            async with unaudited(reason=REASON, models=[Tag]):
                await Tag.objects.acreate(name="a")
                later = asyncio.create_task(after())
                await asyncio.sleep(0)
            is_over.set()
            await later
            await sync_to_async(connections.close_all)()

        async def after() -> None:
            await is_over.wait()
            await Tag.objects.acreate(name="b")

        is_over = asyncio.Event()
        asyncio.run(run())
        assert [line[1] for line in log()] == ["unaudited", "create"]

    def test_a_plain_block_is_refused(self, log: Log) -> None:
        """``with`` would have to write on the event loop, so it is refused when it begins."""

        async def run() -> None:
            with unaudited(reason=REASON, models=[Tag]):
                pass

        with pytest.raises(SynchronousOnlyOperation, match="async with"):
            asyncio.run(run())
        assert log() == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"reason": " ", "models": [Tag]}, ValueError),
        ({"reason": REASON, "models": []}, ValueError),
        ({"reason": REASON, "models": "audited.Tog"}, LookupError),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], error: type[Exception]) -> None:
    """A block has a reason, and models that exist."""
    with pytest.raises(error):
        unaudited(**arguments)
