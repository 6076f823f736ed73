"""Erases a person from the operation log: their name and their values go, that something happened stays."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q

from dj_core_utils.audit.chain import amend, known_ranges, range_of
from dj_core_utils.audit.errors import ErasureError
from dj_core_utils.audit.recorder import record_about_log, recording
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.keys import key_text, model_label
from dj_core_utils.db.models import OperationLog, OperationSeal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import Model

ERASED = "erased"
_FIELDS = ("actor", "on_behalf_of", "changes")
_BATCH = 500
_HIDDEN = {"hidden": True}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whom to erase: ``person()`` makes it of what somebody has.

    Attributes:
        key: Primary key of their account; None for somebody without one.
        records: Label and key of each row about them; that of their account is among them.
        keep: Attribute names of the fields whose values stay.
    """

    key: Any
    records: frozenset[tuple[str, str]]
    keep: frozenset[str]

    @property
    def beneficiary(self) -> str:
        """What stands where something was done for them; the key tells what belongs together."""
        return f"{ERASED} ({self.key})"

    @property
    def may_tell(self) -> Q:
        """Entries that may tell of them."""
        condition = Q(pk__in=[])
        if self.key is not None:
            named = Q(on_behalf_of=str(self.key)) | Q(on_behalf_of__endswith=f" ({self.key})")
            condition = (Q(user_id=self.key) & ~Q(actor=ERASED)) | (named & ~Q(on_behalf_of=self.beneficiary))
        for label, key in sorted(self.records):
            condition |= Q(model_changed=label, id_instance=key)
        return condition

    def erase_from(self, entry: OperationLog) -> bool:
        """Take them out of an entry, which is not saved.

        Args:
            entry: Any entry.

        Returns:
            Whether it told of them.
        """
        before = [getattr(entry, name) for name in _FIELDS]
        if self.key is not None:
            if entry.user_id == self.key:
                entry.actor = ERASED
            if entry.on_behalf_of == str(self.key) or entry.on_behalf_of.endswith(f" ({self.key})"):
                entry.on_behalf_of = self.beneficiary
        if (entry.model_changed, entry.id_instance) in self.records:
            # Keys that came to a relation, or went, are no values of theirs.
            entry.changes = {
                name: change if name in self.keep or _is_about_links(change) else _HIDDEN
                for name, change in entry.changes.items()
            }
        return before != [getattr(entry, name) for name in _FIELDS]


def person(
    *, user: object = None, records: Iterable[tuple[type[Model] | str, object]] = (), keep: Iterable[str] = ()
) -> Person:
    """Somebody who wants to be erased.

    Args:
        user: Their account, or its key; it may be deleted already.
        records: Other rows about them: a model or its label, and a key.
        keep: Names of fields whose values stay in the entries about these rows, such as ``is_staff``.

    Raises:
        ErasureError: Nobody is named, or a key, a model or a field is none.
    """
    accounts = get_user_model()
    key = getattr(user, "pk", user)
    try:
        key = None if key is None else accounts._meta.pk.to_python(key)
    except ValidationError as error:
        raise ErasureError(f'"{key}" is no key of {accounts._meta.label}.') from error
    named = [] if key is None else [(model_label(accounts), key_text(key))]
    named += [(_label(model), key_text(key)) for model, key in records]
    if not named:
        raise ErasureError("Nobody is named: give the key of an account, or records about a person.")
    return Person(key=key, records=frozenset(named), keep=_attribute_names([label for label, _ in named], keep))


def erase(using: str, whom: Person, *, reason: str, size: int = _BATCH) -> Iterator[Counter[str]]:
    """Erase a person, in transactions of at most ``size`` entries and of one sealed range, which is sealed anew.

    Each transaction has an entry of its own, which says how many entries of which model, and why. What was done stays
    done when it is interrupted; another run goes on from there.

    Args:
        using: Alias of the database.
        whom: What ``person()`` has returned.
        reason: Why, for the log; without the name of the person.
        size: How many entries in one transaction.

    Yields:
        After each transaction: how many entries of each model it has changed.

    Raises:
        ErasureError: There is no reason.
        SealError: A range is not what was sealed; whoever looks for what happened needs its entries.
    """
    if not reason.strip():
        raise ErasureError("Erasing needs a reason: the log says why something is missing from it.")
    ranges = known_ranges(using)
    keys = (entry.pk for entry in entries_of(using, whom, size=size))
    for _, group in groupby(keys, lambda key: range_of(ranges, key)):
        while batch := list(islice(group, size)):
            yield _erase(using, whom, batch, reason.strip())


def entries_of(using: str, whom: Person, *, size: int = _BATCH) -> Iterator[OperationLog]:
    """The entries that tell of a person, without what they tell of them; in their order, read page by page.

    Args:
        using: Alias of the database.
        whom: The person.
        size: How many at once.
    """
    entries = OperationLog.objects.using(using).filter(whom.may_tell).order_by("id")
    page = list(entries[:size])
    while page:
        yield from (entry for entry in page if whom.erase_from(entry))
        page = list(entries.filter(id__gt=page[-1].pk)[:size])


def _erase(using: str, whom: Person, batch: list[int], reason: str) -> Counter[str]:
    with amend(using, batch, OperationSeal.Cause.ERASE), recording(using) as buffer, log_keeper():
        entries = OperationLog.objects.using(using)
        found = [entry for entry in entries.filter(id__in=batch) if whom.erase_from(entry)]
        entries.bulk_update(found, _FIELDS, batch_size=100)
        erased = Counter(entry.model_changed for entry in found)
        if erased:
            changes = {label: {"erased": count} for label, count in sorted(erased.items())}
            record_about_log(buffer, "erase", changes, reason)
    return erased


def _is_about_links(change: object) -> bool:
    return isinstance(change, dict) and not change.keys().isdisjoint({"added", "removed"})


def _label(model: type[Model] | str) -> str:
    if not isinstance(model, str):
        return model_label(model)
    found = _model(model)
    # One that is gone from the project may be in the log all the same.
    if found is None and not OperationLog.objects.filter(model_changed=model).exists():
        raise ErasureError(f'There is no model "{model}", neither in the project nor in the log.')
    return model if found is None else model_label(found)


def _model(label: str) -> type[Model] | None:
    app, _, name = label.partition(".")
    return apps.all_models[app].get(name.lower()) if app in apps.all_models else None


def _attribute_names(labels: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    known = {
        alias: field.attname
        for label in labels
        if (model := _model(label)) is not None
        for field in model._meta.concrete_fields
        for alias in (field.name, field.attname)
    }
    if unknown := sorted(set(names) - known.keys()):
        raise ErasureError(f'None of these models has a field "{unknown[0]}"; nothing was erased.')
    return frozenset(known[name] for name in names)
