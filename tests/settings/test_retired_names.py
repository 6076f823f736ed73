"""Names of earlier days that deployments still set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import Loaded, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class MovedSettings(CoreSettings):
    """A class whose deployments set names of before."""

    retired_names = {"APP_TZ": "TIME_ZONE", "SECRET_KEY": "DJANGO_SECRET_KEY", "DEBUG": "TIME_ZONE"}


def _load(folder: Path, environ: Mapping[str, str], dotenv: str = "") -> Loaded:
    (folder / ".env").write_text(dotenv, encoding="utf-8")
    return load(MovedSettings, environ=environ, project_dir=folder, profiles=["monolith", "development"])


def test_a_retired_name_is_read(tmp_path: Path) -> None:
    """From the environment and from ``.env``, and nobody calls it unknown."""
    loaded = _load(
        tmp_path, {"APP_TZ": "Europe/Paris"}, "SECRET_KEY=w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b\n"
    )
    assert loaded.rendered["TIME_ZONE"] == "Europe/Paris"
    assert loaded.rendered["SECRET_KEY"] == "w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
    assert [problem.id for problem in loaded.problems] == []
    assert loaded.traces["TIME_ZONE"].used.name == "APP_TZ"
    assert str(loaded.traces["DJANGO_SECRET_KEY"].origin) == ".env:1"


def test_the_name_of_today_comes_first_in_its_layer(tmp_path: Path) -> None:
    """Both set in one place: today's name counts; the environment still beats ``.env``."""
    both = {"APP_TZ": "Europe/Paris", "TIME_ZONE": "Europe/Madrid"}
    assert _load(tmp_path, both).rendered["TIME_ZONE"] == "Europe/Madrid"
    loaded = _load(tmp_path, {"APP_TZ": "Europe/Paris"}, "TIME_ZONE=Europe/Madrid\n")
    assert loaded.rendered["TIME_ZONE"] == "Europe/Paris"


def test_an_empty_retired_name_is_not_set(tmp_path: Path) -> None:
    """Lower layers show through."""
    loaded = _load(tmp_path, {"DJANGO_SECRET_KEY": "", "SECRET_KEY": ""})
    assert str(loaded.traces["DJANGO_SECRET_KEY"].origin) == "profile development"


def test_a_name_that_a_field_has_is_not_retired(tmp_path: Path) -> None:
    """``DEBUG`` stays what it is."""
    loaded = _load(tmp_path, {"DEBUG": "false"})
    assert loaded.rendered["DEBUG"] is False
    assert loaded.rendered["TIME_ZONE"] == "UTC"
