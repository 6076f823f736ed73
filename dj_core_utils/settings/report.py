"""The report: every problem of a start on one screen, as text for people."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType
    from typing import TextIO

    from dj_core_utils.settings.loading import Loaded

_WIDTH = 120
_NARROWEST_TABLE = 100
_WIDEST_NAME = 30
_WIDEST_ORIGIN = 24
_GAP = "  "

_BOLD, _RED, _YELLOW, _DIM, _RESET = "\033[1m", "\033[31m", "\033[33m", "\033[2m", "\033[0m"


def configuration_error(loaded: Loaded, *, module: str = "") -> ConfigurationError:
    """The error for a load that failed.

    Args:
        loaded: The load; nothing of it but its problems is kept.
        module: The settings module, for the command that the last line suggests.
    """
    headline = _headline(loaded.settings_class.__name__, loaded.problems, loaded.profiles.display)
    return ConfigurationError(write_report(headline, loaded.problems, next_step(module)), loaded.problems)


def next_step(module: str) -> str:
    """The line that says how to look further."""
    settings = f" --settings {module}" if module else ""
    return f"See every value and where it came from:  python -m dj_core_utils config show{settings}"


def write_report(headline: str, problems: Sequence[Problem], footer: str, *, width: int = _WIDTH) -> str:
    """The whole report as plain text.

    Args:
        headline: The first line.
        problems: What to report; errors come before warnings.
        footer: The last line.
        width: Columns to fill; below 100 each problem is written under its variable instead of beside it.
    """
    ordered = sorted(problems, key=lambda problem: problem.severity != "error")
    blocks = _table(ordered, width) if width >= _NARROWEST_TABLE else _stack(ordered, width)
    return "\n\n".join((headline, *blocks, footer))


def print_report(error: ConfigurationError, stream: TextIO) -> None:
    """Write the report of an error, fitted to the terminal and coloured where the stream is one.

    Args:
        error: The error.
        stream: Where to write, usually standard error.
    """
    text = str(error.args[0])
    lines = text.split("\n")
    is_terminal = stream.isatty()
    if is_terminal and error.problems:
        width = min(shutil.get_terminal_size((_WIDTH, 24)).columns, 160)
        text = write_report(lines[0], error.problems, lines[-1], width=width)
    if is_terminal and "NO_COLOR" not in os.environ:
        text = _coloured(text, error.problems)
    stream.write(f"{text}\n")


class ReportHook:
    """A ``sys.excepthook`` that prints the report of a ``ConfigurationError`` without a traceback.

    Args:
        before: The hook that was installed; it gets every other exception, and a foreign one (of an error tracker) sees
            this one, too.
    """

    def __init__(self, before: Callable[[type[BaseException], BaseException, TracebackType | None], object]) -> None:
        """Remember the hook to hand on to."""
        self.before = before

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Print the report, or hand on."""
        if not isinstance(error, ConfigurationError) or self.before is not sys.__excepthook__:
            self.before(kind, error, trace)
        if isinstance(error, ConfigurationError):
            print_report(error, sys.stderr)


def install_hook() -> None:
    """Install ``ReportHook`` once; called when an error is raised, so that a healthy program is never touched."""
    if not isinstance(sys.excepthook, ReportHook):
        sys.excepthook = ReportHook(sys.excepthook)


def _headline(class_name: str, problems: Iterable[Problem], profiles: str) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = sum(problem.severity == "warning" for problem in problems)
    counts = _count(errors, "problem") + (f" and {_count(warnings, 'warning')}" if warnings else "")
    active = f" (profiles: {profiles})" if profiles else ""
    return f"Configuration of {class_name} is not usable: {counts}{active}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _table(problems: Sequence[Problem], width: int) -> list[str]:
    name = min(max((len(problem.variable) for problem in problems), default=0), _WIDEST_NAME)
    origin = min(max((len(problem.origin) for problem in problems), default=0), _WIDEST_ORIGIN)
    indent = " " * (2 + name + origin + 2 * len(_GAP))
    blocks = []
    for problem in problems:
        text = _text(problem, width - len(indent))
        lead = f"{_GAP}{problem.variable:<{name}}{_GAP}{problem.origin:<{origin}}{_GAP}"
        # A name or origin that is too long for its column gets the line for itself.
        first = [lead.rstrip()] if len(lead) > len(indent) else []
        text = [*(indent + line for line in text)] if first else [lead + text[0], *(indent + line for line in text[1:])]
        blocks.append("\n".join((*first, *text)))
    return blocks


def _stack(problems: Sequence[Problem], width: int) -> list[str]:
    blocks = []
    for problem in problems:
        lead = f"{_GAP}{problem.variable}  {problem.origin}"
        blocks.append("\n".join((lead, *(f"    {line}" for line in _text(problem, width - 4)))))
    return blocks


def _text(problem: Problem, width: int) -> list[str]:
    width = max(width, 30)
    lines = [line for part in problem.message.split("\n") for line in _wrapped(part, width)]
    lines += [line for part in problem.hint.split("\n") if part for line in _wrapped(part, width)]
    label = f"[{problem.id}]" if problem.severity == "error" else f"[{problem.id}, warning]"
    if len(lines[-1]) + len(label) + 2 <= width:
        lines[-1] = f"{lines[-1]}  {label}"
    else:
        lines.append(label)
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False, replace_whitespace=False) or [""]


def _coloured(text: str, problems: Iterable[Problem]) -> str:
    head, _, rest = text.partition("\n")
    for problem in {problem.variable: problem for problem in problems if problem.variable}.values():
        colour = _RED if problem.severity == "error" else _YELLOW
        rest = rest.replace(f"\n  {problem.variable}", f"\n  {colour}{problem.variable}{_RESET}")
    for label in {problem.id for problem in problems}:
        rest = rest.replace(f"[{label}]", f"{_DIM}[{label}]{_RESET}")
        rest = rest.replace(f"[{label}, warning]", f"{_DIM}[{label}, warning]{_RESET}")
    return f"{_BOLD}{head}{_RESET}\n{rest}"
