"""The version: it stands in ``pyproject.toml`` alone, is a semantic one, and a tag repeats it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from packaging.version import Version

from release.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

_NUMBER = r"(?:0|[1-9]\d*)"
_FORM = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:(?:a|b|rc){_NUMBER})?", re.ASCII)
_LINE = re.compile(r'^version = "[^"\n]*"$', re.MULTILINE)


def is_semantic(version: str) -> bool:
    """Whether it is MAJOR.MINOR.PATCH, alone or as a pre-release: 1.0.0, 1.0.0a1, 1.0.0b2, 1.0.0rc1.

    Other forms that Python knows (two numbers, ``.post1``, ``.dev0``, ``+local``) say nothing that users could rely on.
    """
    return _FORM.fullmatch(version) is not None


def parse(version: str) -> Version:
    """The version as something that can be compared.

    Raises:
        ReleaseError: It is not a semantic one.
    """
    if not is_semantic(version):
        raise ReleaseError(
            f'"{version}" is not a version of ours: write MAJOR.MINOR.PATCH, such as 1.0.0, or a pre-release, such as '
            "1.0.0rc1"
        )
    return Version(version)


def tag_of(version: str) -> str:
    """The tag of a version."""
    return f"v{version}"


def read(root: Path) -> str:
    """The version that the package has now."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def write(root: Path, version: str) -> None:
    """Give the package another version, and leave the rest of the file as it is.

    Raises:
        ReleaseError: The version is none, or the file has no line that could hold it.
    """
    parse(version)
    path = root / "pyproject.toml"
    path.write_text(_LINE.sub(f'version = "{version}"', path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    if read(root) != version:
        raise ReleaseError('the first line of the form  version = "..."  in pyproject.toml is not that of [project]')
