"""Fixtures for the commands: a loaded project, and a screen to write on."""

from __future__ import annotations

import argparse
import io
from typing import TYPE_CHECKING, Protocol

import pytest
from pydantic import Field

from dj_core_utils.cli.commands import add_commands
from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.cli.screen import Screen
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dj_core_utils.settings.errors import Problem


class UsersSettings(CoreSettings):
    """The class of a project."""

    service_name: str = "users"
    root_urlconf: str = "users.urls"
    page_size: int = Field(default=50, ge=1, le=500, description="Rows on a page.")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


class Inspect(Protocol):
    """How a test loads a project."""

    def __call__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        problems: Sequence[Problem] = (),
        namespace: Mapping[str, object] | None = None,
        profiles: Sequence[str] = ("monolith", "development"),
    ) -> Inspection:
        """Load ``UsersSettings``.

        Args:
            environ: The process environment.
            problems: Problems of the settings module itself.
            namespace: What the settings module changed after the export.
            profiles: Active profiles.
        """


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    """Load a project without importing a settings module."""

    def inspect_it(
        environ: Mapping[str, str] | None = None,
        *,
        problems: Sequence[Problem] = (),
        namespace: Mapping[str, object] | None = None,
        profiles: Sequence[str] = ("monolith", "development"),
    ) -> Inspection:
        loaded = load(UsersSettings, environ=environ or {}, project_dir=tmp_path, profiles=profiles)
        return Inspection(
            module="users.settings",
            loaded=loaded,
            problems=tuple(problems),
            namespace={**loaded.rendered, **(namespace or {})},
        )

    return inspect_it


class Output:
    """What a command did.

    Attributes:
        status: Its exit status.
        text: What it wrote.
        complaints: What it wrote to standard error.
    """

    def __init__(self, status: int, text: str, complaints: str) -> None:
        """Keep the three."""
        self.status = status
        self.text = text
        self.complaints = complaints


class Run(Protocol):
    """How a test runs a command."""

    def __call__(self, inspection: Inspection, *arguments: str, columns: int = 0, colour: bool | None = None) -> Output:
        """Run it.

        Args:
            inspection: The project.
            *arguments: What stands behind ``config``.
            columns: Width of a terminal; 0 for a pipe.
            colour: What ``--no-color`` and ``--force-color`` say.
        """


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on a pipe, or on a terminal of some width."""

    def run_it(inspection: Inspection, *arguments: str, columns: int = 0, colour: bool | None = None) -> Output:
        parser = argparse.ArgumentParser()
        add_commands(parser)
        options = parser.parse_args(arguments)
        stream, errors = (Terminal(), Terminal()) if columns else (io.StringIO(), io.StringIO())
        monkeypatch.setenv("COLUMNS", str(columns or 80))
        status = options.command.run(inspection, options, Screen.of(stream, errors, colour=colour))
        return Output(status, stream.getvalue(), errors.getvalue())

    return run_it
