"""When and who: stamped by every way to write, and never against the program's will."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync
from django.core import serializers
from django.db import DatabaseError, connection, models, transaction
from django.db.models import F
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework_simplejwt.models import TokenUser

from dj_core_utils._context import RequestContext
from dj_core_utils.actor import Actor
from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import acting_as
from tests.db.conftest import make_user
from tests.library.models import Atlas, Author, Book, Card, Note, OldBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import DjangoAssertNumQueries, Settings

LONG_AGO = datetime(2001, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)

Stamps = tuple[datetime, datetime, object, object]


def stamps(book: Book) -> Stamps:
    """What the table says."""
    found: Stamps = Book.objects.values_list("created_at", "updated_at", "created_by", "updated_by").get(pk=book.pk)
    return found


def an_old_book(**values: Any) -> Book:
    """A book that nobody has touched for long, as it is loaded."""
    book = Book.objects.create(created_at=LONG_AGO, updated_at=LONG_AGO, **{"title": "old", **values})
    return Book.objects.get(pk=book.pk)


@pytest.mark.usefixtures("any_database")
def test_a_new_row_is_stamped_once() -> None:
    """Made and written are the same moment and the same user, and the instance knows them."""
    ada = make_user("ada")
    before = timezone.now()
    with acting_as(ada):
        book = Book.objects.create(title="new")
    assert before <= book.created_at <= timezone.now()
    assert stamps(book) == (book.created_at, book.created_at, ada.pk, ada.pk)
    assert (book.updated_at, book.created_by, book.updated_by) == (book.created_at, ada, ada)


def save(book: Book) -> None:
    """The whole row."""
    book.pages = 7
    book.save()


def save_fields(book: Book) -> None:
    """Some fields, that of a stamp not among them."""
    book.pages = 7
    book.save(update_fields=["pages"])


def save_fields_with_stamp(book: Book) -> None:
    """Some fields, among them one that Django's users are used to name."""
    book.pages = 7
    book.save(update_fields=["pages", "updated_at"])


def save_deferred(book: Book) -> None:
    """A row of which little was loaded."""
    loaded = Book.objects.only("pages").get(pk=book.pk)
    loaded.pages = 7
    loaded.save()


def save_proxy(book: Book) -> None:
    """Under another name."""
    old = OldBook.objects.get(pk=book.pk)
    old.pages = 7
    old.save()


def asave(book: Book) -> None:
    """From the event loop."""
    book.pages = 7
    async_to_sync(book.asave)(update_fields=["pages"])


def update(book: Book) -> None:
    """A queryset."""
    assert Book.objects.filter(pk=book.pk).update(pages=7) == 1


def update_expression(book: Book) -> None:
    """A queryset with something that the database computes."""
    Book.objects.filter(pk=book.pk).update(pages=F("pages") + 7)


def aupdate(book: Book) -> None:
    """A queryset on the event loop."""
    async_to_sync(Book.objects.filter(pk=book.pk).aupdate)(pages=7)


def update_proxy(book: Book) -> None:
    """A queryset of the proxy."""
    OldBook.objects.filter(pk=book.pk).update(pages=7)


def bulk_update(book: Book) -> None:
    """Many instances at once."""
    book.pages = 7
    assert Book.objects.bulk_update([book], ["pages"]) == 1


def abulk_update(book: Book) -> None:
    """The same on the event loop, the names from an iterator."""
    book.pages = 7
    async_to_sync(Book.objects.all().abulk_update)([book], iter(["pages"]))


def update_or_create(book: Book) -> None:
    """What an import does."""
    Book.objects.update_or_create(title=book.title, defaults={"pages": 7})


def related_update(book: Book) -> None:
    """Through the other side of a relation."""
    author = Author.objects.create(name="a")
    Book.objects.filter(pk=book.pk).update(author=author, updated_at=LONG_AGO)
    assert author.books.update(pages=7) == 1


WRITES = [
    save, save_fields, save_fields_with_stamp, save_deferred, save_proxy, asave, update, update_expression, aupdate,
    update_proxy, bulk_update, abulk_update, update_or_create, related_update,
]  # fmt: skip


