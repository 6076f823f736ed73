"""Bodies that are made while they are sent: inside the context of the request that they answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from django.http import FileResponse, StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from django.http.response import HttpResponseBase

    from dj_core_utils._context import RequestContext


def stream_inside(response: HttpResponseBase, context: RequestContext) -> None:
    """Let each chunk of a streamed body be made, and the body be closed, inside the context.

    Files need no context, and replacing their content would cost them the server's sendfile.

    Args:
        response: The response; nothing happens to one that is not streamed.
        context: The context of its request.
    """
    if not isinstance(response, StreamingHttpResponse) or isinstance(response, FileResponse):
        return
    # A generator that a client gives up on runs its `finally` when Django closes it.
    # There is no public way to the content's own close().
    closers: list[Callable[[], object]] = vars(response)["_resource_closers"]
    closers[:] = [partial(_close, closer, context) for closer in closers]
    if response.is_async:
        response.streaming_content = _astream(cast("AsyncIterator[bytes]", response.streaming_content), context)
    else:
        response.streaming_content = _stream(cast("Iterator[bytes]", response.streaming_content), context)


def _close(closer: Callable[[], object], context: RequestContext) -> None:
    with context.entered():
        closer()


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
