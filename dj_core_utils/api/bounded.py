"""Sockets that know when a call is over.

A timeout of httpx2 begins anew with each read, and is not asked again in the middle of an answer. On an event loop one
timeout around everything ends that; a thread that waits for a socket is ended by the socket alone.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any

import httpcore2

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

_end: ContextVar[float | None] = ContextVar("dj_core_utils.api.bounded.end", default=None)


class bounded:  # noqa: N801  # a block; made for each attempt, so no generator
    """Let no socket of this thread wait for longer, in a block.

    Args:
        deadline: On the clock of ``time.monotonic()``.
    """

    __slots__ = ("_deadline", "_token")

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def __enter__(self) -> None:
        """Begin."""
        self._token = _end.set(self._deadline)

    def __exit__(self, *_: object) -> None:
        """End."""
        _end.reset(self._token)


class BoundedStream(httpcore2.NetworkStream):
    """A connection whose reads and writes end with the call."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there; as httpcore2's."""
        return self._stream.read(max_bytes, _rest(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it; as httpcore2's."""
        self._stream.write(buffer, _rest(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """The same connection, encrypted."""
        rest = _rest(timeout, httpcore2.ConnectTimeout)
        return BoundedStream(self._stream.start_tls(ssl_context, server_hostname, rest))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  # httpcore2's signature
        """What is known of it."""
        return self._stream.get_extra_info(info)


class BoundedBackend(httpcore2.SyncBackend):
    """Opens connections whose waiting ends with the call."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A new connection."""
        rest = _rest(timeout, httpcore2.ConnectTimeout)
        return BoundedStream(super().connect_tcp(host, port, rest, local_address, socket_options))


def _rest(timeout: float | None, late: type[Exception]) -> float | None:
    """How long may be waited.

    Raises:
        httpcore2.TimeoutException: No longer.
    """
    end = _end.get()
    if end is None:
        return timeout
    rest = end - monotonic()
    if rest <= 0:
        raise late("The call is over.")
    return rest if timeout is None else min(timeout, rest)
