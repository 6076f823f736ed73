"""The files of a release: the same each time, complete, and nothing that does not belong to them."""

from __future__ import annotations

import shutil
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from release import contents, installing, metadata
from release.distributions import Commit, Distributions, build, differences, digest
from release.errors import ReleaseError
from tests.release.conftest import ROOT, commit


@pytest.fixture(scope="session")
def built(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """What is built from the repository."""
    at = Commit.of(original)
    folder = tmp_path_factory.mktemp("built")
    return Distributions(*build(at.export(folder / "sources"), folder / "dist", at.epoch))


def test_the_same_commit_gives_the_same_files(original: Path, built: Distributions, tmp_path: Path) -> None:
    """Built again, and built from the source distribution, every byte is the same."""
    assert list(differences(Commit.of(original), built, tmp_path)) == []


def test_a_file_that_differs_is_noticed(original: Path, built: Distributions, tmp_path: Path) -> None:
    """A byte more in what is to be released is a difference, also to what comes out of the source distribution."""
    other = Distributions(*(Path(shutil.copy(path, tmp_path)) for path in built))
    other.wheel.write_bytes(other.wheel.read_bytes() + b"\0")
    found = list(differences(Commit.of(original), other, tmp_path))
    assert [line.partition(" differs")[0] for line in found] == [other.wheel.name, f"the wheel from {other.sdist.name}"]


def test_files_bear_the_time_of_the_commit(original: Path, built: Distributions) -> None:
    """Nothing in the files tells when, or by whom, they were built."""
    with tarfile.open(built.sdist) as archive:
        members = archive.getmembers()
    assert {member.mtime for member in members} == {Commit.of(original).epoch}
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}


def test_only_what_is_committed_is_built(clone: Path, tmp_path: Path) -> None:
    """A file that lies around in the clone is in nothing that is released, and is reported."""
    (clone / "dj_core_utils" / "lying_around.py").write_text("", encoding="utf-8")
    (clone / "README.md").write_text("changed", encoding="utf-8")
    at = Commit.of(clone)
    files = Distributions(*build(at.export(tmp_path / "sources"), tmp_path / "dist", at.epoch))
    assert at.uncommitted() == ["README.md", "dj_core_utils/lying_around.py"]
    assert "dj_core_utils/lying_around.py" not in contents.files_in_wheel(files.wheel)


def test_contents_are_those_of_the_commit(original: Path, built: Distributions) -> None:
    """The wheel and the source distribution lack nothing and hold nothing more."""
    committed = Commit.of(original).files
    assert list(contents.wheel_problems(built.wheel, committed)) == []
    assert list(contents.sdist_problems(built.sdist, committed)) == []


@pytest.mark.parametrize(
    "name", ["tests/test_house.py", "docs/index.md", "dj_core_utils/.env", "profiles/production.toml"]
)
def test_what_leaks_into_a_wheel_is_found(name: str, original: Path, built: Distributions, tmp_path: Path) -> None:
    """Tests, pages, values of one machine and a folder beside the package do not pass."""
    wheel = Path(shutil.copy(built.wheel, tmp_path))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(name, "")
    (problem,) = contents.wheel_problems(wheel, Commit.of(original).files)
    assert f"holds {name}" in problem


@pytest.mark.parametrize(
    "name", ["dj_core_utils/py.typed", "dj_core_utils/_profiles/production.toml", "dj_core_utils/settings/base.py",
             "dj_core_utils-*.dist-info/licenses/LICENSE"],
)  # fmt: skip
def test_what_a_wheel_lacks_is_found(name: str, original: Path, built: Distributions, tmp_path: Path) -> None:
    """The marker of types, profiles, modules and the licence must be there."""
    wheel = tmp_path / built.wheel.name
    with zipfile.ZipFile(built.wheel) as whole, zipfile.ZipFile(wheel, "w") as partial:
        for path in whole.namelist():
            if not Path(path).match(name):
                partial.writestr(path, whole.read(path))
    (problem,) = contents.wheel_problems(wheel, Commit.of(original).files)
    assert f"lacks {name.partition('*')[0]}" in problem


