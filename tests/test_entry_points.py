"""Where a configuration that cannot be used surfaces: every way in which people start Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunPython, WriteProject

pytestmark = pytest.mark.usefixtures("cold_starts")
CANARY = "canary-" + "k3J9-" * 12
BROKEN = {
    "DJANGO_PROFILE": "development",
    "DEBUG": "Flase",
    "DATABASE_URL": f"postgres://shop:{CANARY}@db:54x2/shop",
    "DJANGO_SECRET_KEY": CANARY,
}
SETUP = "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n"
FILES = {
    "start.py": f"{SETUP}import django\n\ndjango.setup()\n",
    "worker.py": (
        f"{SETUP}from celery import Celery\n\napp = Celery('worker')\n"
        "app.config_from_object('django.conf:settings', namespace='CELERY')\napp.autodiscover_tasks()\n"
    ),
    "plain_wsgi.py": f"{SETUP}from django.core import wsgi\n\napplication = wsgi.get_wsgi_application()\n",
    "plain_asgi.py": f"{SETUP}from django.core import asgi\n\napplication = asgi.get_asgi_application()\n",
    "test_one.py": "def test_one(): pass\n",
}
HEADLINE = "Configuration of ProjectSettings is not usable: 2 problems (profiles: development)"
NEXT_STEP = "python -m dj_core_utils config show --settings settings"


@dataclass(frozen=True)
class EntryPoint:
    """One way to start.

    Attributes:
        command: The arguments of Python.
        status: The exit status.
        is_short: Whether the report is all that is printed; some programs print a traceback of their own before it.
    """

    command: tuple[str, ...]
    status: int = 1
    is_short: bool = True


ENTRY_POINTS = {
    "check": EntryPoint(("manage.py", "check")),
    "migrate": EntryPoint(("manage.py", "migrate")),
    "test": EntryPoint(("manage.py", "test")),
    "unknown command": EntryPoint(("manage.py", "no_such_command")),
    "runserver": EntryPoint(("manage.py", "runserver", "127.0.0.1:{port}")),
    "runserver --noreload": EntryPoint(("manage.py", "runserver", "--noreload", "127.0.0.1:{port}")),
    "django": EntryPoint(("-m", "django", "check", "--settings", "settings")),
    "setup": EntryPoint(("start.py",)),
    "celery": EntryPoint(("-m", "celery", "-A", "worker", "worker")),
    "uvicorn": EntryPoint(("-m", "uvicorn", "--port", "{port}", "plain_asgi:application")),
    "gunicorn": EntryPoint(("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "plain_wsgi"), status=3, is_short=False),
    "gunicorn --preload": EntryPoint(("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--preload", "plain_wsgi")),
    "pytest": EntryPoint(
        ("-m", "pytest", "--ds=settings", "-p", "no:cacheprovider", "-c", "pytest.ini"), is_short=False
    ),
    # Django lists its own commands, and shows the report in the note below them.
    "help": EntryPoint(("manage.py", "help"), status=0, is_short=False),
}


@pytest.fixture
def broken(project: WriteProject) -> Path:
    """A project whose settings cannot be used."""
    return project({**FILES, "pytest.ini": "[pytest]\n"})


@pytest.mark.parametrize("name", ENTRY_POINTS)
def test_the_report_appears(run_python: RunPython, broken: Path, free_port: int, name: str) -> None:
    """The whole report is printed with no secret in or around it, and the process ends with the right status."""
    entry = ENTRY_POINTS[name]
    done = run_python([part.format(port=free_port) for part in entry.command], env=BROKEN, cwd=broken, timeout=30)
    told = done.stdout + done.stderr
    assert done.returncode == entry.status, told
    for expected in (HEADLINE, "[value.boolean]", "[database.url]", NEXT_STEP):
        assert expected in told
    assert "canary" not in told
    if entry.is_short:
        assert told.startswith(HEADLINE)
        assert "Traceback" not in told
        assert told.count("[value.boolean]") == 1


def test_the_shell_starts_without_settings(run_python: RunPython, broken: Path) -> None:
    """Django's shell swallows the error by itself; a setting that is read there reports it."""
    code = "from django.conf import settings; settings.DEBUG"
    done = run_python(["manage.py", "shell", "--command", code], env=BROKEN, cwd=broken)
    assert done.returncode == 1
    assert "[value.boolean]" in done.stderr
    assert "canary" not in done.stdout + done.stderr
