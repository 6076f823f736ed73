"""``config stubs``: types of the settings, so that editors and type checkers know ``settings.PAGE_SIZE``."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.cli.stub_files import CURRENT, OUTDATED, TYPES_MODULE, stubs
from dj_core_utils.settings.report import command_line, count_problems

if TYPE_CHECKING:
    import argparse

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen

NAME = "stubs"
HELP = "write the types of all settings, for editors, mypy and pyright"
NEEDS_SETTINGS = True

_TYPINGS = "typings"
_COMMAND = "python -m dj_core_utils config stubs"
_WRITTEN = "written"
_WORDS = {CURRENT: "current", _WRITTEN: "wrote"}
_UNUSABLE = f"""\
Not usable: {{problems}}. See what to do:  {{check}}
Without any secrets at hand:  DJANGO_PROFILE=build {_COMMAND}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        help=f"where pyright looks for stubs; by default the folder {_TYPINGS} of the project",
    )
    parser.add_argument("--check", action="store_true", help="write nothing, and end with 1 when a file is out of date")
    parser.add_argument("--json", action="store_true", help="print one object for machines")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Write the stubs that are not current, or say which those are.

    Args:
        inspection: The project.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0; 1 when the configuration cannot be used, a file cannot be written, or with ``--check`` is out of date.
    """
    tell = _tell_machines if options.json else _tell_outdated if options.check else _tell_written
    loaded = inspection.loaded
    if loaded is None or not inspection.is_usable:
        problems, check = count_problems(inspection.all_problems), command_line("check", inspection.module)
        tell(_Outcome({}, error=_UNUSABLE.format(problems=problems, check=check)), screen)
        return 1
    outcome = _Outcome({}, missing=_missing_lines(inspection.module), module=inspection.module)
    for stub in stubs(inspection, loaded, typings=options.out or loaded.project_dir / _TYPINGS, command=_COMMAND):
        name, state = _shown(stub.path), stub.state
        if state != CURRENT and not options.check:
            try:
                _replace(stub.path, stub.text)
            except OSError as error:
                reason = (error.strerror or type(error).__name__).lower()
                tell(outcome._replace(error=f"{name} cannot be written: {reason}."), screen)
                return 1
            state = _WRITTEN
        outcome.files[name] = state
    tell(outcome, screen)
    return 1 if outcome.is_outdated else 0


class _Outcome(NamedTuple):
    """What became of the files.

    Attributes:
        files: The state of each one by its path.
        error: What kept one from being written.
        missing: Lines that the settings module lacks; empty for none.
        module: The settings module.
    """

    files: dict[str, str]
    error: str = ""
    missing: str = ""
    module: str = ""

    @property
    def is_outdated(self) -> bool:
        """Whether a file is not what it should be."""
        return any(state not in (CURRENT, _WRITTEN) for state in self.files.values())


def _tell_machines(outcome: _Outcome, screen: Screen) -> None:
    files = [{"path": path, "state": state} for path, state in outcome.files.items()]
    shown = {"files": files, "missing_lines": outcome.missing, "error": outcome.error}
    screen.write(json.dumps(shown, indent=2, ensure_ascii=False))


def _tell_outdated(outcome: _Outcome, screen: Screen) -> None:
    for path, state in outcome.files.items():
        if state != CURRENT:
            what = "is out of date" if state == OUTDATED else "is not there"
            screen.complain(f"{path} {what}. Write it:  {_COMMAND}")
    if outcome.error:
        screen.complain(outcome.error)


def _tell_written(outcome: _Outcome, screen: Screen) -> None:
    for path, state in outcome.files.items():
        screen.write(f"{_WORDS[state].ljust(7)}  {path}")
    if outcome.error:
        screen.complain(outcome.error)
    elif outcome.missing:
        lines = "".join(f"           {line}".rstrip() + "\n" for line in outcome.missing.splitlines())
        screen.write(f"\nnext     for mypy, put this into {outcome.module}:\n\n{lines}".rstrip("\n"))


def _replace(path: Path, text: str) -> None:
    """Put a whole file in place of the old one, so that nobody ever reads a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_bytes(text.encode())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _missing_lines(module: str) -> str:
    """What the settings module has to say for mypy, unless it does."""
    file = getattr(sys.modules.get(module), "__file__", None)
    source = Path(file).read_text(encoding="utf-8", errors="replace") if file else ""
    if re.search(rf"^\s*from [\w.]*{TYPES_MODULE} import \*", source, re.MULTILINE):
        return ""
    package = module.rpartition(".")[0]
    types = f"{package}.{TYPES_MODULE}" if package else TYPES_MODULE
    return f"from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from {types} import *  # noqa: F403"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
