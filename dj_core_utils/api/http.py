"""One attempt over HTTP, sync and async."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import httpcore2
import httpx2

from dj_core_utils.api.bounded import bounded
from dj_core_utils.api.faults import failure_of, is_error, too_large
from dj_core_utils.api.pools import pools
from dj_core_utils.api.response import APIResponse
from dj_core_utils.api.stand_ins import stand_ins
from dj_core_utils.auth.outgoing import aheaders_for, headers_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from dj_core_utils.api.call import Call
    from dj_core_utils.api.telemetry import Attempt

BROKEN = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.DecodingError)
"""What ends an attempt without a whole answer."""

_PORTS = {"http": 80, "https": 443}
# A request of these has a body, if an empty one (RFC 9110, section 8.6).
_ALWAYS_MEASURED = frozenset({"POST", "PUT", "PATCH"})


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
    except BROKEN as error:
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
    except BROKEN as error:
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
    except BROKEN as error:
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
    except BROKEN as error:
        raise failure_of(call, error) from error
    except TimeoutError:
        raise call.late() from None


def _begin(call: Call, attempt: Attempt) -> httpx2.Response:
    request = _request(call, attempt)
    if "authorization" not in call.headers:
        _add(request, headers_for(call.location.service, method=call.method, path=call.target))
    if (stand_in := stand_ins.get(call.location.service)) is not None:
        return stand_in.answer(call, request)
    answer = pools.pool(call.location.service, call.limits.ca_file).handle_request(request)
    return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))


async def _abegin(call: Call, attempt: Attempt) -> httpx2.Response:
    request = _request(call, attempt)
    if "authorization" not in call.headers:
        _add(request, await aheaders_for(call.location.service, method=call.method, path=call.target))
    if (stand_in := stand_ins.get(call.location.service)) is not None:
        return stand_in.answer(call, request)
    pool = await pools.apool(call.location.service, call.limits.ca_file)
    answer = await pool.handle_async_request(request)
    return httpx2.Response(answer.status, headers=answer.headers, stream=_AsyncBody(answer))


def _request(call: Call, attempt: Attempt) -> httpcore2.Request:
    """The request of one attempt, without credentials.

    That of httpcore2, which takes it as it is: httpx2 would take addresses and headers apart that are checked already.
    """
    rest = call.rest()
    limits = call.limits
    read = limits.read_timeout  # also between two pieces of a stream, which the deadline does not end
    connect = min(limits.connect_timeout, rest)  # also for one that is free
    address = _address(call.location.origin)
    headers = {
        "host": address.authority,
        "accept-encoding": "gzip, deflate",
        **call.headers,
        "x-deadline-ms": str(int(rest * 1000)),
    }
    if call.content or call.method in _ALWAYS_MEASURED:
        headers["content-length"] = str(len(call.content))
    attempt.inject(headers)
    return httpcore2.Request(
        call.method,
        httpcore2.URL(scheme=address.scheme, host=address.host, port=address.port, target=call.target),
        headers=tuple(headers.items()),
        content=call.content,
        extensions={"timeout": {"connect": connect, "pool": connect, "read": read, "write": read}},
    )


class _Address(NamedTuple):
    """Where connections go."""

    scheme: str
    host: str
    port: int | None
    authority: str


@lru_cache(maxsize=1024)
def _address(origin: str) -> _Address:
    """The parts of an origin; kept, because every attempt asks."""
    parts = urlsplit(origin)
    port = None if parts.port == _PORTS[parts.scheme] else parts.port
    authority = parts.netloc if port else parts.netloc.removesuffix(f":{parts.port}")
    return _Address(parts.scheme, parts.hostname or "", port, authority)


def _add(request: httpcore2.Request, credential: Mapping[str, str]) -> None:
    """Add what proves who calls: made for each attempt, because each may be shown once.

    Nothing but the request, which does not show its headers, holds it while the call is under way.
    """
    request.headers += [(name.encode(), value.encode()) for name, value in credential.items()]


class _Body(httpx2.SyncByteStream):
    """An answer as it comes."""

    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _AsyncBody(httpx2.AsyncByteStream):
    """The same, on the event loop."""

    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        await self._answer.aclose()


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
