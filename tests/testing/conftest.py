"""A process that has exported the settings of a shop, as far as one process of tests can have done so."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings

from dj_core_utils.settings.export import Export, replace_export
from dj_core_utils.settings.loading import load
from tests.testing.shop_settings import ShopSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dj_core_utils.settings.loading import Loaded


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loaded]:
    """Export the settings of the shop under the profile ``test``; GREETING is assigned by the module itself."""
    loaded = load(ShopSettings, environ={}, project_dir=tmp_path, env_file=None, profiles=["test"])
    assert loaded.errors == ()
    module = ModuleType("shop.settings")
    vars(module).update(loaded.rendered, TIME_ZONE="Europe/Madrid")
    monkeypatch.setitem(sys.modules, "shop.settings", module)
    ours = {
        "PAGE_SIZE",
        "COLOURS",
        "HAS_BANNER",
        "SEARCH_KEY",
        "STATIC_URL",
        "PASSWORD_HASHERS",
        "DEBUG",
        "SERVICE_NAME",
    }
    before = replace_export(Export("shop.settings", loaded, ()))
    with override_settings(**{name: loaded.rendered[name] for name in ours}, TIME_ZONE="Europe/Madrid"):
        yield loaded
    replace_export(before)
