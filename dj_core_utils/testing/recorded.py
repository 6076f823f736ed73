"""What a block leaves in the operation log, and claims about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Model

from dj_core_utils.audit.recorder import buffer_of
from dj_core_utils.db.decoding import side_of
from dj_core_utils.db.keys import key_text, model_label
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from types import TracebackType


class RecordedEntries(list[OperationLog]):
    """Entries of a block, oldest first; there when the block has ended."""

    def of(self, subject: Model | type[Model]) -> RecordedEntries:
        """Those of one object, or of all objects of a model.

        Args:
            subject: An instance or a model.
        """
        model = subject if isinstance(subject, type) else type(subject)
        found = (entry for entry in self if entry.model_changed == model_label(model))
        if isinstance(subject, Model):
            return RecordedEntries(entry for entry in found if entry.id_instance == key_text(subject.pk))
        return RecordedEntries(found)

    def assert_one(self, subject: Model | type[Model], operation: str | None = None, **changes: Any) -> OperationLog:
        """Claim that there is exactly one entry of an object.

        Args:
            subject: The object, or its model.
            operation: What was done, such as ``update``; entries of other kinds do not count then.
            **changes: Fields that it has changed: ``status=("new", "paid")`` with the values as the field has them, or
                what stands in ``changes``, such as ``tags={"added": [7]}``. Others may have changed as well.

        Returns:
            The entry.

        Raises:
            AssertionError: There is none, there are several, or it has changed something else.
        """
        found = [entry for entry in self.of(subject) if operation in {None, entry.operation_type}]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} entries {operation or ''} of {subject!r}, in:\n{self._lines()}")
        [entry] = found
        model = apps.get_model(entry.model_changed)
        for name, expected in changes.items():
            change = entry.changes.get(name)
            if change is not None and isinstance(expected, tuple):
                change = tuple(side_of(model, name, change, side) for side in ("before", "after"))
            if change != expected:
                raise AssertionError(f"{name} has {change!r} and not {expected!r}, in:\n{_line(entry)}")
        return entry

    def assert_none(self, subject: Model | type[Model]) -> None:
        """Claim that an object, or a model, has not changed.

        Args:
            subject: An instance or a model.

        Raises:
            AssertionError: There are entries of it.
        """
        if self.of(subject):
            raise AssertionError(f"{subject!r} has changed:\n{self.of(subject)._lines()}")  # noqa: SLF001  # the same class

    def _lines(self) -> str:
        return "\n".join(map(_line, self)) or "  (nothing was recorded)"


class recorded_entries:  # noqa: N801  # a block, as assertNumQueries is
    """A block whose entries can be looked at when it ends, also inside of a transaction that is never committed.

    Args:
        using: Alias of the database.

    Raises:
        RuntimeError: Nothing is recorded in this project.
    """

    def __init__(self, using: str = "default") -> None:
        self._using = using
        self._entries = RecordedEntries()
        self._after = 0

    def __enter__(self) -> RecordedEntries:
        """Begin; the list is empty until the block ends."""
        if "dj_core_utils.signals.audit" not in sys.modules:
            raise RuntimeError("Nothing is recorded: import dj_core_utils.signals.audit in the ready() of an app.")
        buffer_of(self._using).flush()
        last = OperationLog.objects.using(self._using).order_by("-id").first()
        self._after = 0 if last is None else last.pk
        return self._entries

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        """Read what was recorded, unless the block has failed."""
        if kind is None:
            buffer_of(self._using).flush()
            self._entries.extend(OperationLog.objects.using(self._using).filter(id__gt=self._after).order_by("id"))


def _line(entry: OperationLog) -> str:
    return f"  {entry} {entry.changes}"
