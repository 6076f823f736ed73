"""``config show``: every value in use with its origin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dj_core_utils.cli.rows import draw_rows, write_rows
from dj_core_utils.settings.describe import TOP_SECTION, describe
from dj_core_utils.settings.errors import ConfigurationError
from dj_core_utils.settings.final_settings import reassigned
from dj_core_utils.settings.report import command_line, count, count_problems, print_report, write_report
from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen
    from dj_core_utils.settings.describe import Row
    from dj_core_utils.settings.loading import Loaded

NAME = "show"
HELP = "show the values in use and where each one comes from"
NEEDS_SETTINGS = True

_MORE = "--all shows defaults too, --json for machines, --section jwt for one section."
_WRONG_CALL = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("names", nargs="*", metavar="VARIABLE", help="show these variables or settings only")
    parser.add_argument("--all", action="store_true", help="show defaults, too")
    parser.add_argument(
        "--section", metavar="NAME", help=f"show one section with its defaults, such as jwt; {TOP_SECTION} is the rest"
    )
    parser.add_argument("--reveal", action="store_true", help="show secrets in clear")
    parser.add_argument("--json", action="store_true", help="print every variable, as a list of objects for machines")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Show what the options ask for; of a broken configuration everything that is known.

    Args:
        inspection: The project.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0; 1 when the configuration cannot be used; 2 for a section or name that does not exist.
    """
    rows = describe(inspection.loaded, reveal=options.reveal) if inspection.loaded else []
    complaint = _no_section(options.section, rows) if rows else ""
    if options.section:
        rows = [row for row in rows if row.section == options.section]
    if complaint or (rows and (complaint := _no_names(options.names, rows))):
        screen.complain(complaint)
        return _WRONG_CALL
    if options.names:
        rows = [row for row in rows if {row.variable, *row.settings}.intersection(map(str.upper, options.names))]
    if options.json:
        screen.write(json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False))
    elif inspection.loaded and rows:
        is_chosen = options.all or options.section or options.names
        shown = [row for row in rows if row.is_set or is_chosen]
        _write(inspection.loaded, inspection, rows, shown, screen)
        if not is_chosen:
            screen.write(f"\n{_MORE}")
    if not inspection.is_usable:
        _complain(inspection, screen)
    return 0 if inspection.is_usable else 1


def _write(loaded: Loaded, inspection: Inspection, rows: Sequence[Row], shown: Sequence[Row], screen: Screen) -> None:
    name = loaded.settings_class.__name__
    profiles = loaded.profiles.display
    counts = f"{count(len(rows), 'variable')}, {sum(row.is_set for row in rows)} set"
    several = "s" if "," in profiles else ""
    screen.write(f"{screen.bold(name)} · profile{several} {profiles or 'unknown'} · {counts}\n")
    changed = reassigned(loaded, inspection.namespace)
    if shown:
        (draw_rows if screen.is_terminal else write_rows)(screen, shown, changed)
    else:
        screen.write("  everything is at its default")


def _no_section(name: str | None, rows: Sequence[Row]) -> str:
    sections = tuple(dict.fromkeys(row.section for row in rows))
    if not name or name in sections:
        return ""
    return f'There is no section "{name}".{_suggestion(name, sections)}\nThere are: {", ".join(sections)}'


def _no_names(names: Sequence[str], rows: Sequence[Row]) -> str:
    known = dict.fromkeys(name for row in rows for name in (row.variable, *row.settings))
    unknown = [name for name in names if name.upper() not in known]
    return "\n".join(f'There is no variable or setting "{name}".{_suggestion(name, known)}' for name in unknown)


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f" Did you mean {near}?" if near else ""


def _complain(inspection: Inspection, screen: Screen) -> None:
    """What keeps values from being shown in full, the rest by number: ``config check`` tells it."""
    headline = f"Not usable: {count_problems(inspection.all_problems)}."
    is_loaded = inspection.loaded is not None and inspection.loaded.settings is not None
    problems = inspection.problems if is_loaded else inspection.all_problems
    if not problems:
        screen.complain(f"\n{headline} See what to do:  {command_line('check', inspection.module)}")
        return
    footer = f"See everything that is wrong:  {command_line('check', inspection.module)}"
    report = write_report(headline, problems, footer)
    screen.complain("")
    print_report(ConfigurationError(report, problems), screen.errors)
