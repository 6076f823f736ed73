"""``config docs``: the reference of the project's own settings class."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dj_core_utils.cli.unusable import class_of
from dj_core_utils.settings.quoting import quoted
from dj_core_utils.settings.reference import reference, reference_json, sections
from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    import argparse

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen

NAME = "docs"
HELP = "print the reference of the settings class as Markdown"
NEEDS_SETTINGS = False

_WRONG_CALL = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--section", metavar="NAME", help="print one section, such as jwt; own is what the class adds")
    parser.add_argument("--json", action="store_true", help="print a list of sections for machines")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Print the reference: the same text for the same class, whatever is set.

    Args:
        inspection: The project; where there is none, the settings of every project are described.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0; 1 when the class may not be that of the project because its module cannot be imported; 2 for a section that
        does not exist.
    """
    settings_class, status = class_of(inspection, screen)
    known = sections(settings_class)
    if options.section and options.section not in known:
        near = nearest(options.section, known)
        did_you_mean = f" Did you mean {near}?" if near else ""
        screen.complain(f"There is no section {quoted(options.section)}.{did_you_mean}\nThere are: {', '.join(known)}")
        return _WRONG_CALL
    section = options.section or ""
    if options.json:
        screen.write(json.dumps(reference_json(settings_class, section=section), indent=2, ensure_ascii=False))
    else:
        screen.write(reference(settings_class, section=section).removesuffix("\n"))
    return status
