"""``config diff``: two sets of profiles side by side."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.cli.long_lists import shortened
from dj_core_utils.cli.unusable import complain
from dj_core_utils.settings.comparison import compare, load_under
from dj_core_utils.settings.report import count

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from dj_core_utils.cli.inspection import Inspection
    from dj_core_utils.cli.screen import Screen
    from dj_core_utils.settings.comparison import Change, Comparison
    from dj_core_utils.settings.loading import Loaded

NAME = "diff"
HELP = "compare two sets of profiles: values, what feeds a setting, what is required, which rules apply"
NEEDS_SETTINGS = True

_DIFFERENT, _TROUBLE = 1, 2
_INDENT, _GAP, _ARROW = "  ", "  ", "->"
_WIDEST_NAME, _WIDEST_VALUE = 36, 44
_NARROWEST = 24
_STACKED = f"{_INDENT * 2}{' ' * len(_ARROW)} "
_RED, _GREEN = "31", "32"
_PROFILE = "profile."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("before", metavar="PROFILES", help="profiles, such as monolith,development")
    parser.add_argument(
        "after",
        metavar="OTHERS",
        nargs="?",
        help="profiles to compare with; without them the present ones are compared with PROFILES",
    )
    parser.add_argument("--all", action="store_true", help="show variables that are equal, too")
    parser.add_argument("--json", action="store_true", help="print one object for machines")


def run(inspection: Inspection, options: argparse.Namespace, screen: Screen) -> int:
    """Compare, as ``diff`` does.

    Args:
        inspection: The project.
        options: The parsed options.
        screen: Where to write.

    Returns:
        0 when both come to the same, 1 when they differ, 2 when they cannot be compared.
    """
    present = inspection.loaded
    if present is None or present.settings is None:
        complain(inspection, screen)
        return _TROUBLE
    sides = [load_under(present, names) for names in (options.before, options.after) if names is not None]
    if options.after is None:
        sides.insert(0, present)
    if faults := [problem for side in sides for problem in side.errors if problem.id.startswith(_PROFILE)]:
        screen.complain("\n".join(dict.fromkeys(f"{fault.message}\n{fault.hint}".strip() for fault in faults)))
        return _TROUBLE
    found = compare(*sides)
    if options.json:
        screen.write(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        _write(present, found, screen, shows_all=options.all)
    return 0 if found.is_equal else _DIFFERENT


def _write(present: Loaded, found: Comparison, screen: Screen, *, shows_all: bool) -> None:
    number = sum(not one.is_equal for one in found.changes)
    before, after = (names or "no profile" for names in found.names)
    counts = f"{count(number, 'value')} {'differs' if number == 1 else 'differ'}"
    screen.write_headline(present.settings_class.__name__, f"{before} {_ARROW} {after}", counts)
    screen.write("")
    lines = [_line(one) for one in found.changes if shows_all or not one.is_equal]
    lines += [_Line(f"{one.setting} from", _listed(one.before), _listed(one.after)) for one in found.sources]
    lines += [_Line(f"{sign} {words}", names) for sign, words, names in _sets(found)]
    names = min(max((len(line.name) for line in lines), default=0), _WIDEST_NAME)
    widest = max((len(line.before) for line in lines if line.after is not None), default=0)
    values = min(widest, _WIDEST_VALUE)
    if screen.is_terminal:  # both sides get their share
        values = min(values, max((screen.width - names) // 3, _NARROWEST // 2))
    for line in lines:
        screen.write("\n".join(_laid_out(line, names, values, screen)))
    if found.is_equal:
        screen.write(f"{_INDENT}no difference")
    held = [one.after.variable for one in found.changes if one.is_held]
    if held:
        screen.write("\n" + "\n".join(_wrapped(f"Set here, whatever the profiles say: {_listed(held)}", screen, 0)))


class _Line(NamedTuple):
    """A name with one text, or with a text for each side."""

    name: str
    before: str
    after: str | None = None


def _line(change: Change) -> _Line:
    before, after = shortened(change.before.text), shortened(change.after.text)
    if change.is_equal:
        return _Line(change.after.variable, before)
    # Two secrets of one length look alike.
    return _Line(change.after.variable, before, f"{after} (another)" if before == after else after)


def _sets(found: Comparison) -> Iterator[tuple[str, str, str]]:
    """What one side has and the other has not: a sign, what it is, which."""
    for words, (before, after) in (("requires", found.requires), ("policy", found.policies), ("waives", found.waived)):
        for sign, names in (
            ("+", [name for name in after if name not in before]),
            ("-", [name for name in before if name not in after]),
        ):
            if names:
                yield sign, words, _listed(names)
    rules = found.rules[1] - found.rules[0]
    if rules:
        yield "+" if rules > 0 else "-", "rules", f"{abs(rules)} (hardened): they stop a start, and only warn elsewhere"


def _laid_out(line: _Line, names: int, values: int, screen: Screen) -> Iterator[str]:
    indent = len(_INDENT) + names + len(_GAP)
    label = f"{_INDENT}{line.name.ljust(names)}{_GAP}"
    if line.after is None:
        first, *more = _wrapped(line.before, screen, indent)
        yield f"{label}{first}"
        yield from (f"{' ' * indent}{text}" for text in more)
    elif not screen.is_terminal or len(label) + max(values, len(line.before)) + len(line.after) + 4 <= screen.width:
        before = screen.paint(line.before, _RED) + " " * (values - len(line.before))
        yield f"{label}{before} {_ARROW} {screen.paint(line.after, _GREEN)}"
    else:
        yield f"{_INDENT}{line.name}"
        for arrow, colour, side in ((" " * len(_ARROW), _RED, line.before), (_ARROW, _GREEN, line.after)):
            first, *more = _wrapped(side, screen, len(_STACKED))
            yield f"{_INDENT * 2}{arrow} {screen.paint(first, colour)}"
            yield from (f"{_STACKED}{screen.paint(text, colour)}" for text in more)


def _wrapped(text: str, screen: Screen, indent: int) -> list[str]:
    if not screen.is_terminal:
        return [text]
    return textwrap.wrap(text, max(screen.width - indent, _NARROWEST), break_on_hyphens=False) or [""]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "-"
