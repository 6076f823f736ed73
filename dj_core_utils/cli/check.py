"""``config check``: every problem of the configuration, without starting anything."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import NOT_SET, ConfigurationError
from dj_core_utils.settings.report import broken_headline, count, next_step, print_report, write_report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen
    from dj_core_utils.settings.errors import Problem

NAME = "check"
HELP = "find every problem without starting"
NEEDS_SETTINGS = True

_KEYS = ("id", "variable", "origin", "message", "hint", "severity")
_GREEN, _YELLOW, _DIM = "1;32", "1;33", "2"
_STATUS = 8
_NARROWEST = 24


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print the problems as a list of objects for machines")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Print what is wrong.

    Args:
        inspection: The project.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0, or 1 when the configuration cannot be used.
    """
    if options.json:
        found = [{key: getattr(problem, key) for key in _KEYS} for problem in inspection.all_problems]
        screen.write(json.dumps(found, indent=2, ensure_ascii=False))
    elif inspection.is_usable:
        _write_summary(inspection, screen)
    else:
        _write_report(inspection, screen)
    return 0 if inspection.is_usable else 1


def _write_report(inspection: Inspection, screen: Screen) -> None:
    loaded = inspection.loaded
    subject = loaded.settings_class.__name__ if loaded else inspection.module
    headline = broken_headline(subject, inspection.all_problems, loaded.profiles.display if loaded else "")
    report = write_report(headline, inspection.all_problems, next_step(inspection.module))
    print_report(ConfigurationError(report, inspection.all_problems), screen.stream, has_colour=screen.has_colour)


def _write_summary(inspection: Inspection, screen: Screen) -> None:
    lines = list(_summary(inspection))
    width = max(len(name) for _, _, name, _ in lines)
    for status, colour, name, texts in lines:
        first, *more = [line for text in texts for line in _fitted(text, screen, width)]
        screen.write(f"{screen.paint(status.ljust(_STATUS), colour)}{name.ljust(width)}  {first}")
        for line in more:
            screen.write(f"{' ' * (_STATUS + width)}  {line}")


def _summary(inspection: Inspection) -> Iterator[tuple[str, str, str, list[str]]]:
    loaded = inspection.loaded
    waived = loaded.waived if loaded else ()
    counts = [
        count(len(loaded.table or ()) if loaded else 0, "variable"),
        count(0, "problem"),
        count(len(inspection.all_problems), "warning"),
        *([f"{len(waived)} waived"] if waived else []),
    ]
    yield "ok", _GREEN, "configuration", [", ".join(counts)]
    for problem in inspection.all_problems:
        yield "warn", _YELLOW, problem.id, [f"{problem.message}{_where(problem)}", *problem.hint.splitlines()]
    for problem in waived:
        yield "waived", _DIM, problem.id, [f"{problem.message}{_where(problem)}", f"reason: {problem.hint}"]


def _where(problem: Problem) -> str:
    where = ", ".join(part for part in (problem.variable, problem.origin) if part and part != NOT_SET)
    return f" ({where})" if where else ""


def _fitted(text: str, screen: Screen, indent: int) -> list[str]:
    if not screen.is_terminal:
        return [text]
    room = max(screen.width - indent - _STATUS - 2, _NARROWEST)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
