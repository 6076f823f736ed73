"""Threads that belong to what started them: the same actor, under the same correlation id."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

P = ParamSpec("P")
R = TypeVar("R")


def carry_context(function: Callable[P, R]) -> Callable[P, R]:
    """The function, run in the context of whoever calls this; for ``threading.Thread`` and executors of others.

    Every context variable goes along, as with ``asyncio.to_thread``; what the function changes in it stays with it.
    What Django keeps to a thread does not: language, time zone, and the database connection, which a thread of your
    own closes with ``connection.close()`` at its end.

    Args:
        function: What a thread is going to run. It may run several times, in several threads.
    """
    context = copy_context()

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        # A context can be entered by one thread at a time.
        return context.copy().run(function, *args, **kwargs)

    return run


class ContextExecutor(ThreadPoolExecutor):
    """A thread pool whose jobs run in the context in which they were handed in.

    It is also fit for ``loop.run_in_executor()``, which by itself loses the context.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Hand in a job; ``map`` comes through here, too.

        Args:
            fn: The job.
            *args: Its arguments.
            **kwargs: Its named arguments.
        """
        return super().submit(carry_context(fn), *args, **kwargs)
