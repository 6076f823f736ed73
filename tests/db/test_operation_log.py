"""The operation log: what an entry holds, and that entries are only ever added."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils import _context
from dj_core_utils.actor import Actor
from dj_core_utils.db.encoding import ChangesEncoder
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.errors import AppendOnlyError
from dj_core_utils.db.keys import LONGEST_KEY, key_text, model_label
from dj_core_utils.db.models import OperationLog
from dj_core_utils.middleware.context import acting_as
from tests.db.conftest import make_user
from tests.library.models import Book, Card, Note, OldBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import Settings

MOMENT = datetime(2026, 11, 22, 10, 0, 0, 5, tzinfo=UTC)
CHANGES = {"title": {"before": None, "after": "ä 🙂"}, "pages": {"after": 2**60}, "tags": {"added": [1, 2]}}


def add(label: str = "library.Book", key: str | int = 1, **values: Any) -> OperationLog:
    """An entry made by hand."""
    return OperationLog.objects.create(
        model_changed=label, id_instance=key, operation_type="update", changes=CHANGES, **values
    )


@pytest.mark.usefixtures("any_database")
def test_an_entry_is_made_by_hand() -> None:
    """As a view would: its key may be a number, its user is set afterwards, and it comes back as it was written."""
    ada = make_user("ada")
    entry = OperationLog(model_changed="Order", id_instance=1, operation_type="create", changes={"field": "value"})
    entry.user = ada
    entry.save()
    stored = OperationLog.objects.get()
    assert (stored.model_changed, stored.id_instance, stored.operation_type) == ("Order", "1", "create")
    assert (stored.changes, stored.user, stored.actor) == ({"field": "value"}, ada, "ada")
    assert str(stored) == "create Order 1"
    assert add().changes == OperationLog.objects.latest("id").changes == CHANGES


@pytest.mark.usefixtures("any_database")
@pytest.mark.parametrize("kind", ["m2m_post_add", "m2m_post_remove", "m2m_post_clear"])
def test_relations_fit(kind: str) -> None:
    """The long names of Django's own signals do not burst the column."""
    OperationLog.objects.create(model_changed="a.B", id_instance="1", operation_type=kind)
    assert OperationLog.objects.get().operation_type == kind


@pytest.mark.usefixtures("any_database")
def test_the_context_fills_what_is_not_given(settings: Settings) -> None:
    """Who, for whom, why, in which service and for which request."""
    ada = make_user("ada")
    settings.SERVICE_NAME = "shop"
    token = _context.correlation_id.set("req-1")
    try:
        with acting_as(ada, reason="ticket 4711", on_behalf_of=Actor(user_id=9, label="bob")):
            entry = add()
    finally:
        _context.correlation_id.reset(token)
    assert (entry.user, entry.actor, entry.on_behalf_of, entry.reason) == (ada, "ada", "bob (9)", "ticket 4711")
    assert (entry.service, entry.correlation_id) == ("shop", "req-1")
    with acting_as("nightly import"):
        assert (add().user, add().actor) == (None, "nightly import")
    assert (add().user, add().actor, add().on_behalf_of) == (None, "", "")


@pytest.mark.usefixtures("any_database")
def test_somebody_given_is_not_mixed_with_who_acts() -> None:
    """The label and the reason of one person never stand beside the key of another."""
    ada, bob = make_user("ada"), make_user("bob")
    with acting_as(ada, reason="hers", on_behalf_of="somebody"):
        his, programs, hers = add(user=bob), add(actor="cron"), add(user=ada)
    assert (his.user, his.actor, his.reason, his.on_behalf_of) == (bob, "bob", "", "")
    assert (programs.user, programs.actor, programs.reason) == (None, "cron", "")
    assert (hers.user, hers.actor, hers.reason) == (ada, "ada", "hers")


@pytest.mark.usefixtures("any_database")
def test_the_history_of_a_row_is_found_by_any_key() -> None:
    """Integer, UUID, text, however long; of a proxy, the history of its table."""
    card, note = Card.objects.create(holder="x"), Note.objects.create(key="k" * 300)
    book = Book.objects.create(title="x")
    for row in (book, card, note):
        add(model_label(type(row)), key_text(row.pk))
    add("library.Book", str(card.pk))
    assert OperationLog.objects.for_object(card).get().id_instance == str(card.pk)
    assert len(OperationLog.objects.for_object(note).get().id_instance) == LONGEST_KEY
    (entry,) = OperationLog.objects.for_object(book)
    assert OperationLog.objects.for_object(OldBook.objects.get()).get() == entry
    assert OperationLog.objects.for_model(OldBook).count() == 2


@pytest.mark.usefixtures("any_database")
def test_other_ways_to_find_entries() -> None:
    """By user, with an account or without one; by transaction; by time, newest first."""
    ada = make_user("ada")
    first, second = add(user=ada, date=MOMENT), add(user_id=77, date=MOMENT + timedelta(days=1))
    third = add(transaction_id=UUID(int=7), date=MOMENT)
    assert list(OperationLog.objects.by(ada)) == [first]
    assert OperationLog.objects.by(77).get() == second
    assert second.user is None
    assert OperationLog.objects.in_transaction(UUID(int=7)).get() == third
    assert list(OperationLog.objects.between(MOMENT, MOMENT + timedelta(days=1))) == [third, first]
    assert list(OperationLog.objects.between(MOMENT, MOMENT + timedelta(days=2))) == [second, third, first]
    assert OperationLog.objects.first() == third


