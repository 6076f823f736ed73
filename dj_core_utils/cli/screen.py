"""Where a command writes: a terminal with its width and colours, or a file or pipe with neither."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDEST = 200


@dataclass(frozen=True, slots=True)
class Screen:
    """An output stream and what it can show.

    Attributes:
        stream: Where text goes.
        errors: Where complaints go.
        is_terminal: Whether a person looks at it.
        has_colour: Whether colours may be used.
    """

    stream: TextIO
    errors: TextIO
    is_terminal: bool
    has_colour: bool

    @classmethod
    def of(cls, stream: TextIO, errors: TextIO, *, colour: bool | None = None) -> Screen:
        """Look at a stream.

        Args:
            stream: Where text goes.
            errors: Where complaints go.
            colour: True and False overrule what the terminal and ``NO_COLOR`` say.
        """
        # What the encoding of a terminal or pipe lacks is written as an escape.
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")
        is_terminal = stream.isatty()
        wanted = is_terminal and not os.environ.get("NO_COLOR") if colour is None else colour
        return cls(stream, errors, is_terminal, bool(wanted))

    @property
    def width(self) -> int:
        """Columns of the terminal, at most 200."""
        return min(shutil.get_terminal_size((120, 24)).columns, _WIDEST)

    def write(self, text: str) -> None:
        """Write text as it is, and end the line."""
        self.stream.write(f"{text}\n")

    def bold(self, text: str) -> str:
        """Text that stands out where colours may be used."""
        return self.paint(text, "1")

    def paint(self, text: str, code: str) -> str:
        """Text in a colour, where colours may be used.

        Args:
            text: The text.
            code: An ANSI code, ``1;32`` for bold green.
        """
        return f"\033[{code}m{text}\033[0m" if self.has_colour else text

    def complain(self, text: str) -> None:
        """Write to the stream for errors."""
        self.stream.flush()  # both may be the same terminal
        self.errors.write(f"{text}\n")

    def draw(self, *parts: RenderableType) -> None:
        """Draw what rich knows how to draw."""
        self._console().print(*parts, sep="\n")

    @staticmethod
    def close() -> None:
        """Send what is still to be written nowhere: the reader, such as head, has seen enough and is gone."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _console(self) -> Console:
        from rich.console import Console  # noqa: PLC0415  # only a terminal needs it

        return Console(
            file=self.stream,
            width=self.width,
            force_terminal=self.has_colour,
            no_color=not self.has_colour,
            highlight=False,
            markup=False,
            emoji=False,
        )
