"""``config schema``: JSON Schema, so that an editor completes and checks profiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dj_core_utils.cli.unusable import class_of
from dj_core_utils.settings.discovery import find_project_dir
from dj_core_utils.settings.json_schema import environment_schema, profile_schema

if TYPE_CHECKING:
    import argparse

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen

NAME = "schema"
HELP = "print JSON Schema of a profile of this project, for editors"
NEEDS_SETTINGS = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--env", action="store_true", help="of the environment instead: an object of texts by variable")
    # Every command takes it; this one prints nothing else.
    parser.add_argument("--json", action="store_true", help="the schema is JSON, with or without this")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Print the schema: the same text for the same class and profiles, whatever is set.

    Args:
        inspection: The project; where there is none, the settings and profiles of every project are described.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0; 1 when the class may not be that of the project because its module cannot be imported.
    """
    settings_class, status = class_of(inspection, screen)
    loaded = inspection.loaded
    folder = loaded.project_dir if loaded else find_project_dir(inspection.namespace)
    schema = environment_schema(settings_class) if options.env else profile_schema(settings_class, folder)
    screen.write(json.dumps(schema, indent=2, ensure_ascii=False))
    return status
