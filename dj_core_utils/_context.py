"""What the running code belongs to: a request, its correlation id, its trace, a service. Loads nothing of Django."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dj_core_utils.actor import RequestActor, acting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest

correlation_id: ContextVar[str | None] = ContextVar("dj_core_utils.correlation_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("dj_core_utils.traceparent", default=None)
current_request: ContextVar[HttpRequest | None] = ContextVar("dj_core_utils.current_request", default=None)
current_service: ContextVar[str | None] = ContextVar("dj_core_utils.current_service", default=None)
# When whoever called gives up, on the clock of time.monotonic(), and how many services have called each other by then
deadline: ContextVar[float | None] = ContextVar("dj_core_utils.deadline", default=None)
call_depth: ContextVar[int] = ContextVar("dj_core_utils.call_depth", default=0)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What one request brings into the context.

    Attributes:
        request: The request; its user is asked for later, by whoever needs it.
        correlation_id: Names all work that one call from outside causes, in every service.
        traceparent: The W3C Trace Context header as it came in, if it was valid.
        deadline: When the caller gives up, on the clock of ``time.monotonic()``; None for nobody knows.
        call_depth: How many services have called each other by now.
    """

    request: HttpRequest
    correlation_id: str
    traceparent: str | None
    deadline: float | None = None
    call_depth: int = 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make it the current context inside a ``with`` block; whatever was there before comes back."""
        actor = acting.set(RequestActor(self.request))
        request = current_request.set(self.request)
        correlation = correlation_id.set(self.correlation_id)
        trace = traceparent.set(self.traceparent)
        ends = deadline.set(self.deadline)
        depth = call_depth.set(self.call_depth)
        try:
            yield
        finally:
            call_depth.reset(depth)
            deadline.reset(ends)
            traceparent.reset(trace)
            correlation_id.reset(correlation)
            current_request.reset(request)
            acting.reset(actor)
