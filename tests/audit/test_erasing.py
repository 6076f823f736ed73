"""A person is erased from the log, and the seals stay true."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from dj_core_utils.audit import erasure
from dj_core_utils.audit.erasure import Person, erase, person
from dj_core_utils.audit.triggers.installation import put_right
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.errors import UnknownValueError
from dj_core_utils.db.models import OperationLog, OperationSeal
from dj_core_utils.management.commands.auditlog import Command
from dj_core_utils.middleware.context import acting_as
from tests.audit.models import Customer, Product, Tag

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from django.contrib.auth.models import User
    from pytest_django import Settings

NAME = "Änne Müller"
# What Python decides, the same whatever the database; what databases do differently is tested on each.
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def somebody(capture: str, settings: Settings) -> Iterator[User]:
    """A person with an account, who has done things and to whom things were done, and whose account is deleted."""
    before = settings.AUDIT
    settings.AUDIT = {"include": ["audited.*", "auth.User"], "capture": capture}
    put_right("default")
    accounts = get_user_model()
    ann = accounts.objects.create(username=NAME, email="anne@example.org", is_staff=True, password="x")
    other = accounts.objects.create(username="other", first_name=NAME)
    with acting_as(ann, reason="her own"):
        product = Product.objects.create(name="Bolt")
        product.tags.add(Tag.objects.create(name="new"))
    with acting_as(other, on_behalf_of=ann):
        product.name = "Nut"
        product.save()
    with acting_as(other):
        accounts.objects.filter(pk=ann.pk).update(last_name="Müller")
    call_command(Command(), "seal", "--range=4", stdout=StringIO())
    key = ann.pk
    ann.delete()
    ann.pk = key
    yield ann
    accounts.objects.all().delete()
    settings.AUDIT = before
    put_right("default")


def run(*arguments: str) -> tuple[str, str]:
    """What the command prints, and what it warns of."""
    out, err = StringIO(), StringIO()
    call_command(Command(), *arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def verified() -> dict[str, Any]:
    """What ``verify`` says; it finds nothing."""
    report: dict[str, Any] = json.loads(run("verify", "--json")[0])
    assert report["findings"] == []
    return report


def everything(*, about: User) -> str:
    """The text of all entries but those of the account of somebody else."""
    others = get_user_model().objects.exclude(pk=about.pk).values_list("pk", flat=True)
    entries = OperationLog.objects.exclude(model_changed="auth.User", id_instance__in=[str(key) for key in others])
    return json.dumps(list(entries.values("actor", "on_behalf_of", "changes", "reason")), ensure_ascii=False)


def test_a_person_is_erased(somebody: User) -> None:
    """Nothing of them is left but the key; all the rest is, the seals hold, and the log says what was done and why."""
    before = {entry.pk: entry for entry in OperationLog.objects.all()}
    assert NAME in everything(about=somebody)
    out, err = run("erase", f"--user={somebody.pk}", "--keep=is_staff", "--reason=request 17", "--batch=2")
    assert out.splitlines()[-1] == "           7 entries erased"
    assert err == ""
    text = everything(about=somebody)
    assert not [trace for trace in (NAME, "Müller", "anne@") if trace in text]
    for entry in OperationLog.objects.filter(pk__in=before):
        is_about = (entry.model_changed, entry.id_instance) == ("auth.User", str(somebody.pk))
        if not is_about:
            assert entry.changes == before[entry.pk].changes
        if entry.user_id != somebody.pk:
            assert entry.actor == before[entry.pk].actor
    hers = OperationLog.objects.by(somebody).order_by("id")
    assert {entry.actor for entry in hers} == {"erased"}
    assert {entry.reason for entry in hers} == {"her own"}
    assert OperationLog.objects.get(on_behalf_of=f"erased ({somebody.pk})").changes["name"]["after"] == "Nut"
    created = OperationLog.objects.for_object(somebody).earliest("id")
    assert created.changes["username"] == {"hidden": True}
    assert created.changes["is_staff"] == {"after": True}
    said = OperationLog.objects.filter(operation_type="erase")
    assert sum(sum(count["erased"] for count in entry.changes.values()) for entry in said) == 7
    assert {entry.reason for entry in said} == {"request 17"}
    assert verified()["sealed_anew"] == {"erase": 4}


@one_database
class TestErasing:
    """What else there is to it."""

    def test_a_second_run_changes_nothing(self, somebody: User) -> None:
        """What is erased already is not erased, sealed or said again."""
        arguments = ("erase", f"--user={somebody.pk}", "--reason=request 17")
        run(*arguments)
        seals, entries = OperationSeal.objects.count(), OperationLog.objects.count()
        assert run(*arguments)[0] == "           0 entries erased\n"
        assert (OperationSeal.objects.count(), OperationLog.objects.count()) == (seals, entries)

    def test_a_dry_run(self, somebody: User) -> None:
        """It says how many entries of which model, and changes none."""
        before = list(OperationLog.objects.values())
        out, _ = run("erase", f"--user={somebody.pk}", "--reason=request 17", "--dry-run")
        assert out.splitlines() == [
            "           3 audited.Product",
            "           1 audited.Tag",
            "           3 auth.User",
            "           7 entries would be erased",
        ]
        assert list(OperationLog.objects.values()) == before
        assert verified()["sealed_anew"] == {}

    def test_interrupted(self, somebody: User, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is erased stays so, and another run erases the rest."""
        original = erasure.erase

        def interrupted(*args: Any, **kwargs: Any) -> Iterator[Counter[str]]:
            yield next(original(*args, **kwargs))
            raise KeyboardInterrupt

        arguments = ("erase", f"--user={somebody.pk}", "--reason=request 17", "--batch=3")
        with monkeypatch.context() as patch:
            patch.setattr("dj_core_utils.management.commands.auditlog.erase", interrupted)
            with pytest.raises(CommandError, match=r"said above is erased, the rest is not\. Run it again") as caught:
                run(*arguments)
        assert caught.value.returncode == 130
        verified()
        assert NAME in everything(about=somebody)
        assert run(*arguments)[0].splitlines()[-1] == "           4 entries erased"
        assert NAME not in everything(about=somebody)
        verified()

    def test_an_account_that_exists(self, somebody: User) -> None:
        """Whoever can still sign in leaves new traces."""
        del somebody
        other = get_user_model().objects.get(username="other")
        _, err = run("erase", f"--user={other.pk}", "--reason=request 18")
        assert err == "Their account still exists: what they do from now on is recorded with their name.\n"

    def test_records_of_a_person_without_an_account(self, database: str) -> None:
        """Any row about them, also of a model that the project has not got any more."""
        del database
        ann, bob = (Customer.objects.create(name=name) for name in (NAME, "Bob"))
        OperationLog.objects.create(
            model_changed="old.Gone", id_instance="a:b", changes={"name": {"after": NAME}, "n": 1}
        )
        out, _ = run("erase", f"--record=audited.customer:{ann.pk}", "--record=old.Gone:a:b", "--reason=request 19")
        assert out.splitlines() == [
            "           1 audited.Customer",
            "           1 old.Gone",
            "           2 entries erased",
        ]
        assert OperationLog.objects.get(model_changed="old.Gone").changes == {
            "name": {"hidden": True},
            "n": {"hidden": True},
        }
        assert OperationLog.objects.for_object(bob).get().changes["name"] == {"after": "Bob"}
        assert person(records=[(Customer, ann.pk)]) == Person(
            key=None, records=frozenset({("audited.Customer", str(ann.pk))}), keep=frozenset()
        )

    def test_relations_keep_their_keys(self, database: str) -> None:
        """Keys are no values of theirs, and the past of a relation stays known."""
        del database
        product = Product.objects.create(name=NAME)
        product.tags.add(Tag.objects.create(name="new"))
        run("erase", f"--record=audited.Product:{product.pk}", "--reason=request 20", "--keep=customer")
        past = OperationLog.objects.for_object(product).as_of(timezone.now())
        assert len(past.values["tags"]) == 1  # type: ignore[arg-type]  # a set
        assert past["customer_id"] is None
        with pytest.raises(UnknownValueError, match="hidden"):
            past["name"]

    def test_it_hides_nothing(self, somebody: User) -> None:
        """Of a range that somebody has changed nobody is erased."""
        first = OperationLog.objects.earliest("id")
        with log_keeper():
            OperationLog.objects.filter(pk=first.pk).update(reason="changed")
        with pytest.raises(CommandError, match="none of them is touched"):
            run("erase", f"--user={somebody.pk}", "--reason=request 17")
        assert NAME in everything(about=somebody)

    def test_what_came_in_between(self, somebody: User) -> None:
        """An entry that another run has erased is not counted, and nothing is said of it."""
        whom = person(user=somebody)
        first = erase("default", whom, reason="request 17")
        assert next(first).total() == 3
        assert sum(count.total() for count in erase("default", whom, reason="request 17")) == 4
        before = OperationLog.objects.count()
        assert [*first] == [{}, {}]
        assert OperationLog.objects.count() == before

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--user=1", "--reason= "], "needs a reason"),
            (["--reason=x"], "Nobody is named"),
            (["--user=Anne", "--reason=x"], '"Anne" is no key of auth.User'),
            (["--record=audited.Customer", "--reason=x"], 'has no ":"'),
            (["--record=audited.Costumer:1", "--reason=x"], 'There is no model "audited.Costumer"'),
            (["--record=Customer:1", "--reason=x"], 'There is no model "Customer"'),
            (["--user=1", "--keep=is_stuff", "--reason=x"], 'has a field "is_stuff"'),
            (["--user=1", "--reason=x", "--batch=0"], "1 or more"),
            (["--user=1"], "required: --reason"),
        ],
    )
    def test_what_is_refused(self, database: str, arguments: list[str], message: str) -> None:
        """What cannot be meant changes nothing, and says what is wrong."""
        del database
        with pytest.raises(CommandError, match=message):
            run("erase", *arguments)

    def test_people_read_how_often(self, somebody: User) -> None:
        """``verify`` says how many seals were made anew, and after what."""
        run("erase", f"--user={somebody.pk}", "--reason=request 17")
        assert run("verify")[0].splitlines()[0] == "4 seals, 2 of them after erase, 4 entries not sealed yet"
