"""What lies in the wheel and in the source distribution, compared with the commit: nothing more, nothing less."""

from __future__ import annotations

import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = "dj_core_utils"
PROFILES = "profiles"
BUILT_PROFILES = f"{PACKAGE}/_profiles"

# What somebody needs who builds, tests and documents the package away from its repository.
_SDIST_NEEDS = ("LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "PKG-INFO")
_SDIST_MAKES = frozenset({"PKG-INFO"})


def files_in_wheel(wheel: Path) -> frozenset[str]:
    """Names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


def files_in_sdist(sdist: Path) -> frozenset[str]:
    """Names of the files in a source distribution, without its folder."""
    with tarfile.open(sdist) as archive:
        return frozenset(member.name.partition("/")[2] for member in archive if member.isfile())


def wheel_problems(wheel: Path, committed: frozenset[str]) -> Iterator[str]:
    """What is missing from a wheel, and what leaked into it.

    Args:
        wheel: The wheel.
        committed: Names of the files of the commit.
    """
    found = files_in_wheel(wheel)
    name, version = wheel.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    expected = {path for path in committed if path.startswith(f"{PACKAGE}/")}
    expected |= {
        BUILT_PROFILES + path.removeprefix(PROFILES)
        for path in committed
        if path.startswith(f"{PROFILES}/") and path.endswith(".toml")
    }
    expected |= {f"{info}/{file}" for file in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")}
    # Typed for its users, and not a package without its profiles, whatever the commit holds.
    expected |= {f"{PACKAGE}/py.typed", f"{BUILT_PROFILES}/production.toml"}
    yield from (f"{wheel.name} lacks {path}" for path in sorted(expected - found))
    strange = found - expected - {f"{info}/entry_points.txt"}
    yield from (f"{wheel.name} holds {path}, which is not part of the package" for path in sorted(strange))


def sdist_problems(sdist: Path, committed: frozenset[str]) -> Iterator[str]:
    """What is missing from a source distribution, and what is in it that was never committed."""
    found = files_in_sdist(sdist)
    needed = {path for path in committed if path.startswith((f"{PACKAGE}/", f"{PROFILES}/", "tests/", "docs/"))}
    yield from (f"{sdist.name} lacks {path}" for path in sorted(needed.union(_SDIST_NEEDS) - found))
    strange = found - committed - _SDIST_MAKES
    yield from (f"{sdist.name} holds {path}, which is not part of the repository" for path in sorted(strange))
