"""``config check``: every problem of the configuration, without starting anything."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import NOT_SET, ConfigurationError
from dj_core_utils.settings.report import broken_headline, count, next_step, print_report, wrapped, write_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.live.probe import Result
    from dj_core_utils.cli.screen import Screen
    from dj_core_utils.settings.errors import Problem

NAME = "check"
HELP = "find every problem without starting"
NEEDS_SETTINGS = True

_KEYS = ("id", "variable", "origin", "message", "hint", "severity")
_GREEN, _YELLOW, _RED, _DIM = "1;32", "1;33", "1;31", "2"
_STATUSES = {"ok": ("ok", _GREEN), "skip": ("skip", _DIM), "fail": ("FAIL", _RED)}
_STATUS = 8
_NARROWEST = 24
_TIMEOUT = 5
_LONGEST_TIMEOUT = 3600
_WRONG_CALL = 2
_OTHER_SETTINGS = """\
Django has other settings in this process than {module}, so nothing can be connected to.
Run it by itself:  python -m dj_core_utils config check --live --settings {module}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print the problems as a list of objects for machines")
    parser.add_argument(
        "--live", action="store_true", help="connect as well: databases, caches, mail, broker, other services"
    )
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        default=_TIMEOUT,
        help=f"how long each connection of --live may take; {_TIMEOUT} by default",
    )


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Print what is wrong.

    Args:
        inspection: The project.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0, or 1 when the configuration cannot be used or something does not answer.
    """
    # The commands that look at a configuration do not need Django's apps.
    from dj_core_utils.cli.starting import can_start, start_problems  # noqa: PLC0415

    is_startable = can_start(inspection)
    if is_startable:
        inspection = dataclasses.replace(inspection, problems=(*inspection.problems, *start_problems(inspection)))
    elif options.live and inspection.is_usable:
        screen.complain(_OTHER_SETTINGS.format(module=inspection.module))
        return _WRONG_CALL
    results: list[Result] = []
    if options.live and inspection.is_usable:
        from dj_core_utils.cli.live.probing import try_connections  # noqa: PLC0415  # only --live needs it

        results = try_connections(options.timeout)
    if options.json:
        screen.write(json.dumps(_as_json(inspection, results, is_live=options.live), indent=2, ensure_ascii=False))
    elif inspection.is_usable:
        _write_summary(inspection, results, screen)
    else:
        _write_report(inspection, screen)
    has_failed = any(result.finding.status == "fail" for result in results)
    return 0 if inspection.is_usable and not has_failed else 1


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        message = f"between 0 and {_LONGEST_TIMEOUT} seconds, not {text}"
        raise argparse.ArgumentTypeError(message)
    return seconds


def _as_json(inspection: Inspection, results: Sequence[Result], *, is_live: bool) -> object:
    problems = [{key: getattr(problem, key) for key in _KEYS} for problem in inspection.all_problems]
    return {"problems": problems, "probes": [result.as_json() for result in results]} if is_live else problems


def _write_report(inspection: Inspection, screen: Screen) -> None:
    loaded = inspection.loaded
    subject = loaded.settings_class.__name__ if loaded else inspection.module
    headline = broken_headline(subject, inspection.all_problems, loaded.profiles.display if loaded else "")
    report = write_report(headline, inspection.all_problems, next_step(inspection.module))
    print_report(ConfigurationError(report, inspection.all_problems), screen.stream, has_colour=screen.has_colour)


def _write_summary(inspection: Inspection, results: Sequence[Result], screen: Screen) -> None:
    lines = [*_summary(inspection), *map(_probed, results)]
    width = max(len(name) for _, _, name, _ in lines)
    for status, colour, name, texts in lines:
        first, *more = [line for text in texts for line in _fitted(text, screen, width)]
        screen.write(f"{screen.paint(status.ljust(_STATUS), colour)}{name.ljust(width)}  {first}")
        for line in more:
            screen.write(f"{' ' * (_STATUS + width)}  {line}")
    if results:
        failures = sum(result.finding.status == "fail" for result in results)
        screen.write(f"{count(failures, 'failure')}, {count(len(inspection.all_problems), 'warning')}")


def _probed(result: Result) -> tuple[str, str, str, list[str]]:
    finding = result.finding
    status, colour = _STATUSES[finding.status]
    taken = finding.milliseconds
    speed = "" if taken is None else f" ({max(round(taken), 1)} ms)"
    texts = [f"{finding.message}{speed}", finding.hint]
    return status, colour, f"{result.probe.kind} {result.probe.name}", [text for text in texts if text]


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
    return wrapped(text, room)
