"""``python -m release``, as ``make release-prepare`` and ``make release-check`` call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.__main__ import main
from tests.release.conftest import VERSION, commit

if TYPE_CHECKING:
    from pathlib import Path

OFFLINE = ["check", "--skip-install"]


def test_from_a_commit_to_a_release(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prepared, committed and checked, a version leaves the files, their metadata and its notes."""
    (clone / "dist").mkdir()
    (clone / "dist" / "dj_core_utils-0.0.1-py3-none-any.whl").touch()
    assert main(["prepare", VERSION], clone) == 0
    commit(clone)
    where = ["--tag", f"v{VERSION}", "--repository-url", "https://git.example.com/dj"]
    assert main([*OFFLINE, *where], clone) == 0
    wheel = f"dj_core_utils-{VERSION}-py3-none-any.whl"
    names = {wheel, f"{wheel}.metadata", f"dj_core_utils-{VERSION}.tar.gz", "NOTES.md"}
    assert {path.name for path in (clone / "dist").iterdir()} == names
    notes = (clone / "dist" / "NOTES.md").read_text(encoding="utf-8")
    assert notes == f"The first. See [Migrate](https://git.example.com/dj/blob/v{VERSION}/docs/how-to/migrate.md).\n"
    assert main(["index", str(clone / "dist"), str(clone / "simple")], clone) == 0
    assert main(["kind"], clone) == 0
    output = capsys.readouterr().out
    assert f"{VERSION} is a pre-release" in output
    assert "2 files\nprerelease\n" in output


def test_what_does_not_agree_is_said_at_once(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another tag, an open changelog and a file that is not committed stand in one report, and nothing is written."""
    (clone / "forgotten.py").touch()
    assert main([*OFFLINE, "--tag", "v9.9.9"], clone) == 1
    report = capsys.readouterr().err
    assert "the tag is v9.9.9" in report
    assert '"Unreleased" is not empty' in report
    assert "forgotten.py is not committed" in report
    assert not (clone / "dist").exists()


def test_a_wheel_with_a_leak_is_not_released(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When the build takes more than the package, the check fails and says what."""
    path = clone / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('["dj_core_utils", "profiles"]', '["dj_core_utils", "profiles", "examples"]'), "utf-8")
    main(["prepare", VERSION], clone)
    commit(clone)
    assert main(OFFLINE, clone) == 1
    assert "holds examples/shop/manage.py, which is not part of the package" in capsys.readouterr().err


def test_a_wrong_version_changes_nothing(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no version is refused before a file is written."""
    before = (clone / "pyproject.toml").read_bytes(), (clone / "CHANGELOG.md").read_bytes()
    assert main(["prepare", "1.0"], clone) == 1
    assert "write MAJOR.MINOR.PATCH" in capsys.readouterr().err
    assert ((clone / "pyproject.toml").read_bytes(), (clone / "CHANGELOG.md").read_bytes()) == before


@pytest.mark.parametrize("command", ["smoke", "index"])
def test_without_files_there_is_nothing_to_publish(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty folder is refused with what to do first."""
    assert main([command, str(tmp_path), *([str(tmp_path)] if command == "index" else [])], tmp_path) == 1
    assert "make release-check" in capsys.readouterr().err
