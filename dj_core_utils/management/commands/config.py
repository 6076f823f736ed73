"""``manage.py config``: look at the configuration of this project."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from dj_core_utils.cli.commands import HELP, add_commands
from dj_core_utils.cli.inspection import inspect_process
from dj_core_utils.cli.screen import Screen
from dj_core_utils.cli.suggestions import Suggesting

if TYPE_CHECKING:
    from argparse import ArgumentParser

_WRONG_CALL = 2


class _Parser(Suggesting, CommandParser):
    """Django's own, with suggestions."""


class Command(BaseCommand):
    """The commands under ``config``.

    With a broken configuration Django prints the report before it comes to any command; ``python -m dj_core_utils
    config`` works then, too.
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
            status = command.run(inspect_process(settings.SETTINGS_MODULE), Namespace(**options), screen)
            self.stdout.flush()
        except BrokenPipeError:
            Screen.close()
            status = 1
        if status:
            sys.exit(status)
