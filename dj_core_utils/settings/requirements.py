"""What has to be set before a start: what a profile lists, and what rules miss where nothing is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.loading import load
from dj_core_utils.settings.profiles import project_library

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dj_core_utils.settings.loading import Loaded
    from dj_core_utils.settings.variables import VariableTable


def required(loaded: Loaded, profiles: Sequence[str]) -> tuple[str, ...]:
    """What must be set before a start under some profiles succeeds: what a load with nothing set complains of.

    Args:
        loaded: A load of the project.
        profiles: Names of the profiles.
    """
    bare = load(loaded.settings_class, environ={}, project_dir=loaded.project_dir, env_file=None, profiles=profiles)
    return tuple(dict.fromkeys(problem.variable for problem in bare.errors if problem.variable in bare.traces))


def required_by_profile(loaded: Loaded, table: VariableTable) -> dict[str, set[str]]:
    """What each profile that could be active requires by itself, by its name.

    Args:
        loaded: A load of the project.
        table: Its name table.
    """
    library = project_library(loaded.project_dir)
    found: dict[str, set[str]] = {}
    for name in library.names:
        wanted = found.setdefault(name, set(required(loaded, (name,))))
        for profile in library.activate((name,), "").layers:  # any of A|B will do, and a load complains of the first
            wanted.update(table.expand(one.strip()) for names in profile.require for one in names.split("|"))
    return found
