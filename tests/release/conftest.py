"""A clone of the repository that a test may release, where the tools of a release are at hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
# They are about the repository: where the suite runs on a wheel, or from a source distribution, there is none.
collect_ignore_glob = [] if (ROOT / ".ci" / "release").is_dir() and (ROOT / ".git").exists() else ["test_*.py"]

IDENTITY = ("-c", "user.name=A Maintainer", "-c", "user.email=maintainer@example.com")
VERSION = "1.0.0rc1"


class Release(Protocol):
    """How a test calls ``python -m release``."""

    def __call__(self, *arguments: str) -> int:
        """Run one command in the clone; its exit status."""


def git(root: Path, *arguments: str) -> None:
    """Run git, as somebody."""
    subprocess.run(["git", *IDENTITY, *arguments], cwd=root, check=True, capture_output=True)  # noqa: S607  # on the path


def commit(root: Path) -> None:
    """Commit everything."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "work")


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit: what this one holds, with what is not committed yet."""
    folder = tmp_path_factory.mktemp("repository") / "clone"
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names: Sequence[str] = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\0"
    )
    for name in names:
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    changelog = "# Changelog\n\n## Unreleased\n\nThe first. See [Migrate](docs/how-to/migrate.md).\n"
    (folder / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


@pytest.fixture
def clone(original: Path, tmp_path: Path) -> Path:
    """A clone of that repository, for one test."""
    return Path(shutil.copytree(original, tmp_path / "clone", symlinks=True))
