"""Where the folder of a project is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.discovery import find_project_dir
from dj_core_utils.settings.layered_source import LayeredSource

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("marker", ["manage.py", "pyproject.toml", ".env"])
def test_the_nearest_folder_with_a_marker(marker: str, tmp_path: Path) -> None:
    """It is found from a settings package, however deep."""
    (tmp_path / "shop" / "settings").mkdir(parents=True)
    (tmp_path / marker).touch()
    assert find_project_dir({"__file__": str(tmp_path / "shop" / "settings" / "base.py")}) == tmp_path


def test_base_dir_has_the_last_word(tmp_path: Path) -> None:
    """A module that says where the project is, as text or as a path, is believed."""
    (tmp_path / "manage.py").touch()
    namespace = {"__file__": str(tmp_path / "shop" / "settings.py"), "BASE_DIR": tmp_path / "elsewhere"}
    assert find_project_dir(namespace) == tmp_path / "elsewhere"
    assert find_project_dir({**namespace, "BASE_DIR": str(tmp_path)}) == tmp_path


def test_without_a_marker_it_is_the_folder_above_the_package(tmp_path: Path) -> None:
    """As Django's own template has it: ``shop/settings.py`` belongs to the folder of ``shop``."""
    assert find_project_dir({"__file__": str(tmp_path / "shop" / "settings.py")}) == tmp_path


def test_without_a_file_it_is_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell or a notebook has no file."""
    monkeypatch.chdir(tmp_path)
    assert find_project_dir({}) == tmp_path


def test_the_layers_are_one_source_for_pydantic() -> None:
    """Asked for a single field, the source offers nothing: it hands over everything at once."""
    source = LayeredSource(CoreSettings)
    assert source.get_field_value(CoreSettings.model_fields["debug"], "debug") == (None, "debug", False)
