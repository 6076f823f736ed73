"""Fixtures for every test: a clean environment, interpreters to start, projects to write, servers to talk to."""

from __future__ import annotations

import os
from textwrap import dedent
from typing import TYPE_CHECKING, Protocol

import pytest
from hypothesis import settings as hypothesis_settings

from tests import fork_server, servers
from tests.warm_python import run_cold, warm_python

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.warm_python import WarmPython

hypothesis_settings.register_profile("default", derandomize=True, deadline=None, database=None)
hypothesis_settings.register_profile("thorough", max_examples=5_000, deadline=None)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What a process needs to run at all, and what tells the tests about the machine. Anything else is the machine's own.
KEPT_NAMES = frozenset({"HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USER"})
KEPT_PREFIXES = ("COVERAGE_", "DJ_TEST_", "PYTEST_")

MANAGE = """
    import os
    import sys

    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
    execute_from_command_line(sys.argv)
"""
PROJECT = {
    "manage.py": MANAGE,
    "settings.py": """
        from dj_core_utils.settings import CoreSettings, export_settings


        class ProjectSettings(CoreSettings):
            root_urlconf: str = "urls"


        export_settings(globals())
    """,
    "urls.py": "urlpatterns = []",
}


def clean_environment() -> dict[str, str]:
    """The environment without anything that could configure a project, as on a machine just installed."""
    return {name: value for name, value in os.environ.items() if name in KEPT_NAMES or name.startswith(KEPT_PREFIXES)}


@pytest.fixture(autouse=True)
def _clean_environment() -> Iterator[None]:
    """Each test starts from a clean environment and leaves none of its own."""
    before = dict(os.environ)
    clean = clean_environment()
    os.environ.clear()
    os.environ.update(clean)
    yield
    os.environ.clear()
    os.environ.update(before)


class RunPython(Protocol):
    """How a test starts an interpreter of its own."""

    def __call__(
        self,
        code: str | Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str = "",
        python: Path | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run code, or a list of arguments, and return what came out.

        Args:
            code: Text for ``python -c``, indented as one likes, or the arguments of ``python``.
            env: Added to the clean environment.
            cwd: Where it runs; the test's own folder by default.
            stdin: What it reads.
            python: Another interpreter than the one of the tests.
            timeout: Seconds after which the test fails.
        """


@pytest.fixture(scope="session")
def python() -> Iterator[WarmPython]:
    """What starts interpreters in a third of the time."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - clean_environment().keys():
            patch.delenv(name)
        with warm_python() as started:
            yield started


@pytest.fixture
def cold_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interpreters start for real, because the test is about what a start does, costs or loads."""
    monkeypatch.setenv(fork_server.COLD, "1")


@pytest.fixture
def run_python(tmp_path: Path, python: WarmPython) -> RunPython:
    """Start an interpreter with a clean environment, in the test's own folder."""
    warm = python

    def run(
        code: str | Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str = "",
        python: Path | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        arguments = ["-c", dedent(code)] if isinstance(code, str) else [str(argument) for argument in code]
        environ, folder = {**clean_environment(), **(env or {})}, cwd or tmp_path
        if python:
            return run_cold(arguments, env=environ, cwd=folder, stdin=stdin, timeout=timeout, python=python)
        return warm.run(arguments, env=environ, cwd=folder, stdin=stdin, timeout=timeout)

    return run


class WriteProject(Protocol):
    """How a test writes a Django project."""

    def __call__(self, files: Mapping[str, str] | None = None) -> Path:
        """Write ``manage.py``, ``settings.py`` and ``urls.py``, and the given files over them.

        Args:
            files: Text by path, indented as one likes.

        Returns:
            The folder of the project.
        """


@pytest.fixture
def project(tmp_path: Path) -> WriteProject:
    """Write a small Django project into the test's own folder."""

    def write(files: Mapping[str, str] | None = None) -> Path:
        for name, text in {**PROJECT, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    return servers.free_port()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database: on the server of ``DJ_TEST_POSTGRES_URL``, or on one started for this session."""
    with servers.postgres(os.environ.get("DJ_TEST_POSTGRES_URL")) as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """A MariaDB database: on the server of ``DJ_TEST_MARIADB_URL`` or on one that runs here, else a skip."""
    given = os.environ.get("DJ_TEST_MARIADB_URL")
    try:
        with servers.mariadb(given or servers.MARIADB_DEFAULT) as url:
            yield url
    except servers.ServerUnavailableError as error:
        if given:
            raise
        pytest.skip(f"no MariaDB answers at {servers.MARIADB_DEFAULT} (DJ_TEST_MARIADB_URL names another): {error}")


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A Valkey server, which also speaks for Redis."""
    with servers.valkey() as url:
        yield url


@pytest.fixture
def smtp_sink() -> Iterator[servers.SmtpSink]:
    """A mail server that keeps what it gets."""
    with servers.smtp() as sink:
        yield sink
