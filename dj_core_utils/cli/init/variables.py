"""Whether what deployments set today is still heard: both settings start once more, with other values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.cli.init.comparison import compare
from dj_core_utils.cli.init.starting import Started, Trial, start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dj_core_utils.cli.init.migration import Attempt
    from dj_core_utils.cli.init.planner import Planner
    from dj_core_utils.cli.init.reads import Read
    from dj_core_utils.cli.init.terms import Term

_PROBES = {
    "db": "sqlite:////tmp/probe.sqlite3",
    "cache": "locmemcache://",
    "dict": "probe=4711",
    "email": "smtp://probe.example.com:25",
}
_TEXT = "probe-w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
_KNOWN = {"TIME_ZONE": "Europe/Paris", "LANGUAGE_CODE": "fr", "ALLOWED_HOSTS": "probe.example.com"}


def unheard(planner: Planner, attempt: Attempt, folder: Path) -> dict[str, tuple[str, ...]]:
    """Settings that follow their variables in another way than before.

    Every variable that the old settings read gets another value, for both, and the settings are compared again.

    Args:
        planner: Knows what the old settings read.
        attempt: The new settings.
        folder: The project's folder.

    Returns:
        Names of settings, each with the variables that the old module read for it.
    """
    probes = list(_probes(planner))
    values = {read.name: _probe(setting, read, planner.before.values[setting]) for setting, read in probes}
    names = _different(planner, attempt, folder, values) if values else ()
    return {name: tuple(sorted({read.name for setting, read in probes if setting == name})) for name in names}


def _different(planner: Planner, attempt: Attempt, folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    module = planner.before.module
    old = start(folder, module, environ=environ)
    if not isinstance(old, Started):
        return ()  # they do not take such a value, so nobody sets one
    new = start(folder, module, trial=Trial(module, attempt.text, attempt.dotenv), environ=environ)
    if not isinstance(new, Started):
        return ("the start",)
    known = old._replace(values={name: value for name, value in old.values.items() if name in planner.before.values})
    return tuple(one.name for one in compare(known, new).changed)


def _probes(planner: Planner) -> Iterator[tuple[str, Read]]:
    for statement in planner.source.statements:
        reads = planner.reads.within(statement.value, statement.target) if statement.value is not None else []
        if statement.target in planner.before.values:
            yield from ((statement.target, read) for read in reads)


def _probe(setting: str, read: Read, value: Term) -> str:
    """A value that the variable does not have now, of the kind that it is read as."""
    if read.cast in _PROBES:
        return _PROBES[read.cast]
    if value.kind == "bool":
        return "False" if value.content else "True"
    if value.kind in {"int", "float"} or read.name.endswith("_PORT"):
        return "4711"
    return _KNOWN.get(setting, _TEXT)
