"""What has to come to its end although the task that waits for it is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextvars import Context

T = TypeVar("T")


async def to_the_end(work: Coroutine[object, object, T], context: Context | None = None) -> T:
    """Await something that cannot be left half-way: a transaction that is begun or ended in a thread.

    A cancellation waits until it is done; then it goes on.

    Args:
        work: It.
        context: Where it runs; by default in a copy of the current one.

    Raises:
        asyncio.CancelledError: The waiting task was cancelled meanwhile.
    """
    task = asyncio.create_task(work, context=context)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()  # a failure that nobody waits for any more is no news
        raise cancelled
    return task.result()
