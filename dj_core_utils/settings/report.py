"""The report: every problem of a start on one screen, as text for people."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from dj_core_utils.settings.loading import Loaded

_WIDTH = 120
_WIDEST = 140
_WIDEST_COLUMN = 30
_NARROWEST_TEXT = 46
_GAP = "  "
_MOST_OF_A_KIND = 20
_COMMAND = r"(?:python|openssl|manage\.py|pip) "

_BOLD, _RED, _YELLOW, _DIM, _RESET = "\033[1m", "\033[1;31m", "\033[1;33m", "\033[2m", "\033[0m"


def configuration_error(loaded: Loaded, *, module: str = "") -> ConfigurationError:
    """The error for a load that failed.

    Args:
        loaded: The load; nothing of it but its problems is kept.
        module: The settings module, for the command that the last line suggests.
    """
    headline = broken_headline(loaded.settings_class.__name__, loaded.problems, loaded.profiles.display)
    return ConfigurationError(write_report(headline, loaded.problems, next_step(module)), loaded.problems)


def next_step(module: str) -> str:
    """The line that says how to look further."""
    return f"See every value and where it came from:  {command_line('show', module)}"


def command_line(command: str, module: str) -> str:
    """A command that works whatever state the configuration is in, to be copied.

    Args:
        command: One of the commands of ``config``.
        module: The settings module; empty to let the command find it.
    """
    settings = f" --settings {module}" if module else ""
    return f"python -m dj_core_utils config {command}{settings}"


def broken_headline(subject: str, problems: Iterable[Problem], profiles: str) -> str:
    """The first line of a report: what is broken, how much, under which profiles.

    Args:
        subject: The settings class or module.
        problems: What is wrong with it.
        profiles: The active profiles, as they are displayed.
    """
    active = f" (profiles: {profiles})" if profiles else ""
    return f"Configuration of {subject} is not usable: {count_problems(problems)}{active}"


def count_problems(problems: Iterable[Problem]) -> str:
    """How many there are: ``2 problems and 1 warning``."""
    severities = [problem.severity for problem in problems]
    warnings = severities.count("warning")
    return count(severities.count("error"), "problem") + (f" and {count(warnings, 'warning')}" if warnings else "")


def count(number: int, noun: str) -> str:
    """A number and its noun: ``1 problem``, ``2 problems``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def write_report(
    headline: str, problems: Iterable[Problem], footer: str, *, width: int = _WIDTH, has_colour: bool = False
) -> str:
    """The whole report.

    Args:
        headline: The first line.
        problems: What to report; profiles come first, then errors, then warnings.
        footer: The last line.
        width: Columns to fill; where they are few, each problem is written under its variable instead of beside it.
        has_colour: Whether to use the colours of a terminal.
    """
    ordered = list(_not_endless(sorted(problems, key=_rank)))
    sheet = _Sheet.fitting(ordered, width, has_colour=has_colour)
    lead, gap, command = footer.partition(_GAP)
    if width < _WIDTH:
        headline = textwrap.fill(headline, width)
        gap = f"\n{gap}" if len(footer) > width else gap
    blocks = ("\n".join(sheet.block(problem)) for problem in ordered)
    return "\n\n".join((sheet.paint(headline, _BOLD), *blocks, lead + gap + sheet.paint(command, _BOLD)))


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a message or hint; a command stays whole, so that it can be copied.

    Args:
        text: One paragraph.
        width: Columns of a line.
    """
    lead, gap, rest = text.partition(_GAP)
    if re.match(_COMMAND, rest or lead) and len(text) > width:
        return [lead, rest] if gap else [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False)


def uses_colour(stream: TextIO) -> bool:
    """Whether colours belong on a stream: on a terminal that has them, or as ``NO_COLOR`` and ``FORCE_COLOR`` say.

    Args:
        stream: Where to write.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def print_report(error: ConfigurationError, stream: TextIO, *, has_colour: bool | None = None) -> None:
    """Write the report of an error, fitted to the terminal and coloured where the stream is one.

    Args:
        error: The error.
        stream: Where to write, usually standard error.
        has_colour: True and False overrule what ``uses_colour`` finds.
    """
    text = str(error.args[0])
    is_terminal = stream.isatty()
    if has_colour is None:
        has_colour = uses_colour(stream)
    if error.problems and (is_terminal or has_colour):
        headline, *_, footer = text.split("\n")
        width = min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDEST) if is_terminal else _WIDTH
        text = write_report(headline, error.problems, footer, width=width, has_colour=has_colour)
    stream.write(f"{text}\n")


