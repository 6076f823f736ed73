"""Try an installed package where it is alone: its modules, its commands, a project. Run by that installation itself.

Only the standard library and what is installed beside this file may be used: ``python -I smoke.py redis`` is called by
the interpreter that is to be tried, with the names of the extras that it got.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

SETTINGS = """\
from dj_core_utils.settings import CoreSettings, export_settings


class ShopSettings(CoreSettings):
    service_name: str = "shop"
    root_urlconf: str = "shop.urls"
    # The app with the tables: the audit log is turned on by importing a module.
    installed_apps: list[str] = ["dj_core_utils.db"]


export_settings(globals())
"""
REQUEST = """\
import django

django.setup()

from django.test import Client

assert Client().get("/healthz").status_code == 200
assert Client().get("/admin/login/").status_code == 200
"""
# What a project can only say when an extra is installed.
NEEDS_EXTRA = {"redis": {"CACHE_URL": "redis://127.0.0.1:6379/0"}}
KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


def main(extras: list[str]) -> int:
    """Try everything.

    Args:
        extras: The extras that are installed.

    Returns:
        0, or 1 when something does not work; what it is stands in the output.
    """
    # An isolated interpreter does not put the folder of this script on its path, so what is found was installed.
    with tempfile.TemporaryDirectory() as folder:
        failures = start_a_project(Path(folder), extras) + import_everything(Path(folder), extras)
    sys.stdout.write("".join(f"{failure}\n" for failure in failures))
    return 1 if failures else 0


def import_everything(folder: Path, extras: list[str]) -> list[str]:
    """Import each module in the project; one that belongs to an extra that is not there has to name it."""
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    os.environ |= {"DJANGO_PROFILE": "test", "DJANGO_SETTINGS_MODULE": "shop.settings"}
    try:
        importlib.import_module("django").setup()
    except Exception as error:  # noqa: BLE001  # without a start no module can be judged
        return [f"django.setup(): {type(error).__name__}: {error}"]
    package = importlib.import_module("dj_core_utils")
    names = sorted(module.name for module in pkgutil.walk_packages(package.__path__, "dj_core_utils."))
    failures = [] if names else ["no module was found"]
    for name in names:
        if name.endswith(".__main__"):
            continue
        try:
            importlib.import_module(name)
        except ImportError as error:
            extra = str(error).partition("dj-core-utils[")[2].partition("]")[0]
            # A part named after a tool, such as a plugin of pytest, is imported by that tool alone.
            if (not extra or extra in extras) and error.name != name.rpartition(".")[2]:
                failures.append(f"import {name}: {error}")
        except Exception as error:  # noqa: BLE001  # whatever it is, it is what this looks for
            failures.append(f"import {name}: {type(error).__name__}: {error}")
    return failures


def start_a_project(folder: Path, extras: list[str]) -> list[str]:
    """Make a project as a reader of the README would, and start it under several profiles."""
    failures = [
        *_try(["-m", "dj_core_utils", "--help"], folder, shows="config"),
        *_try(["-m", "dj_core_utils", "--version"], folder, shows=f"dj-core-utils {version('dj-core-utils')}"),
        *_try(["-m", "django", "startproject", "shop", "."], folder),
    ]
    (folder / "shop" / "settings.py").write_text(SETTINGS, encoding="utf-8")
    for arguments in (["check"], ["migrate", "--verbosity", "0"], ["config", "check"], ["config", "show"]):
        failures += _try(["manage.py", *arguments], folder, {"DJANGO_PROFILE": "development"})
    made = folder / "made"
    made.mkdir()
    failures += _try(["-m", "dj_core_utils", "init"], made, shows="wrote") + _try(["manage.py", "check"], made)
    failures += _try(["-c", REQUEST], folder, {"DJANGO_PROFILE": "test", "DJANGO_SETTINGS_MODULE": "shop.settings"})
    failures += _try(["manage.py", "collectstatic", "--no-input"], folder, {"DJANGO_PROFILE": "production,build"})
    incomplete = {"DJANGO_PROFILE": "production"}
    failures += _try(["manage.py", "check"], folder, incomplete, status=1, shows="DJANGO_SECRET_KEY")
    for extra, variables in NEEDS_EXTRA.items():
        status, shows = (0, "") if extra in extras else (1, f"dj-core-utils[{extra}]")
        using = {"DJANGO_PROFILE": "development", **variables}
        failures += _try(["manage.py", "check"], folder, using, status=status, shows=shows)
    return failures


def _try(
    arguments: list[str], folder: Path, variables: dict[str, str] | None = None, *, status: int = 0, shows: str = ""
) -> list[str]:
    """Run the interpreter, with the variables and nothing else that could configure a project."""
    clean = {name: os.environ[name] for name in KEPT if name in os.environ}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**clean, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == status and shows in done.stdout:
        return []
    command = " ".join([*(f"{name}={value}" for name, value in (variables or {}).items()), "python", *arguments])
    missing = f', without "{shows}" in its output' if shows not in done.stdout else ""
    return [f"{command}\n  ends with status {done.returncode} (expected {status}){missing}:\n{done.stdout}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
