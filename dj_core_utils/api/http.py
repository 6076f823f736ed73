"""One attempt over HTTP, sync and async."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2

from dj_core_utils.api.bounded import bounded
from dj_core_utils.api.faults import failure_of, is_error, too_large
from dj_core_utils.api.pools import pools
from dj_core_utils.api.response import APIResponse
from dj_core_utils.api.stand_ins import stand_ins
from dj_core_utils.auth.outgoing import aheaders_for, headers_for

if TYPE_CHECKING:
    from dj_core_utils.api.call import Call
    from dj_core_utils.api.telemetry import Attempt


def send(call: Call, attempt: Attempt) -> tuple[APIResponse, APIResponse]:
    """Send a call once and read the whole answer.

    Args:
        call: The call.
        attempt: What is told about it.

    Raises:
        APIClientError: There was no whole answer.
    """
    try:
        with bounded(call.deadline):
            response = _begin(call, attempt)
            try:
                answer = _answer(call, response, _read(response, call))
            finally:
                response.close()
    except httpx2.HTTPError as error:
        raise failure_of(call, error) from error
    return answer, answer


async def asend(call: Call, attempt: Attempt) -> tuple[APIResponse, APIResponse]:
    """Send a call once and read the whole answer, on the event loop.

    Args:
        call: The call.
        attempt: What is told about it.

    Raises:
        APIClientError: There was no whole answer.
    """
    try:
        async with asyncio.timeout(call.rest()):
            response = await _abegin(call, attempt)
            try:
                answer = _answer(call, response, await _aread(response, call))
            finally:
                await response.aclose()
    except httpx2.HTTPError as error:
        raise failure_of(call, error) from error
    except TimeoutError:
        raise call.late() from None
    return answer, answer


def open_stream(call: Call, attempt: Attempt) -> tuple[APIResponse, httpx2.Response]:
    """Send a call once; the body is still to be read, unless the answer is an error.

    Args:
        call: The call.
        attempt: What is told about it.

    Raises:
        APIClientError: There was no answer.
    """
    try:
        with bounded(call.deadline):
            response = _begin(call, attempt)
            try:
                is_read = is_error(response.status_code)
                return _answer(call, response, _read(response, call) if is_read else b""), response
            except BaseException:
                response.close()
                raise
    except httpx2.HTTPError as error:
        raise failure_of(call, error) from error


async def aopen_stream(call: Call, attempt: Attempt) -> tuple[APIResponse, httpx2.Response]:
    """Send a call once, on the event loop; the body is still to be read, unless the answer is an error.

    Args:
        call: The call.
        attempt: What is told about it.

    Raises:
        APIClientError: There was no answer.
    """
    try:
        async with asyncio.timeout(call.rest()):
            response = await _abegin(call, attempt)
            try:
                is_read = is_error(response.status_code)
                return _answer(call, response, await _aread(response, call) if is_read else b""), response
            except BaseException:
                await response.aclose()
                raise
    except httpx2.HTTPError as error:
        raise failure_of(call, error) from error
    except TimeoutError:
        raise call.late() from None


def _begin(call: Call, attempt: Attempt) -> httpx2.Response:
    request = _authorize(_request(call, attempt), call)
    if (stand_in := stand_ins.get(call.location.service)) is not None:
        return stand_in.answer(call, request)
    return pools.pool(call.location.service, call.limits.ca_file).handle_request(request)


async def _abegin(call: Call, attempt: Attempt) -> httpx2.Response:
    request = await _aauthorize(_request(call, attempt), call)
    if (stand_in := stand_ins.get(call.location.service)) is not None:
        return stand_in.answer(call, request)
    pool = await pools.apool(call.location.service, call.limits.ca_file)
    return await pool.handle_async_request(request)


def _request(call: Call, attempt: Attempt) -> httpx2.Request:
    """The request of one attempt, without credentials."""
    rest = call.rest()
    limits = call.limits
    read = limits.read_timeout  # also between two pieces of a stream, which the deadline does not end
    connect = min(limits.connect_timeout, rest)  # also for one that is free
    timeout = {"connect": connect, "pool": connect, "read": read, "write": read}
    extensions: dict[str, Any] = {"timeout": timeout}
    headers = {"accept-encoding": "gzip, deflate", **call.headers, "x-deadline-ms": str(int(rest * 1000))}
    attempt.inject(headers)
    url = f"{call.location.origin}{call.target}"
    return httpx2.Request(call.method, url, headers=headers, content=call.content or None, extensions=extensions)


def _authorize(request: httpx2.Request, call: Call) -> httpx2.Request:
    """The request with what proves who calls: made for each attempt, because each may be shown once.

    Nothing but the headers of httpx2, which do not show it, ever holds it.
    """
    if "authorization" not in call.headers:
        request.headers.update(headers_for(call.location.service, method=call.method, path=call.target))
    return request


async def _aauthorize(request: httpx2.Request, call: Call) -> httpx2.Request:
    if "authorization" not in call.headers:
        request.headers.update(await aheaders_for(call.location.service, method=call.method, path=call.target))
    return request


def _read(response: httpx2.Response, call: Call) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        _check(size, call)
    return b"".join(chunks)


async def _aread(response: httpx2.Response, call: Call) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        _check(size, call)
    return b"".join(chunks)


def _check(size: int, call: Call) -> None:
    if size > call.limits.largest_answer:
        raise too_large(call)


def _answer(call: Call, response: httpx2.Response, content: bytes) -> APIResponse:
    return APIResponse(
        call.location.service, call.method, call.path, response.status_code, response.headers.items(), content
    )
