"""``python -m dj_core_utils``: the commands of ``manage.py config``, also where no settings module can be imported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dj_core_utils
from dj_core_utils.cli.commands import COMMANDS, HELP, add_commands
from dj_core_utils.cli.elsewhere import project_elsewhere
from dj_core_utils.cli.init import command as init
from dj_core_utils.cli.inspection import SETTINGS_VARIABLE, Inspection, find_module, inspect_module
from dj_core_utils.cli.screen import Screen
from dj_core_utils.cli.suggestions import Suggesting

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_WRONG_CALL = 2
_NO_SETTINGS = f"""\
Which settings? There is no manage.py here that names any, and {SETTINGS_VARIABLE} is not set.
Go to the folder of manage.py{{place}}, or name them:  \
python -m dj_core_utils config {{command}} --settings users.settings
A project of any kind is brought over, and a new one made, by:  python -m dj_core_utils init"""


def main(arguments: Sequence[str]) -> int:
    """Run a command.

    Args:
        arguments: What stands behind the name of the program.

    Returns:
        The exit status: 0, 1 for a configuration that cannot be used, 2 for a wrong call.
    """
    options = _parser().parse_args(arguments)
    if options.version:
        sys.stdout.write(f"dj-core-utils {dj_core_utils.__version__}\n")
        return 0
    if options.command is None:
        options.shown.print_help(sys.stderr)
        return _WRONG_CALL
    screen = Screen.of(sys.stdout, sys.stderr)
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    if options.command is init:
        return init.run(options, screen, Path.cwd())
    module = options.settings or find_module(Path.cwd())
    if options.command.NEEDS_SETTINGS and not module:
        way = project_elsewhere(Path.cwd())
        place = f" (cd {way})" if way else ""
        screen.complain(_NO_SETTINGS.format(command=options.command.NAME, place=place))
        return _WRONG_CALL
    inspection = inspect_module(module) if module else Inspection(module="", loaded=None, namespace={})
    return int(options.command.run(inspection, options, screen))


def _parser() -> argparse.ArgumentParser:
    parser = Suggesting(
        prog="python -m dj_core_utils", description="Typed, profiled configuration for Django services."
    )
    parser.add_argument("--version", action="store_true", help="show the version of this package and exit")
    parser.elsewhere = {command.NAME: f"config {command.NAME}" for command in COMMANDS}
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    start = commands.add_parser(init.NAME, help=init.HELP, description=init.DESCRIPTION)
    init.add_arguments(start)
    config = commands.add_parser("config", help=HELP, description=f"{HELP.capitalize()}.")
    config.add_argument("--settings", metavar="MODULE", help="settings module, such as users.settings")
    parser.set_defaults(shown=parser)
    config.set_defaults(shown=config)
    start.set_defaults(command=init)
    add_commands(config)
    return parser


def run() -> None:
    """Run with the arguments of this process, and end it."""
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        Screen.close()
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    run()
