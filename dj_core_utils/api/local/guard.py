"""The caller's transaction around a call in this process.

A failure of the called code must not take the caller's transaction along, as it could not over HTTP: each connection
that is in a transaction gets a nested one for the time of the call, which is rolled back when the answer is a 5xx.
Nested ``atomic`` blocks and not savepoints by hand, because those would keep the ``on_commit`` hooks of what was rolled
back.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from django.db import connections, transaction

from dj_core_utils.api.exceptions import OpenTransactionError

if TYPE_CHECKING:
    from types import TracebackType

    from dj_core_utils.api.call import Call

_FIRST_SERVER_ERROR = 500


class Guard:
    """A nested transaction on every connection of this thread that is in one.

    Attributes:
        is_needed: Whether any is.
    """

    def __init__(self) -> None:
        self._aliases = [each.alias for each in connections.all(initialized_only=True) if each.in_atomic_block]
        self._stack = ExitStack()
        self.is_needed = bool(self._aliases)

    def __enter__(self) -> Self:
        """Begin them."""
        with ExitStack() as stack:
            for alias in self._aliases:
                stack.enter_context(transaction.atomic(using=alias))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End them; rolled back after an error.

        Args:
            kind: Of the error.
            error: The error.
            traceback: Where it came from.
        """
        self._stack.__exit__(kind, error, traceback)

    def answered(self, status: int) -> None:
        """Decide what becomes of the nested transactions.

        Args:
            status: Of the answer.
        """
        if status >= _FIRST_SERVER_ERROR:
            for alias in self._aliases:
                transaction.set_rollback(True, using=alias)


def refuse_open_transaction(call: Call) -> None:
    """Refuse a call inside of a transaction, if the settings want that.

    The transaction that a test case of Django puts around a test does not count.

    Args:
        call: The call.

    Raises:
        OpenTransactionError: There is a transaction.
    """
    if call.limits.transaction != "refuse":
        return
    for connection in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
            raise OpenTransactionError(
                f"{call.location.service} was asked {call.method} {call.path} inside of a transaction on"
                f" {connection.alias!r}. Over HTTP it would neither see what is not committed nor be rolled back with"
                " it: call before the transaction begins, or in transaction.on_commit().",
                code="open_transaction",
                **call.named,
            )
