"""What keeps an ailing service from being overrun: for each a circuit breaker, and a budget for retries."""

from __future__ import annotations

import os
import random
import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dj_core_utils.conf import APIConf

_MOST_RETRIES = 10.0
# A pause is a little longer or shorter each time, or all processes would come back at once.
_SPREAD = 0.2


class Breaker:
    """Leaves a service alone for a while after too many failures, then lets one call try.

    Closed: calls go through and are counted by the second. Open: none goes through. Half open, when the pause is over:
    one does, and decides. An answer that comes in after the state has changed counts for nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: deque[list[int]] = deque()  # second, calls, failures
        self._generation = 0
        self._is_closed = True
        self._closed_until = 0.0

    def acquire(self, limits: APIConf) -> tuple[int, float]:
        """Ask for one call.

        Args:
            limits: For how long one call may try.

        Returns:
            The ticket to hand back, and 0; or how many seconds nobody may call.
        """
        if self._is_closed:
            return self._generation, 0.0
        with self._lock:
            rest = self._closed_until - monotonic()
            if rest <= 0:
                # The one that tries; where it never comes back, the next one does after the same time.
                self._closed_until = monotonic() + limits.breaker_pause
            return self._generation, max(0.0, rest)

    def record(self, ticket: int, limits: APIConf, *, failed: bool | None) -> None:
        """Hand a ticket back.

        Args:
            ticket: What ``acquire`` has given.
            limits: How many failures are too many.
            failed: Whether the call says that the service is not well; None for a call that says nothing.
        """
        with self._lock:
            if ticket != self._generation:
                return
            if not self._is_closed:
                if failed is None:
                    self._closed_until = 0.0
                else:
                    self._change(limits, is_closed=not failed)
            elif failed is not None:
                self._count(limits, failed=failed)

    def _count(self, limits: APIConf, *, failed: bool) -> None:
        second = int(monotonic())
        counts = self._counts
        if not counts or counts[-1][0] != second:
            counts.append([second, 0, 0])
        counts[-1][1] += 1
        counts[-1][2] += failed
        while counts[0][0] <= second - limits.breaker_window:
            counts.popleft()
        if failed:
            calls, failures = (sum(count[column] for count in counts) for column in (1, 2))
            if calls >= limits.breaker_calls and failures >= limits.breaker_failures * calls:
                self._change(limits, is_closed=False)

    def _change(self, limits: APIConf, *, is_closed: bool) -> None:
        spread = random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311  # nothing secret
        self._closed_until = 0.0 if is_closed else monotonic() + limits.breaker_pause * spread
        self._is_closed = is_closed
        self._generation += 1
        self._counts.clear()


class Budget:
    """Allows second attempts as a share of all calls, so that retries never multiply an outage."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = _MOST_RETRIES

    def add(self, ratio: float) -> None:
        """Count a call.

        Args:
            ratio: Second attempts for each call.
        """
        if self._left < _MOST_RETRIES:
            with self._lock:
                self._left = min(_MOST_RETRIES, self._left + ratio)

    def take(self) -> bool:
        """Whether there may be a second attempt now; it is counted."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Protection:
    """The breaker and the budget of one service.

    Attributes:
        breaker: The breaker.
        budget: The budget.
    """

    def __init__(self) -> None:
        self.breaker = Breaker()
        self.budget = Budget()


_protections: dict[str, Protection] = {}


def protection_of(service: str) -> Protection:
    """The one that all calls of this process to a service share.

    Args:
        service: Its name.
    """
    found = _protections.get(service)
    return _protections.setdefault(service, Protection()) if found is None else found


def reset_protections() -> None:
    """Begin anew: in a forked process, and between tests."""
    _protections.clear()


def replace_protection(service: str, protection: Protection | None) -> Protection | None:
    """Give a service another breaker and budget.

    Args:
        service: Its name.
        protection: The ones from now on; None for new ones with the next call.

    Returns:
        The ones until now.
    """
    found = _protections.pop(service, None)
    if protection is not None:
        _protections[service] = protection
    return found


os.register_at_fork(after_in_child=reset_protections)
