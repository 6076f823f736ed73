"""Secret files, read and judged once more while the process runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.loading import load
from dj_core_utils.settings.origins import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from dj_core_utils.settings.loading import Loaded

_PLACEHOLDER = "secret.placeholder"

State = tuple[tuple[int, int, int, int] | None, ...]


class Reading(NamedTuple):
    """What a look into the files gave.

    Attributes:
        rendered: The settings that follow; empty when they cannot be used.
        complaints: Why they cannot be used, without any value.
    """

    rendered: Mapping[str, object]
    complaints: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Never the values."""
        return f"Reading({len(self.rendered)} settings, {len(self.complaints)} complaints)"


def watched_files(loaded: Loaded) -> dict[str, Path]:
    """The files that values in use came from, by variable.

    Args:
        loaded: What was exported at the start.
    """
    return {
        name: loaded.project_dir / trace.origin.label
        for name, trace in loaded.traces.items()
        if trace.origin.layer is Layer.FILE
    }


def state_of(paths: Iterable[Path]) -> State:
    """What changes when a file is written, replaced, or reached through another link, as Kubernetes replaces them.

    Args:
        paths: The files; one that is not there has a state, too.
    """
    return tuple(_stat(path) for path in paths)


def _stat(path: Path) -> tuple[int, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def read_again(loaded: Loaded, watched: Mapping[str, Path]) -> Reading:
    """Load the whole configuration as the start did, with every rule, so that nothing is used that a start refuses.

    Args:
        loaded: What was exported at the start.
        watched: The variables that came from files then. One that no longer does is a complaint: a file that is being
            written is empty for a moment, and an empty one counts as not set.
    """
    env_file = loaded.env_file if loaded.env_file is not None and loaded.env_file.is_file() else None
    found = load(
        loaded.settings_class,
        environ=os.environ,
        project_dir=loaded.project_dir,
        env_file=env_file,
        profiles=loaded.profiles.requested,
    )
    refused = [
        problem
        for problem in found.problems
        if problem.severity == "error"
        or (problem.id == _PLACEHOLDER and problem.variable.removesuffix("_FILE") in watched)
    ]
    complaints = [str(problem) for problem in refused]
    complaints += [
        f"{name} ({path}): the file holds no value."
        for name, path in watched.items()
        if name in found.traces and found.traces[name].origin != loaded.traces[name].origin
    ]
    return Reading({}, tuple(complaints)) if complaints else Reading(found.rendered)
