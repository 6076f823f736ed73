"""Text in a profile, or from a source of the project, is read by the rules of the environment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from dj_core_utils.settings.base import CoreSettings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from tests.settings.conftest import LoadFrom

TEXTS = {"features": "a, b", "flag": "on", "grace": "15m", "number": "7"}
VALUES = (["a", "b"], True, timedelta(minutes=15), 7)


class ShopSettings(CoreSettings):
    """One field of each kind."""

    features: list[str] = []
    flag: bool = False
    grace: timedelta = timedelta(0)
    number: int = 0


class StoreSource(PydanticBaseSettingsSource):
    """A secret store that knows nothing but text."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  # Pydantic's signature
        """Nothing by single fields."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Everything as text."""
        return dict(TEXTS)


class StoredSettings(ShopSettings):
    """The same from a store."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The store, below what is deployed by hand."""
        ours = super().settings_customise_sources(
            settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
        )
        return (*ours, StoreSource(settings_cls))


@pytest.mark.parametrize("settings_class", [ShopSettings, StoredSettings])
def test_text_means_the_same_in_every_layer(settings_class: type[ShopSettings], load_from: LoadFrom) -> None:
    """A duration, a list, a boolean and a number are written in a profile or a store as they are in .env."""
    profile = "[settings]\n" + "".join(f'{name} = "{text}"\n' for name, text in TEXTS.items())
    is_stored = settings_class is StoredSettings
    loaded = load_from(
        settings_class,
        files={"profiles/mine.toml": "" if is_stored else profile},
        profiles=("development", "mine"),
    )
    assert loaded.errors == ()
    assert isinstance(loaded.settings, ShopSettings)
    found = loaded.settings
    assert (found.features, found.flag, found.grace, found.number) == VALUES
    assert str(loaded.traces["GRACE"].origin) == ("StoreSource" if is_stored else "profile mine")


def test_wrong_text_in_a_profile_names_the_profile(load_from: LoadFrom) -> None:
    """The report is the one of any other layer."""
    profile = {"profiles/mine.toml": '[settings]\ngrace = "soon"\n'}
    loaded = load_from(ShopSettings, files=profile, profiles=("development", "mine"))
    assert [(found.id, found.origin) for found in loaded.errors] == [("value.duration", "profile mine")]
