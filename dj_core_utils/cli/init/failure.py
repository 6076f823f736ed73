"""Why the new settings are not written: what is different or refused, the likely reason, and what to do next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dj_core_utils.cli.init.report import Line, narrowed, shown
from dj_core_utils.cli.init.starting import NotStarted
from dj_core_utils.settings.report import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.cli.init.comparison import Difference
    from dj_core_utils.cli.init.migration import Attempt
    from dj_core_utils.cli.init.planner import Planner

UNCHANGED = "Nothing was changed: every file of the project is as it was."

_MADE = frozenset({"object", "function", "class"})


def failure_lines(attempt: Attempt, planner: Planner) -> Iterator[Line]:
    """What went wrong with the last attempt, most important first.

    Args:
        attempt: The attempt.
        planner: Knows the old settings and where they are written.
    """
    if isinstance(attempt.after, NotStarted):
        yield from _refused(attempt.after, planner)
    else:
        changed = attempt.comparison.changed if attempt.comparison is not None else ()
        yield Line("FAIL", f"the new settings would not be the same: {count(len(changed), 'setting')} would differ")
        for one in changed:
            yield from _different(one, planner)
        names = " and ".join(one.name for one in changed[:3]) + (", ..." if len(changed) > 3 else "")  # noqa: PLR2004  # as many as a line holds
        yield Line("next", f"write {names} so that the value does not depend on where or when it is made,")
        yield Line("", "or move it into a module of its own and import it from there; then run init again")
    yield Line("", "to see the module that came closest:\npython -m dj_core_utils init --dry-run")


def _refused(after: NotStarted, planner: Planner) -> Iterator[Line]:
    if not after.problems:
        yield Line("FAIL", "the new settings would not start")
        yield Line("raised", "", f"{after.reason}\nlines are counted in the module that would have been written")
        yield Line("next", "say that part of the old settings in another way, and run init again")
        return
    yield Line("FAIL", f"the new settings would not start: {count(len(after.problems), 'value')} would be refused")
    for one in after.problems:
        row = planner.table.get(one.variable)
        names = [name for name in (one.variable, *(row.feeds if row else ())) if planner.source.givers(name)]
        place = f"\n{_place(names[0], planner)}" if names else ""
        yield Line("refused", one.variable or one.id, f"{one.message}\n{one.hint}".strip() + f"{place}  [{one.id}]")
    yield Line("next", "the old settings allow what is refused here: change it there first, and run init again")


def _different(difference: Difference, planner: Planner) -> Iterator[Line]:
    before, after = (shown(difference.name, value) for value in narrowed(difference.before, difference.after))
    text = f"before  {before}\nafter   {after}\nlikely  {_reason(difference, planner)}"
    yield Line("differs", difference.name, f"{text}\n{_place(difference.name, planner)}".rstrip())


def _reason(difference: Difference, planner: Planner) -> str:
    givers = planner.source.givers(difference.name)
    if not givers:
        return "no statement of the old module gives it, so another setting or a package does"
    if any(not one.is_movable for one in givers):
        return "its statement needs the class around it, which the new module does not have"
    if difference.before is not None and difference.before.kind in _MADE:
        return "the module makes it, and what it is depends on the line, the moment or the file it is made in"
    needed = sorted({name for one in givers for name in one.needs if planner.source.givers(name)})
    made = f"computed from {', '.join(needed)}" if needed else "computed when the module runs"
    return f"it is {made}, and that comes out otherwise in another place"


def _place(name: str, planner: Planner) -> str:
    """Where the old settings give a setting: file and line; empty when no line begins with it."""
    for file in planner.source.files:
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.match(rf"\s*{re.escape(name)}\b", line):
                shown_file = file.relative_to(planner.folder) if file.is_relative_to(planner.folder) else file
                return f"at  {shown_file}:{number}"
    return ""
