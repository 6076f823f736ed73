"""What answers in place of a service while a test runs; see ``dj_core_utils.testing.fake_peer``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpcore2
    import httpx2

    from dj_core_utils.api.call import Call


class StandIn(Protocol):
    """Answers one attempt, below everything that the client does: retries, breaker, deadline, errors."""

    def answer(self, call: Call, request: httpcore2.Request) -> httpx2.Response:
        """The answer.

        Args:
            call: The call.
            request: What would be sent.

        Raises:
            httpcore2.NetworkError: As the network would.
        """


stand_ins: dict[str, StandIn] = {}
"""By service; empty outside of tests."""
