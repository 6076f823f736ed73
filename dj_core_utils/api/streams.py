"""Answers that are read while they come: exports, files, server-sent events."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from django.utils.datastructures import CaseInsensitiveMapping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator


class _Head:
    """What is known before the body.

    Attributes:
        status_code: The status.
        headers: The headers; the case of a name does not matter.
    """

    def __init__(self, status_code: int, headers: Iterable[tuple[str, str]]) -> None:
        self.status_code = status_code
        self.headers: CaseInsensitiveMapping[str] = CaseInsensitiveMapping(headers)


class StreamedResponse(_Head):
    """An answer whose body is read in pieces, once: ``for chunk in answer``.

    Args:
        status_code: The status.
        headers: The headers.
        chunks: The body.
    """

    def __init__(self, status_code: int, headers: Iterable[tuple[str, str]], chunks: Iterator[bytes]) -> None:
        super().__init__(status_code, headers)
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        """The pieces as they come."""
        return self._chunks

    def lines(self) -> Iterator[str]:
        """The body as lines of UTF-8, without their ends."""
        lines = _Lines()
        for chunk in self._chunks:
            yield from lines.feed(chunk)
        yield from lines.rest()


class AsyncStreamedResponse(_Head):
    """An answer whose body is read in pieces, once: ``async for chunk in answer``.

    Args:
        status_code: The status.
        headers: The headers.
        chunks: The body.
    """

    def __init__(self, status_code: int, headers: Iterable[tuple[str, str]], chunks: AsyncIterator[bytes]) -> None:
        super().__init__(status_code, headers)
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as they come."""
        return self._chunks

    async def lines(self) -> AsyncIterator[str]:
        """The body as lines of UTF-8, without their ends."""
        lines = _Lines()
        async for chunk in self._chunks:
            for line in lines.feed(chunk):
                yield line
        for line in lines.rest():
            yield line


class _Lines:
    """Cuts text into lines that ends wherever the network has cut it."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._pending: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[str]:
        """The lines that are complete now.

        Args:
            chunk: What has come.
        """
        first, *others = self._decoder.decode(chunk).split("\n")
        self._pending.append(first)
        for other in others:
            yield "".join(self._pending).removesuffix("\r")
            self._pending = [other]

    def rest(self) -> Iterator[str]:
        """The last line, if the body did not end with one."""
        if last := "".join([*self._pending, self._decoder.decode(b"", final=True)]):
            yield last.removesuffix("\r")
