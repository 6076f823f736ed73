"""Opting out of a policy: explicit, with a reason, and never of what is simply wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.rules import RuleContext, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.errors import Problem
    from tests.settings.conftest import LoadFrom


class Strict(CoreSettings):
    """A class with one policy and one rule."""

    @rule("own.policy", checks=("security.W999",))
    def policy(self, context: RuleContext) -> Iterator[Problem]:
        """Always complains."""
        yield context.policy("TIME_ZONE", "not in production")

    @rule("own.wrong")
    def wrong(self, context: RuleContext) -> Iterator[Problem]:
        """Complains of one zone."""
        if self.time_zone == "Asia/Tokyo":
            yield context.problem("TIME_ZONE", "always wrong")


HARDENED = {"profiles/hard.toml": "[policy]\nhardened = true\n"}


def test_a_policy_is_a_warning_until_a_profile_is_hardened(load_from: LoadFrom) -> None:
    """The same rule warns in development and stops a hardened start."""
    soft = [problem for problem in load_from(Strict).problems if problem.id == "own.policy"]
    hard = load_from(Strict, files=HARDENED, profiles=["development", "hard"])
    assert [problem.severity for problem in soft] == ["warning"]
    assert [problem.severity for problem in hard.problems if problem.id == "own.policy"] == ["error"]


def test_a_waived_policy_silences_its_django_check(load_from: LoadFrom) -> None:
    """The reason is kept, the problem is gone, and SILENCED_SYSTEM_CHECKS names Django's twin."""

    class Waiving(Strict):
        waivers = {"own.policy": "the proxy does it"}

    loaded = load_from(Waiving)
    assert [problem.id for problem in loaded.problems if problem.id == "own.policy"] == []
    (waived,) = (problem for problem in loaded.waived if problem.id == "own.policy")
    assert waived.hint == "the proxy does it"
    assert "security.W999" in loaded.rendered["SILENCED_SYSTEM_CHECKS"]  # type: ignore[operator]  # a list


def test_a_profile_can_waive(load_from: LoadFrom) -> None:
    """Operations people waive in a profile, with a reason."""
    files = {"profiles/hard.toml": '[policy]\nhardened = true\n[policy.waivers]\n"own.policy" = "agreed"\n'}
    loaded = load_from(Strict, files=files, profiles=["development", "hard"])
    assert "own.policy" in [problem.id for problem in loaded.waived]


def test_what_is_wrong_cannot_be_waived(load_from: LoadFrom) -> None:
    """A waiver does not hide an error that is no matter of policy."""

    class Waiving(Strict):
        waivers = {"own.wrong": "please"}

    (problem,) = load_from(Waiving, {"TIME_ZONE": "Asia/Tokyo"}).errors
    assert (problem.id, problem.hint) == ("own.wrong", "the waiver has no effect: this cannot be waived")


def test_debug_cannot_be_waived_in_production(load_from: LoadFrom) -> None:
    """Neither by the class nor by a profile, and a profile cannot call production local."""

    class Waiving(CoreSettings):
        waivers = {"security.debug": "please"}

    profile = "policy.local = true\n[policy.waivers]\n'security.debug' = 'please'\n[settings]\ndebug = true\n"
    loaded = load_from(Waiving, files={"profiles/own.toml": profile}, profiles=["monolith", "production", "own"])
    (problem,) = (problem for problem in loaded.problems if problem.id == "security.debug")
    assert (problem.severity, problem.is_policy, problem.origin) == ("error", False, "profile own")
    assert problem.hint == "set DEBUG=false\nthe waiver has no effect: this cannot be waived"
    assert "security.debug" not in [waived.id for waived in loaded.waived]


def test_a_waiver_of_no_rule_is_an_error(load_from: LoadFrom) -> None:
    """A misspelt waiver is answered with the nearest rule."""

    class Waiving(Strict):
        waivers = {"own.polcy": "typo"}

    (problem,) = (problem for problem in load_from(Waiving).errors if problem.id == "waiver.unknown")
    assert problem.message == "there is no such rule to waive. Did you mean own.policy?"
