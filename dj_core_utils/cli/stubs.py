"""``config stubs``: types of the settings, so that editors and type checkers know ``settings.PAGE_SIZE``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dj_core_utils.cli.stub_files import TYPES_MODULE, Stub, stubs
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        help=f"where pyright looks for stubs; by default the folder {_TYPINGS} of the project",
    )
    parser.add_argument("--check", action="store_true", help="write nothing, and end with 1 when a file is out of date")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Write the stubs that are not current, or say which those are.

    Args:
        inspection: The project.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0; 1 when the configuration cannot be used, a file cannot be written, or with ``--check`` is out of date.
    """
    loaded = inspection.loaded
    if loaded is None or not inspection.is_usable:
        screen.complain(
            f"Not usable: {count_problems(inspection.all_problems)}. "
            f"See what to do:  {command_line('check', inspection.module)}\n"
            f"Without any secrets at hand:  DJANGO_PROFILE=build {_COMMAND}"
        )
        return 1
    found = stubs(inspection, loaded, typings=options.out or loaded.project_dir / _TYPINGS, command=_COMMAND)
    if options.check:
        return _check(found, screen)
    for stub in found:
        if not _save(stub, screen):
            return 1
    _advise(inspection.module, screen)
    return 0


def _check(found: tuple[Stub, ...], screen: Screen) -> int:
    outdated = [stub for stub in found if not stub.is_current]
    for stub in outdated:
        state = "is out of date" if stub.path.exists() else "is not there"
        screen.complain(f"{_shown(stub.path)} {state}. Write it:  {_COMMAND}")
    return 1 if outdated else 0


def _save(stub: Stub, screen: Screen) -> bool:
    if stub.is_current:
        screen.write(f"current  {_shown(stub.path)}")
        return True
    try:
        _replace(stub.path, stub.text)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        screen.complain(f"{_shown(stub.path)} cannot be written: {reason}.")
        return False
    screen.write(f"wrote    {_shown(stub.path)}")
    return True


def _replace(path: Path, text: str) -> None:
    """Put a whole file in place of the old one, so that nobody ever reads a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        new.write_bytes(text.encode())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _advise(module: str, screen: Screen) -> None:
    """Say what the settings module lacks, if anything."""
    file = getattr(sys.modules.get(module), "__file__", None)
    source = Path(file).read_text(encoding="utf-8", errors="replace") if file else ""
    if re.search(rf"^\s*from [\w.]*{TYPES_MODULE} import \*", source, re.MULTILINE):
        return
    package = module.rpartition(".")[0]
    types = f"{package}.{TYPES_MODULE}" if package else TYPES_MODULE
    screen.write(
        f"\nnext     for mypy, put this into {module}:\n\n"
        "           from typing import TYPE_CHECKING\n\n"
        f"           if TYPE_CHECKING:\n               from {types} import *  # noqa: F403"
    )


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
