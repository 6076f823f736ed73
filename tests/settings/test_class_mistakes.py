"""Mistakes in a settings class itself are told before anything else breaks on them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import AliasChoices, Field, SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.jwt import JWTSettings
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom


def class_with(name: str, annotation: object, default: object) -> type[CoreSettings]:
    """A settings class with one field, as a project would declare it."""
    return type("Own", (CoreSettings,), {"__annotations__": {name: annotation}, name: default, "__module__": __name__})


class Unrelated(Section):
    """A section that is none of ours."""

    days: int = 3


@pytest.mark.parametrize(
    ("name", "annotation", "default"),
    [
        ("email", str, "info@shop.example"),
        ("cache", bool, True),
        ("static", Path, Path("static")),
        ("service", str | None, None),
        ("logging", dict[str, str], {}),
        ("apps", list[str], ["shop"]),
        ("jwt", SecretStr, SecretStr("")),
        ("database", Unrelated, Unrelated()),
        ("security", Any, None),
    ],
)
def test_a_field_cannot_take_the_name_of_a_section(
    load_from: LoadFrom, name: str, annotation: object, default: object
) -> None:
    """The report says which section it hides, and nothing else breaks."""
    (problem,) = load_from(class_with(name, annotation, default), profiles=["production"]).errors
    assert (problem.id, problem.variable, problem.origin) == ("class.field", name, "Own")
    assert f"the field {name} hides the section" in problem.message
    assert "choose another name" in problem.hint


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (Field(default=50, alias="PAGE_LENGTH"), "PAGE_LENGTH"),
        (Field(default=50, validation_alias="page_length"), "PAGE_LENGTH"),
        (Field(default=50, validation_alias=AliasChoices("PAGE_LENGTH", "PAGES")), "PAGE_SIZE"),
    ],
)
def test_an_alias_of_pydantic_is_refused(load_from: LoadFrom, field: object, name: str) -> None:
    """It would be ignored in silence; the hint has the way that works."""
    (problem,) = load_from(class_with("page_size", int, field)).errors
    assert (problem.id, problem.variable) == ("class.field", "page_size")
    assert f'variable(..., name="{name}")' in problem.hint


def test_an_alias_in_a_section_is_refused(load_from: LoadFrom) -> None:
    """It is told with the section that declares it."""

    class Shipping(Section):
        days: int = Field(default=3, alias="DELIVERY_DAYS")

    (problem,) = load_from(class_with("shipping", Shipping, Shipping())).errors
    assert (problem.variable, problem.origin) == ("shipping.days", "Shipping")


@pytest.mark.parametrize(
    ("attribute", "value", "variable"),
    [
        ("model_config", {"env_prefix": "SHOP_"}, "model_config.env_prefix"),
        ("model_config", {"env_file": ".env.local"}, "model_config.env_file"),
        ("model_config", {"env_nested_delimiter": "__"}, "model_config.env_nested_delimiter"),
        ("waivers", ["cache.local"], "waivers"),
        ("waivers", {"cache.local": " "}, "waivers"),
        ("waivers", {"cache.local": None}, "waivers"),
        ("allowed_variables", "OTHER_*", "allowed_variables"),
        ("allowed_variables", None, "allowed_variables"),
    ],
)
def test_an_option_that_means_nothing_is_refused(
    load_from: LoadFrom, attribute: str, value: object, variable: str
) -> None:
    """Options of pydantic-settings about sources, waivers without a reason, and patterns that are no tuple."""
    own = type("Own", (CoreSettings,), {attribute: value, "__module__": __name__})
    (problem,) = load_from(own).errors
    assert (problem.id, problem.variable, problem.origin) == ("class.option", variable, "Own")
    assert problem.hint


def test_a_type_that_pydantic_cannot_read_is_a_problem_of_its_field(load_from: LoadFrom) -> None:
    """The report names the field, and says what Pydantic says."""

    class Unreadable:
        """Nothing that Pydantic knows."""

    loaded = load_from(class_with("rate", Unreadable, Unreadable()), {"LOG_FORMAT": "xml"})
    problems = {problem.id: problem for problem in loaded.errors}
    assert problems.keys() == {"class.field", "value.choice"}
    assert problems["class.field"].variable == "RATE"
    assert "its type cannot be used: " in problems["class.field"].message
    assert "Unreadable" in problems["class.field"].message


def test_a_section_may_come_from_a_factory(load_from: LoadFrom) -> None:
    """What the factory's instance sets is the lowest layer, as for one that is given as it is."""

    class Own(CoreSettings):
        jwt: JWTSettings = Field(default_factory=lambda: JWTSettings(access_token_lifetime=timedelta(minutes=3)))

    loaded = load_from(Own)
    assert loaded.settings is not None
    assert loaded.settings.jwt.access_token_lifetime == timedelta(minutes=3)
    assert loaded.traces["JWT_ACCESS_TOKEN_LIFETIME"].origin.label == "Own"
    overruled = load_from(Own, {"JWT_ACCESS_TOKEN_LIFETIME": "2m"}).settings
    assert overruled is not None
    assert overruled.jwt.access_token_lifetime == timedelta(minutes=2)


def test_a_default_may_be_made_from_other_fields(load_from: LoadFrom) -> None:
    """It gets their final values, and a real source still beats it."""

    class Own(CoreSettings):
        page_size: int = 50
        longest_page: int = Field(default_factory=lambda data: data["page_size"] * 10)

    assert load_from(Own, {"PAGE_SIZE": "7"}).rendered["LONGEST_PAGE"] == 70
    assert load_from(Own, {"PAGE_SIZE": "7", "LONGEST_PAGE": "8"}).rendered["LONGEST_PAGE"] == 8
    (problem,) = load_from(Own, {"PAGE_SIZE": "x"}).errors
    assert problem.variable == "PAGE_SIZE"
