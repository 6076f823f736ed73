"""A block of code whose changes are not recorded, and how many those were."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["unrecorded", "statements"]


class Gap:
    """What one block leaves out.

    Attributes:
        labels: Models, as ``app_label.Model``.
        is_open: Whether the block still runs; a task that outlives it is recorded again.
    """

    def __init__(self, labels: Iterable[str]) -> None:
        """Nothing has been left out yet.

        Args:
            labels: Models, as ``app_label.Model``.
        """
        self.labels = frozenset(labels)
        self.is_open = False
        self._counts: defaultdict[str, Counter[tuple[str, Kind]]] = defaultdict(Counter)
        self._lock = Lock()

    @property
    def databases(self) -> list[str]:
        """Aliases of those that changes were committed to."""
        with self._lock:
            return sorted(self._counts)

    def count(self, using: str, skipped: Skipped) -> None:
        """A change that was not recorded has been committed.

        Args:
            using: Alias of the database.
            skipped: The change.
        """
        with self._lock:
            self._counts[using][skipped.label, skipped.kind] += 1

    def counted(self, using: str) -> Counter[tuple[str, Kind]]:
        """What was committed to a database, by model and kind.

        Args:
            using: Alias of the database.
        """
        with self._lock:
            return Counter(self._counts.get(using))


class Skipped(NamedTuple):
    """One change that is not recorded, as long as its transaction may still be rolled back."""

    gap: Gap
    label: str
    kind: Kind


gaps: ContextVar[tuple[Gap, ...]] = ContextVar("dj_core_utils.audit.gaps", default=())


def gap_around(label: str) -> Gap | None:
    """The innermost block that leaves changes of a model out.

    Args:
        label: The model, as ``app_label.Model``.
    """
    return next((gap for gap in reversed(gaps.get()) if gap.is_open and label in gap.labels), None)
