"""What a played service does with one attempt of a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpcore2
import httpx2

from dj_core_utils.api.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.api.call import Call


class Answer(Protocol):
    """One of them."""

    def given(self, call: Call) -> httpx2.Response:
        """The answer, or the error that the network would end with.

        Args:
            call: The call; what it takes is taken from its time.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """It answers.

    Attributes:
        status: The status.
        content: The body.
        headers: The headers.
        after: Seconds that it takes.
    """

    status: int
    content: bytes
    headers: Mapping[str, str]
    after: float

    @classmethod
    def of(cls, status: int, json: object, headers: Mapping[str, str], after: float) -> Reply:
        """An answer with data.

        Args:
            status: The status.
            json: The data.
            headers: Other headers.
            after: Seconds that it takes.
        """
        return cls(status, encode(json), {"content-type": "application/json", **_small(headers)}, after)

    @classmethod
    def raw(cls, status: int, content: bytes | str, headers: Mapping[str, str], after: float) -> Reply:
        """An answer with a body as it is.

        Args:
            status: The status.
            content: The body.
            headers: The headers; a text says that it is one, unless they do.
            after: Seconds that it takes.
        """
        if isinstance(content, bytes):
            return cls(status, content, _small(headers), after)
        kind = {"content-type": "text/plain; charset=utf-8"}
        return cls(status, content.encode(), {**kind, **_small(headers)}, after)

    def given(self, call: Call) -> httpx2.Response:
        """The answer, if it comes in time."""
        patience = _patience(call)
        if self.after >= patience:
            raise _late(call, patience)
        call.deadline -= self.after
        return httpx2.Response(self.status, headers=dict(self.headers), content=self.content)


class TimedOut:
    """It takes the call and says nothing."""

    def given(self, call: Call) -> httpx2.Response:
        """The error of a timeout."""
        raise _late(call, _patience(call))


class Down:
    """Nobody listens."""

    def given(self, call: Call) -> httpx2.Response:
        """The error of a connection that is refused."""
        raise httpcore2.ConnectError("Connection refused") from ConnectionRefusedError(call.location.service)


class BrokenOff:
    """It closes the connection."""

    def given(self, call: Call) -> httpx2.Response:
        """The error of a connection that is closed too early."""
        raise httpcore2.RemoteProtocolError(f"{call.location.service} has closed the connection.")


def _small(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _patience(call: Call) -> float:
    """How long a call waits for an answer."""
    return min(call.limits.read_timeout, call.rest())


def _late(call: Call, patience: float) -> httpcore2.ReadTimeout:
    """The error of a timeout; the time until then is taken from the call."""
    call.deadline -= patience
    return httpcore2.ReadTimeout("No answer in time")
