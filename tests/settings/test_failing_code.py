"""Code of a project that fails while the settings are read: told with its place, beside everything else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

import pytest
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo

    from dj_core_utils.settings.errors import Severity
    from tests.settings.conftest import LoadFrom

CANARY = "c4n4ry53cr3t"
# Each class is loaded with another mistake in the environment, which must be reported, too.
ENVIRON = {"API_KEY": CANARY, "LOG_FORMAT": "xml", "PAGE_SIZE": "5"}


class ShopSettings(CoreSettings):
    """What the classes below have in common."""

    page_size: int = 50
    api_key: SecretStr = SecretStr("")


def fail(*_: object) -> NoReturn:
    """Raises an error that quotes a secret."""
    raise KeyError(CANARY)


def no_text() -> str:
    """The same for a default."""
    fail()


class RuleRaises(ShopSettings):
    """A rule that fails after it has found something."""

    @rule("own.broken")
    def broken(self, context: RuleContext) -> Iterator[Problem]:
        """Finds one thing."""
        yield context.problem("PAGE_SIZE", "found before it broke")
        fail(self.api_key.get_secret_value())


class RuleTakesNothing(ShopSettings):
    """A rule that was written without its second argument."""

    @rule("own.broken")
    def broken(self) -> Iterator[Problem]:
        """Never runs."""
        yield from fail()


class ValidatorRaises(ShopSettings):
    """A validator that raises what Pydantic does not expect."""

    @field_validator("page_size")
    @classmethod
    def broken(cls, value: int) -> int:
        """Fails."""
        fail(value)


class ModelValidatorRaises(ShopSettings):
    """The same for a validator of the whole class."""

    @model_validator(mode="after")
    def broken(self) -> ModelValidatorRaises:
        """Fails."""
        fail(self)


class RenderRaises(ShopSettings):
    """Rendering that fails."""

    def render(self, context: object) -> Mapping[str, object]:
        """Fails."""
        fail(context)


class DefaultRaises(ShopSettings):
    """A default that fails."""

    token: str = Field(default_factory=no_text)


class ComputedDefaultRaises(ShopSettings):
    """A default made from other fields that fails."""

    token: str = Field(default_factory=lambda data: data[CANARY])


class Shipping(Section):
    """A section with a validator that fails."""

    days: int = 3

    @field_validator("days")
    @classmethod
    def broken(cls, value: int) -> int:
        """Fails."""
        fail(value)


class SectionRaises(ShopSettings):
    """The class that has the section."""

    shipping: Shipping = Shipping.model_construct(days=4)


class Store(PydanticBaseSettingsSource):
    """A store that does not answer."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # Pydantic's
        """Nothing by single fields."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Fails."""
        fail()


class StoreRaises(ShopSettings):
    """The class that asks it."""

    store: ClassVar[type[Store]] = Store

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """One more source."""
        return init_settings, env_settings, dotenv_settings, file_secret_settings, cls.store(settings_cls)


class HookRaises(StoreRaises):
    """A hook that fails itself."""

    store: ClassVar[type[Store]] = cast("type[Store]", fail)


@pytest.mark.parametrize(
    ("settings_class", "variable", "subject", "kind"),
    [
        (RuleRaises, "own.broken", "the rule own.broken", "KeyError"),
        (RuleTakesNothing, "own.broken", "the rule own.broken", "TypeError"),
        (DefaultRaises, "TOKEN", "the default of token", "KeyError"),
        (SectionRaises, "Shipping", "a validator of Shipping", "KeyError"),
        (StoreRaises, "Store", "the source Store", "KeyError"),
        (HookRaises, "HookRaises", "settings_customise_sources", "KeyError"),
    ],
)
def test_failing_code_hides_no_other_problem(
    load_from: LoadFrom, settings_class: type[CoreSettings], variable: str, subject: str, kind: str
) -> None:
    """The report names what failed, the type of the error and the place, and goes on with the rest."""
    loaded = load_from(settings_class, ENVIRON)
    problems = {problem.id: problem for problem in loaded.errors}
    failed, other = problems["code.failed"], problems["value.choice"]
    assert (failed.variable, failed.message) == (variable, f"{subject} failed: {kind}.")
    assert re.search(r"test_failing_code\.py:\d+$", failed.origin)
    assert other.variable == "LOG_FORMAT"
    assert CANARY not in repr(loaded.problems)


