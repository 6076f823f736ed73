"""A span and a duration for each attempt, where a process has set OpenTelemetry up; else nothing.

Names are those of OpenTelemetry's semantic conventions for HTTP clients. The query of an address is left out: it may
hold secrets.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from types import TracebackType

    from dj_core_utils.api.call import Call

_SCOPE = "dj_core_utils.api"
_FIRST_ERROR = 400


class Attempt:
    """One attempt that nobody is told of."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End.

        Args:
            kind: Of the error that ended it.
            error: The error.
            traceback: Where it came from.
        """

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Add what the other side needs to go on with the trace.

        Args:
            headers: What is sent.
        """

    def answered(self, status: int) -> None:
        """Note the answer.

        Args:
            status: Its status.
        """


class _ToldAttempt(Attempt):
    """One attempt with a span and a duration."""

    def __init__(self, call: Call, number: int) -> None:
        self._attributes: dict[str, Any] = {"http.request.method": call.method, "peer.service": call.location.service}
        if call.location.origin:
            address = urlsplit(call.location.origin)
            self._attributes["server.address"] = address.hostname or ""
            self._attributes["server.port"] = address.port or (443 if address.scheme == "https" else 80)
        self._details: dict[str, Any] = {"url.full": f"{call.location.origin}{call.location.prefix}{call.path}"}
        if number > 1:
            self._details["http.request.resend_count"] = number - 1
        self._name = f"{call.method} {call.location.service}"
        self._headers = call.headers

    def __enter__(self) -> Self:
        """Begin the span and make it the current one."""
        from opentelemetry import context, propagate, trace  # noqa: PLC0415  # an extra

        tracer, self._duration = _instruments()
        # Where nothing else tells of the request that is being answered, its trace is gone on with here.
        is_told = trace.get_current_span().get_span_context().is_valid
        parent = None if is_told else propagate.extract(self._headers)
        attributes = {**self._attributes, **self._details}
        self._span = tracer.start_span(self._name, parent, trace.SpanKind.CLIENT, attributes)
        self._token = context.attach(trace.set_span_in_context(self._span))
        self._begun = perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the span and count its duration.

        Args:
            kind: Of the error that ended it.
            error: The error.
            traceback: Where it came from.
        """
        from opentelemetry import context, trace  # noqa: PLC0415  # an extra

        context.detach(self._token)
        if kind is not None:
            self._fail(kind.__name__)
        self._duration.record(perf_counter() - self._begun, attributes=self._attributes)
        if "error.type" in self._attributes:
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()

    def inject(self, headers: MutableMapping[str, str]) -> None:
        """Add ``traceparent``, in place of the one that came in.

        Args:
            headers: What is sent.
        """
        from opentelemetry import propagate  # noqa: PLC0415  # an extra

        propagate.inject(headers)

    def answered(self, status: int) -> None:
        """Note the status.

        Args:
            status: It.
        """
        self._attributes["http.response.status_code"] = status
        self._span.set_attribute("http.response.status_code", status)
        if status >= _FIRST_ERROR:
            self._fail(str(status))

    def _fail(self, kind: str) -> None:
        self._attributes["error.type"] = kind
        self._span.set_attribute("error.type", kind)


_UNTOLD = Attempt()


def attempt_of(call: Call, number: int) -> Attempt:
    """What is told of one attempt.

    Args:
        call: The call.
        number: 1 for the first one.
    """
    return _ToldAttempt(call, number) if _is_installed() and _is_set_up() else _UNTOLD


@lru_cache(maxsize=1)
def _is_installed() -> bool:
    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.trace") is not None


def _is_set_up() -> bool:
    from opentelemetry import trace  # noqa: PLC0415  # an extra

    # Until a provider is set there is this one, which does nothing, and takes a tenth of a call for it.
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@lru_cache(maxsize=1)
def _instruments() -> tuple[Any, Any]:
    # Both follow whatever provider is set later, so they can be kept.
    from opentelemetry import metrics, trace  # noqa: PLC0415  # an extra

    duration = metrics.get_meter(_SCOPE).create_histogram(
        "http.client.request.duration", unit="s", description="Duration of calls to other services."
    )
    return trace.get_tracer(_SCOPE), duration
