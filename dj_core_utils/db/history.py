"""What an object held at a moment, told by the entries of the operation log alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from dj_core_utils.db.decoding import column_fields, linked_keys, relations, side_of
from dj_core_utils.db.errors import UnknownValueError
from dj_core_utils.db.keys import key_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from django.db.models import Model

    from dj_core_utils.db.models import OperationLog

NEVER_TOLD = "no entry tells it"


@dataclass(frozen=True, kw_only=True)
class PastObject:
    """An object as it was; ``past["price"]`` is a value of the type that its field has.

    Attributes:
        model: Its model.
        key: Its primary key, as the log has it.
        moment: When.
        exists: Whether it existed then; None where the log knows nothing of it at all.
        values: What is known, by attribute name, as ``customer_id``; of many-to-many fields the set of keys.
        unknown: Why a value is not known, by attribute name.
    """

    model: type[Model]
    key: str
    moment: datetime
    exists: bool | None
    values: Mapping[str, object]
    unknown: Mapping[str, str]

    def __getitem__(self, name: str) -> object:
        """A value.

        Args:
            name: Attribute name of a field, or name of a many-to-many field.

        Raises:
            UnknownValueError: The log does not tell it; its ``why`` says why.
            KeyError: The model has no such field.
        """
        if name in self.unknown:
            raise UnknownValueError(name, self.unknown[name])
        return self.values[name]


def past_object(model: type[Model], key: str, entries: Iterable[OperationLog], moment: datetime) -> PastObject:
    """An object at a moment.

    Args:
        model: Its model.
        key: Its primary key, as the log has it.
        entries: All that the log has of it, oldest first.
        moment: When.

    Raises:
        ValueError: The moment has no time zone and the project has them, or the other way round.
    """
    if timezone.is_naive(moment) == settings.USE_TZ:
        raise ValueError(f"as_of() needs a moment {'with' if settings.USE_TZ else 'without'} a time zone: {moment}")
    past: list[OperationLog] = []
    rest: list[OperationLog] = []
    for entry in in_order(entries):
        (past if entry.date <= moment else rest).append(entry)
    exists = _existed(past, rest)
    links = relations(model)
    primary = model._meta.pk.attname  # Django documents _meta
    names = (primary, *column_fields(model), *links)
    if not exists:
        why = NEVER_TOLD if exists is None else "the object did not exist then"
        return PastObject(
            model=model, key=key, moment=moment, exists=exists, values={}, unknown=dict.fromkeys(names, why)
        )
    values: dict[str, object] = {}
    unknown: dict[str, str] = {}
    for name in names:
        try:
            if name == primary:
                values[name] = key_value(model, key)
            else:
                values[name] = (_links if name in links else _value)(model, name, past, rest)
        except UnknownValueError as error:
            unknown[name] = error.why
    return PastObject(model=model, key=key, moment=moment, exists=True, values=values, unknown=unknown)


def in_order(entries: Iterable[OperationLog]) -> list[OperationLog]:
    """Entries of any objects as things happened: an object loses its relations before it is gone.

    Django deletes the rows of a relation before the object; the log may have the two the other way round.

    Args:
        entries: Oldest first.
    """
    ordered: list[OperationLog] = []
    deleted: dict[tuple[object, ...], int] = {}
    for entry in entries:
        subject = (entry.transaction_id, entry.model_changed, entry.id_instance)
        if entry.operation_type == "delete" and entry.transaction_id is not None:
            deleted[subject] = len(ordered)
        elif entry.operation_type == "create":
            deleted.pop(subject, None)
        if entry.operation_type.startswith("m2m_") and subject in deleted:
            place = deleted[subject]
            ordered.insert(place, entry)
            deleted = {other: index + (index >= place) for other, index in deleted.items()}
        else:
            ordered.append(entry)
    return ordered


def _existed(past: Sequence[OperationLog], rest: Sequence[OperationLog]) -> bool | None:
    if past:
        return past[-1].operation_type != "delete"
    return rest[0].operation_type != "create" if rest else None


def _value(model: type[Model], name: str, past: Sequence[OperationLog], rest: Sequence[OperationLog]) -> object:
    """What was written last before the moment; else what the next change after it found."""
    for entry in reversed(past):
        if entry.operation_type == "delete":
            break
        if name in entry.changes:
            return side_of(model, name, entry.changes[name], "after")
        if entry.operation_type == "create":
            break
    for entry in rest:
        if name in entry.changes:
            return side_of(model, name, entry.changes[name], "before")
        if entry.operation_type == "delete":
            break
    raise UnknownValueError(name, NEVER_TOLD)


def _links(
    model: type[Model], name: str, past: Sequence[OperationLog], rest: Sequence[OperationLog]
) -> frozenset[object]:
    """The keys of a relation: forward from a moment at which it was empty, else backward from one."""
    for start in range(len(past) - 1, -1, -1):
        if _empties(past[start], name):
            return _played(model, name, past[start + 1 :])
    for end, entry in enumerate(rest):
        if _empties(entry, name):
            return _played_back(model, name, rest[: end + 1])
    raise UnknownValueError(name, "the log does not begin with an empty relation")


def _empties(entry: OperationLog, name: str) -> bool:
    """Whether nothing is linked after an entry."""
    if entry.operation_type == "m2m_post_clear":
        return name in entry.changes
    return entry.operation_type in {"create", "delete"}


def _played(model: type[Model], name: str, entries: Iterable[OperationLog]) -> frozenset[object]:
    linked: set[object] = set()
    for entry in entries:
        change = entry.changes.get(name, {})
        linked |= set(linked_keys(model, name, change.get("added", [])))
        linked -= set(linked_keys(model, name, change.get("removed", [])))
    return frozenset(linked)


def _played_back(model: type[Model], name: str, entries: Sequence[OperationLog]) -> frozenset[object]:
    linked: set[object] = set()
    for entry in reversed(entries):
        change = entry.changes.get(name, {})
        linked |= set(linked_keys(model, name, change.get("removed", [])))
        linked -= set(linked_keys(model, name, change.get("added", [])))
    return frozenset(linked)
