"""The commands under ``config``, the same ones for ``manage.py`` and for ``python -m dj_core_utils``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Protocol

from dj_core_utils.cli import check, diff, docs, env, explain, keygen, schema, show, stubs
from dj_core_utils.cli.suggestions import Suggesting

if TYPE_CHECKING:
    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen

HELP = "look at the configuration: values, where they come from, problems"


class Command(Protocol):
    """A module that is one command.

    Attributes:
        NAME: The word that calls it.
        HELP: What it does, in one line.
        NEEDS_SETTINGS: Whether it is about a settings module; the others work anywhere.
    """

    NAME: str
    HELP: str
    NEEDS_SETTINGS: bool

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options of the command."""

    def run(self, inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
        """Do it.

        Args:
            inspection: What is known of the project.
            options: The parsed options.
            screen: Where to write.

        Returns:
            The exit status.
        """


COMMANDS: tuple[Command, ...] = (show, explain, diff, check, env, docs, schema, keygen, stubs)


def add_commands(parser: argparse.ArgumentParser, parser_class: type[Suggesting] = Suggesting) -> None:
    """Give a parser one sub-parser for each command; ``options.command`` is then the one that was called.

    Args:
        parser: The parser of ``config``.
        parser_class: Makes the parsers of the commands.
    """
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=parser_class)
    for command in COMMANDS:
        # Django's help shows the description, argparse's list the help.
        description = f"{command.HELP[0].upper()}{command.HELP[1:]}."
        own = commands.add_parser(command.NAME, help=command.HELP, description=description)
        own.add_argument(
            "--settings",
            metavar="MODULE",
            default=argparse.SUPPRESS,
            help="settings module, such as users.settings; by default the one that manage.py uses",
        )
        command.add_arguments(own)
        own.set_defaults(command=command)
