"""Statuses: one conditional UPDATE each, so that of two who exclude each other only one succeeds."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import TYPE_CHECKING, assert_type

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction

from dj_core_utils.actor import current_actor
from dj_core_utils.db.errors import TransitionConflictError, TransitionError, TransitionRefusedError
from dj_core_utils.db.models import Status
from dj_core_utils.middleware.context import acting_as
from tests.db.conftest import make_user
from tests.library.models import Atlas, Book, Card, Note, OldBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import DjangoAssertNumQueries

LONG_AGO = datetime(2001, 2, 3, tzinfo=UTC)


@pytest.mark.usefixtures("any_database")
def test_a_row_goes_through_its_statuses() -> None:
    """New rows are in use; each transition writes the status and the stamps, and nothing else."""
    ada = make_user("ada")
    book = Book.objects.create(title="x", updated_at=LONG_AGO)
    assert book.status is Status.ACTIVE
    book.title = "not to be written"
    with acting_as(ada):
        book.deactivate()
    stored = Book.objects.get()
    assert (stored.status, stored.title, stored.updated_by) == (Status.INACTIVE, "x", ada)
    assert stored.updated_at > LONG_AGO
    assert (book.status, book.updated_at, book.updated_by) == (Status.INACTIVE, stored.updated_at, ada)
    book.activate()
    assert Book.objects.get().status == Status.ACTIVE
    book.terminate()
    assert Book.objects.get().status == Status.TERMINATED
    assert Book.objects.get().updated_by == ada


@pytest.mark.usefixtures("any_database")
def test_transitions_on_the_event_loop() -> None:
    """The same three, awaited."""
    book = Book.objects.create(title="x")
    async_to_sync(book.adeactivate)(reason="stocktaking")
    assert Book.objects.get().status == Status.INACTIVE
    async_to_sync(book.aactivate)()
    assert Book.objects.get().status == Status.ACTIVE
    async_to_sync(book.aterminate)(using="default")
    assert Book.objects.get().status == Status.TERMINATED


@pytest.mark.usefixtures("any_database")
def test_rows_by_status() -> None:
    """From the manager, after a filter, through a relation, of a proxy and of a child."""
    for title, status in (("a", Status.ACTIVE), ("i", Status.INACTIVE), ("t", Status.TERMINATED)):
        Atlas.objects.create(title=title, status=status)
    for rows in (Book.objects, OldBook.objects, Atlas.objects, Book.objects.filter(pages=0), Book.objects.all()):
        assert [rows.active().get().title, rows.inactive().get().title, rows.terminated().get().title] == list("ait")


@pytest.mark.usefixtures("any_database")
def test_what_is_not_allowed_is_refused() -> None:
    """With the status that the row has and those from which it is allowed; nothing is written."""
    book = Book.objects.create(title="secret title", updated_at=LONG_AGO)
    book.terminate()
    Book.objects.update(updated_at=LONG_AGO)
    with pytest.raises(TransitionRefusedError) as refused:
        book.activate()
    error = refused.value
    assert str(error) == (
        f'library.Book {book.pk} is "terminated" and cannot become "active"; that is allowed from: inactive.'
    )
    assert (error.row, error.status, error.target, error.loaded) == (
        f"library.Book {book.pk}", "terminated", "active", "terminated",
    )  # fmt: skip
    assert Book.objects.get().updated_at == LONG_AGO
    with pytest.raises(TransitionRefusedError, match="inactive"):
        Book.objects.create(title="active").activate()


@pytest.mark.usefixtures("any_database")
def test_a_stale_instance_is_a_conflict() -> None:
    """What was allowed when the row was loaded, and is not any more; the instance stays as it was."""
    book = Book.objects.create(title="x")
    stale = Book.objects.get()
    book.terminate()
    with pytest.raises(TransitionConflictError) as conflict:
        stale.deactivate()
    assert '"active" when it was loaded and is "terminated" now' in str(conflict.value)
    assert (conflict.value.loaded, conflict.value.status) == ("active", "terminated")
    assert stale.status == Status.ACTIVE
    assert isinstance(conflict.value, TransitionError)


@pytest.mark.usefixtures("any_database")
def test_a_row_that_is_gone_is_said_to_be() -> None:
    """By Django's own error."""
    book = Book.objects.create(title="x")
    Book.objects.all().delete()
    with pytest.raises(ObjectDoesNotExist):
        book.terminate()


@pytest.mark.usefixtures("any_database")
def test_a_model_has_rules_of_its_own() -> None:
    """Declared in one place; a status that is reached from nowhere is never reached again."""
    card = Card.objects.create(holder="x")
    card.deactivate()
    with pytest.raises(TransitionRefusedError, match="allowed from: nothing"):
        card.activate()
    note = Note.objects.create(key="hidden")
    note.terminate()
    assert Note.objects.terminated().get() == note


@pytest.mark.usefixtures("any_database")
def test_the_reason_is_there_while_the_row_is_written() -> None:
    """For whoever records it; before and after, the actor has none, or the one of the block around it."""
    book, seen = Book.objects.create(title="x"), []

    def record(execute: Callable[..., object], *call: object) -> object:
        seen.append(current_actor().reason)
        return execute(*call)

    with acting_as("cleaner", reason="spring"), connection.execute_wrapper(record):
        book.deactivate(reason="ticket 4711")
        book.activate()
        Book.objects.update(pages=1)
    assert seen == ["ticket 4711", "spring", "spring"]


@pytest.mark.django_db
def test_a_transition_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """With a condition in it."""
    book = Book.objects.create(title="x")
    with django_assert_num_queries(1) as captured:
        book.deactivate()
    assert "WHERE" in captured[0]["sql"]
    assert "'active'" in captured[0]["sql"].partition("WHERE")[2]


@pytest.mark.usefixtures("committing_server")
def test_of_two_at_once_one_wins() -> None:
    """Two connections that both loaded the row: the second waits for the first, and is then told of the conflict."""
    book = Book.objects.create(title="x")
    both_loaded, results = Barrier(2, timeout=20), list[object]()

    def terminate() -> None:
        mine = Book.objects.get(pk=book.pk)
        both_loaded.wait()
        try:
            with transaction.atomic():
                mine.terminate()
            results.append("won")
        except TransitionConflictError as error:
            results.append(error.status)
        finally:
            connection.close()

    threads = [Thread(target=terminate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results, key=str) == ["terminated", "won"]


@pytest.mark.django_db
def test_editors_know_the_rows() -> None:
    """From the manager, and after a filter; the types are held by mypy."""
    book = Book.objects.create(title="x")
    assert assert_type(Book.objects.active().get(), Book) == book
    assert assert_type(Book.objects.filter(pages=0).active().first(), Book | None) == book
    assert assert_type(Book.objects.exclude(pages=1).all().active().get(), Book) == book


@pytest.mark.django_db
def test_a_status_that_nothing_leads_to_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model may leave it out of its rules."""
    monkeypatch.setattr(Book, "transitions", {Status.INACTIVE: (Status.ACTIVE,)})
    with pytest.raises(TransitionRefusedError, match="allowed from: nothing"):
        Book.objects.create(title="x").terminate()


def test_an_error_can_travel() -> None:
    """A process pool, a task queue: what was raised arrives."""
    error = TransitionRefusedError("no", row="a 1", status="active", target="active", loaded="active")
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert (str(twin), twin.row, twin.status) == ("no", "a 1", "active")
