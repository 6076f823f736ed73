"""Answers over HTTP that are read while they come.

An attempt ends with the headers; from there on nothing is tried again, and no deadline counts but the time between two
pieces.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from dj_core_utils.api.faults import failure_of
from dj_core_utils.api.http import BROKEN, aopen_stream, open_stream
from dj_core_utils.api.retrying import aattempt_until_answered, attempt_until_answered
from dj_core_utils.api.streams import AsyncStreamedResponse, StreamedResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx2

    from dj_core_utils.api.call import Call


@contextmanager
def stream_http(call: Call) -> Iterator[StreamedResponse]:
    """Send a call and read its answer in pieces.

    Args:
        call: The call.

    Raises:
        APIClientError: The answer is an error, or there was none.
    """
    response = attempt_until_answered(call, open_stream)
    try:
        yield StreamedResponse(response.status_code, response.headers.items(), _chunks(call, response))
    finally:
        response.close()


@asynccontextmanager
async def astream_http(call: Call) -> AsyncIterator[AsyncStreamedResponse]:
    """Send a call and read its answer in pieces, on the event loop.

    Args:
        call: The call.

    Raises:
        APIClientError: The answer is an error, or there was none.
    """
    response = await aattempt_until_answered(call, aopen_stream)
    try:
        yield AsyncStreamedResponse(response.status_code, response.headers.items(), _achunks(call, response))
    finally:
        await response.aclose()


def _chunks(call: Call, response: httpx2.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_bytes()
    except BROKEN as error:
        raise failure_of(call, error) from error


async def _achunks(call: Call, response: httpx2.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_bytes():
            yield chunk
    except BROKEN as error:
        raise failure_of(call, error) from error
