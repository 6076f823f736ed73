"""``config env``: a template of ``.env``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from dj_core_utils.cli.unusable import class_of
from dj_core_utils.settings.env_template import entries, env_template
from dj_core_utils.settings.reference import class_table
from dj_core_utils.settings.variables import variable_table

if TYPE_CHECKING:
    import argparse

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen

NAME = "env"
HELP = "print a template of .env with every variable, commented out"
NEEDS_SETTINGS = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--output", metavar="FILE", type=Path, help="write it to a new file; one that exists is kept")
    parser.add_argument("--json", action="store_true", help="a list of objects for machines instead")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Print or write the template.

    Args:
        inspection: The project; where there is none, the variables of every project are listed.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0; 1 when the file cannot be written, or when the variables may not be those of the project because its module
        cannot be imported.
    """
    settings_class, status = class_of(inspection, screen)
    loaded = inspection.loaded
    known = loaded.table if loaded else None
    # Of the class as it is written: a template that is kept in a repository does not depend on what a machine sets.
    table = class_table(settings_class) if known is None else variable_table(settings_class, known.service_name)
    if options.json:
        text = json.dumps([entry.as_json() for entry in entries(table)], indent=2, ensure_ascii=False) + "\n"
    else:
        text = env_template(settings_class, table)
    if options.output is not None:
        return _save(text, options.output, screen, len(table), is_json=options.json)
    screen.write(text.removesuffix("\n"))
    return status


def _save(text: str, path: Path, screen: Screen, number: int, *, is_json: bool) -> int:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        screen.complain(f"{path} exists and is kept. Remove it first, or give another name.")
        return 1
    except OSError as error:
        screen.complain(f"{path} cannot be written: {(error.strerror or type(error).__name__).lower()}.")
        return 1
    if not is_json:  # for machines, whose document is in the file
        screen.write(f"wrote  {path}  {number} variables, commented out")
    return 0
