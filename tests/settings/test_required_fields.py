"""A field without a default: somebody has to set it, and the report says so like for any other variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest
from pydantic import Field, SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.describe import describe
from dj_core_utils.settings.env_template import env_template
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import VariableTable

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom


class MapSettings(Section):
    """A section with a leaf that has no default."""

    prefix: ClassVar[str] = "MAP_"

    tiles: str
    zoom: int = 3


class ShopSettings(CoreSettings):
    """A class with fields that have no default."""

    page_size: int = Field(description="Rows on a page.", examples=["50"])
    api_token: SecretStr
    map: MapSettings


ALL = {"PAGE_SIZE": "50", "API_TOKEN": "a-token-of-the-provider-9f3c", "MAP_TILES": "osm"}


def test_a_set_field_is_like_any_other(load_from: LoadFrom) -> None:
    """With a value there is nothing to say."""
    loaded = load_from(ShopSettings, ALL)
    assert loaded.errors == ()
    assert isinstance(loaded.settings, ShopSettings)
    assert (loaded.settings.page_size, loaded.settings.map.tiles, loaded.rendered["MAP_TILES"]) == (50, "osm", "osm")


@pytest.mark.parametrize("name", ALL)
def test_a_missing_value_is_one_problem(name: str, load_from: LoadFrom) -> None:
    """What nobody sets is named as required and not set, once, also beside values that are."""
    loaded = load_from(ShopSettings, {other: text for other, text in ALL.items() if other != name} | {"MAP_ZOOM": "5"})
    assert [(found.id, found.variable, found.origin) for found in loaded.errors] == [
        ("variable.required", name, "not set")
    ]


def test_an_example_helps(load_from: LoadFrom) -> None:
    """The hint is the example of the field; without one it says what there is to do."""
    assert [found.hint for found in load_from(ShopSettings).errors] == [
        "for example  50",
        "set API_TOKEN, or give the field api_token a default",
        "set MAP_TILES, or give the field map.tiles a default",
    ]


def test_a_profile_may_set_it(load_from: LoadFrom) -> None:
    """A profile's value counts."""
    profile = {"profiles/small.toml": "[settings]\npage_size = 5\n"}
    loaded = load_from(ShopSettings, profiles=("development", "small"), files=profile)
    assert "PAGE_SIZE" not in {found.variable for found in loaded.errors}


def test_what_is_missing_can_be_shown(load_from: LoadFrom) -> None:
    """The table of values and the template of .env hold nothing where there is no value."""
    loaded = load_from(ShopSettings)
    row = next(row for row in describe(loaded) if row.variable == "PAGE_SIZE")
    assert (row.text, row.origin, row.is_usable) == ("-", "ShopSettings", False)
    template = env_template(ShopSettings, VariableTable(ShopSettings, "shop"))
    assert "\n#PAGE_SIZE=50\n" in template
    assert "\n#MAP_TILES=\n" in template
