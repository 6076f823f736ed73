"""What is built from the repository holds what it should, and works where nothing but the wheel is installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings import profiles
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject

ROOT = Path(__file__).parents[1]
PROFILES = {path.name for path in (ROOT / "profiles").glob("*.toml")}
BUILT_IN = {"build", "development", "microservice", "monolith", "production", "test"}

pytestmark = pytest.mark.skipif(
    not (ROOT / "dj_core_utils").is_dir(), reason="the sources are out of reach: there is nothing to build from"
)


def build(source: Path, target: str, folder: Path) -> Path:
    """Build one distribution, with the backend that is installed here."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)],
        env=clean_environment(),
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the repository."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built from the repository."""
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment where the wheel is installed, with the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*install, str(wheel)], env=clean_environment(), check=True, capture_output=True)
    variables = {"base": str(folder), "platbase": str(folder)}
    # The line of a .pth file makes a folder importable, without the .pth files in it: the checkout stays out.
    own = Path(sysconfig.get_path("purelib", vars=variables))
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def files_in(wheel: Path) -> set[str]:
    """Names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_holds_the_package_and_its_profiles(wheel: Path) -> None:
    """The wheel has every module, template and style, the type marker and every profile, and nothing else."""
    files = files_in(wheel)
    kinds = ("*.py", "*.html", "*.css", "*.js")
    parts = {path.relative_to(ROOT).as_posix() for kind in kinds for path in (ROOT / "dj_core_utils").rglob(kind)}
    assert {Path(part).suffix for part in parts} == {".py", ".html", ".css", ".js"}
    assert parts <= files
    assert "dj_core_utils/py.typed" in files
    assert {f"dj_core_utils/_profiles/{name}" for name in PROFILES} <= files
    assert {name.partition("/")[0].partition("-")[0] for name in files} == {"dj_core_utils"}
    assert [name for name in files if "/tests/" in name] == []


def test_every_built_in_profile_is_there() -> None:
    """The profiles that the documentation names exist."""
    assert {Path(name).stem for name in PROFILES} == BUILT_IN


def test_wheel_from_the_sdist_is_the_same(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    """Whoever builds from the source distribution gets the same files, its licence among them."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert {"LICENSE", "README.md", "Makefile", "profiles", "tests", "docs"} <= {path.name for path in source.iterdir()}
    (tmp_path / "built").mkdir()
    assert files_in(build(source, "wheel", tmp_path / "built")) == files_in(wheel)


def test_checkout_reads_the_folder_beside_the_package() -> None:
    """In an editable installation the profiles are those of the repository."""
    assert profiles.builtin_folder() == ROOT / "profiles"


def test_installed_wheel_starts_django(installed: Path, project: WriteProject, run_python: RunPython) -> None:
    """With the wheel alone, a project starts under a built-in profile that came with it."""
    folder = project()
    code = (
        "import django, dj_core_utils, sys; django.setup()\n"
        "from dj_core_utils.settings.profiles import builtin_folder\n"
        "from django.conf import settings\n"
        "print(dj_core_utils.__file__, builtin_folder(), dj_core_utils.__version__, settings.DEBUG, sep='\\n')\n"
    )
    (folder / "start.py").write_text(code, encoding="utf-8")
    environment = {"DJANGO_PROFILE": "development", "DJANGO_SETTINGS_MODULE": "settings"}
    done = run_python(["start.py"], cwd=folder, env=environment, python=installed)
    assert done.returncode == 0, done.stderr
    package, built_in, version, debug = done.stdout.split()
    home = installed.parents[1]
    assert Path(package).is_relative_to(home)
    assert Path(built_in) == Path(package).parent / "_profiles"
    assert version
    assert debug == "True"


@pytest.mark.usefixtures("cold_starts")
def test_a_folder_called_profiles_beside_the_package_is_not_ours(
    wheel: Path, run_python: RunPython, tmp_path: Path
) -> None:
    """A package that lost its profiles says so, and does not take those of another package in the same folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "dj_core_utils" / "_profiles").rename(tmp_path / "profiles")
    done = run_python("from dj_core_utils.settings.profiles import builtin_folder\nbuiltin_folder()")
    assert done.returncode == 1
    assert "install the package again" in done.stderr
