"""Command lines that say which word was probably meant."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from dj_core_utils.settings.spelling import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

_CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)")
_OPTION = r"(?<![\w-])--[\w-]+"


class Suggesting(ArgumentParser):
    """Ends the message of a wrong call with the command or option that is nearest to what was typed.

    Attributes:
        elsewhere: Words that are known in another place, and how they are written there.
    """

    elsewhere: Mapping[str, str] = MappingProxyType({})

    def parse_known_args(  # type: ignore[override]  # its overloads are those of a namespace of any type
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Any, list[str]]:
        """Parse, and refuse what is not known here, where the options are known that may have been meant."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """End with the usage, the message and what may have been meant.

        Args:
            message: What is wrong.
        """
        suggestion = self._suggestion(message)
        super().error(f"{message}.{suggestion}" if suggestion else message)

    def _suggestion(self, message: str) -> str:
        if choice := _CHOICE.search(message):
            typed, known = choice[1], re.findall(r"[\w-]+", choice[2])
            meant = self.elsewhere.get(typed)
            return f" Did you mean {meant}?" if meant else did_you_mean(typed, known)
        if "arguments are required" in message:
            return f" What there is to choose:  {self.prog} --help"
        known = re.findall(_OPTION, self.format_help())
        return "".join(did_you_mean(typed, known) for typed in re.findall(_OPTION, message)[:1] if typed not in known)