def _rank(problem: Problem) -> tuple[bool, bool]:
    """Profiles first: whatever else is said follows from them. Then errors before warnings."""
    return not problem.id.startswith("profile."), problem.severity != "error"


def _not_endless(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems without the many of one kind that would push the others off the screen; their number instead."""
    listed = list(problems)
    numbers = Counter(problem.id for problem in listed)
    told: Counter[str] = Counter()
    for problem in listed:
        told[problem.id] += 1
        if told[problem.id] <= _MOST_OF_A_KIND:
            yield problem
        elif told[problem.id] == numbers[problem.id]:
            message = "like these; config check --json lists them all."
            yield problem._replace(
                variable=f"{told[problem.id] - _MOST_OF_A_KIND} more", origin="", message=message, hint=""
            )


class _Sheet(NamedTuple):
    """The paper that a report is written on.

    Attributes:
        width: Columns of a line.
        name: Columns for the variable; 0 to write each problem under its variable.
        origin: Columns for the origin.
        text: Columns for what is wrong.
        has_colour: Whether it takes colours.
    """

    width: int
    name: int
    origin: int
    text: int
    has_colour: bool

    @classmethod
    def fitting(cls, problems: Sequence[Problem], width: int, *, has_colour: bool) -> _Sheet:
        name = _column(len(_name(problem)) for problem in problems)
        origin = _column(len(_origin(problem)) for problem in problems)
        text = width - name - origin - 3 * len(_GAP)
        if text < _NARROWEST_TEXT:
            return cls(width, 0, 0, max(width - 2 * len(_GAP), 1), has_colour)
        return cls(width, name, origin, text, has_colour)

    def block(self, problem: Problem) -> Iterator[str]:
        name, origin = _name(problem), _origin(problem)
        colour = _RED if problem.severity == "error" else _YELLOW
        lead = f"{_GAP}{self.paint(name.ljust(self.name), colour)}{_GAP}{self.paint(origin.ljust(self.origin), _DIM)}"
        label = f"[{problem.id}]" if problem.severity == "error" else f"[{problem.id}, warning]"
        text = list(self.lines(problem, label))
        text[-1] = text[-1].removesuffix(label) + self.paint(label, _DIM)
        # What is too long for its column gets the line for itself.
        if len(name) > self.name or len(origin) > self.origin:
            yield lead.rstrip()
        else:
            yield f"{lead}{_GAP}{text.pop(0)}"
        yield from (self.indent(line) + line for line in text)

    def lines(self, problem: Problem, label: str) -> Iterator[str]:
        parts = (*problem.message.split("\n"), *problem.hint.split("\n"))
        *before, last = [line for part in parts if part for line in wrapped(part, self.text)] or [""]
        yield from before
        room = self.text - len(label)
        if len(last) + len(_GAP) > room:
            yield last
            last = ""
        yield last.ljust(room) + label

    def indent(self, line: str) -> str:
        column = self.name + self.origin + 3 * len(_GAP) if self.name else 2 * len(_GAP)
        is_command = re.match(_COMMAND, line.lstrip()) is not None
        return 2 * _GAP if is_command and column + len(line) > self.width else " " * column

    def paint(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if self.has_colour and text else text


def _column(lengths: Iterable[int]) -> int:
    return min(max(lengths, default=0), _WIDEST_COLUMN)


def _name(problem: Problem) -> str:
    return problem.variable or problem.origin


def _origin(problem: Problem) -> str:
    return problem.origin if problem.variable else ""
