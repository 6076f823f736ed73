"""Which error an answer is, and which one it is that there was none."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from socket import gaierror
from typing import TYPE_CHECKING

from dj_core_utils.api.exceptions import (
    APIClientError,
    BadRequestError,
    CallLoopError,
    ConflictError,
    ForbiddenError,
    InvalidResponseError,
    NotFoundError,
    RateLimitedError,
    RedirectedError,
    ServerFailureError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    UnauthorizedError,
)
from dj_core_utils.api.problem_details import presentable, problem_details

if TYPE_CHECKING:
    from dj_core_utils.api.call import Call
    from dj_core_utils.api.response import APIResponse

_FIRST_ERROR = 400
_FIRST_REDIRECT = 300
_FIRST_SERVER_ERROR = 500
_KINDS: dict[int, type[APIClientError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    408: ServiceTimeoutError,
    409: ConflictError,
    410: NotFoundError,
    412: ConflictError,
    422: BadRequestError,
    429: RateLimitedError,
    502: ServiceUnavailableError,
    503: ServiceUnavailableError,
    504: ServiceTimeoutError,
    508: CallLoopError,
}
_SECONDS = re.compile(r"[0-9]{1,9}")

PAUSED = frozenset({429, 502, 503, 504})
"""Statuses after which it may help to ask again."""

AILING = frozenset({502, 503, 504})
"""Statuses that say that a service as a whole is not well; a 500 is the fault of one view."""


def is_error(status: int) -> bool:
    """Whether an answer of this status is an error.

    Args:
        status: The status.
    """
    return status >= _FIRST_REDIRECT


def error_of(call: Call, answer: APIResponse) -> APIClientError | None:
    """The error that an answer is.

    Args:
        call: What was asked.
        answer: What came back.

    Returns:
        None for an answer that is none.
    """
    status = answer.status_code
    if not is_error(status):
        return None
    service = call.location.service
    asked = f"{call.method} {call.path}"
    if status < _FIRST_ERROR:
        target = answer.headers.get("location") or ""
        hint = " (it wants a slash at the end of the path)" if _is_slash_added(call, target) else ""
        return RedirectedError(
            f"{service} answered {asked} with a redirect, {status}, which is not followed{hint}.",
            detail=presentable(target.partition("?")[0]),
            response=answer,
            **call.named,
        )
    try:
        found = problem_details(answer.body)
    except InvalidResponseError as error:
        found = problem_details(error.detail)
    kind = _KINDS.get(status, ServerFailureError if status >= _FIRST_SERVER_ERROR else APIClientError)
    named = {**call.named, "request_id": answer.headers.get("x-request-id") or call.named["request_id"]}
    return kind(
        f"{service} answered {status} to {asked}{': ' if found.detail else ''}{found.detail}",
        status_code=status,
        code=found.code,
        detail=found.detail,
        fields=found.fields,
        retry_after=retry_after(answer.headers.get("retry-after")),
        response=answer,
        **named,
    )


def _is_slash_added(call: Call, target: str) -> bool:
    path = f"{call.location.prefix}{call.path}"
    return target.partition("?")[0].endswith(f"{path}/")


def retry_after(value: str | None) -> float | None:
    """Seconds of a header ``Retry-After`` (RFC 9110, section 10.2.3).

    Args:
        value: Seconds, or a date.

    Returns:
        None for no header and for what is neither.
    """
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


def too_large(call: Call) -> InvalidResponseError:
    """The error that an answer is larger than it may be.

    Args:
        call: What was asked.
    """
    return InvalidResponseError(
        f"{call.location.service} answered {call.method} {call.path} with more than {call.limits.largest_answer} bytes"
        " (API_CLIENT_LARGEST_ANSWER); stream() reads what is larger.",
        code="too_large",
        **call.named,
    )


def failure_of(call: Call, error: Exception) -> APIClientError:
    """The error that there was no whole answer.

    Args:
        call: What was asked.
        error: What httpcore2 says, or httpx2 of the body.

    Returns:
        It has the other one as its cause, without the frames that held credentials.
    """
    import httpcore2  # noqa: PLC0415  # loaded by now
    import httpx2  # noqa: PLC0415  # the same

    failure: APIClientError
    service, asked = call.location.service, f"{call.method} {call.path}"
    if isinstance(error, httpcore2.PoolTimeout):
        what = f"{service} was not asked {asked}: as many calls as may be are waiting for it."
        failure = ServiceUnavailableError(what, code="pool", **call.named)
    elif isinstance(error, httpcore2.ConnectTimeout | httpcore2.ConnectError):
        code, why = _why_unreachable(error)
        what = f"{service} cannot be reached for {asked}: {why}."
        failure = ServiceUnavailableError(what, code=code, **call.named)
    elif isinstance(error, httpcore2.TimeoutException):
        failure = call.late() if call.is_over() else _silent(call)
    elif isinstance(error, httpx2.DecodingError):
        what = f"{service} answered {asked} with a body that cannot be decompressed."
        failure = InvalidResponseError(what, code="encoding", **call.named)
    else:
        what = f"{service} broke off while it was asked {asked}."
        failure = ServiceUnavailableError(what, code="broken_off", **call.named)
    failure.__cause__ = _without_frames(error)
    return failure


def _silent(call: Call) -> ServiceTimeoutError:
    return ServiceTimeoutError(
        f"{call.location.service} was silent for too long after {call.method} {call.path}.",
        code="caller_deadline" if call.is_hurried and call.rest() < call.limits.read_timeout else "silent",
        **call.named,
    )


def _why_unreachable(error: BaseException) -> tuple[str, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or "the handshake failed"
            return "tls", f"no secure connection, {presentable(reason)}"
        if isinstance(cause, gaierror):
            return "dns", "its host name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "refused", "nobody listens there"
        if isinstance(cause, TimeoutError):
            return "connect_timeout", "no connection in time"
        cause = cause.__cause__ or cause.__context__
    return "unreachable", "no connection"


def _without_frames(error: BaseException) -> BaseException:
    """Frames of httpcore2 hold the headers as they are sent, credentials included."""
    cause: BaseException | None = error
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
    return error
