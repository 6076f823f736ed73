"""What the admin shows of the operation log: a page of entries, in groups that were written together."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_date

from dj_core_utils.db.entries import BY_DATE
from dj_core_utils.db.models import OperationLog, OperationType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from dj_core_utils.db.entries import OperationLogQuerySet

PAGE_SIZE = 50
# More are not counted: that would read them all.
MOST_COUNTED = 10_000
LONGEST_SHOWN = 300
_OPERATIONS: tuple[tuple[str, Any], ...] = tuple(OperationType.choices)


class Line(NamedTuple):
    """The change of one field.

    Attributes:
        label: What the field is called.
        old: Texts that are gone: the value before, or the keys that were unlinked.
        new: Texts that came.
        is_hidden: Whether the values are left out of the log.
    """

    label: str
    old: Sequence[str]
    new: Sequence[str]
    is_hidden: bool


class Shown(NamedTuple):
    """An entry and its lines."""

    entry: OperationLog
    lines: Sequence[Line]


class Group(NamedTuple):
    """What was written together, by one actor; the first entry says who, when and why."""

    first: OperationLog
    entries: Sequence[Shown]


class LogPage:
    """One page of entries.

    Attributes:
        groups: The entries, newest first.
        older: Address of the next page; empty on the last one.
        newest: Address of the first page; empty on that one.
    """

    def __init__(self, entries: OperationLogQuerySet[OperationLog], query: Mapping[str, str]) -> None:
        """Read it.

        Args:
            entries: All that there are.
            query: What the address asks for; ``before`` is the last entry of the page before.
        """
        before = query.get("before", "")
        last = OperationLog.objects.filter(pk=int(before)).first() if _is_key(before) else None
        found = entries.page(PAGE_SIZE + 1, before=last)
        self.groups = list(_groups(found[:PAGE_SIZE]))
        kept = {name: value for name, value in query.items() if name != "before" and value}
        is_more = len(found) > PAGE_SIZE
        self.older = f"?{urlencode({**kept, 'before': found[PAGE_SIZE - 1].pk})}" if is_more else ""
        self.newest = f"?{urlencode(kept)}" if last else ""


class Filter:
    """Which entries somebody wants to see.

    Attributes:
        models: Labels of the models of the project.
        operations: What can be done, with words for it.
        total: How many entries there are, ``None`` for more than ``MOST_COUNTED``.
    """

    def __init__(self, query: Mapping[str, str]) -> None:
        """Read it; what nobody can look for is not looked for.

        Args:
            query: Of the address.
        """
        self.models = sorted(model._meta.label for model in apps.get_models())  # Django documents _meta
        self.operations = _OPERATIONS
        self.model = _one_of(self.models, query.get("model", ""))
        self.key = query.get("key", "").strip()[:255] if self.model else ""
        self.operation = _one_of([value for value, _ in _OPERATIONS], query.get("operation", ""))
        self.actor = query.get("actor", "").strip()[:255]
        self.start, self.end = _day(query.get("start", "")), _day(query.get("end", ""))

    @property
    def entries(self) -> OperationLogQuerySet[OperationLog]:
        """What was found, each in the order in which the database finds it fast."""
        found = OperationLog.objects.all()
        if self.model:
            found = found.filter(model_changed=self.model)
        if self.key:
            found = found.filter(id_instance=self.key)
        if self.operation:
            found = found.filter(operation_type=self.operation)
        if self.actor:
            found = found.filter(user_id__in=_users(self.actor))
        # Each of the indexes goes on by date, but that of an object, which has few entries.
        if (self.model and not self.key) or self.operation or self.actor or self.start or self.end:
            found = found.order_by(*BY_DATE)
        if self.start:
            found = found.filter(date__gte=_midnight(self.start))
        if self.end:
            found = found.filter(date__lt=_midnight(self.end + timedelta(days=1)))
        return found

    @property
    def total(self) -> int | None:
        """How many were found; None for more than are counted."""
        count = self.entries.order_by()[: MOST_COUNTED + 1].count()
        return count if count <= MOST_COUNTED else None


def _groups(entries: Sequence[OperationLog]) -> Iterator[Group]:
    for _, together in groupby(entries, lambda entry: (entry.transaction_id or entry.pk, entry.actor, entry.reason)):
        shown = [Shown(entry, list(_lines(entry))) for entry in together]
        yield Group(shown[0].entry, shown)


def _lines(entry: OperationLog) -> Iterator[Line]:
    for name, change in entry.changes.items():
        sides = change if isinstance(change, dict) else {"after": change}
        old, new = (
            [_text(sides[side])] if side in sides else [_text(key) for key in sides.get(keys, ())]
            for side, keys in (("before", "removed"), ("after", "added"))
        )
        yield Line(_label(entry.model_changed, name), old, new, sides.get("hidden") is True)


def _label(model: str, name: str) -> str:
    try:
        field = apps.get_model(model)._meta.get_field(name.removesuffix("_id"))  # Django documents _meta
    except (LookupError, ValueError, FieldDoesNotExist):
        return name
    return str(getattr(field, "verbose_name", name))


def _text(value: object) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} … ({len(text)})"


def _users(text: str) -> list[Any]:
    """The keys of the user with a name, or with this key, whose account may be gone."""
    users = get_user_model()
    named = users._default_manager.filter(**{users.USERNAME_FIELD: text})  # as above
    found: list[Any] = list(named.values_list("pk", flat=True)[:1])
    if not found:
        try:
            found = [users._meta.pk.to_python(text)]  # as above
        except ValidationError:
            return []
    return found


def _one_of(values: Sequence[str], value: str) -> str:
    return value if value in values else ""


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < len(str(2**63))


def _day(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and found.year < 9999 else None  # noqa: PLR2004  # the day after must be one, too


def _midnight(day: date) -> datetime:
    moment = datetime.combine(day, time())
    return timezone.make_aware(moment) if settings.USE_TZ else moment
