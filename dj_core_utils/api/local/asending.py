"""One call to a service of this process, from the event loop.

An async view runs on the loop, in a task of its own. A sync view runs where all sync code of the request runs, in one
hop to the thread of ``sync_to_async``: a hop for each middleware, as an async stack of middleware would need, costs two
to four times as much.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.urls import Resolver404, resolve

from dj_core_utils.api.local.finishing import to_the_end
from dj_core_utils.api.local.guard import Guard, refuse_open_transaction
from dj_core_utils.api.local.handler import end, handlers, request_of
from dj_core_utils.api.local.sending import answer_of, call_local, caller, inner_context, joined, judged
from dj_core_utils.api.telemetry import attempt_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from types import TracebackType

    from django.http import HttpResponse, StreamingHttpResponse
    from django.http.response import HttpResponseBase

    from dj_core_utils.api.call import Call
    from dj_core_utils.api.local.handler import LocalRequest
    from dj_core_utils.api.response import APIResponse
    from dj_core_utils.auth.principal import LocalCaller

T = TypeVar("T")

_Locks = WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]

# Nested transactions of one connection end in the order in which they began. So calls that are made side by side inside
# of one transaction wait for each other; calls that a called view makes wait among themselves.
_locks: ContextVar[_Locks] = ContextVar("dj_core_utils.api.local.locks")
_outermost: _Locks = WeakKeyDictionary()


async def acall_local(call: Call) -> APIResponse:
    """Answer a call in this process, in a copy of the caller's context and on the caller's database connections.

    Args:
        call: The call.

    Raises:
        APIClientError: The answer is an error, or came too late.
    """
    if not is_async_view(call):
        async with lock():
            return await sync_to_async(_within, thread_sensitive=True)(call)
    with attempt_of(call, 1) as attempt:
        headers = dict(call.headers)
        attempt.inject(headers)
        context = inner_context(call)
        request = context.run(request_of, call, headers, await acaller())
        async with guarded(call) as guard:
            context.run(give_own_locks)
            task = asyncio.create_task(_answer(request, call), context=context)
            answer = await in_time(call, task)
            guard.answered(answer.status_code)
        attempt.answered(answer.status_code)
    return judged(call, answer, request)


async def acaller() -> LocalCaller:
    """Who calls, for the authentication of the called side."""
    try:
        return caller()
    except SynchronousOnlyOperation:  # a user that nobody has loaded yet
        return await sync_to_async(caller, thread_sensitive=True)()


def is_async_view(call: Call) -> bool:
    """Whether the view of a path is async; not where there is none.

    Args:
        call: The call.
    """
    try:
        view = resolve(unquote(f"{call.location.prefix}{call.path}")).func
    except Resolver404:
        return False
    return bool(iscoroutinefunction(view))


def lock() -> asyncio.Lock:
    """What calls that are made side by side inside of one transaction wait for."""
    locks = _locks.get(_outermost)
    return locks.setdefault(asyncio.get_running_loop(), asyncio.Lock())


def give_own_locks() -> None:
    """Let what the running context calls wait for itself alone."""
    _locks.set(WeakKeyDictionary())


def _within(call: Call) -> APIResponse:
    token = _locks.set(WeakKeyDictionary())
    try:
        return call_local(call)
    finally:
        _locks.reset(token)


class AsyncGuard:
    """The guard of a call, which lives in the thread of the database connections.

    Args:
        call: The call.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._guard: Guard | None = None
        self._status = 0

    @property
    def is_needed(self) -> bool:
        """Whether the caller is in a transaction."""
        return self._guard is not None and self._guard.is_needed

    def answered(self, status: int) -> None:
        """Decide what becomes of the nested transactions.

        Args:
            status: Of the answer.
        """
        self._status = status

    def enter(self) -> None:
        """Begin them, in the thread."""
        refuse_open_transaction(self._call)
        guard = Guard()
        guard.__enter__()
        self._guard = guard

    async def leave(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End them, if they were begun.

        Args:
            kind: Of what has ended the call.
            error: What has ended the call.
            traceback: Where it came from.
        """
        if self.is_needed:
            await to_the_end(sync_to_async(self._leave, thread_sensitive=True)(kind, error, traceback))

    def _leave(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        guard = cast("Guard", self._guard)
        guard.answered(self._status)
        guard.__exit__(kind, error, traceback)


@asynccontextmanager
async def guarded(call: Call) -> AsyncIterator[AsyncGuard]:
    """A nested transaction around a call, where its caller is in one.

    Args:
        call: The call.
    """
    held = AsyncGuard(call)
    async with AsyncExitStack() as locked:
        await locked.enter_async_context(lock())
        async with AsyncExitStack() as stack:
            stack.push_async_exit(held.leave)  # first, because a cancellation may come while it is entered
            await to_the_end(sync_to_async(held.enter, thread_sensitive=True)())
            if not held.is_needed:
                await locked.aclose()  # nobody has to wait
            yield held


async def in_time(call: Call, task: asyncio.Task[T]) -> T:
    """What a task returns.

    Args:
        call: The call that it answers.
        task: The task.

    Raises:
        ServiceTimeoutError: The deadline was before; the task is cancelled.
    """
    limit = asyncio.timeout(max(0.0, call.deadline - monotonic()))
    try:
        async with limit:
            return await task
    except TimeoutError:
        if limit.expired():
            raise call.late() from None
        raise


async def _answer(request: LocalRequest, call: Call) -> APIResponse:
    response = await handlers.get(is_async=True).get_response_async(request)
    try:
        return answer_of(call, response, await acontent_of(response))
    finally:
        await aend(response)


async def aend(response: HttpResponseBase) -> None:
    """Close an answer.

    Args:
        response: The answer.
    """
    if response.streaming:  # what makes it may end with a query
        await sync_to_async(end, thread_sensitive=True)(response)
    else:
        end(response)


async def acontent_of(response: HttpResponseBase) -> bytes:
    """The whole body of an answer.

    Args:
        response: The answer.
    """
    if not response.streaming:
        return cast("HttpResponse", response).content
    streamed = cast("StreamingHttpResponse", response)
    if streamed.is_async:
        return await joined(cast("AsyncIterator[bytes]", streamed.streaming_content))
    chunks = cast("Iterable[bytes]", streamed.streaming_content)
    return await sync_to_async(b"".join, thread_sensitive=True)(chunks)