@pytest.mark.usefixtures("any_database")
@pytest.mark.parametrize("write", WRITES)
def test_every_way_to_write_stamps(write: Callable[[Book], None]) -> None:
    """When and who of the last write; when and who of the first stay."""
    ada, bob = make_user("ada"), make_user("bob")
    with acting_as(ada):
        book = an_old_book()
    with acting_as(bob):
        write(book)
    created_at, updated_at, created_by, updated_by = stamps(book)
    assert Book.objects.get(pk=book.pk).pages == 7
    assert (created_at, created_by, updated_by) == (LONG_AGO, ada.pk, bob.pk)
    assert updated_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.usefixtures("any_database")
@pytest.mark.parametrize("write", WRITES)
def test_nobody_overwrites_no_user(write: Callable[[Book], None]) -> None:
    """A program without a user stamps when, and leaves who."""
    ada = make_user("ada")
    with acting_as(ada):
        book = an_old_book()
    write(book)
    created_at, updated_at, created_by, updated_by = stamps(book)
    assert (created_at, created_by, updated_by) == (LONG_AGO, ada.pk, ada.pk)
    assert updated_at > LONG_AGO


@pytest.mark.usefixtures("any_database")
def test_what_is_set_by_hand_stays() -> None:
    """For an import: when the row is made, when it is saved, and in every form of update."""
    ada, bob = make_user("ada"), make_user("bob")
    later = LONG_AGO + timedelta(days=1)
    with acting_as(ada):
        book = Book.objects.create(
            title="x", created_at=LONG_AGO, updated_at=later, created_by=bob, updated_by_id=bob.pk
        )
        assert stamps(book) == (LONG_AGO, later, bob.pk, bob.pk)
        book = Book.objects.get(pk=book.pk)
        book.updated_at, book.updated_by = LONG_AGO, ada
        book.save()
        assert stamps(book) == (LONG_AGO, LONG_AGO, bob.pk, ada.pk)
        Book.objects.filter(pk=book.pk).update(updated_at=later, updated_by=bob, created_at=later)
        assert stamps(book) == (later, later, bob.pk, bob.pk)
        book.updated_at = LONG_AGO
        Book.objects.bulk_update([book], ["updated_at", "updated_by_id"])
        assert stamps(book) == (later, LONG_AGO, bob.pk, ada.pk)
        Book.objects.update_or_create(title="x", defaults={"updated_at": later})
        assert stamps(book)[1] == later


@pytest.mark.usefixtures("any_database")
def test_by_hand_counts_once() -> None:
    """The save after one with a value of its own stamps again; so does one after a reload, a save or a bulk write."""
    book = Book(title="x", updated_at=LONG_AGO)
    book.save()
    assert stamps(book)[1] == LONG_AGO
    book.save()
    first = stamps(book)[1]
    assert first > LONG_AGO
    book.save()
    assert stamps(book)[1] > first
    book.updated_at = LONG_AGO
    book.refresh_from_db()
    Book.objects.filter(pk=book.pk).update(updated_at=LONG_AGO)
    book.refresh_from_db(fields=["updated_at"])
    book.save()
    assert stamps(book)[1] > first
    book.updated_at = LONG_AGO
    Book.objects.bulk_update([book], ["updated_at"])
    book.save()
    assert stamps(book)[1] > first


