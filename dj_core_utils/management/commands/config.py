"""``manage.py config``: look at the configuration of this project."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from dj_core_utils.cli.commands import HELP, add_commands
from dj_core_utils.cli.inspection import SETTINGS_VARIABLE, inspect_module, inspect_process
from dj_core_utils.cli.screen import Screen
from dj_core_utils.cli.suggestions import Suggesting

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from dj_core_utils.cli.inspection import Inspection

_WRONG_CALL = 2
_SWITCHES = ("--no-color", "--force-color", "--traceback")


class _Parser(Suggesting, CommandParser):
    """Django's own, with suggestions. That of a single command takes the options of ``manage.py`` behind it, too."""

    def __init__(self, **kwargs: Any) -> None:
        """Make a parser for one of the commands.

        Args:
            **kwargs: For the parser.
        """
        super().__init__(**kwargs)
        for option in _SWITCHES:
            self.add_argument(option, action="store_true", default=SUPPRESS, help=SUPPRESS)
        self.add_argument("--pythonpath", default=SUPPRESS, help=SUPPRESS)


class Command(BaseCommand):
    """The commands under ``config``.

    With a broken configuration Django does not come to it; ``dj_core_utils.settings.uncaught`` runs it then, without
    the settings.
    """

    help = f"{HELP.capitalize()}."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """The parser of Django, which names no class of its own to make.

        Args:
            prog_name: What was called.
            subcommand: ``config``.
            **kwargs: For the parser.
        """
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = _Parser
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the commands."""
        add_commands(parser, _Parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Run one of them.

        Raises:
            SystemExit: Its status is not 0.
        """
        command = options["command"]
        if command is None:
            self.print_help(Path(sys.argv[0]).name, "config")
            sys.exit(_WRONG_CALL)
        colour = True if options["force_color"] else False if options["no_color"] else None
        # Django wraps its streams, and its types do not say that they are still streams of text.
        screen = Screen.of(cast("TextIO", self.stdout), cast("TextIO", self.stderr), colour=colour)
        try:
            status = command.run(_inspection(), Namespace(**options), screen)
            self.stdout.flush()
        except BrokenPipeError:
            Screen.close()
            status = 1
        if status:
            sys.exit(status)


def _inspection() -> Inspection:
    """What Django has started with, or what keeps it from starting."""
    if settings.configured:
        return inspect_process(settings.SETTINGS_MODULE)
    return inspect_module(os.environ[SETTINGS_VARIABLE])
