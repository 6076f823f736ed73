"""Mistakes in a settings class itself are told before anything else breaks on them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, Field, SecretStr, field_validator

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.jwt import JWTSettings
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom

# To the linter and the type checker a type like any other.
NOT_FOUND: Any = "Nowhere"


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


@pytest.mark.parametrize(
    ("annotation", "missing"),
    [
        ("Nowhere", "Nowhere"),
        ("Nowhere | None", "Nowhere"),
        ("dict[str, list[Nowhere]]", "Nowhere"),
        ("dict[Elsewhere, Nowhere]", "Elsewhere, Nowhere"),
        (list[NOT_FOUND], "Nowhere"),
        (Annotated[NOT_FOUND, "a note"], "Nowhere"),
    ],
)
def test_a_type_that_only_type_checkers_import_is_named(load_from: LoadFrom, annotation: object, missing: str) -> None:
    """The report has the class, the field and the name, and where its import belongs."""
    (problem,) = load_from(class_with("folder", annotation, None)).errors
    assert (problem.id, problem.variable, problem.origin) == ("class.field", "Own.folder", "Own")
    assert problem.message == f"{missing} is not known where the class is made."
    assert problem.hint == "import or define it above the class, and not only under  if TYPE_CHECKING"


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (True, "bool"),
        (50, "int"),
        (("a", "b"), "tuple[str, ...]"),
        ({"a": 1}, "dict[str, object]"),
        ("django-c4n4ry", "str"),
    ],
)
def test_a_value_in_the_place_of_a_type_is_told(load_from: LoadFrom, annotation: object, kind: str) -> None:
    """``debug: True`` is not ``debug: bool = True``; the value is not shown."""
    (problem,) = load_from(class_with("folder", annotation, None)).errors
    assert (problem.id, problem.variable) == ("class.annotation", "Own.folder")
    assert (problem.message, problem.hint) == ("a value stands where its type belongs.", f"write  folder: {kind} = ...")


def test_a_secret_in_the_place_of_a_type_is_not_shown(load_from: LoadFrom) -> None:
    """It looks like the name of a type, and the field's name says what it is."""
    (problem,) = load_from(class_with("api_key", "c4n4ry", None)).errors
    assert problem.message == "its type is not known where the class is made."
    assert "c4n4ry" not in str(problem)


@pytest.mark.parametrize("default", [{"days": 5}, "3", JWTSettings()])
def test_the_default_of_a_section_is_an_instance(load_from: LoadFrom, default: object) -> None:
    """Anything else would be passed over."""
    (problem,) = load_from(class_with("shipping", Unrelated, default)).errors
    assert (problem.id, problem.variable) == ("class.field", "shipping")
    assert problem.message == "the default of shipping is not an instance of Unrelated."
    assert problem.hint == "write  shipping: Unrelated = Unrelated(...)"


@pytest.mark.parametrize("annotation", [JWTSettings, "JWTSettings"])
def test_a_class_is_no_default(load_from: LoadFrom, annotation: object) -> None:
    """The parentheses were forgotten."""
    (problem,) = load_from(class_with("jwt", annotation, JWTSettings)).errors
    assert (problem.id, problem.variable) == ("class.annotation", "jwt")
    assert problem.message == "a class is given, and no instance of it."
    assert problem.hint == "write  jwt: JWTSettings = JWTSettings()"


def test_a_class_may_be_the_value_of_a_field(load_from: LoadFrom) -> None:
    """Where the type says so."""
    assert load_from(class_with("kind", type[Section], Unrelated)).errors == ()


def test_a_comma_at_the_end_is_told(load_from: LoadFrom) -> None:
    """``page_size: int = 5,`` is a tuple."""
    (problem,) = load_from(class_with("page_size", int, (5,))).errors
    assert problem.hint == "a comma at the end of the line makes a tuple of one"


def test_a_validator_of_no_field_is_told(load_from: LoadFrom) -> None:
    """Pydantic's own words for it hold numbers that mean nothing to anybody."""

    class Own(CoreSettings):
        @field_validator("nothing")
        @classmethod
        def check(cls, value: object) -> object:
            """Never asked."""
            return value

    (problem,) = load_from(Own).errors
    assert (problem.id, problem.message) == ("class.field", "a validator is for a field that is not there.")


@pytest.mark.parametrize("annotation", [Literal["Nowhere"], Annotated[str, "Nowhere"], "Path", "list[Path]"])
def test_text_in_a_type_need_not_be_a_type(load_from: LoadFrom, annotation: object) -> None:
    """What a literal allows, a note, and a type that is known are left alone."""
    assert load_from(class_with("folder", annotation, None), {"FOLDER": "Nowhere"}).errors == ()


def test_a_type_of_a_section_is_looked_at_too(load_from: LoadFrom) -> None:
    """With the section that declares it."""
    shipping: Any = type(
        "Shipping", (Section,), {"__annotations__": {"days": "Nowhere"}, "days": 3, "__module__": "none"}
    )
    own = class_with("shipping", shipping, shipping.model_construct())
    assert [problem.variable for problem in load_from(own).errors] == ["Shipping.days"]


def test_a_type_defined_below_the_class_is_told_as_it_was_written(load_from: LoadFrom) -> None:
    """By the time of the report it is known, and was not when the class was made."""
    own = class_with("shipping", "Below", None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "Below", Unrelated)
        (problem,) = load_from(own).errors
    assert problem.message == "Below is not known where the class is made."