@pytest.mark.usefixtures("any_database")
def test_a_failed_save_forgets_nothing() -> None:
    """What was set by hand still counts when the save is tried again."""
    an_old_book(title="taken")
    book = Book(title="taken", created_at=LONG_AGO, updated_at=LONG_AGO)
    with pytest.raises(DatabaseError), transaction.atomic():
        book.save()
    book.title = "free"
    book.save()
    assert stamps(book)[:2] == (LONG_AGO, LONG_AGO)
    book.title, book.updated_at = "taken", LONG_AGO + timedelta(days=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        book.save()
    book.title = "free"
    book.save()
    assert stamps(book)[1] == LONG_AGO + timedelta(days=1)


@pytest.mark.usefixtures("any_database")
def test_rows_made_at_once_have_one_stamp() -> None:
    """In the table and in the instances; what is set by hand stays."""
    ada = make_user("ada")
    with acting_as(ada):
        numbered = [Book(title=str(number)) for number in range(3)]
        books = Book.objects.bulk_create([*numbered, Book(title="x", created_at=LONG_AGO)])
    assert len({book.updated_at for book in books}) == 1
    assert Book.objects.filter(created_at=books[0].updated_at, updated_by=ada, created_by=ada).count() == 3
    assert Book.objects.get(title="x").created_at == LONG_AGO
    (again,) = async_to_sync(Book.objects.all().abulk_create)([Book(title="y")])
    assert again.created_by_id is None


def test_bulk_create_of_what_exists_is_an_update(any_database: str) -> None:
    """The rows that exist are stamped as written, not as made; without a user, who stays."""
    ada, bob = make_user("ada"), make_user("bob")
    unique: dict[str, Any] = {} if any_database == "mariadb" else {"unique_fields": ["title"]}
    with acting_as(ada):
        book = an_old_book()
    book.pages = 7
    with acting_as(bob):
        Book.objects.bulk_create(
            [Book(title="old", pages=5), Book(title="new")], update_conflicts=True, update_fields=["pages"], **unique
        )
    created_at, updated_at, created_by, updated_by = stamps(book)
    assert (created_at, created_by, updated_by) == (LONG_AGO, ada.pk, bob.pk)
    assert updated_at == Book.objects.get(title="new").created_at
    Book.objects.bulk_create([Book(title="old", pages=6)], update_conflicts=True, update_fields=["pages"], **unique)
    assert stamps(book)[1] > updated_at
    assert stamps(book)[2:] == (ada.pk, bob.pk)
    with acting_as(ada):  # loaded, changed, and written back
        Book.objects.bulk_create(
            [book], update_conflicts=True, update_fields=["pages"], **(unique and {"unique_fields": ["id"]})
        )
    assert (stamps(book)[0], *stamps(book)[2:]) == (LONG_AGO, ada.pk, ada.pk)
    assert Book.objects.get(title="old").pages == 7
    Book.objects.bulk_create([Book(title="old")], ignore_conflicts=True)
    assert Book.objects.get(title="old").pages == 7


@pytest.mark.usefixtures("any_database")
def test_bulk_update_leaves_instances_as_the_table() -> None:
    """With one moment for all; without instances nothing happens; without a user, who stays in memory, too."""
    ada = make_user("ada")
    books = [an_old_book(title=str(n)) for n in range(3)]
    for book in books:
        book.pages = 3
    with acting_as(ada):
        Book.objects.bulk_update(books, ["pages"], batch_size=1)
    assert {stamps(book) for book in books} == {(LONG_AGO, books[0].updated_at, None, ada.pk)}
    assert {(book.updated_at, book.updated_by_id) for book in books} == {(books[0].updated_at, ada.pk)}
    Book.objects.bulk_update(books, ["pages"])
    assert books[0].updated_by_id == ada.pk
    assert Book.objects.bulk_update([], ["pages"]) == 0


@pytest.mark.usefixtures("any_database")
def test_a_row_that_is_written_by_its_key_keeps_when_it_was_made() -> None:
    """``Book(pk=7, ...).save()`` is an update: it knows neither when nor by whom the row was made."""
    ada, bob = make_user("ada"), make_user("bob")
    with acting_as(ada):
        old = an_old_book()
    with acting_as(bob):
        book = Book(pk=old.pk, title="again")
        book.save()
    created_at, updated_at, created_by, updated_by = stamps(old)
    assert (created_at, created_by, updated_by) == (LONG_AGO, ada.pk, bob.pk)
    assert (book.created_at, book.created_by, book.updated_at) == (LONG_AGO, ada, updated_at)
    Book(pk=old.pk, title="and again").save()
    assert stamps(old)[2:] == (ada.pk, bob.pk)
    fresh = Book(pk=old.pk + 1, title="fresh")
    fresh.save()
    assert stamps(fresh)[:2] == (fresh.created_at, fresh.updated_at)


@pytest.mark.usefixtures("any_database")
def test_users_are_never_taken_away() -> None:
    """A None in memory, set or not, does not reach the table; ``update()`` with a None does: it says so."""
    ada = make_user("ada")
    with acting_as(ada):
        book = an_old_book()
    book.created_by = book.updated_by = None
    book.save()
    assert stamps(book)[2:] == (ada.pk, ada.pk)
    assert book.created_by == ada
    Book.objects.update(created_by=None)
    assert stamps(book)[2:] == (None, ada.pk)
    nobodys = an_old_book(title="nobody's")
    nobodys.save()
    assert stamps(nobodys)[2:] == (None, None)


@pytest.mark.usefixtures("any_database")
def test_a_copy_is_a_new_row() -> None:
    """Django's way to copy, a new row from an old instance, does not copy the stamps."""
    ada, bob = make_user("ada"), make_user("bob")
    with acting_as(ada):
        book = an_old_book()
    for actor, user_id in ((bob, bob.pk), (None, None)):
        twin = copy.copy(book)
        twin.pk, twin._state.adding, twin.title = None, True, f"copy of {actor}"  # as Django documents it
        with acting_as(actor):
            twin.save()
        assert stamps(twin) == (twin.created_at, twin.created_at, user_id, user_id)
        assert twin.created_at > LONG_AGO
    assert stamps(book)[0] == LONG_AGO


@pytest.mark.usefixtures("any_database")
def test_a_row_that_moves_elsewhere_keeps_when_it_was_made() -> None:
    """An instance that is inserted where it does not exist, as into another database, is no copy."""
    book = an_old_book()
    Book.objects.filter(pk=book.pk).delete()
    book.save(force_insert=True)
    assert stamps(book)[0] == LONG_AGO


@pytest.mark.usefixtures("any_database")
def test_copies_and_pickles_know_what_is_by_hand() -> None:
    """What was loaded travels with the instance."""
    book = an_old_book()
    for twin in (copy.copy(book), copy.deepcopy(book), pickle.loads(pickle.dumps(book))):  # noqa: S301  # our own
        twin.save()
        assert stamps(book)[1] > LONG_AGO
        twin.updated_at = LONG_AGO
        twin.save()
        assert stamps(book)[1] == LONG_AGO


@pytest.mark.usefixtures("any_database")
def test_an_instance_and_its_copy_part() -> None:
    """What is set by hand in the one is nothing to the other."""
    book = an_old_book()
    book.save()
    twin = copy.copy(book)
    twin.updated_at = LONG_AGO
    twin.save()
    book.save()
    assert stamps(book)[1] > LONG_AGO


@pytest.mark.usefixtures("any_database")
def test_a_deferred_field_can_be_loaded_in_between() -> None:
    """What was set by hand before still counts."""
    an_old_book()
    book = Book.objects.defer("title", "updated_at").get()
    assert book.updated_at == LONG_AGO
    book.updated_at = later = LONG_AGO + timedelta(days=1)
    assert book.title == "old"
    book.save()
    assert stamps(book)[1] == later
    book.refresh_from_db(fields=iter(["updated_at"]))
    book.save()
    assert stamps(book)[1] > later


@pytest.mark.usefixtures("any_database")
def test_tables_of_parents_are_stamped() -> None:
    """A write to the table of a child alone is a write to the row."""
    ada, bob = make_user("ada"), make_user("bob")
    with acting_as(ada):
        atlas = Atlas.objects.create(title="a", created_at=LONG_AGO, updated_at=LONG_AGO)
        assert stamps(atlas) == (LONG_AGO, LONG_AGO, ada.pk, ada.pk)
    with acting_as(bob):
        atlas.scale = 2
        atlas.save(update_fields=["scale"])
        assert stamps(atlas)[1] > LONG_AGO
        assert stamps(atlas)[2:] == (ada.pk, bob.pk)
        Atlas.objects.update(updated_at=LONG_AGO, updated_by=ada)
        Atlas.objects.update(scale=3)
    assert stamps(atlas)[1] > LONG_AGO
    assert stamps(atlas)[3] == bob.pk
    assert Atlas.objects.get().scale == 3


@pytest.mark.usefixtures("any_database")
def test_fixtures_are_written_as_they_are() -> None:
    """With its stamps, or with the database's own time where there are none; nobody is stamped."""
    ada = make_user("ada")
    rows = f"""[
        {{"model": "library.book", "pk": 901, "fields": {{"title": "with", "created_at": "{LONG_AGO.isoformat()}",
          "updated_at": "{LONG_AGO.isoformat()}", "created_by": 77}}}},
        {{"model": "library.book", "pk": 902, "fields": {{"title": "without"}}}}
    ]"""
    with acting_as(ada):
        for loaded in serializers.deserialize("json", rows):
            loaded.save()
    with_stamps, without = Book.objects.get(pk=901), Book.objects.get(pk=902)
    assert stamps(with_stamps) == (LONG_AGO, LONG_AGO, 77, None)
    assert abs(without.created_at - timezone.now()) < timedelta(days=1)
    assert stamps(without)[2:] == (None, None)
    assert with_stamps.created_by is None
    with acting_as(ada):
        for loaded in serializers.deserialize("json", rows.replace('"with"', '"changed"')):
            loaded.save()
    assert stamps(with_stamps) == (LONG_AGO, LONG_AGO, 77, None)
    assert Book.objects.get(pk=901).title == "changed"


@pytest.mark.usefixtures("any_database")
def test_a_deleted_account_stands_in_nobodys_way() -> None:
    """No constraint, no cascade, no update of a thousand rows: the key stays, and the object is None."""
    ada = make_user("ada")
    with acting_as(ada):
        book = an_old_book()
    key = ada.pk
    with CaptureQueriesContext(connection) as captured:
        ada.delete()
    assert [query["sql"] for query in captured if "library_" in query["sql"]] == []
    assert stamps(book)[2:] == (key, key)
    loaded = Book.objects.get(pk=book.pk)
    joined = Book.objects.select_related("created_by").get(pk=book.pk)
    (fetched,) = Book.objects.prefetch_related("created_by")
    assert [each.created_by for each in (loaded, joined, fetched)] == [None, None, None]
    loaded.save()
    assert stamps(book)[2:] == (key, key)


@pytest.mark.usefixtures("any_database")
def test_every_kind_of_key_and_actor() -> None:
    """UUID and text keys; an actor whose user is known by key alone, as text, and one of whom only the name is."""
    ada = make_user("ada")
    with acting_as(Actor(user_id=str(ada.pk))):
        note = Note.objects.create(key="n/1")
        card = Card.objects.create(holder="x")
    assert note.created_by_id == ada.pk
    assert Card.objects.filter(pk=card.pk).update(updated_at=LONG_AGO) == 1
    with acting_as("nightly import"):
        note.save()
        card.refresh_from_db()
        card.save()
    note.refresh_from_db()
    assert note.updated_by == ada
    assert card.updated_at > LONG_AGO
    assert list(Note.objects.about("")) == [note]


@pytest.mark.usefixtures("any_database")
def test_a_user_who_is_known_by_a_token_alone() -> None:
    """Of a service without accounts of its own: the key in the token is a text, and nobody has such a row."""
    request = HttpRequest()
    request.user = TokenUser({"user_id": "77"})  # type: ignore[assignment, arg-type]  # a token is a mapping
    with RequestContext(request, "req-1", None).entered():
        book = Book.objects.create(title="x")
        entry = OperationLog.objects.create(model_changed="library.Book", id_instance=book.pk, operation_type="create")
    assert stamps(book)[2:] == (77, 77)
    assert (entry.user_id, entry.correlation_id) == (77, "req-1")


@pytest.mark.django_db
def test_nothing_is_asked_that_is_not_needed(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Stamps cost no query, and an update of nothing none at all."""
    ada = make_user("ada")
    author = Author.objects.create(name="x")
    with acting_as(Actor(user_id=ada.pk)):
        with django_assert_num_queries(1):
            book = Book.objects.create(title="x")
        with django_assert_num_queries(1):
            book.save()
        with django_assert_num_queries(1):
            book.save(update_fields=["pages"])
        with django_assert_num_queries(1):
            Book.objects.update(pages=1)
        with django_assert_num_queries(0):
            book.save(update_fields=[])
            assert Book.objects.update() == 0
    with django_assert_num_queries(1):
        author.save()


@pytest.mark.usefixtures("any_database")
def test_naive_times_where_the_project_has_them(settings: Settings) -> None:
    """Without time zones, a stamp has none."""
    settings.USE_TZ = False
    book = Book.objects.create(title="x")
    book.refresh_from_db()
    assert book.created_at.tzinfo is None
    assert abs(book.created_at - datetime.now()) < timedelta(minutes=1)  # noqa: DTZ005  # naive on purpose
    Book.objects.update(pages=1)
    book.refresh_from_db()
    assert book.updated_at > book.created_at


@pytest.mark.django_db
def test_what_a_receiver_writes_has_its_own_actor() -> None:
    """A save inside of a save belongs to whoever acts there."""
    ada, bob = make_user("ada"), make_user("bob")
    other = an_old_book(title="other")

    def touch(instance: Book, **_: object) -> None:
        if instance.title == "outer":
            with acting_as(bob):
                Book.objects.filter(pk=other.pk).update(pages=1)
                instance.author = None

    models.signals.pre_save.connect(touch, sender=Book)
    try:
        with acting_as(ada):
            book = Book.objects.create(title="outer")
    finally:
        models.signals.pre_save.disconnect(touch, sender=Book)
    assert (stamps(other)[3], stamps(book)[3]) == (bob.pk, ada.pk)
