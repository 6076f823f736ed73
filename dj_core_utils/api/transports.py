"""A prepared call on the transport that its location needs.

Each is imported when it is first used: no process pays for one that it does not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from dj_core_utils.api.call import Call
    from dj_core_utils.api.response import APIResponse
    from dj_core_utils.api.streams import AsyncStreamedResponse, StreamedResponse


def perform(call: Call) -> APIResponse:
    """Make a call.

    Args:
        call: The call.

    Raises:
        APIClientError: It did not succeed.
    """
    if call.location.is_local:
        from dj_core_utils.api.local.sending import call_local  # noqa: PLC0415  # see above

        return call_local(call)
    from dj_core_utils.api.http import send  # noqa: PLC0415  # see above
    from dj_core_utils.api.retrying import attempt_until_answered  # noqa: PLC0415  # see above

    _refuse(call)
    return attempt_until_answered(call, send)


async def aperform(call: Call) -> APIResponse:
    """Make a call, on the event loop.

    Args:
        call: The call.

    Raises:
        APIClientError: It did not succeed.
    """
    if call.location.is_local:
        from dj_core_utils.api.local.asending import acall_local  # noqa: PLC0415  # see above

        return await acall_local(call)
    from dj_core_utils.api.http import asend  # noqa: PLC0415  # see above
    from dj_core_utils.api.retrying import aattempt_until_answered  # noqa: PLC0415  # see above

    await _arefuse(call)
    return await aattempt_until_answered(call, asend)


def stream(call: Call) -> AbstractContextManager[StreamedResponse]:
    """Make a call whose answer is read in pieces.

    Args:
        call: The call.
    """
    if call.location.is_local:
        from dj_core_utils.api.local.streaming import stream_local  # noqa: PLC0415  # see above

        return stream_local(call)
    from dj_core_utils.api.streaming import stream_http  # noqa: PLC0415  # see above

    _refuse(call)
    return stream_http(call)


def astream(call: Call) -> AbstractAsyncContextManager[AsyncStreamedResponse]:
    """Make a call whose answer is read in pieces, on the event loop.

    Args:
        call: The call.
    """
    if call.location.is_local:
        from dj_core_utils.api.local.streaming import astream_local  # noqa: PLC0415  # see above

        return astream_local(call)
    from dj_core_utils.api.streaming import astream_http  # noqa: PLC0415  # see above

    return astream_http(call)


def _refuse(call: Call) -> None:
    if call.limits.transaction == "refuse":
        from dj_core_utils.api.local.guard import refuse_open_transaction  # noqa: PLC0415  # loads the database layer

        refuse_open_transaction(call)


async def _arefuse(call: Call) -> None:
    if call.limits.transaction == "refuse":
        from asgiref.sync import sync_to_async  # noqa: PLC0415  # only here

        await sync_to_async(_refuse, thread_sensitive=True)(call)
