"""Sealing, pruning and verifying at the same moment, on two connections."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from django.db import OperationalError, connection

from dj_core_utils.audit import chain, exclusion
from dj_core_utils.audit.chain import Finding, amend, seal, verify
from dj_core_utils.audit.errors import SealError
from dj_core_utils.audit.pruning import prune
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.models import OperationLog, OperationSeal
from tests.audit.conftest import by_python
from tests.audit.test_sealing import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dj_core_utils.audit.merkle import Tree

LONG = 20
SHORT = 0.1


class Beside:
    """Work of another connection, in a thread of its own."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._connected = Event()
        self._thread = Thread(target=self._run)
        self._thread.start()
        assert self._connected.wait(LONG)

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            self._connected.set()
            self._work()
        except BaseException as error:  # noqa: BLE001  # raised where it is waited for
            self._error = error
        finally:
            connection.close()

    @property
    def waits(self) -> bool:
        """Whether it has not ended after a while."""
        self._thread.join(SHORT)
        return self._thread.is_alive()

    def end(self) -> None:
        """Wait for it."""
        self._thread.join(LONG)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error


@contextmanager
def half_done(begin: Callable[[Event, Event], object]) -> Iterator[None]:
    """Something of another connection has gone half the way, and goes on at the end of the block."""
    half, go_on = Event(), Event()
    work = Beside(lambda: begin(half, go_on))
    assert half.wait(LONG)
    try:
        yield
    finally:
        go_on.set()
        work.end()


def keys() -> list[int]:
    """All entries."""
    return list(OperationLog.objects.order_by("id").values_list("id", flat=True))


def seal_all() -> list[OperationSeal]:
    """Seal what is there."""
    return list(seal("default", size=100, wait=LONG))


def seal_slowly(monkeypatch: pytest.MonkeyPatch, half: Event, go_on: Event) -> None:
    """Seal, with a pause before the seal is written."""
    original = chain.digest_of

    def digest_of(each: OperationSeal) -> str:
        monkeypatch.setattr(chain, "digest_of", original)
        half.set()
        assert go_on.wait(LONG)
        return original(each)

    monkeypatch.setattr(chain, "digest_of", digest_of)
    seal_all()


def prune_oldest() -> None:
    """Delete the first entry."""
    list(prune("default", keys()[:1], size=10, reason="test"))


def findings() -> list[Finding]:
    """What ``verify`` finds."""
    return list(verify("default"))


@by_python("it is about entries, whoever has written them")
@pytest.mark.usefixtures("database")
class TestOnEveryDatabase:
    """Whoever comes second waits, and then sees what the first one did."""

    def test_sealing_waits_for_pruning(self) -> None:
        """Entries that are being deleted are not sealed."""
        fill(3)

        def slowly(half: Event, go_on: Event) -> None:
            with log_keeper(), amend("default", oldest := keys()[:1], OperationSeal.Cause.PRUNE):
                half.set()
                assert go_on.wait(LONG)
                OperationLog.objects.filter(id__in=oldest).delete()

        with half_done(slowly):
            sealing = Beside(seal_all)
            assert sealing.waits
        sealing.end()
        assert [each.count for each in OperationSeal.objects.all()] == [2]
        assert findings() == []

    def test_pruning_waits_for_sealing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is deleted from a range that is being sealed is sealed anew."""
        fill(3)
        with half_done(partial(seal_slowly, monkeypatch)):
            pruning = Beside(prune_oldest)
            assert pruning.waits
        pruning.end()
        seals = OperationSeal.objects.order_by("id")
        assert [(each.cause, each.count) for each in seals] == [("seal", 3), ("prune", 2)]
        assert findings() == []

    def test_two_who_seal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The second one goes on where the first one has ended."""
        fill(2)
        with half_done(partial(seal_slowly, monkeypatch)):
            second = Beside(seal_all)
            assert second.waits
        second.end()
        assert OperationSeal.objects.count() == 1
        assert findings() == []

    def test_pruning_while_it_is_verified(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A range that was sealed anew since its seal was read is held against the new seal."""
        fill(3)
        seal_all()
        original = chain.read_tree

        def read_tree(using: str, first: int, last: int) -> Tree:
            monkeypatch.setattr(chain, "read_tree", original)
            other = Beside(prune_oldest)
            other.end()
            return original(using, first, last)

        monkeypatch.setattr(chain, "read_tree", read_tree)
        assert findings() == []
        assert OperationSeal.objects.count() == 2

    def test_nobody_waits_for_ever(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where somebody else takes too long, it is said, and nothing is sealed."""
        fill(1)
        if database == "mariadb":
            monkeypatch.setattr(exclusion, "WAIT", 0)
        impatient = {"postgres": "SET lock_timeout = '50ms'", "sqlite": "PRAGMA busy_timeout = 50"}

        def slowly(half: Event, go_on: Event) -> None:
            with exclusion.alone("default"):
                half.set()
                assert go_on.wait(LONG)

        with half_done(slowly):
            with connection.cursor() as cursor:
                cursor.execute(impatient.get(database, "SELECT 1"))
            with pytest.raises(SealError, match="Somebody else") as caught:
                seal_all()
        connection.close()
        assert database == "mariadb" or isinstance(caught.value.__cause__, OperationalError)
        assert OperationSeal.objects.count() == 0
