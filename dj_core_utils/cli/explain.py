"""``config explain``: the whole history of a variable, or of everything that a setting is made from."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from dj_core_utils.cli.long_lists import shortened
from dj_core_utils.cli.unusable import complain
from dj_core_utils.settings.env_template import LOADING
from dj_core_utils.settings.final_settings import reassigned
from dj_core_utils.settings.history import histories
from dj_core_utils.settings.naming import find_variables, near_names
from dj_core_utils.settings.profiles import PROFILE_VARIABLE
from dj_core_utils.settings.quoting import quoted
from dj_core_utils.settings.report import count
from dj_core_utils.settings.service_addresses import own_variable
from dj_core_utils.settings.sources import ENV_FILE_VARIABLE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterator, Mapping

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen
    from dj_core_utils.settings.history import History
    from dj_core_utils.settings.loading import Loaded
    from dj_core_utils.settings.naming import Named
    from dj_core_utils.settings.variables import VariableTable

NAME = "explain"
HELP = "tell the whole history of a variable: every layer, who requires it, which rules look at it"
NEEDS_SETTINGS = True

_WRONG_CALL = 2
_USED = "  <- used"
_NOT_SET = "not set"
_INDENT, _GAP = "  ", "  "
_DIM, _GREEN, _RED = "2", "1;32", "1;31"
_WIDEST_PLACE = 40
_LABEL = 13
_NARROWEST = 24
_LOADING = {entry.name: entry for entry in LOADING}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="variable (JWT_LEEWAY), Django setting (DATABASES), field (jwt.leeway) or section (jwt), in any case",
    )
    parser.add_argument("--reveal", action="store_true", help="show secrets in clear")
    parser.add_argument("--json", action="store_true", help="print a list of objects for machines")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Explain what the names mean.

    Args:
        inspection: The project.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0; 1 when the configuration cannot be used; 2 for a name that nobody knows.
    """
    loaded = inspection.loaded
    if loaded is None or loaded.table is None or loaded.settings is None:
        if options.json:
            screen.write("[]")
        complain(inspection, screen)
        return 1
    if unknown := [
        name for name in options.names if not find_variables(name, loaded.table).variables and not _is_loading(name)
    ]:
        services = {own_variable(service): service for service in loaded.settings.service.addressable}
        screen.complain("\n".join(_unknown(name, loaded.table, services) for name in unknown))
        return _WRONG_CALL
    found = [(name, find_variables(name, loaded.table)) for name in options.names]
    wanted = {variable for _, named in found for variable in named.variables}
    known = {
        history.variable.name: history for history in histories(loaded, loaded.table, wanted, reveal=options.reveal)
    }
    if options.json:
        steering = [_loading_json(name.upper(), loaded) for name in options.names if _is_loading(name)]
        objects = [*steering, *(history.as_json() for history in known.values())]
        screen.write(json.dumps(objects, indent=2, ensure_ascii=False))
    else:
        sheet = _Sheet(screen, loaded, reassigned(loaded, inspection.namespace), is_revealing=options.reveal)
        blocks = [
            sheet.loading(name.upper()) if _is_loading(name) else sheet.named(named, known) for name, named in found
        ]
        screen.write("\n\n".join("\n".join(block) for block in blocks))
    if not inspection.is_usable:
        complain(inspection, screen)
    return 0 if inspection.is_usable else 1


def _is_loading(name: str) -> bool:
    return name.upper() in _LOADING


def _loading_value(name: str, loaded: Loaded) -> str:
    """What steers the load; empty where it is not set."""
    if name == PROFILE_VARIABLE:
        return loaded.profiles.display
    return str((loaded.env_file if name == ENV_FILE_VARIABLE else loaded.secrets_dir) or "")


def _loading_json(name: str, loaded: Loaded) -> dict[str, object]:
    """The same, as far as it applies, that is said of a variable of the settings."""
    return {**_LOADING[name].as_json(), "value": _loading_value(name, loaded) or None}


def _unknown(name: str, table: VariableTable, services: Mapping[str, str]) -> str:
    if service := services.get(name.upper()):
        return f"{name.upper()} is not set. It would say where {service} lives, before SERVICE_URLS does."
    near = near_names(name, table)
    did_you_mean = f" Did you mean {' or '.join(near)}?" if near else ""
    return f"There is no variable, setting, field or section {quoted(name)}.{did_you_mean}"


