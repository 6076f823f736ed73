"""Tries plans until the new settings are the old ones; nothing is written into the project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.cli.init.comparison import Comparison, compare
from dj_core_utils.cli.init.dotenv_text import dotenv_text
from dj_core_utils.cli.init.module_text import module_text
from dj_core_utils.cli.init.starting import NotStarted, Started, Trial, start

if TYPE_CHECKING:
    from pathlib import Path

    from dj_core_utils.cli.init.plan import Plan
    from dj_core_utils.cli.init.planner import Planner

# What Pydantic says of a default in a class body.
_INVALID = re.compile(r"validation errors? for (\w+)")
_LEAF = re.compile(r"^(\w+)(?:\.\S+)?$", re.MULTILINE)


class Attempt(NamedTuple):
    """A plan, its files, and what Django made of them.

    Attributes:
        plan: The plan.
        text: The settings module.
        dotenv: The new ``.env``.
        after: The new settings, or why they do not start.
        comparison: What is different; None when they do not start.
    """

    plan: Plan
    text: str
    dotenv: str
    after: Started | NotStarted
    comparison: Comparison | None

    @property
    def is_equal(self) -> bool:
        """Whether nothing that matters has changed."""
        return self.comparison is not None and not self.comparison.changed


def migrate(planner: Planner, folder: Path, dotenv: str) -> Attempt:
    """Find the plan that changes nothing, with as much in the class as can be.

    Args:
        planner: Makes plans.
        folder: The project's folder.
        dotenv: The text of ``.env`` as it is.

    Returns:
        The last attempt; whether it succeeded is for the caller to see.
    """
    attempt = _attempt(planner, folder, dotenv)
    while not attempt.is_equal and _learn(planner, attempt):  # which ends, as no setting is said more plainly twice
        attempt = _attempt(planner, folder, dotenv)
    return attempt


def _attempt(planner: Planner, folder: Path, dotenv: str) -> Attempt:
    plan = planner.plan()
    text = module_text(plan)
    lines = dotenv_text(dotenv, plan.dotenv.values())
    after = start(folder, planner.before.module, trial=Trial(planner.before.module, text, lines))
    comparison = compare(planner.original, after) if isinstance(after, Started) else None
    return Attempt(plan, text, lines, after, comparison)


def _learn(planner: Planner, attempt: Attempt) -> bool:
    """Say what came out wrong in a plainer way; False when there is no plainer way."""
    if isinstance(attempt.after, NotStarted):
        names = [planner.demote_variable(one.variable) for one in attempt.after.problems]
        found = _INVALID.search(attempt.after.raised)
        leaves = set(_LEAF.findall(attempt.after.raised)) if found else set()
        names += [planner.demote_leaf(found[1], leaf) for leaf in sorted(leaves) if found]
        return True in names
    planner.exported = attempt.after.declared
    changed = attempt.comparison.changed if attempt.comparison else ()
    return True in [planner.demote(one.name) for one in changed]