@pytest.mark.parametrize(
    ("settings_class", "subject"),
    [
        (ValidatorRaises, "a validator of ValidatorRaises"),
        (ModelValidatorRaises, "a validator of ModelValidatorRaises"),
        (RenderRaises, "rendering"),
        (ComputedDefaultRaises, "a default"),
    ],
)
def test_code_over_the_whole_class_runs_when_its_fields_are_right(
    load_from: LoadFrom, settings_class: type[CoreSettings], subject: str
) -> None:
    """It cannot say anything before, and its failure is a problem as well."""
    (problem,) = load_from(settings_class, {"API_KEY": CANARY}).errors
    assert (problem.id, problem.variable) == ("code.failed", settings_class.__name__)
    assert problem.message == f"{subject} failed: KeyError."
    assert re.search(r"test_failing_code\.py:\d+$", problem.origin)
    (early,) = load_from(settings_class, ENVIRON).errors
    assert early.id == "value.choice"


def test_what_a_rule_finds_before_it_fails_is_reported(load_from: LoadFrom) -> None:
    """Finding and failure stand side by side."""
    assert [problem.id for problem in load_from(RuleRaises).errors] == ["own.broken", "code.failed"]


def returns(value: object) -> type[CoreSettings]:
    """A class with a rule that returns a value instead of yielding problems."""

    class Own(ShopSettings):
        @rule("own.odd")
        def odd(self, context: RuleContext) -> Iterator[Problem]:  # noqa: ARG002  # the signature of a rule
            return cast("Iterator[Problem]", value)

    return Own


@pytest.mark.parametrize("nothing", [None, [], (), iter(())])
def test_a_rule_may_return_nothing(load_from: LoadFrom, nothing: object) -> None:
    """A rule that ends early finds nothing."""
    assert load_from(returns(nothing)).errors == ()


SOUND = Problem(id="own.odd", variable="PAGE_SIZE", message="odd")


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("the page is too large", "str, not a problem"),
        ([True], "bool, not a problem"),
        (SOUND, "str, not a problem"),
        ([SOUND, None], "NoneType, not a problem"),
        ([SOUND._replace(message=cast("str", None))], "a problem with a wrong part"),
        ([SOUND._replace(hint=cast("str", 5))], "a problem with a wrong part"),
        ([SOUND._replace(severity=cast("Severity", "fatal"))], "a problem with a wrong part"),
    ],
)
def test_a_rule_that_yields_something_else_is_told_how(load_from: LoadFrom, value: object, what: str) -> None:
    """The report names the rule, what came out of it, and what should."""
    problem = load_from(returns(value)).errors[-1]
    assert (problem.id, problem.variable) == ("code.failed", "own.odd")
    assert problem.message == f"the rule own.odd yields {what}."
    assert "test_failing_code.py:" in problem.origin
    assert "context.problem(" in problem.hint


def test_no_rule_can_hold_up_a_skip(load_from: LoadFrom) -> None:
    """A rule that catches every exception does not judge a leaf that has no valid value."""

    class Own(ShopSettings):
        @rule("own.careful")
        def careful(self, context: RuleContext) -> Iterator[Problem]:
            try:
                is_large = self.page_size > 100
            except Exception:  # noqa: BLE001  # what is tested
                is_large = True
            if is_large:
                yield context.problem("PAGE_SIZE", "too large")

    assert [problem.id for problem in load_from(Own, {"PAGE_SIZE": "x"}).errors] == ["value.integer"]


def test_a_rule_may_ask_the_one_that_it_replaces(load_from: LoadFrom) -> None:
    """``super()`` works in a rule, and ``self`` is an instance of its class."""

    class Base(ShopSettings):
        @rule("own.size")
        def size(self, context: RuleContext) -> Iterator[Problem]:
            this: object = self
            if isinstance(this, Base) and self.page_size > 100:
                yield context.problem("PAGE_SIZE", "too large")

    class Own(Base):
        @rule("own.size")
        def size(self, context: RuleContext) -> Iterator[Problem]:
            yield from super().size(context)

    assert [problem.message for problem in load_from(Own, {"PAGE_SIZE": "500"}).errors] == ["too large"]


@pytest.mark.parametrize("values", [None, [1], "text"])
def test_a_source_hands_over_a_mapping(load_from: LoadFrom, values: object) -> None:
    """Anything else is a problem that names the source."""

    class Odd(Store):
        def __call__(self) -> dict[str, Any]:
            return cast("dict[str, Any]", values)

    class Own(StoreRaises):
        store: ClassVar[type[Store]] = Odd

    (problem,) = load_from(Own).errors
    assert (problem.id, problem.variable) == ("source.key", "Odd")
    assert "not a mapping" in problem.message