class _Sheet:
    """The text of an explanation."""

    def __init__(self, screen: Screen, loaded: Loaded, changed: Collection[str], *, is_revealing: bool) -> None:
        self.screen = screen
        self.loaded = loaded
        self.changed = changed
        # A secret that is shown is to be copied: in one piece.
        self.width = screen.width if screen.is_terminal and not is_revealing else 0
        self.fitted = str if is_revealing else shortened

    def named(self, named: Named, known: Mapping[str, History]) -> Iterator[str]:
        """What a name of one variable or of several means."""
        if named.note:
            yield from (named.note, "")
        if named.kind == "variable":
            yield from self._variable(known[named.variables[0]])
            return
        asked = [known[name] for name in named.variables]
        chosen = [one for one in asked if one.row.is_set]
        verb = "is made from" if named.kind == "setting" else "is a section of"
        yield f"{self.screen.bold(named.name)} {verb} {count(len(asked), 'variable')}, {len(chosen)} set."
        for one in chosen:
            yield ""
            yield from self._variable(one)
        rest = [one.variable.name for one in asked if one not in chosen]
        if rest:
            yield ""
            yield from self._wrap(f"At their defaults: {', '.join(rest)}")

    def loading(self, name: str) -> Iterator[str]:
        """What steers the load itself."""
        yield from self._headline(name, _loading_value(name, self.loaded) or _NOT_SET)
        yield from self._wrap(_LOADING[name].description)
        if name == PROFILE_VARIABLE:
            yield ""
            for profile in reversed(self.loaded.profiles.layers):
                yield from self._columns(profile.name, f"{profile.description} ({profile.path})", _LABEL)

    def _variable(self, history: History) -> Iterator[str]:
        row, variable = history.row, history.variable
        yield from self._headline(variable.name, self.fitted(row.text))
        if variable.description:
            yield from self._wrap(variable.description)
        for problem in history.problems:
            yield from (self.screen.paint(line, _RED) for line in self._wrap(f"{problem.message} [{problem.id}]"))
            yield from (line for hint in problem.hint.splitlines() for line in self._wrap(hint))
        if row.is_idle:
            yield from self._wrap("It has no effect now: something else takes its place.")
        for name in variable.feeds:
            if name in self.changed:
                yield from self._wrap(f"Django does not use it: the settings module assigns {name} itself.")
        yield ""
        yield from self._layers(history)
        yield ""
        for label, text in _facts(history, self.loaded):
            yield from self._columns(label, text, _LABEL)
        for number, rule in enumerate(history.rules):
            yield from self._columns("" if number else "rules", f"{rule.id}: {rule.about} ({rule.strength})", _LABEL)

    def _headline(self, name: str, value: str) -> Iterator[str]:
        first, *more = self._wrap(f"{name} = {value}")
        yield f"{self.screen.bold(name)}{first.removeprefix(name)}"
        yield from more

    def _layers(self, history: History) -> Iterator[str]:
        widest = min(max(len(says.place) for says in history.layers), _WIDEST_PLACE)
        for says in history.layers:
            text = _NOT_SET if says.text is None else self.fitted(says.text)
            lines = self._columns(says.place, f"{text}{_USED}" if says.is_used else text, widest)
            colour = _GREEN if says.is_used else _DIM if says.text is None else ""
            yield from (self.screen.paint(line, colour) if colour else line for line in lines)

    def _columns(self, label: str, text: str, widest: int) -> Iterator[str]:
        """A label with a text beside it that continues below itself."""
        first, *more = self._wrap(text, len(_INDENT) + max(widest, len(label)) + len(_GAP))
        yield f"{_INDENT}{label.ljust(widest)}{_GAP}{first}"
        yield from (f"{_INDENT}{' ' * widest}{_GAP}{line}" for line in more)

    def _wrap(self, text: str, indent: int = 0) -> list[str]:
        if not self.width:
            return [text]
        room = max(self.width - indent, _NARROWEST)
        return textwrap.wrap(text, room, break_on_hyphens=False) or [""]


def _facts(history: History, loaded: Loaded) -> Iterator[tuple[str, str]]:
    variable = history.variable
    yield "type", history.type
    yield "default", history.default
    if variable.example:
        yield "example", variable.example
    yield "in code", variable.dotted
    checks = f"; check {', '.join(history.checks)}" if history.checks else ""
    yield "Django", f"{', '.join(variable.feeds)}{checks}"
    others = [row.name for row in (loaded.table or {}).values() if variable.name in row.feeds and row is not variable]
    if others:
        yield "together with", ", ".join(others)
    yield "secret", "yes" if variable.is_secret else "no"
    yield "required by", ", ".join(f"profile {name}" for name in history.required_by) or "no profile"
    if history.retired_names:
        yield "earlier names", ", ".join(history.retired_names)
    if history.not_read:
        yield "not read", ", ".join(history.not_read)
