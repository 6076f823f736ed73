"""Middleware that keeps the request, and so its user and its correlation id, within reach of all code that it runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import FileResponse, StreamingHttpResponse
from django.utils.functional import SimpleLazyObject

from dj_core_utils._context import RequestContext, current_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

CORRELATION_HEADER = "X-Request-ID"

# What is safe in a header, a log line and a URL alike; anything else from outside is replaced, not repaired.
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._~:+/=-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class CurrentUserMiddleware:
    """Let ``get_current_user()``, log records and calls to other services know the request that they belong to.

    The correlation id comes from ``X-Request-ID``, else from the trace of ``traceparent``, else it is made here; it is
    sent back as ``X-Request-ID`` and is ``request.correlation_id``, because Django logs a refused request after all
    middleware has been left. It stands before ``SecurityMiddleware``, so that redirects and refusals have it, too.

    Args:
        get_response: The next handler, sync or async.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """The response of the next handler, run inside the request's context."""
        if self._is_async:
            return self._acall(request)
        context = _context_of(request)
        with context.entered():
            response = cast("HttpResponseBase", self._get_response(request))
        return _finish(response, context)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        context = _context_of(request)
        with context.entered():
            response = await cast("Awaitable[HttpResponseBase]", self._get_response(request))
        return _finish(response, context)


def get_current_user() -> AbstractBaseUser | None:
    """The user of the request that the calling code works for.

    The request is asked only now, so a user that a view or Django REST Framework authenticated is seen. On an event
    loop a user that nobody has loaded yet cannot be: use ``aget_current_user`` there.

    Returns:
        The user, or None outside a request and for an anonymous one.

    Raises:
        django.core.exceptions.SynchronousOnlyOperation: The user would have to be loaded on a running event loop.
    """
    request = current_request.get()
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        # What `await request.auser()` loaded; asking the lazy object would query again, which a loop forbids.
        user = getattr(request, "_acached_user", user)
    return _authenticated(user)


async def aget_current_user() -> AbstractBaseUser | None:
    """The user of the request that the calling coroutine works for, loaded if need be.

    Returns:
        The user, or None outside a request and for an anonymous one.
    """
    request = current_request.get()
    user = getattr(request, "user", None)
    if request is not None and isinstance(user, SimpleLazyObject):
        user = await request.auser()
    return _authenticated(user)


def _authenticated(user: object) -> AbstractBaseUser | None:
    return cast("AbstractBaseUser", user) if getattr(user, "is_authenticated", False) else None


def _context_of(request: HttpRequest) -> RequestContext:
    trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    given = request.headers.get(CORRELATION_HEADER, "")
    if not _CORRELATION_ID.fullmatch(given):
        given = trace["trace"] if trace else uuid4().hex
    context = RequestContext(request, given, trace.group() if trace else None)
    request.correlation_id = context.correlation_id  # type: ignore[attr-defined]  # ours, for whoever sees the request alone
    return context


def _finish(response: HttpResponseBase, context: RequestContext) -> HttpResponseBase:
    response.headers[CORRELATION_HEADER] = context.correlation_id
    # A body that is made while it is sent is made after this middleware is left. Files need no context, and replacing
    # their content would cost them the server's sendfile.
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        if response.is_async:
            response.streaming_content = _astream(cast("AsyncIterator[bytes]", response.streaming_content), context)
        else:
            response.streaming_content = _stream(cast("Iterator[bytes]", response.streaming_content), context)
    return response


def _stream(chunks: Iterator[bytes], context: RequestContext) -> Iterator[bytes]:
    while True:
        with context.entered():
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


async def _astream(chunks: AsyncIterator[bytes], context: RequestContext) -> AsyncIterator[bytes]:
    while True:
        with context.entered():
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk
