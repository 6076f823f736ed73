"""Seals over the operation log, and what they find."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from threading import Event, Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.audit import chain
from dj_core_utils.audit.chain import range_of
from dj_core_utils.audit.merkle import Tree, joined, leaf
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.models import OperationLog, OperationSeal
from dj_core_utils.management.commands.auditlog import Command
from tests.audit.conftest import by_python

if TYPE_CHECKING:
    from collections.abc import Iterator

of_the_log = by_python("it is about entries, whoever has written them")
# What Python decides, the same whatever the database; what databases do differently is tested on each.
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def fill(count: int, age: int = 0) -> list[OperationLog]:
    """Entries with everything that databases give back in their own way."""
    for number in range(count):
        OperationLog.objects.create(
            model_changed="shop.Order",
            id_instance=str(number),
            operation_type="update",
            date=timezone.now() - timedelta(days=age),
            changes={"zoë": {"before": None, "after": [1, 2.5, {"b": True, "a": "ü"}]}, "a": {"after": 2**60}},
            user_id=7,
            transaction_id=UUID(int=number),
        )
    return list(OperationLog.objects.order_by("id"))


def run(command: str, *arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command(Command(), command, *arguments, stdout=out)
    return out.getvalue()


def findings(*arguments: str) -> list[dict[str, Any]]:
    """What ``verify`` has found."""
    out = StringIO()
    try:
        call_command(Command(), "verify", "--json", *arguments, stdout=out)
    except CommandError as error:
        assert error.returncode == 1  # noqa: PT017  # the rest is about what it has printed
        found: list[dict[str, Any]] = json.loads(out.getvalue())["findings"]
        return found
    assert json.loads(out.getvalue())["findings"] == []
    return []


def kinds() -> list[str]:
    """The kinds of what was found."""
    return [finding["kind"] for finding in findings()]


@contextmanager
def open_entry() -> Iterator[None]:
    """Another transaction has added an entry, and is committed at the end of the block."""

    def write() -> None:
        try:
            with transaction.atomic():
                fill(1)
                written.set()
                done.wait(20)
        finally:
            connection.close()

    written, done = Event(), Event()
    thread = Thread(target=write)
    thread.start()
    assert written.wait(20)
    try:
        yield
    finally:
        done.set()
        thread.join()


class TestTree:
    """The digests."""

    def test_shape(self) -> None:
        """The tree has the shape of RFC 6962: an odd node is promoted, not doubled."""

        def node(left: bytes, right: bytes) -> bytes:
            return sha256(b"\x01" + left + right).digest()

        leaves = [bytes([number]) * 32 for number in range(5)]
        tree = Tree()
        for each in leaves:
            tree.add(each)
        a, b, c, d, e = leaves
        assert tree.root == node(node(node(a, b), node(c, d)), e).hex()
        assert Tree().root == sha256().hexdigest()

    @given(*[st.lists(st.none() | st.text(max_size=3), max_size=4)] * 2)
    def test_texts_cannot_pass_for_others(self, first: list[str | None], second: list[str | None]) -> None:
        """Two rows have the same text only if they are the same."""
        assert (joined(first) == joined(second)) is (first == second)

    def test_order_of_keys_and_zone(self) -> None:
        """What a database may give back in another way is the same entry."""
        moment = datetime(2026, 1, 2, 3, tzinfo=UTC)
        with_zone = moment.astimezone(timezone.get_fixed_timezone(60))
        assert leaf([{"a": 1, "b": 2}, moment]) == leaf([{"b": 2, "a": 1}, with_zone])
        assert leaf([moment.replace(tzinfo=None)]) != leaf([moment])

    def test_range_of(self) -> None:
        """A key belongs to the first range that ends there or later."""
        assert [range_of([(5, 1), (9, 6)], key) for key in (1, 5, 6, 9, 10)] == [0, 0, 1, 1, 2]


@of_the_log
@pytest.mark.usefixtures("database")
class TestOnEveryDatabase:
    """What databases do differently."""

    def test_what_is_found(self) -> None:
        """What was sealed is found unchanged; altered, missing and late entries are different findings."""
        entries = fill(7)
        lines = run("seal", "--range=2").splitlines()
        assert [line.split()[0] for line in lines[:-1]] == ["2", "2", "2", "1"]
        assert kinds() == []
        first, _, third, _, fifth, *_ = [entry.pk for entry in entries]
        with log_keeper():
            OperationLog.objects.filter(pk=first).update(reason="nothing to see here")
            OperationLog.objects.filter(pk__in=[third, fifth]).delete()
        OperationLog.objects.bulk_create([OperationLog(pk=third, model_changed="a", id_instance="1")])
        assert kinds() == ["altered", "altered", "missing"]

    def test_open_transactions(self, database: str) -> None:
        """An entry that is not committed yet is not sealed past, and nobody who writes is held up."""
        if database == "sqlite":
            pytest.skip("one writer at a time")
        fill(1)
        with open_entry():
            fill(1)
            with pytest.raises(CommandError, match="still open"):
                run("seal", "--wait=0.2")
        assert run("seal").split()[0] == "3"
        assert kinds() == []


@pytest.mark.parametrize("database", ["postgres", "mariadb"], indirect=True)
@pytest.mark.usefixtures("database")
def test_waiting_for_a_transaction() -> None:
    """A transaction that ends in time is sealed, too, as far as the log went when it began."""
    with open_entry():
        fill(1)
        out: list[str] = []

        def work() -> None:
            try:
                out.append(run("seal"))
            finally:
                connection.close()

        thread = Thread(target=work)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join()
    assert out[0].split()[0] == "2"
    assert kinds() == []


@one_database
@pytest.mark.usefixtures("database")
class TestChain:
    """The seals themselves."""

    def test_what_is_said(self) -> None:
        """People read the same that programs read."""
        assert run("verify") == "0 seals, 0 entries not sealed yet\n"
        assert run("seal") == "nothing to seal\n"
        entries = fill(3)
        digest = run("seal").splitlines()[-1].removeprefix("last seal ")
        fill(1)
        assert run("verify", f"--expect={digest}") == f"1 seals, 1 entries not sealed yet\nlast seal {digest}\n"
        with log_keeper():
            entries[0].delete()
        OperationSeal.objects.create(first_id=99, last_id=100, count=1, previous="forged")
        out = StringIO()
        with pytest.raises(CommandError, match="not what was sealed"):
            call_command(Command(), "verify", stdout=out)
        first = OperationSeal.objects.earliest("id").first_id
        assert out.getvalue().splitlines()[:3] == [
            "   chain 99 to 100",
            f" missing {first} to {entries[-1].pk}: 3 entries were sealed, 2 are there",
            " missing 99 to 100: 1 entries were sealed, 0 are there",
        ]

    def test_late_entries(self) -> None:
        """An entry below a seal that was not there when it was made."""
        late, _ = fill(2)
        with log_keeper():
            OperationLog.objects.filter(pk=late.pk).delete()
        run("seal")
        OperationLog.objects.bulk_create([late])
        (found,) = findings()
        assert (found["kind"], found["expected"], found["found"]) == ("late", 1, 2)

    @pytest.mark.parametrize("name", ["count", "root", "previous", "first_id", "digest", "cause"])
    def test_a_seal_that_was_changed(self, name: str) -> None:
        """Every column of a seal counts."""
        fill(4)
        run("seal", "--range=2")
        values = {"count": 1, "first_id": 9, "cause": "prune"}
        OperationSeal.objects.filter(pk=OperationSeal.objects.latest("id").pk).update(**{name: values.get(name, "x")})
        assert "chain" in kinds()

    def test_a_seal_that_was_taken_away(self) -> None:
        """In the middle it breaks the chain; at the end only who has noted a digest can know."""
        fill(6)
        digest = run("seal", "--range=2").split()[-1]
        OperationSeal.objects.latest("id").delete()
        assert kinds() == []
        out = StringIO()
        with pytest.raises(CommandError):
            call_command(Command(), "verify", f"--expect={digest}", stdout=out)
        assert "The expected digest is not in the chain" in out.getvalue()
        OperationSeal.objects.earliest("id").delete()
        assert kinds() == ["chain"]

    def test_two_who_seal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The second one is refused, and the chain has no branches."""
        fill(4)
        original = chain.digest_of

        def late(each: OperationSeal) -> str:
            OperationSeal.objects.create(first_id=1, last_id=2, count=1, previous=each.previous)
            return original(each)

        with monkeypatch.context() as patch:
            patch.setattr(chain, "digest_of", late)
            with pytest.raises(CommandError, match="Somebody else"):
                run("seal")

    def test_an_empty_range_is_refused(self) -> None:
        """A range has entries."""
        with pytest.raises(CommandError, match="1 or more"):
            run("seal", "--range=0")

    def test_a_database_that_cannot_be_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only what is older than any transaction is sealed."""
        fill(2, age=1)
        fill(1)
        monkeypatch.setitem(vars(connections["default"]), "vendor", "another")
        assert run("seal").split()[0] == "2"


@one_database
@pytest.mark.usefixtures("database")
class TestRetention:
    """What is deleted because it is old."""

    def test_it_is_sealed_anew(self) -> None:
        """Ranges keep their seals, and new ones say what is left of them."""
        fill(3, age=100)
        fill(2)
        run("seal", "--range=2")
        before = list(OperationSeal.objects.values())
        run("prune", "--keep=*=90d")
        seals = list(OperationSeal.objects.values())
        assert seals[:3] == before
        assert [(each["cause"], each["count"]) for each in seals[3:]] == [("prune", 0), ("prune", 1)]
        assert kinds() == []
        fill(1, age=100)
        run("seal")
        run("prune", "--keep=*=90d")
        assert kinds() == []

    def test_it_hides_nothing(self) -> None:
        """Of a range that somebody has changed nothing is deleted."""
        entries = fill(2, age=100)
        run("seal")
        with log_keeper():
            OperationLog.objects.filter(pk=entries[0].pk).update(reason="changed")
        with pytest.raises(CommandError, match="auditlog verify"):
            run("prune", "--keep=*=90d")
        assert OperationLog.objects.count() == 2
        assert kinds() == ["altered"]


def test_a_seal_says_what_it_seals() -> None:
    """Its text is for the admin and for logs."""
    assert str(OperationSeal(first_id=3, last_id=9, count=5)) == "3 to 9: 5"
