"""Two sets of profiles side by side: values that differ, what feeds a setting, what is required, which rules apply."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.describe import describe, leaf_of
from dj_core_utils.settings.loading import load
from dj_core_utils.settings.profiles import POLICY_FLAGS, split_names
from dj_core_utils.settings.requirements import required
from dj_core_utils.settings.rule_reading import read_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dj_core_utils.settings.describe import Row
    from dj_core_utils.settings.loading import Loaded
    from dj_core_utils.settings.origins import Trace


class Change(NamedTuple):
    """One variable under both sets.

    Attributes:
        before: Its row under the first set.
        after: Its row under the second one.
        is_equal: Whether the values are the same; masked texts may look alike and hide different secrets.
        is_held: Whether a real source holds it where the profiles by themselves would differ.
    """

    before: Row
    after: Row
    is_equal: bool
    is_held: bool

    def as_json(self) -> dict[str, object]:
        """The change for ``config diff --json``."""
        return {
            "variable": self.after.variable,
            "settings": list(self.after.settings),
            "before": {"value": self.before.value, "origin": self.before.origin},
            "after": {"value": self.after.value, "origin": self.after.origin},
            "secret": self.after.is_secret,
            "equal": self.is_equal,
        }


class Source(NamedTuple):
    """A setting that another variable feeds under the other set.

    Attributes:
        setting: The setting of Django.
        before: The variables that feed it under the first set.
        after: Those under the second one.
    """

    setting: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Comparison(NamedTuple):
    """Two sets of profiles, ``before`` and ``after``.

    Attributes:
        names: How the two sets are called.
        changes: Every variable that has an effect under both, in the order of the name table.
        sources: Settings that other variables feed.
        requires: What must be set before a start, by set.
        policies: ``hardened``, ``local`` and ``build`` as far as they apply, by set.
        rules: How many rules stop a start that only warn elsewhere, by set.
        waived: Ids of rules that are waived, by set.
    """

    names: tuple[str, str]
    changes: tuple[Change, ...]
    sources: tuple[Source, ...]
    requires: tuple[tuple[str, ...], tuple[str, ...]]
    policies: tuple[tuple[str, ...], tuple[str, ...]]
    rules: tuple[int, int]
    waived: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def is_equal(self) -> bool:
        """Whether the two sets come to the same."""
        pairs = (self.requires, self.policies, self.rules, self.waived)
        return not self.sources and all(one.is_equal for one in self.changes) and all(a == b for a, b in pairs)

    def as_json(self) -> dict[str, object]:
        """The comparison for ``config diff --json``: what differs."""
        return {
            "before": self.names[0],
            "after": self.names[1],
            "equal": self.is_equal,
            "changes": [one.as_json() for one in self.changes if not one.is_equal],
            "sources": [
                {"setting": one.setting, "before": list(one.before), "after": list(one.after)} for one in self.sources
            ],
            "held": [one.after.variable for one in self.changes if one.is_held],
            "requires": _sides(self.requires),
            "policies": _sides(self.policies),
            "rules": {"before": self.rules[0], "after": self.rules[1]},
            "waived": _sides(self.waived),
        }


def load_under(present: Loaded, profiles: str) -> Loaded:
    """Load the same project under other profiles; what the environment sets stays set.

    Args:
        present: A load of the project.
        profiles: Their names as ``DJANGO_PROFILE`` lists them.
    """
    path = present.env_file
    # One that is named and missing is reported where it is named.
    env_file = path if path is None or path.is_file() else ...
    return load(
        present.settings_class,
        environ=os.environ,
        project_dir=present.project_dir,
        env_file=env_file,
        profiles=split_names(profiles),
    )


def compare(before: Loaded, after: Loaded) -> Comparison:
    """Compare two loads of one settings class.

    Args:
        before: A load that has settings, good or bad.
        after: Another one.
    """
    pairs = list(_pairs(before, after))
    return Comparison(
        names=(before.profiles.display, after.profiles.display),
        changes=tuple(_change(*pair) for pair in pairs if not any(row.is_idle for _, row, _ in pair)),
        sources=tuple(_sources(pairs)),
        requires=(required(before, before.profiles.requested), required(after, after.profiles.requested)),
        policies=(_policies(before), _policies(after)),
        rules=(_strict_rules(before), _strict_rules(after)),
        waived=(tuple(sorted(before.profiles.waivers)), tuple(sorted(after.profiles.waivers))),
    )


_Side = tuple["Trace", "Row", object]


def _pairs(before: Loaded, after: Loaded) -> Iterator[tuple[_Side, _Side]]:
    """Both sides of every field; its variable may be called otherwise when the name of the service differs."""
    others = {side[0].variable.path: side for side in _sides_of(after)}
    yield from ((side, others[path]) for side in _sides_of(before) if (path := side[0].variable.path) in others)


def _sides_of(loaded: Loaded) -> list[_Side]:
    return [
        (trace, row, leaf_of(loaded.settings, trace.variable)[1] if row.is_usable else trace.used.value)
        for trace, row in zip(loaded.traces.values(), describe(loaded), strict=True)
    ]


def _change(before: _Side, after: _Side) -> Change:
    is_equal = before[2] == after[2]
    is_held = is_equal and all(trace.origin.is_real for trace, _, _ in (before, after))
    return Change(before[1], after[1], is_equal, is_held and _of_profiles(before[0]) != _of_profiles(after[0]))


def _of_profiles(trace: Trace) -> object:
    """What the profiles and the class would say by themselves."""
    return next(candidate.value for candidate in trace.candidates if not candidate.origin.is_real)


def _sources(pairs: Sequence[tuple[_Side, _Side]]) -> Iterator[Source]:
    """Settings with a variable that has an effect under one set alone, where any of these holds a value."""
    feeding: dict[str, tuple[list[str], list[str]]] = {}
    with_value: set[str] = set()
    for before, after in pairs:
        is_later = before[1].is_idle
        if is_later == after[1].is_idle:
            continue
        _, row, value = after if is_later else before
        for setting in row.settings:
            feeding.setdefault(setting, ([], []))[is_later].append(row.variable)
            if value:
                with_value.add(setting)
    for setting, (left, right) in feeding.items():
        if setting in with_value:
            yield Source(setting, tuple(left), tuple(right))


def _policies(loaded: Loaded) -> tuple[str, ...]:
    profiles = loaded.profiles
    holds = {"hardened": profiles.is_hardened, "local": profiles.is_local, "build": profiles.is_build}
    return tuple(name for name in POLICY_FLAGS if holds[name])


def _strict_rules(loaded: Loaded) -> int:
    if loaded.table is None or not loaded.profiles.is_hardened:
        return 0
    waived = {**loaded.settings_class.waivers, **loaded.profiles.waivers}
    return sum(rule.is_hardened(waived) for rule in read_rules(loaded.settings_class, loaded.table.service_name))


def _sides(pair: tuple[Sequence[str], Sequence[str]]) -> dict[str, list[str]]:
    before, after = pair
    return {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
    }
