"""What importing the package costs, and the way its imports point."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dj_core_utils

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject

pytestmark = pytest.mark.usefixtures("cold_starts")
HEAVY = (
    "dj_database_url",
    "django.apps",
    "django.conf",
    "django.contrib",
    "django.core.checks",
    "django.db",
    "django.http",
    "environ",
    "fastapi",
    "httpx",
    "httpx2",
    "jwt",
    "psycopg",
    "redis",
    "rest_framework",
    "rich",
    "stamina",
    "tomllib",
)
RUNTIME = ("api", "apps", "audit", "auth", "checks", "conf", "db", "events", "fastapi", "middleware", "signals")


def loaded_by(run_python: RunPython, statement: str) -> set[str]:
    """Names of all modules that one statement loads in a fresh interpreter."""
    done = run_python(f"import sys\nbefore = set(sys.modules)\n{statement}\nprint(*sorted(set(sys.modules) - before))")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def within(modules: set[str], packages: tuple[str, ...]) -> set[str]:
    """The modules that are one of the packages or inside one."""
    return {name for name in modules if any(f"{name}.".startswith(f"{package}.") for package in packages)}


def test_importing_the_settings_loads_nothing_heavy(run_python: RunPython) -> None:
    """A settings module that imports our classes loads no framework, no parser and no client that it may not need."""
    modules = loaded_by(run_python, "from dj_core_utils.settings import CoreSettings, export_settings")
    assert "pydantic_settings" in modules
    assert within(modules, HEAVY) == set()


def test_the_settings_never_load_the_runtime(run_python: RunPython) -> None:
    """The settings know the parts that run by dotted names alone."""
    modules = loaded_by(run_python, "from dj_core_utils.settings import CoreSettings, export_settings")
    assert within(modules, tuple(f"dj_core_utils.{name}" for name in RUNTIME)) == set()


def test_a_start_loads_no_command(run_python: RunPython, project: WriteProject) -> None:
    """A process that only sets Django up does not pay for what looks at the configuration."""
    environment = {"DJANGO_PROFILE": "test", "DJANGO_SETTINGS_MODULE": "settings"}
    code = "import sys, django; django.setup(); print(*sys.modules)"
    done = run_python(code, cwd=project(), env=environment)
    assert done.returncode == 0, done.stderr
    modules = set(done.stdout.split())
    assert "dj_core_utils.apps" in modules
    assert within(modules, ("dj_core_utils.cli", "dj_core_utils.management", "rich")) == set()


def test_importing_the_root_loads_nothing(run_python: RunPython) -> None:
    """The root of the package imports none of its parts."""
    assert within(loaded_by(run_python, "import dj_core_utils"), ("dj_core_utils",)) == {"dj_core_utils"}


def test_version_is_the_installed_one() -> None:
    """The version stands in the metadata alone."""
    from importlib.metadata import version  # noqa: PLC0415  # beside what it is compared with

    assert dj_core_utils.__version__ == version("dj-core-utils")


def test_unknown_attribute_of_the_root_is_an_error() -> None:
    """The root invents no attributes."""
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = dj_core_utils.nothing_here


def test_imports_point_one_way(run_python: RunPython) -> None:
    """Each part imports what lies below it in the design, never above or beside, and nothing in a circle."""
    root = Path(__file__).parents[1]
    if not (root / "dj_core_utils").is_dir():
        pytest.skip("the sources are out of reach: the contract is about them")
    lint_imports = Path(sys.executable).with_name("lint-imports")
    done = run_python([lint_imports, "--no-cache"], cwd=root)
    assert done.returncode == 0, done.stdout
