"""Sections within sections: their names, their defaults and their problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, field_validator, model_validator

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom


class RetrySettings(Section):
    """The inner section."""

    attempts: int = Field(default=3, ge=1)
    wait: int = 10


class GatewaySettings(Section):
    """The outer section."""

    url: str = "https://gateway.example"
    retry: RetrySettings = RetrySettings(attempts=4)


class ShopSettings(CoreSettings):
    """Settings of a project."""

    gateway: GatewaySettings = GatewaySettings(retry=RetrySettings(wait=20))


class PlainSettings(CoreSettings):
    """The same without a word on the inner section."""

    gateway: GatewaySettings = GatewaySettings(url="https://other.example")


def test_an_inner_section_is_read_leaf_by_leaf(load_from: LoadFrom) -> None:
    """Its variables begin with the names of both sections, and each leaf is set for itself."""
    loaded = load_from(ShopSettings, {"GATEWAY_RETRY_ATTEMPTS": "7"})
    assert loaded.errors == ()
    retry = loaded.settings.gateway.retry  # type: ignore[union-attr]  # a ShopSettings
    assert (retry.attempts, retry.wait) == (7, 20)


def test_the_outermost_instance_that_sets_a_leaf_wins(load_from: LoadFrom) -> None:
    """What the class says of the inner section comes first, then what the outer section says, then the inner one."""
    loaded = load_from(ShopSettings)
    assert str(loaded.traces["GATEWAY_RETRY_WAIT"].origin) == "ShopSettings"
    loaded = load_from(PlainSettings)
    retry = loaded.settings.gateway.retry  # type: ignore[union-attr]  # a PlainSettings
    assert (retry.attempts, retry.wait) == (4, 10)
    assert str(loaded.traces["GATEWAY_RETRY_ATTEMPTS"].origin) == "GatewaySettings"
    assert str(loaded.traces["GATEWAY_RETRY_WAIT"].origin) == "RetrySettings"


def test_a_bad_inner_leaf_is_told_by_its_variable(load_from: LoadFrom) -> None:
    """The problem names the leaf, not the sections around it."""
    (problem,) = load_from(ShopSettings, {"GATEWAY_RETRY_ATTEMPTS": "0"}).errors
    assert (problem.variable, problem.origin) == ("GATEWAY_RETRY_ATTEMPTS", "environment")


def test_validators_of_a_section_are_honoured(load_from: LoadFrom) -> None:
    """One that judges a whole section is told by the section's name, one that refuses an inner section is not lost."""

    class Picky(Section):
        url: str = "https://gateway.example"
        retry: RetrySettings = RetrySettings()

        @field_validator("retry")
        @classmethod
        def patient(cls, retry: RetrySettings) -> RetrySettings:
            if retry.attempts > retry.wait:
                raise ValueError("more attempts than seconds")
            return retry

        @model_validator(mode="after")
        def consistent(self) -> Self:
            if not self.url.startswith("https") and self.retry.attempts > 1:
                raise ValueError("nothing is sent twice in the open")
            return self

    class Own(CoreSettings):
        picky: Picky = Picky()

    (problem,) = load_from(Own, {"PICKY_URL": "http://x.example"}).errors
    assert (problem.id, problem.variable) == ("class.validator", "Picky")
    assert problem.message == "nothing is sent twice in the open"
    (problem,) = load_from(Own, {"PICKY_RETRY_ATTEMPTS": "11"}).errors
    assert "more attempts than seconds" in problem.message


def test_a_section_whose_every_leaf_fails_is_judged_no_further(load_from: LoadFrom) -> None:
    """Its validators are not asked about defaults that nobody chose."""

    class Window(Section):
        rows: int = Field(default=50, ge=1)

        @model_validator(mode="after")
        def never(self) -> Self:
            raise ValueError("asked")

    class Own(CoreSettings):
        window: Window = Field(default_factory=Window.model_construct)

    (problem,) = load_from(Own, {"WINDOW_ROWS": "0"}).errors
    assert problem.variable == "WINDOW_ROWS"
    assert "asked" not in problem.message
