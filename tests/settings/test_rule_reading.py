"""What a rule looks at and how it reports, read from its source."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.rule_reading import RuleReading, read_rules
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.errors import Problem

SOURCELESS: dict[str, Any] = {"rule": rule}
exec("@rule('part.no_source')\ndef no_source(self, context):\n    yield context.problem('PAGE_SIZE', '')\n", SOURCELESS)  # noqa: S102  # a function without a file


class InnerSettings(Section):
    """A section within a section."""

    width: int = 1


class PartSettings(Section):
    """A section whose rules read in every way there is."""

    inner: InnerSettings = InnerSettings()
    size: int = 1
    other: int = 2
    shown: int = 3
    named: int = 4
    given: int = 5

    no_source: ClassVar[Any] = SOURCELESS["no_source"]

    @cached_property
    def doubled(self) -> int:
        """A value that is made from another one."""
        return 2 * self.size

    @property
    def half(self) -> float:
        """The same, each time anew."""
        return self.other / 2

    def is_shown(self) -> bool:
        """A method, which calls itself."""
        return self.shown > 0 or self.is_shown()

    @rule("part.properties", checks=("security.W001",))
    def properties(self, context: RuleContext) -> Iterator[Problem]:
        """What properties and methods read counts. And no more than one line is told."""
        if self.doubled > self.half and self.is_shown():
            yield context.warning("{SERVICE}_NAMED", "x")

    @rule("part.named")
    def by_name(self, context: RuleContext) -> Iterator[Problem]:
        """A variable that is only named is what the rule is about."""
        yield context.policy("PART_NAMED", "x")

    @rule("part.strict")
    def strict(self, context: RuleContext) -> Iterator[Problem]:
        """Nobody can waive it."""
        yield context.strict("PART_NAMED", "x")

    @rule("part.helper")
    def by_helper(self, context: RuleContext) -> Iterator[Problem]:
        """What a function is given is read there."""
        own = self
        yield from _judge(own, context)
        context.names.get("").__str__()

    @rule("part.elsewhere")
    def elsewhere(self, context: RuleContext) -> Iterator[Problem]:
        """Another section of the settings."""
        settings = context.settings
        if settings.jwt.leeway or self.inner.width:
            yield context.problem("PART_SIZE", "x", severity="warning")

    @rule("part.secrets")
    def secrets(self, context: RuleContext) -> Iterator[Problem]:
        """All secrets alike."""
        if list(context.readable_secrets()):
            yield context.problem("PART_SIZE", "x")


class PartedSettings(CoreSettings):
    """The class of a project."""

    part: PartSettings = PartSettings()


def _judge(part: PartSettings, context: RuleContext) -> Iterator[Problem]:
    if part.given:
        yield context.problem("PART_GIVEN", "x")
        yield context.warning("PART_GIVEN", "x")


def readings() -> dict[str, RuleReading]:
    """The rules of the section above."""
    found = read_rules(PartedSettings, "app")
    return {reading.id: reading for reading in found if reading.section == "part"}


def test_what_a_rule_reads() -> None:
    """Fields, whether read by the rule itself or by what it calls, and variables that it names."""
    found = {name: set(reading.variables) for name, reading in readings().items()}
    secrets = found.pop("part.secrets")
    assert found == {
        "part.properties": {"PART_SIZE", "PART_OTHER", "PART_SHOWN"},
        "part.named": {"PART_NAMED"},
        "part.strict": {"PART_NAMED"},
        "part.helper": {"PART_GIVEN"},
        "part.elsewhere": {"JWT_LEEWAY", "PART_INNER_WIDTH", "PART_SIZE"},
        "part.no_source": set(),
    }
    assert {"DJANGO_SECRET_KEY", "DATABASE_URL", "PART_SIZE"} <= secrets
    assert "DEBUG" not in secrets


def test_how_a_rule_reports() -> None:
    """The strength follows from what is called on the context; of the docstring the first line is told."""
    found = readings()
    assert {name: reading.strength for name, reading in found.items()} == {
        "part.properties": "warning",
        "part.named": "policy",
        "part.strict": "strict",
        "part.helper": "error or warning",
        "part.elsewhere": "error, a warning locally",
        "part.secrets": "error",
        "part.no_source": "",
    }
    assert found["part.properties"].checks == ("security.W001",)
    assert found["part.properties"].about.startswith("What properties and methods read counts.")
    assert found["part.no_source"].about == ""


def test_which_rules_harden() -> None:
    """A policy stops a hardened start unless it is waived, a strict rule always; the others depend on no profile."""
    found = readings().values()
    assert {reading.id for reading in found if reading.is_hardened(())} == {"part.named", "part.strict"}
    assert {reading.id for reading in found if reading.is_hardened({"part.named", "part.strict"})} == {"part.strict"}
