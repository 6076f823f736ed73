"""Where a command writes: a terminal with its width and colours, or a file or pipe with neither."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from dj_core_utils.settings.report import uses_colour

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDEST = 200
_RESET = "\x1b[0m"
_BLANK_END = r"(?: |\x1b\[[0-9;]*m)+$"
# Ours, where the encoding of the terminal or pipe lacks them.
_PLAIN = str.maketrans({"·": "-"})


@dataclass(frozen=True, slots=True)
class Screen:
    """An output stream and what it can show.

    Attributes:
        stream: Where text goes.
        errors: Where complaints go.
        is_terminal: Whether a person looks at it.
        has_colour: Whether colours may be used.
        has_signs: Whether it can show signs that are not ASCII.
    """

    stream: TextIO
    errors: TextIO
    is_terminal: bool
    has_colour: bool
    has_signs: bool

    @classmethod
    def of(cls, stream: TextIO, errors: TextIO, *, colour: bool | None = None) -> Screen:
        """Look at a stream.

        Args:
            stream: Where text goes.
            errors: Where complaints go.
            colour: True and False overrule what the terminal, ``NO_COLOR`` and ``FORCE_COLOR`` say.
        """
        # What the encoding of a terminal or pipe lacks is written as an escape.
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")
        has_colour = uses_colour(stream) if colour is None else colour
        return cls(stream, errors, stream.isatty(), has_colour, _can_encode("".join(map(chr, _PLAIN)), stream))

    @property
    def width(self) -> int:
        """Columns of the terminal, at most 200."""
        return min(shutil.get_terminal_size((120, 24)).columns, _WIDEST)

    def write(self, text: str) -> None:
        """Write text as it is, and end the line."""
        self.stream.write(f"{self._written(text)}\n")

    def write_wrapped(self, text: str) -> None:
        """Write text between the edges of a terminal, and end the line."""
        self.write(textwrap.fill(text, self.width, break_on_hyphens=False) if self.is_terminal else text)

    def write_headline(self, name: str, *facts: str) -> None:
        """Write a name that stands out and what is to be said of it, on one line where that is wide enough.

        Args:
            name: What the text below is about.
            *facts: The rest.
        """
        lines = [name]
        for fact in facts:
            if self.is_terminal and len(f"{lines[-1]} · {fact}") > self.width:
                lines.append(f"  {fact}")
            else:
                lines[-1] += f" · {fact}"
        rest = "\n".join(lines).removeprefix(name)
        self.write(f"{self.bold(name)}{rest}")

    def beside(self, lead: str, text: str, *, gap: str = "  ") -> str:
        """A lead and what belongs beside it, or below it where a terminal is not wide enough.

        Args:
            lead: The words before.
            text: What is not to be broken, such as a command.
            gap: Stands between them.
        """
        line = f"{lead}{gap}{text}"
        return f"{lead}\n{gap}{text}" if self.is_terminal and len(line) > self.width else line

    def bold(self, text: str) -> str:
        """Text that stands out where colours may be used."""
        return self.paint(text, "1")

    def paint(self, text: str, code: str) -> str:
        """Text in a colour, where colours may be used.

        Args:
            text: The text.
            code: An ANSI code, ``1;32`` for bold green.
        """
        return f"\x1b[{code}m{text}{_RESET}" if self.has_colour else text

    def complain(self, text: str) -> None:
        """Write to the stream for errors."""
        self.stream.flush()  # both may be the same terminal
        self.errors.write(f"{text}\n")

    def draw(self, *parts: RenderableType) -> None:
        """Draw what rich knows how to draw."""
        drawn = StringIO()
        self._console(drawn).print(*parts, sep="\n")
        # A table fills its last column with blanks, which a copy would carry along.
        self.write("\n".join(map(_without_end, drawn.getvalue().splitlines())))

    @staticmethod
    def close() -> None:
        """Send what is still to be written nowhere: the reader, such as head, has seen enough and is gone."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console  # noqa: PLC0415  # only a terminal needs it

        return Console(
            file=stream,
            width=self.width,
            force_terminal=self.has_colour,
            no_color=not self.has_colour,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def _written(self, text: str) -> str:
        return text if self.has_signs else text.translate(_PLAIN)


def _without_end(line: str) -> str:
    """A line without the blanks at its end, in colour or not."""
    text = re.sub(_BLANK_END, "", line)
    return f"{text}{_RESET}" if "\x1b" in text else text


def _can_encode(text: str, stream: TextIO) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