@pytest.mark.usefixtures("any_database")
def test_pages_follow_each_other() -> None:
    """Each begins where the last one ended, by id and by date, entries of the same moment included."""
    days = [3, 1, 1, 2, 1, 3]
    entries = [add(date=MOMENT + timedelta(days=day)) for day in days]
    for rows, order in (
        (OperationLog.objects.all(), list(reversed(entries))),
        (
            OperationLog.objects.between(MOMENT, MOMENT + timedelta(days=9)),
            sorted(entries, key=lambda entry: (entry.date, entry.pk), reverse=True),
        ),
        (
            OperationLog.objects.for_model(Book),
            sorted(entries, key=lambda entry: (entry.date, entry.pk), reverse=True),
        ),
    ):
        found: list[OperationLog] = []
        while page := rows.page(2, before=found[-1] if found else None):
            assert len(page) == 2
            found += page
        assert found == order


def test_entries_are_only_added(any_database: str) -> None:
    """Not changed and not deleted, by no way of Django's; retention says that it is retention."""
    unique: dict[str, Any] = {"unique_fields": ["id"]}
    entry = add()
    stored = OperationLog.objects.get()
    attempts: dict[str, Callable[[], object]] = {
        "save": stored.save,
        "delete": stored.delete,
        "update": lambda: OperationLog.objects.update(actor="x"),
        "filtered update": lambda: OperationLog.objects.filter(pk=entry.pk).update(actor="x"),
        "bulk_update": lambda: OperationLog.objects.bulk_update([stored], ["actor"]),
        "queryset delete": lambda: OperationLog.objects.all().delete(),
        "raw delete": lambda: OperationLog.objects.all()._raw_delete("default"),  # noqa: SLF001  # what Django calls
        "base manager": lambda: OperationLog._base_manager.all().delete(),  # what Django calls
        "upsert": lambda: OperationLog.objects.bulk_create(
            [stored], update_conflicts=True, update_fields=["actor"], **unique
        ),
    }
    for attempt in attempts.values():
        with pytest.raises(AppendOnlyError, match="log_keeper"):
            attempt()
    assert not hasattr(OperationLog.objects, "delete")
    assert OperationLog.objects.get().actor == ""
    (more,) = OperationLog.objects.bulk_create([OperationLog(model_changed="a.B", id_instance="1")])
    with log_keeper():
        OperationLog.objects.filter(pk=entry.pk).update(actor="x")
        assert OperationLog.objects.bulk_update([stored], ["actor"]) == 1
        OperationLog.objects.bulk_create(
            [stored], update_conflicts=True, update_fields=["actor"], **(unique if any_database != "mariadb" else {})
        )
        stored.actor = "y"
        stored.save()
        assert OperationLog.objects.get(pk=entry.pk).actor == "y"
        more.delete()
        assert OperationLog.objects.all().delete()[0] == 1
    with pytest.raises(AppendOnlyError):
        OperationLog.objects.update(actor="x")


@pytest.mark.usefixtures("any_database")
def test_a_deleted_account_leaves_its_entries() -> None:
    """With its key and its name; a cascade neither fails nor reaches them."""
    ada = make_user("ada")
    with acting_as(ada):
        entry = add()
    key = ada.pk
    ada.delete()
    stored = OperationLog.objects.get(pk=entry.pk)
    assert (stored.user_id, stored.user, stored.actor) == (key, None, "ada")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05.000000+00:00"'),
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2))), '"2026-01-02T01:04:05.000006+00:00"'),
        (datetime(2026, 1, 2, 3, 4), '"2026-01-02T03:04:00.000000"'),  # noqa: DTZ001  # a project without time zones
        (date(2026, 1, 2), '"2026-01-02"'),
        (time(1, 2), '"01:02:00.000000"'),
        (timedelta(days=-1, microseconds=1), "-86399999999"),
        (Decimal("1.50"), '"1.50"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (b"\x00\xff", '"00ff"'),
        (bytearray(b"a"), '"61"'),
        (memoryview(b"a"), '"61"'),
        (gettext_lazy("Yes"), '"Yes"'),
    ],
)
def test_values_have_one_form(value: object, text: str) -> None:
    """The same text on every database; nothing is cut."""
    assert json.dumps(value, cls=ChangesEncoder) == text


def test_large_binaries_are_named_not_kept() -> None:
    """By size and digest."""
    assert json.loads(json.dumps(b"x" * 2000, cls=ChangesEncoder))["bytes"] == 2000
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(object(), cls=ChangesEncoder)


@given(st.datetimes(timezones=st.timezones()), st.timedeltas(), st.decimals(allow_nan=False))
def test_no_value_is_cut(moment: datetime, duration: timedelta, number: Decimal) -> None:
    """What is read back is what was written, to the last digit."""
    text = json.dumps([moment, duration, number], cls=ChangesEncoder)
    moment_text, microseconds, number_text = json.loads(text)
    assert datetime.fromisoformat(moment_text) == moment.astimezone(UTC)
    assert timedelta(microseconds=microseconds) == duration
    assert Decimal(number_text) == number


@given(st.one_of(st.integers(), st.text(), st.uuids(), st.tuples(st.text(), st.integers())))
def test_every_key_has_a_text(key: object) -> None:
    """Which fits, and which is the same the next time."""
    assert len(key_text(key)) <= LONGEST_KEY
    assert key_text(key) == key_text(key)


def test_keys_do_not_meet() -> None:
    """Composite keys are told apart, and so are long ones that begin alike."""
    assert key_text(("a", "b,c")) == '["a", "b,c"]' != key_text(("a,b", "c"))
    assert key_text("a" * 300) != key_text("a" * 301)
    assert key_text("a" * LONGEST_KEY) == "a" * LONGEST_KEY
