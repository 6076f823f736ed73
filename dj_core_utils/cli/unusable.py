"""What a command says, beside what it shows, of a configuration that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.errors import ConfigurationError
from dj_core_utils.settings.report import command_line, count_problems, print_report, write_report

if TYPE_CHECKING:
    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen


def complain(inspection: Inspection, screen: Screen) -> None:
    """What keeps values from being shown in full, the rest by number: ``config check`` tells it.

    Args:
        inspection: The project.
        screen: Where to complain.
    """
    headline = f"Not usable: {count_problems(inspection.all_problems)}."
    is_loaded = inspection.loaded is not None and inspection.loaded.settings is not None
    problems = inspection.problems if is_loaded else inspection.all_problems
    if not problems:
        command = command_line("check", inspection.module)
        screen.complain(f"\n{screen.beside(f'{headline} See what to do:', command)}")
        return
    footer = f"See everything that is wrong:  {command_line('check', inspection.module)}"
    report = write_report(headline, problems, footer)
    screen.complain("")
    print_report(ConfigurationError(report, problems), screen.errors)


def class_of(inspection: Inspection, screen: Screen) -> tuple[type[CoreSettings], int]:
    """The settings class of a project, for commands that are about the class and not about its values.

    Args:
        inspection: The project; where there is none, the class of the framework is meant.
        screen: Where to complain of a module that cannot be imported.

    Returns:
        The class, and 0; or 1 when it may not be that of the project.
    """
    faults = [problem for problem in inspection.problems if problem.severity == "error"]
    for problem in faults:
        screen.complain(str(problem))
    return inspection.loaded.settings_class if inspection.loaded else CoreSettings, 1 if faults else 0
