"""When and who: one moment and one user for all rows that one operation writes."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils import timezone

from dj_core_utils.actor import current_actor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_current: ContextVar[Stamp | None] = ContextVar("dj_core_utils.stamp", default=None)


class Stamp:
    """What the rows of one operation are stamped with. Nobody is asked before a field wants to know."""

    @cached_property
    def moment(self) -> datetime:
        """Now: aware or naive as ``USE_TZ`` says."""
        return timezone.now()

    @cached_property
    def user_id(self) -> object:
        """Primary key of the user who acts; None when nobody or a program does."""
        return current_actor().user_id


@contextmanager
def one_stamp() -> Iterator[Stamp]:
    """Let everything that is written inside a ``with`` block have the same stamp."""
    stamp = Stamp()
    token = _current.set(stamp)
    try:
        yield stamp
    finally:
        _current.reset(token)


def current_stamp() -> Stamp:
    """The stamp of the operation that runs, or one of its own."""
    return _current.get() or Stamp()
