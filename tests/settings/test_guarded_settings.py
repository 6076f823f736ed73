"""What a rule can reach through the guard that keeps failed leaves from it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.rules import RuleContext, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.errors import Problem
    from tests.settings.conftest import LoadFrom


class ShopSettings(CoreSettings):
    """Settings with everything that a class can hold beside fields."""

    unit: ClassVar[str] = "rows"

    page_size: int = 50

    @cached_property
    def double(self) -> int:
        """Computed once."""
        return self.page_size * 2

    @staticmethod
    def shout(text: str) -> str:
        """Needs no settings."""
        return text.upper()

    @rule("shop.double")
    def double_is_told(self, context: RuleContext) -> Iterator[Problem]:
        """Uses all of it."""
        yield context.problem("PAGE_SIZE", f"{self.double} {self.shout(self.unit)}")


class StallSettings(ShopSettings):
    """The rule of a base, and more."""

    @rule("shop.double")
    def double_is_told(self, context: RuleContext) -> Iterator[Problem]:
        """What the base says, and that it was asked."""
        yield from super().double_is_told(context)
        yield context.problem("PAGE_SIZE", f"also {isinstance(self, ShopSettings)}")


# A failed leaf elsewhere keeps no rule from what it needs; without one there is nothing to guard.
ELSEWHERE = pytest.mark.parametrize("elsewhere", [{}, {"DEBUG": "Flase"}], ids=["sound", "another leaf failed"])


@ELSEWHERE
def test_a_rule_uses_what_the_class_offers(load_from: LoadFrom, elsewhere: dict[str, str]) -> None:
    """Cached properties, class variables and static methods work in a rule as anywhere."""
    errors = load_from(ShopSettings, {"PAGE_SIZE": "4", **elsewhere}).errors
    assert [problem.message for problem in errors if problem.id == "shop.double"] == ["8 ROWS"]


@ELSEWHERE
def test_a_rule_goes_on_from_that_of_its_base(load_from: LoadFrom, elsewhere: dict[str, str]) -> None:
    """``super()`` and ``isinstance`` see the class."""
    errors = load_from(StallSettings, {"PAGE_SIZE": "4", **elsewhere}).errors
    assert [problem.message for problem in errors if problem.id == "shop.double"] == ["8 ROWS", "also True"]


def test_a_cached_property_of_a_failed_leaf_skips_the_rule(load_from: LoadFrom) -> None:
    """Only the leaf's own problem is reported, and nothing is cached for later."""
    (problem,) = load_from(ShopSettings, {"PAGE_SIZE": "four"}).errors
    assert problem.id == "value.integer"


@ELSEWHERE
def test_what_the_class_does_not_have_stays_an_error(load_from: LoadFrom, elsewhere: dict[str, str]) -> None:
    """A typing mistake in a rule is found, not skipped."""

    class Own(CoreSettings):
        @rule("own.mistaken")
        def mistaken(self, context: RuleContext) -> Iterator[Problem]:
            yield context.problem("DEBUG", str(getattr(context.settings, "debugg")))  # noqa: B009  # the mistake

    (problem,) = (found for found in load_from(Own, elsewhere).errors if found.id == "code.failed")
    assert "AttributeError" in problem.message


@pytest.mark.parametrize("field_name", ["größe", "überschrift"])
def test_a_name_that_no_variable_can_have_is_refused(load_from: LoadFrom, field_name: str) -> None:
    """Names of variables are plain letters, digits and underscores."""
    own = type("Own", (CoreSettings,), {"__annotations__": {field_name: int}, field_name: 1, "__module__": __name__})
    (problem,) = load_from(own).errors
    assert problem.id == "class.field"
    assert problem.variable == field_name.upper()
