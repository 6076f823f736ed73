"""From typed settings to a verdict: rules, what profiles require, and what a project waives with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.rules import RuleContext, guarded, rules_of, run_rules
from dj_core_utils.settings.spelling import did_you_mean
from dj_core_utils.settings.variables import section_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.origins import Trace
    from dj_core_utils.settings.profiles import ActiveProfiles, Profile
    from dj_core_utils.settings.variables import VariableTable


class Verdict:
    """What the rules say.

    Attributes:
        problems: What is wrong.
        waived: What a profile or the class accepts, each with its reason as the hint.
        silenced: Ids of Django's checks that say the same as a waived rule.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.waived: list[Problem] = []
        self.silenced: list[str] = []


class Judge(NamedTuple):
    """Judges one load.

    Attributes:
        settings: The typed settings.
        failed: Paths of leaves that no rule may read.
        table: The variables.
        traces: Their histories.
        profiles: The active profiles.
        project_dir: What relative paths are relative to.
        names: Every name that the text sources set, with its origin.
    """

    settings: CoreSettings
    failed: Collection[tuple[str, ...]]
    table: VariableTable
    traces: Mapping[str, Trace]
    profiles: ActiveProfiles
    project_dir: Path
    names: Mapping[str, str]

    def verdict(self, reported: Iterable[str]) -> Verdict:
        """Run every rule, then see whether everything that is required is there.

        Args:
            reported: Variables that already have a problem, and are not called missing on top.
        """
        found = Verdict()
        context = RuleContext(
            guarded(self.settings, self.failed),
            table=self.table,
            traces=self.traces,
            profiles=self.profiles,
            project_dir=self.project_dir,
            names=self.names,
        )
        parts = {(): type(self.settings), **dict(_sections(self.settings, ()))}
        waivers = {**self.settings.waivers, **self.profiles.waivers}
        rules = {known.id: known for part in parts.values() for known in rules_of(part).values()}
        found.problems += _unknown_waivers(waivers, rules)
        for problem in run_rules(context, parts):
            if problem.is_policy and problem.id in waivers:
                found.waived.append(problem._replace(hint=waivers[problem.id], severity="warning"))
                found.silenced += rules[problem.id].checks if problem.id in rules else ()
            elif not self._is_throw_away(problem):
                found.problems.append(_unwaived(problem) if problem.id in waivers else problem)
        reported_now = {*reported, *(problem.variable for problem in found.problems)}
        found.problems += self._missing(context, reported_now)
        return found

    def _is_throw_away(self, problem: Problem) -> bool:
        """Whether a rule complains of a value that only serves to build an image, or of its absence there."""
        if not self.profiles.is_build or problem.id == "code.failed":
            return False
        trace = self.traces.get(problem.variable)
        return trace is None or not trace.origin.is_real

    def _missing(self, context: RuleContext, reported: set[str]) -> Iterator[Problem]:
        if self.profiles.is_build:
            return
        for profile in self.profiles.layers:
            for wanted in profile.require:
                names = [self.table.expand(name.strip()) for name in wanted.split("|")]
                unknown = [name for name in names if name not in self.table]
                yield from (self._unreadable(name, profile) for name in unknown)
                if not unknown and not any(context.is_set(name) or name in reported for name in names):
                    reported.add(names[0])
                    yield self._required(profile.name, names)

    def _unreadable(self, name: str, profile: Profile) -> Problem:
        unread = f"required, but nothing reads this.{did_you_mean(name, self.table)}"
        return Problem(
            id="profile.require",
            variable=name,
            origin=profile.origin.label,
            message=unread if name else "a name in require is empty.",
            hint=f"in {profile.path}",
        )

    def _required(self, profile: str, names: list[str]) -> Problem:
        row = self.table.get(names[0])
        others = f" {' or '.join(names[1:])} will do, too." if names[1:] else ""
        return Problem(
            id="variable.required",
            variable=names[0],
            message=f"required by profile {profile}.{others}",
            hint=f"for example  {row.example}" if row is not None and row.example else "",
        )


def _sections(model: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    for name, info in type(model).model_fields.items():
        if section_class(info.annotation) is not None:
            inner = getattr(model, name)
            yield (*path, name), type(inner)
            yield from _sections(inner, (*path, name))


def _unwaived(problem: Problem) -> Problem:
    """A problem that somebody has tried to waive."""
    return problem._replace(hint=f"{problem.hint}\nthe waiver has no effect: this cannot be waived".lstrip())


def _unknown_waivers(waivers: Mapping[str, str], rules: Collection[str]) -> Iterator[Problem]:
    for waived in waivers:
        if waived not in rules:
            yield Problem(
                id="waiver.unknown",
                variable=waived,
                origin="waivers",
                message=f"there is no such rule to waive.{did_you_mean(waived, rules)}",
            )
