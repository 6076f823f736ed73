"""The wheel and the source distribution: built from a commit, and the same whenever they are built from it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from release.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Distributions(NamedTuple):
    """What is built from one commit.

    Attributes:
        wheel: The wheel.
        sdist: The source distribution.
    """

    wheel: Path
    sdist: Path


class Commit(NamedTuple):
    """The commit that is checked out.

    Attributes:
        root: The clone.
        files: Names of its files.
        epoch: When it was made, in seconds since 1970; everything that is built bears this time.
    """

    root: Path
    files: frozenset[str]
    epoch: int

    @classmethod
    def of(cls, root: Path) -> Commit:
        """What is committed in a clone.

        Raises:
            ReleaseError: It is not a clone, or git is missing.
        """
        names = _git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD").decode().split("\0")
        return cls(root, frozenset(filter(None, names)), int(_git(root, "log", "-1", "--format=%ct")))

    def uncommitted(self) -> list[str]:
        """Names of the files that differ from the commit, new ones among them."""
        status = _git(self.root, "status", "--porcelain", "-z", "--no-renames").decode().split("\0")
        return sorted(entry[3:] for entry in status if entry)

    def export(self, folder: Path) -> Path:
        """Write the files of the commit, and nothing else, to a new folder."""
        with tarfile.open(fileobj=BytesIO(_git(self.root, "archive", "--format=tar", "HEAD"))) as archive:
            archive.extractall(folder, filter="data")
        return folder


def _git(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise ReleaseError("git is not installed") from None
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def build(source: Path, folder: Path, epoch: int, targets: Sequence[str] = ("wheel", "sdist")) -> list[Path]:
    """Build distributions with the build backend that is installed here.

    Args:
        source: Where ``pyproject.toml`` is.
        folder: Where they go; made when it is missing.
        epoch: The time that they bear.
        targets: Which ones.

    Raises:
        ReleaseError: One cannot be built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    built = []
    for target in targets:
        before = set(folder.iterdir())
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)],
            cwd=source,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ReleaseError(f"the {target} cannot be built:\n{done.stderr.strip()}")
        built += sorted(set(folder.iterdir()) - before)
    return built


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(commit: Commit, built: Distributions, scratch: Path) -> Iterator[str]:
    """Build everything again, in another folder and from the source distribution; which results are not the same."""
    for again in build(commit.export(scratch / "again"), scratch / "second", commit.epoch):
        if digest(again) != digest(built.wheel.with_name(again.name)):
            yield f"{again.name} differs when it is built again from the same commit"
    with tarfile.open(built.sdist) as archive:
        archive.extractall(scratch / "unpacked", filter="data")
    (source,) = (scratch / "unpacked").iterdir()
    (wheel,) = build(source, scratch / "from-sdist", commit.epoch, ["wheel"])
    if (wheel.name, digest(wheel)) != (built.wheel.name, digest(built.wheel)):
        yield f"the wheel from {built.sdist.name} differs from the one that is released"
