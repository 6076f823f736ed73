"""Answers of this process that are read while they are made.

Each piece is made inside the context of the call, as a server would make it inside of a request; between two pieces the
caller has its own.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, cast

from asgiref.sync import sync_to_async

from dj_core_utils.api.faults import is_error
from dj_core_utils.api.local.asending import (
    acaller,
    acontent_of,
    aend,
    give_own_locks,
    guarded,
    in_time,
    is_async_view,
    lock,
)
from dj_core_utils.api.local.finishing import to_the_end
from dj_core_utils.api.local.guard import Guard, refuse_open_transaction
from dj_core_utils.api.local.handler import end, handlers, request_of
from dj_core_utils.api.local.sending import answer_of, caller, content_of, inner_context, judged
from dj_core_utils.api.streams import AsyncStreamedResponse, StreamedResponse
from dj_core_utils.api.telemetry import attempt_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextvars import Context

    from django.http import StreamingHttpResponse
    from django.http.response import HttpResponseBase

    from dj_core_utils.api.call import Call


class _Opened:
    """An answer that is being made by sync code, and what has to be ended with it.

    Args:
        call: The call.

    Attributes:
        head: Status and headers.
        is_guarded: Whether the caller is in a transaction.

    Raises:
        APIClientError: It is an error; it has been ended.
    """

    def __init__(self, call: Call) -> None:
        refuse_open_transaction(call)
        self._context = inner_context(call)
        self._stack = ExitStack()
        answer = None
        with ExitStack() as stack:
            guard = stack.enter_context(Guard())
            self.is_guarded = guard.is_needed
            with attempt_of(call, 1) as attempt:
                headers = dict(call.headers)
                attempt.inject(headers)
                request = self._context.run(request_of, call, headers, caller())
                response = self._context.run(handlers.get(is_async=False).get_response, request)
                stack.callback(self._context.run, end, response)
                guard.answered(response.status_code)
                attempt.answered(response.status_code)
            self.head = response.status_code, list(response.items())
            if is_error(response.status_code):
                answer = answer_of(call, response, self._context.run(content_of, response))
            else:
                self._chunks = self._context.run(_chunks, response)
                self._stack = stack.pop_all()
        if answer is not None:
            judged(call, answer, request)

    def next(self) -> bytes | None:
        """The next piece; None after the last one."""
        return self._context.run(next, self._chunks, None)

    def close(self) -> None:
        """End it, and the transaction around it."""
        self._stack.close()


def _chunks(response: HttpResponseBase) -> Iterator[bytes]:
    if response.streaming and not cast("StreamingHttpResponse", response).is_async:
        return iter(cast("StreamingHttpResponse", response))
    return iter([content_of(response)])


@contextmanager
def stream_local(call: Call) -> Iterator[StreamedResponse]:
    """Answer a call in this process, in pieces.

    Args:
        call: The call.

    Raises:
        APIClientError: The answer is an error.
    """
    opened = _Opened(call)
    try:
        yield StreamedResponse(*opened.head, iter(opened.next, None))
    finally:
        opened.close()


@asynccontextmanager
async def astream_local(call: Call) -> AsyncIterator[AsyncStreamedResponse]:
    """Answer a call in this process, in pieces, on the event loop.

    Args:
        call: The call.

    Raises:
        APIClientError: The answer is an error.
    """
    stream = _astream_async_view if is_async_view(call) else _astream_sync_view
    async with stream(call) as streamed:
        yield streamed


@asynccontextmanager
async def _astream_sync_view(call: Call) -> AsyncIterator[AsyncStreamedResponse]:
    made: list[_Opened] = []
    async with AsyncExitStack() as locked:
        await locked.enter_async_context(lock())
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_close, made)  # first, because a cancellation may come while it is opened
            await to_the_end(sync_to_async(lambda: made.append(_Opened(call)), thread_sensitive=True)())
            if not made[0].is_guarded:
                await locked.aclose()  # nobody has to wait
            yield AsyncStreamedResponse(*made[0].head, _pulled(made[0]))


async def _close(made: list[_Opened]) -> None:
    for opened in made:
        await to_the_end(sync_to_async(opened.close, thread_sensitive=True)())


async def _pulled(opened: _Opened) -> AsyncIterator[bytes]:
    pull = sync_to_async(opened.next, thread_sensitive=True)
    while (chunk := await pull()) is not None:
        yield chunk


@asynccontextmanager
async def _astream_async_view(call: Call) -> AsyncIterator[AsyncStreamedResponse]:
    context = inner_context(call)
    answer = None
    async with AsyncExitStack() as stack:
        guard = await stack.enter_async_context(guarded(call))
        context.run(give_own_locks)
        with attempt_of(call, 1) as attempt:
            headers = dict(call.headers)
            attempt.inject(headers)
            request = context.run(request_of, call, headers, await acaller())
            handler = handlers.get(is_async=True)
            response = await in_time(call, asyncio.create_task(handler.get_response_async(request), context=context))
            stack.push_async_callback(_end, response, context)
            guard.answered(response.status_code)
            attempt.answered(response.status_code)
        if is_error(response.status_code):
            answer = answer_of(call, response, await asyncio.create_task(acontent_of(response), context=context))
        else:
            yield AsyncStreamedResponse(response.status_code, list(response.items()), _made(response, context))
    if answer is not None:
        judged(call, answer, request)


async def _end(response: HttpResponseBase, context: Context) -> None:
    await to_the_end(aend(response), context)


async def _made(response: HttpResponseBase, context: Context) -> AsyncIterator[bytes]:
    if not (response.streaming and cast("StreamingHttpResponse", response).is_async):
        yield await asyncio.create_task(acontent_of(response), context=context)
        return
    chunks = aiter(cast("AsyncIterator[bytes]", cast("StreamingHttpResponse", response).streaming_content))
    while (chunk := await asyncio.create_task(_next(chunks), context=context)) is not None:
        yield chunk


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
