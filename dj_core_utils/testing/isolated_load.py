"""A load in which nothing counts but what a test gives: variables, and files in a project folder of their own."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple, cast

from dj_core_utils.settings.loading import Loaded, load
from dj_core_utils.settings.rendering import RenderContext, render
from dj_core_utils.settings.sources import ENV_FILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.sources import EnvFile
    from dj_core_utils.settings.variables import VariableTable


class Given(NamedTuple):
    """What a test gives.

    Attributes:
        environ: The variables of the process.
        files: Files by relative path.
        profiles: Names of profiles in place of those in ``DJANGO_PROFILE``.
    """

    environ: Mapping[str, str]
    files: Mapping[str, str | bytes]
    profiles: Sequence[str] | None

    @classmethod
    def of(
        cls,
        environ: Mapping[str, str] | None,
        files: Mapping[str, str | bytes] | None,
        profiles: Sequence[str] | None,
    ) -> Given:
        """What the arguments say; a copy, because a decorator uses it later."""
        return cls(dict(environ or {}), dict(files or {}), profiles)

    def __repr__(self) -> str:
        """Never the values."""
        return f"Given({', '.join(sorted({*self.environ, *self.files}))})"

    @property
    def env_file(self) -> EnvFile:
        """The ``.env`` that counts: one of the files, or one that a variable names. Never that of a developer."""
        return ... if ".env" in self.files or ENV_FILE_VARIABLE in self.environ else None


@contextmanager
def folder_with(files: Mapping[str, str | bytes], project_dir: Path) -> Iterator[Path]:
    """A temporary folder with these files, and with the profiles of the project.

    Args:
        files: What to write by relative path: ``.env``, ``profiles/staging.toml``, ``secrets/db_password``.
        project_dir: The folder of the project; handed back as it is when there are no files.

    Yields:
        The folder, gone after the block.

    Raises:
        ValueError: A path leads out of the folder.
    """
    if not files:
        yield project_dir
        return
    with TemporaryDirectory(prefix="dj_core_utils_") as name:
        folder = Path(name).resolve()
        if (project_dir / "profiles").is_dir():
            shutil.copytree(project_dir / "profiles", folder / "profiles")
        for path, content in files.items():
            _write(folder, path, content)
        yield folder


def _write(folder: Path, path: str, content: str | bytes) -> None:
    target = (folder / path).resolve()
    if not target.is_relative_to(folder):
        raise ValueError(f"{path} leads out of the folder of the test; give a path without .. that starts there.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())


def load_in(
    folder: Path, settings_class: type[CoreSettings], given: Given, project_dir: Path, env_file: EnvFile = None
) -> Loaded:
    """Load a settings class from what a test gives.

    Args:
        folder: Where its files are.
        settings_class: The class.
        given: What counts.
        project_dir: The folder of the project.
        env_file: A file in place of the ``.env`` among those of the test.

    Returns:
        The load. What it renders has the paths of the project, which templates and static files are below.
    """
    found = load(
        settings_class,
        environ=given.environ,
        project_dir=folder,
        env_file=env_file or given.env_file,
        profiles=given.profiles,
    )
    if folder == project_dir or found.settings is None or not found.rendered:
        return found
    silenced = tuple(cast("list[str]", found.rendered["SILENCED_SYSTEM_CHECKS"]))
    context = RenderContext(found.settings, project_dir, found.profiles, silenced)
    rendered = render(context, cast("VariableTable", found.table))
    return found._replace(project_dir=project_dir, rendered=rendered)
