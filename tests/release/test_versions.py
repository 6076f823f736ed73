"""A version is a semantic one, and stands in one place."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from release import versions
from release.errors import ReleaseError

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = st.integers(0, 10**6)


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["", "a", "b", "rc"]), NUMBERS)
def test_semantic_versions_are_versions_of_python(major: int, minor: int, patch: int, stage: str, number: int) -> None:
    """MAJOR.MINOR.PATCH, and pre-releases of it, are taken in the form in which Python writes them."""
    version = f"{major}.{minor}.{patch}" + (f"{stage}{number}" if stage else "")
    parsed = versions.parse(version)
    assert str(parsed) == version
    assert parsed.is_prerelease == bool(stage)


@pytest.mark.parametrize(
    "version",
    ["", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-rc.1", "1.0.0rc", "1.0.0RC1", "1.0.0.post1", "1.0.0.dev1",
     "1.0.0+local", "1!1.0.0", " 1.0.0", "1.0.0\n", "1.0.0rc01", "\u0661.0.0", "1\u0661.0.0"],
)  # fmt: skip
def test_other_forms_are_refused(version: str) -> None:
    """A version that promises nothing to users, or that two people could write in two ways, is refused."""
    assert not versions.is_semantic(version)
    with pytest.raises(ReleaseError, match="write MAJOR"):
        versions.parse(version)


def test_a_pre_release_comes_before_its_release() -> None:
    """The order is that of installers: a candidate comes before what it is a candidate for."""
    names = ["1.0.0a1", "1.0.0b1", "1.0.0rc1", "1.0.0rc2", "1.0.0", "1.0.1", "1.1.0a1"]
    assert sorted(names, key=versions.parse) == names


def test_the_version_is_written_where_it_is_read(clone: Path) -> None:
    """A new version changes one line of ``pyproject.toml``."""
    before = (clone / "pyproject.toml").read_text(encoding="utf-8")
    versions.write(clone, "7.8.9")
    after = (clone / "pyproject.toml").read_text(encoding="utf-8")
    assert versions.read(clone) == "7.8.9"
    changed = [new for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert changed == ['version = "7.8.9"']


def test_no_other_line_is_taken_for_the_version(tmp_path: Path) -> None:
    """A file whose first such line belongs to another table is not taken for written."""
    text = '[tool.other]\nversion = "1"\n[project]\nversion = "0.1.0"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match="is not that of"):
        versions.write(tmp_path, "7.8.9")


def test_the_version_stands_in_one_place(clone: Path) -> None:
    """No module and no page repeats the version: nothing else has to be changed for a release."""
    version = versions.read(clone)
    places = [*(clone / "dj_core_utils").rglob("*.py"), *(clone / "docs").rglob("*.md"), clone / "README.md"]
    assert [path.name for path in places if f'"{version}"' in path.read_text(encoding="utf-8")] == []
    project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert Version(project["version"]) == versions.parse(version)
