"""WSGI and ASGI: a start that cannot succeed ends readably, and for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import RunPython, WriteProject

SERVER_FILES = {
    "wsgi.py": """
        import os

        from dj_core_utils.wsgi import get_wsgi_application

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
        application = get_wsgi_application()
    """,
    "asgi.py": """
        import os

        from dj_core_utils.asgi import get_asgi_application

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
        application = get_asgi_application()
    """,
}
GOOD = {"DJANGO_PROFILE": "development"}
BROKEN = {**GOOD, "DEBUG": "Flase", "DJANGO_SECRET_KEY": "canary-" + "k3J9-" * 12}
BUILD = {"DJANGO_PROFILE": "build"}
SERVERS = {
    "gunicorn": ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "wsgi"),
    "gunicorn --preload": ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--preload", "wsgi"),
    "uvicorn": ("-m", "uvicorn", "--port", "{port}", "asgi:application"),
}


def arguments(server: str, port: int) -> list[str]:
    """The arguments of python that start a server."""
    return [argument.format(port=port) for argument in SERVERS[server]]


@pytest.mark.parametrize("server", SERVERS)
def test_a_broken_configuration_ends_the_server(
    run_python: RunPython, project: WriteProject, free_port: int, server: str
) -> None:
    """The server prints the report once, without a traceback or a secret, and ends with 3, not to be tried again."""
    project(SERVER_FILES)
    done = run_python(arguments(server, free_port), env=BROKEN, timeout=20)
    told = done.stdout + done.stderr
    assert done.returncode == 3
    assert told.count("[value.boolean]") == 1
    assert "Traceback" not in told
    assert "canary" not in told
    assert len(told.splitlines()) < 20


@pytest.mark.parametrize("module", ["wsgi", "asgi"])
def test_the_profile_build_never_serves(run_python: RunPython, project: WriteProject, module: str) -> None:
    """Neither interface starts on throw-away secrets."""
    project(SERVER_FILES)
    done = run_python(f"import {module}", env=BUILD)
    assert done.returncode == 3
    assert "profile build" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["wsgi", "asgi"])
def test_warnings_reach_the_log(run_python: RunPython, project: WriteProject, module: str) -> None:
    """What the load warned of is logged once for a process, however many applications it makes."""
    project(SERVER_FILES)
    code = f"""
        import {module}
        from dj_core_utils.wsgi import get_wsgi_application

        get_wsgi_application()
    """
    done = run_python(code, env={**GOOD, "JWT_ACCESS_TOKEN_LIFETIME": "20m"})
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).count("[jwt.lifetime]") == 1


def test_a_missing_manifest_reaches_the_log(run_python: RunPython, project: WriteProject) -> None:
    """A server whose pages will fail for want of collectstatic says so when it starts."""
    project(SERVER_FILES)
    env = {**GOOD, "STATIC_STORAGE": "manifest", "DEBUG": "false", "STATIC_ROOT": "static"}
    done = run_python("import wsgi", env=env)
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).count("[static.manifest]") == 1


def test_another_error_is_left_alone(run_python: RunPython, project: WriteProject) -> None:
    """What is no matter of configuration keeps its traceback."""
    project({**SERVER_FILES, "settings.py": "import not_installed_anywhere"})
    done = run_python("import wsgi")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "not_installed_anywhere" in done.stderr
