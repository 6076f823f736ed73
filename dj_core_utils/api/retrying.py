"""A call over HTTP with all its attempts."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, TypeVar

from dj_core_utils.api.exceptions import APIClientError, CircuitOpenError, ServiceTimeoutError, ServiceUnavailableError
from dj_core_utils.api.faults import AILING, PAUSED, error_of
from dj_core_utils.api.protection import protection_of
from dj_core_utils.api.stand_ins import stand_ins
from dj_core_utils.api.telemetry import attempt_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from dj_core_utils.api.call import Call
    from dj_core_utils.api.response import APIResponse
    from dj_core_utils.api.telemetry import Attempt

T = TypeVar("T")

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0
# The service cannot have seen the call, so that any call may be sent again.
_UNSEEN = frozenset({"refused", "dns", "connect_timeout", "unreachable"})
# Another attempt would end in the same way.
_HOPELESS = frozenset({"tls", "pool"})
# Says nothing of the service: our own pool was full, or whoever called us had too little patience.
_OURS = frozenset({"pool", "caller_deadline"})


def attempt_until_answered(call: Call, send: Callable[[Call, Attempt], tuple[APIResponse, T]]) -> T:
    """Send a call, again if that may help and is allowed.

    Args:
        call: The call.
        send: Sends it once; returns the answer, and what the caller wants.

    Raises:
        APIClientError: That of the last attempt.
    """
    tries = Tries(call)
    while True:
        tries.begin()
        try:
            with attempt_of(call, tries.number) as attempt:
                answer, result = send(call, attempt)
                attempt.answered(answer.status_code)
        except BaseException as error:
            pause = tries.failed(error)
            if pause is None:
                raise
        else:
            failure = tries.answered(answer)
            if failure is None:
                return result
            pause = tries.pause_before_next(failure)
            if pause is None:
                raise failure
        if not _is_rehearsed(call, pause):
            time.sleep(pause)


async def aattempt_until_answered(call: Call, send: Callable[[Call, Attempt], Awaitable[tuple[APIResponse, T]]]) -> T:
    """Send a call, again if that may help and is allowed, on the event loop.

    Args:
        call: The call.
        send: Sends it once; returns the answer, and what the caller wants.

    Raises:
        APIClientError: That of the last attempt.
    """
    tries = Tries(call)
    while True:
        tries.begin()
        try:
            with attempt_of(call, tries.number) as attempt:
                answer, result = await send(call, attempt)
                attempt.answered(answer.status_code)
        except BaseException as error:
            pause = tries.failed(error)
            if pause is None:
                raise
        else:
            failure = tries.answered(answer)
            if failure is None:
                return result
            pause = tries.pause_before_next(failure)
            if pause is None:
                raise failure
        if not _is_rehearsed(call, pause):
            await asyncio.sleep(pause)


class Tries:
    """The attempts of one call, each under the breaker of the service, the second and later ones under its budget.

    Args:
        call: The call.

    Attributes:
        number: How many there were.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._protection = protection_of(call.location.service)
        self._protection.budget.add(call.limits.retry_ratio)
        self._ticket = 0
        self.number = 0

    def begin(self) -> None:
        """Begin an attempt.

        Raises:
            CircuitOpenError: The service is left alone.
        """
        call = self._call
        self._ticket, rest = self._protection.breaker.acquire(call.limits)
        if rest:
            raise CircuitOpenError(
                f"{call.location.service} has failed too often and is left alone for {rest:.1f} more seconds;"
                f" it was not asked {call.method} {call.path}.",
                code="circuit_open",
                retry_after=rest,
                **call.named,
            )
        self.number += 1

    def answered(self, answer: APIResponse) -> APIClientError | None:
        """End an attempt with an answer.

        Args:
            answer: The answer.

        Returns:
            The error that it is.
        """
        self._protection.breaker.record(self._ticket, self._call.limits, failed=answer.status_code in AILING)
        failure = error_of(self._call, answer)
        if failure is not None:
            failure.attempts = self.number
        return failure

    def failed(self, error: BaseException) -> float | None:
        """End an attempt without an answer.

        Args:
            error: Why there is none; what is no error of a call, such as a cancellation, says nothing of the service.

        Returns:
            Seconds until the next attempt; None when there is none.
        """
        self._protection.breaker.record(self._ticket, self._call.limits, failed=is_ailing(error))
        if not isinstance(error, APIClientError):
            return None
        error.attempts = self.number
        return self.pause_before_next(error)

    def pause_before_next(self, failure: APIClientError) -> float | None:
        """Ask for another attempt.

        Args:
            failure: What came of the last one.

        Returns:
            Seconds until then; None when there is none.
        """
        pause = pause_before(self._call, failure, self.number)
        return pause if pause is not None and self._protection.budget.take() else None


def is_ailing(error: BaseException) -> bool | None:
    """Whether an error says that the service is not well; None if it says nothing of the service.

    Args:
        error: Of a call that was not answered.
    """
    if not isinstance(error, APIClientError) or error.code in _OURS:
        return None
    return isinstance(error, ServiceUnavailableError | ServiceTimeoutError)


def pause_before(call: Call, failure: APIClientError, number: int) -> float | None:
    """Seconds to wait before the next attempt.

    Args:
        call: The call.
        failure: What came of the last attempt.
        number: How many there were.

    Returns:
        None when there is none: it would not help, is not allowed, or would come too late.
    """
    if number >= call.limits.attempts or failure.code in _HOPELESS:
        return None
    if failure.response is None:
        may_help = isinstance(failure, ServiceUnavailableError | ServiceTimeoutError)
        is_allowed = call.is_repeatable or failure.code in _UNSEEN
    else:
        may_help = failure.response.status_code in PAUSED
        is_allowed = call.is_repeatable
    if not (may_help and is_allowed):
        return None
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (number - 1))
    # The whole of it is left to chance, so that callers that failed together do not come back together.
    pause = (failure.retry_after or 0.0) + random.uniform(0, longest)  # noqa: S311  # nothing secret
    return pause if time.monotonic() + pause < call.deadline else None


def _is_rehearsed(call: Call, pause: float) -> bool:
    """Whether a test answers: the pause is taken from the time of the call, and nobody waits."""
    if call.location.service not in stand_ins:
        return False
    call.deadline -= pause
    return True