def test_what_an_sdist_has_too_much_or_too_little_is_found(
    original: Path, built: Distributions, tmp_path: Path
) -> None:
    """A file that was never committed, or that is missing, is reported."""
    folder = tmp_path / "unpacked"
    with tarfile.open(built.sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    (source / "docs" / "index.md").rename(source / ".env")
    sdist = tmp_path / built.sdist.name
    with tarfile.open(sdist, "w:gz") as archive:
        archive.add(source, source.name)
    found = list(contents.sdist_problems(sdist, Commit.of(original).files))
    assert [line.removeprefix(f"{sdist.name} ") for line in found] == [
        "lacks docs/index.md",
        "holds .env, which is not part of the repository",
    ]


def test_metadata_is_valid(original: Path, built: Distributions) -> None:
    """The metadata keeps to the standard, and says what ``pyproject.toml`` says."""
    assert list(metadata.problems(built, original / "pyproject.toml")) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        pytest.param("Requires-Python: >=3.11", "Requires-Python: >=3", "pyproject.toml >=3.11", id="python"),
        pytest.param("License-Expression: MIT", "License-Expression: MTI", "METADATA: ", id="licence"),
        pytest.param("License-File: LICENSE\n", "", "the file of the licence", id="licence file"),
        pytest.param("Provides-Extra: redis\n", "", "other extras", id="extra"),
        pytest.param("text/markdown", "text/plain", "the README", id="description"),
        pytest.param("Name: dj-core-utils", "Name: dj core utils", "METADATA: ", id="name"),
        pytest.param("\nVersion: ", "\nVersion: 9", "not named after", id="version"),
    ],
)
def test_broken_metadata_is_found(
    old: str, new: str, problem: str, *, original: Path, built: Distributions, tmp_path: Path
) -> None:
    """A field that is invalid, missing or differs from ``pyproject.toml`` is reported."""
    wheel = tmp_path / built.wheel.name
    with zipfile.ZipFile(built.wheel) as whole, zipfile.ZipFile(wheel, "w") as other:
        for path in whole.namelist():
            text = whole.read(path)
            other.writestr(path, text.replace(old.encode(), new.encode(), 1) if "METADATA" in path else text)
    found = list(metadata.problems(Distributions(wheel, built.sdist), original / "pyproject.toml"))
    assert problem in "\n".join(found)


def test_a_build_that_fails_says_why(clone: Path, tmp_path: Path) -> None:
    """The message of the build backend is handed on."""
    text = (clone / "pyproject.toml").read_text(encoding="utf-8")
    (clone / "pyproject.toml").write_text(text.replace("Framework :: Django ::", "Framework :: Jango ::"), "utf-8")
    with pytest.raises(ReleaseError, match=r"the wheel cannot be built:\n[\s\S]*Jango"):
        build(clone, tmp_path / "dist", 0)


def test_a_folder_without_history_is_refused(tmp_path: Path) -> None:
    """What is released is a commit; where there is none, git's own message says so."""
    with pytest.raises(ReleaseError, match="not a git repository"):
        Commit.of(tmp_path)


def test_each_extra_is_tried(built: Distributions) -> None:
    """The wheel is tried without extras and with each one that users can ask for."""
    assert list(installing.combinations(built.wheel)) == [
        (),
        ("nats",),
        ("otel",),
        ("redis",),
        ("nats", "otel", "redis"),
    ]


def test_a_broken_installation_is_found(tmp_path: Path) -> None:
    """A module that cannot be imported and an extra that is not said to be missing are reported, and no more is."""
    venv.create(tmp_path / "venv", symlinks=True)
    base = str(tmp_path / "venv")
    own = Path(sysconfig.get_path("purelib", vars={"base": base, "platbase": base}))
    shutil.copytree(ROOT / "dj_core_utils", own / "dj_core_utils", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "profiles", own / "dj_core_utils" / "_profiles")
    (own / "dj_core_utils" / "forgotten.py").write_text("import a_module_that_is_nowhere\n", encoding="utf-8")
    (own / "dj_core_utils" / "optional.py").write_text("raise ImportError('install dj-core-utils[other]')\n", "utf-8")
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    (report,) = installing.smoke(tmp_path / "venv" / "bin" / "python", [])
    assert "import dj_core_utils.forgotten: No module named 'a_module_that_is_nowhere'" in report
    assert "CACHE_URL=redis://127.0.0.1:6379/0 python manage.py check\n  ends with status 0 (expected 1)" in report
    assert report.count("\n  ends with status") + report.count("\nimport ") == 2


def test_an_installation_that_fails_says_why(built: Distributions, tmp_path: Path) -> None:
    """The message of the installer is handed on."""
    wheel = tmp_path / built.wheel.name
    wheel.write_bytes(b"not a wheel")
    with pytest.raises(ReleaseError, match="cannot be installed"):
        installing.install(wheel, [], tmp_path / "venv")
    assert digest(wheel) != digest(built.wheel)


def test_commit_is_found_again_after_a_change(clone: Path) -> None:
    """What is committed is clean, and a new file is part of the next commit."""
    (clone / "dj_core_utils" / "new.py").write_text('"""New."""\n', encoding="utf-8")
    commit(clone)
    at = Commit.of(clone)
    assert at.uncommitted() == []
    assert "dj_core_utils/new.py" in at.files
