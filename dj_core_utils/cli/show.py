"""``config show``: every value in use with its origin."""

from __future__ import annotations

import argparse
import json
import shlex
from typing import TYPE_CHECKING

from dj_core_utils.cli.long_lists import shortened_row
from dj_core_utils.cli.rows import draw_rows, write_rows
from dj_core_utils.cli.unusable import complain
from dj_core_utils.settings.describe import TOP_SECTION, describe
from dj_core_utils.settings.final_settings import reassigned
from dj_core_utils.settings.quoting import quoted
from dj_core_utils.settings.report import command_line, count
from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    # Not one of its arguments: taken to say what answers it, where argparse would only refuse.
    parser.add_argument("names", nargs="*", help=argparse.SUPPRESS)
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
        0; 1 when the configuration cannot be used; 2 for a name, and for a section that does not exist.
    """
    if options.names:
        explain = command_line(f"explain {shlex.join(options.names)}", inspection.module)
        screen.complain(f"This command shows many variables. One of them, with its whole history:  {explain}")
        return _WRONG_CALL
    rows = describe(inspection.loaded, reveal=options.reveal) if inspection.loaded else []
    if rows and (complaint := _no_section(options.section, rows)):
        screen.complain(complaint)
        return _WRONG_CALL
    if options.section:
        rows = [row for row in rows if row.section == options.section]
    if options.json:
        screen.write(json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False))
    elif inspection.loaded and rows:
        is_chosen = options.all or options.section
        shown = [row for row in rows if row.is_set or is_chosen]
        _write_headline(inspection.loaded, rows, screen)
        _write_rows(inspection.loaded, inspection, shown, options, screen)
        if not is_chosen:
            screen.write("")
            screen.write_wrapped(_MORE)
    if not inspection.is_usable:
        complain(inspection, screen)
    return 0 if inspection.is_usable else 1


def _write_headline(loaded: Loaded, rows: Sequence[Row], screen: Screen) -> None:
    profiles = loaded.profiles.display
    several = "s" if "," in profiles else ""
    counts = f"{count(len(rows), 'variable')}, {sum(row.is_set for row in rows)} set"
    screen.write_headline(loaded.settings_class.__name__, f"profile{several} {profiles or 'unknown'}", counts)
    screen.write("")


def _write_rows(
    loaded: Loaded, inspection: Inspection, shown: Sequence[Row], options: argparse.Namespace, screen: Screen
) -> None:
    changed = reassigned(loaded, inspection.namespace)
    if not shown:
        screen.write("  everything is at its default")
    elif options.reveal:  # a secret that is shown is to be copied: in one piece
        write_rows(screen, shown, changed)
    elif screen.is_terminal:
        draw_rows(screen, list(map(shortened_row, shown)), changed, has_headings=options.all)
    else:
        write_rows(screen, list(map(shortened_row, shown)), changed)


def _no_section(name: str | None, rows: Sequence[Row]) -> str:
    sections = tuple(dict.fromkeys(row.section for row in rows))
    if not name or name in sections:
        return ""
    near = nearest(name, sections)
    did_you_mean = f" Did you mean {near}?" if near else ""
    return f"There is no section {quoted(name)}.{did_you_mean}\nThere are: {', '.join(sections)}"
