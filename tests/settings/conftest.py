"""Fixtures for tests that load settings."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Protocol

import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import Loaded, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class LoadFrom(Protocol):
    """How a test loads a settings class from sources that it writes."""

    def __call__(
        self,
        settings_class: type[CoreSettings] = CoreSettings,
        environ: Mapping[str, str] | None = None,
        *,
        dotenv: str | None = None,
        files: Mapping[str, str] | None = None,
        profiles: Sequence[str] | None = ("monolith", "development"),
    ) -> Loaded:
        """Load without touching the process.

        Args:
            settings_class: The class to fill.
            environ: The whole process environment.
            dotenv: Content of ``.env``.
            files: Other files of the project folder, by relative path.
            profiles: Active profiles; None lets the sources choose.
        """


@pytest.fixture
def load_from(tmp_path: Path) -> LoadFrom:
    """Load a settings class from an environment and files written for one test."""

    def load_it(
        settings_class: type[CoreSettings] = CoreSettings,
        environ: Mapping[str, str] | None = None,
        *,
        dotenv: str | None = None,
        files: Mapping[str, str] | None = None,
        profiles: Sequence[str] | None = ("monolith", "development"),
    ) -> Loaded:
        for name, text in {**(files or {}), **({".env": dotenv} if dotenv is not None else {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        return load(settings_class, environ=environ or {}, project_dir=tmp_path, profiles=profiles)

    return load_it
