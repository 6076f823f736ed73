"""Fixtures for ``init``: a project of some layout, and the command run in it."""

from __future__ import annotations

import io
import json
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest

from dj_core_utils.__main__ import main
from dj_core_utils.cli.init.planner import Planner
from dj_core_utils.cli.init.source import read_source
from dj_core_utils.cli.init.starting import Started
from dj_core_utils.cli.init.terms import term

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.warm_python import WarmPython

# What a process says of its settings, without any code of ours: the judge of what init claims.
JUDGE = """
import json, sys
import runpy
from django.core import management
management.execute_from_command_line = lambda *_: None
sys.argv = ["manage.py", "check"]
sys.path.insert(0, "")
runpy.run_path("manage.py", run_name="__main__")
from django.conf import settings
if "LANGUAGES" in NAMES:  # texts that are translated need the apps
    import django
    django.setup()

def told(name):
    # From Django 6.1 on, mail is configured by MAILERS.
    mailers = getattr(settings, "MAILERS", None)
    if not mailers or name not in ("EMAIL_BACKEND", "EMAIL_HOST"):
        return getattr(settings, name, "nothing")
    mailer = mailers["default"]
    return mailer["BACKEND"] if name == "EMAIL_BACKEND" else mailer.get("OPTIONS", {}).get("host", "localhost")

print("<<<" + json.dumps({name: str(told(name)) for name in NAMES}))
"""


class Done(NamedTuple):
    """What the command said.

    Attributes:
        returncode: Its exit status.
        stdout: What it printed.
    """

    returncode: int
    stdout: str


def write_layout(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a project.

    Args:
        folder: Where to.
        files: Text by path.

    Returns:
        The folder.
    """
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def run_init(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
    """Run ``python -m dj_core_utils init`` in this process; the settings start in processes of their own all the same.

    Args:
        folder: Where.
        *arguments: Behind ``init``.
        env: Variables that are set.
    """
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(output):
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        status = main(["init", *arguments])
    return Done(status, output.getvalue())


def look(folder: Path, *names: str, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Start settings as ``manage.py`` does, in a process that knows nothing of the command.

    Args:
        folder: Of the project.
        *names: Settings.
        env: Variables that are set.
    """
    done = subprocess.run(
        [sys.executable, "-c", f"NAMES = {list(names)!r}\n{JUDGE}"],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0", **(env or {})},  # a set is shown in one order
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "<<<" in done.stdout, done.stderr
    found: dict[str, str] = json.loads(done.stdout.rpartition("<<<")[2])
    return found


def planner_of(folder: Path, text: str) -> Planner:
    """What plans for a settings module that runs in this process: for what needs no start of Django.

    Args:
        folder: Where the module is written.
        text: The module, behind the imports that it may use.
    """
    file = folder / "settings.py"
    head = "import os\nfrom datetime import timedelta\nfrom pathlib import Path\n\nBASE_DIR = Path(__file__).parent\n"
    file.write_text(f"{head}{dedent(text)}", encoding="utf-8")
    values = {"DEBUG": False, "INTERNAL_IPS": [], **runpy.run_path(str(file))}
    known = {name: term(value) for name, value in values.items() if name.isupper()}
    source = read_source(file, folder)
    declared = frozenset(name for one in source.statements for name in one.settings)
    before = Started("settings", file, folder, declared=declared, django=frozenset(), values=known)
    return Planner(before, source, folder, environ=os.environ, dotenv={})


class WriteLayout(Protocol):
    """How a test writes a project."""

    def __call__(self, files: Mapping[str, str]) -> Path:
        """Write files.

        Args:
            files: Text by path.

        Returns:
            The folder.
        """


@pytest.fixture
def layout(tmp_path: Path) -> WriteLayout:
    """Write a project into a folder of its own."""
    return lambda files: write_layout(tmp_path / "clinic", files)


@pytest.fixture(autouse=True)
def _warm_starts(python: WarmPython, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command and its judge start takes a third of the time."""
    monkeypatch.setattr(sys, "executable", str(python.program))
