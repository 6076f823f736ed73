"""One call to a service of this process, from sync code."""

from __future__ import annotations

from contextvars import Context, copy_context
from typing import TYPE_CHECKING, cast

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.cache import caches
from django.utils import timezone, translation

from dj_core_utils import _context
from dj_core_utils.api.faults import error_of, too_large
from dj_core_utils.api.local.guard import Guard, refuse_open_transaction
from dj_core_utils.api.local.handler import LocalRequest, end, handlers, request_of
from dj_core_utils.api.response import APIResponse
from dj_core_utils.api.telemetry import attempt_of
from dj_core_utils.auth.outgoing import acting_user
from dj_core_utils.auth.principal import LocalCaller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from django.http import HttpResponse, StreamingHttpResponse
    from django.http.response import HttpResponseBase

    from dj_core_utils.api.call import Call

_WITHOUT_BODY = frozenset({204, 304})


def call_local(call: Call) -> APIResponse:
    """Answer a call in this process, in a copy of the caller's context and on the caller's database connections.

    Args:
        call: The call.

    Raises:
        APIClientError: The answer is an error, or came too late.
    """
    refuse_open_transaction(call)
    with attempt_of(call, 1) as attempt:
        headers = dict(call.headers)
        attempt.inject(headers)
        context = inner_context(call)
        with Guard() as guard:
            request = context.run(request_of, call, headers, caller())
            answer = context.run(_answer, request, call)
            guard.answered(answer.status_code)
        attempt.answered(answer.status_code)
    return judged(call, answer, request)


def caller() -> LocalCaller:
    """Who calls, for the authentication of the called side.

    Raises:
        django.core.exceptions.SynchronousOnlyOperation: The user would have to be loaded on a running event loop.
    """
    return LocalCaller(service=getattr(settings, "SERVICE_NAME", None) or "app", on_behalf_of=acting_user())


def inner_context(call: Call) -> Context:
    """The context of the called side: a copy, so that nothing it changes reaches the caller.

    Args:
        call: The call.
    """
    for alias in settings.CACHES:  # a cache that is opened in the copy would be opened again by each call
        caches[alias]
    context = copy_context()
    context.run(_begin, call)
    return context


def _begin(call: Call) -> None:
    # As a request that a server has just taken.
    translation.deactivate()
    timezone.deactivate()
    _context.call_depth.set(_context.call_depth.get() + 1)
    _context.deadline.set(call.deadline)


def _answer(request: LocalRequest, call: Call) -> APIResponse:
    response = handlers.get(is_async=False).get_response(request)
    try:
        return answer_of(call, response, content_of(response))
    finally:
        end(response)


def content_of(response: HttpResponseBase) -> bytes:
    """The whole body of an answer.

    Args:
        response: The answer.
    """
    if not response.streaming:
        return cast("HttpResponse", response).content
    streamed = cast("StreamingHttpResponse", response)
    if streamed.is_async:
        return async_to_sync(joined)(cast("AsyncIterator[bytes]", streamed.streaming_content))
    return b"".join(cast("Iterable[bytes]", streamed.streaming_content))


async def joined(chunks: AsyncIterator[bytes]) -> bytes:
    """All of a streamed body.

    Args:
        chunks: Its pieces.
    """
    return b"".join([chunk async for chunk in chunks])


def answer_of(call: Call, response: HttpResponseBase, content: bytes) -> APIResponse:
    """The answer as it would have come over HTTP.

    Args:
        call: What was asked.
        response: What Django has made of it.
        content: The body.
    """
    status = response.status_code
    if call.method == "HEAD" or status in _WITHOUT_BODY:
        content = b""
    return APIResponse(call.location.service, call.method, call.path, status, response.items(), content)


def judged(call: Call, answer: APIResponse, request: LocalRequest) -> APIResponse:
    """The answer, unless it is an error.

    Args:
        call: What was asked.
        answer: The answer.
        request: The request, which remembers the exception behind a 500.

    Raises:
        APIClientError: It is one, is too large, or came too late: a view in this process cannot be interrupted.
    """
    if len(answer.content) > call.limits.largest_answer:
        raise too_large(call)
    if (error := error_of(call, answer)) is not None:
        raise error from request.failure
    call.rest()
    return answer
