"""``config check --live``: databases that answer, and those that do not."""

from __future__ import annotations

import gc
import os
import re
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pymysql
import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from dj_core_utils.cli.live.databases import probes
from dj_core_utils.cli.live.running import run_all
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load
from tests import servers
from tests.listeners import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper
    from pytest_django.plugin import DjangoDbBlocker

    from dj_core_utils.cli.live.probe import Finding

CANARY = "canary-Vq2w8RtLp0x"


@pytest.fixture(autouse=True)
def _may_connect(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """These tests connect to databases of their own."""
    with django_db_blocker.unblock():
        yield


def rendered(url: str, **more: str) -> dict[str, Any]:
    """``DATABASES`` for a URL."""
    environ = {"DATABASE_URL": url, **more}
    loaded = load(CoreSettings, environ=environ, project_dir=Path.cwd(), profiles=("development",))
    assert [problem for problem in loaded.problems if problem.id.startswith("database.")] == []
    databases = loaded.rendered["DATABASES"]
    assert isinstance(databases, dict)
    return databases


def found(databases: Mapping[str, Any], timeout: float = 20) -> dict[str, Finding]:
    """What the probes find, by alias."""
    return {result.probe.name: result.finding for result in run_all(list(probes(databases)), timeout)}


def connected(databases: dict[str, Any], alias: str, work: Callable[[BaseDatabaseWrapper], object]) -> None:
    """Work on a database, in a thread of its own: each has its own connections."""

    def run() -> None:
        connections[alias] = connection = ConnectionHandler(databases)[alias]
        try:
            work(connection)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        pool.submit(run).result()


def migrate(connection: BaseDatabaseWrapper) -> None:
    """Apply every migration."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def forget_one(connection: BaseDatabaseWrapper) -> None:
    """Forget that a migration was applied."""
    MigrationRecorder(connection).record_unapplied("auth", "0012_alter_user_first_name_max_length")


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """A database of PostgreSQL of its own."""
    with servers.postgres(postgres_url) as url:
        yield url


def test_postgresql(database: str) -> None:
    """Its version, encryption and speed are told; each migration that is missing is a failure until it is applied."""
    databases = rendered(database)
    fresh = found(databases)["default"]
    assert fresh.status == "fail"
    assert re.fullmatch(
        r"PostgreSQL \d+\.\d+, no TLS, \d+ migrations are not applied: \w+\.0001_initial, .+ \d+ more",
        fresh.message,
    )
    assert fresh.hint == "apply them:  python manage.py migrate"
    connected(databases, "default", migrate)
    current = found(databases)["default"]
    assert current.status == "ok"
    assert re.fullmatch(r"PostgreSQL \d+\.\d+, no TLS, migrations up to date", current.message)
    assert current.milliseconds is not None
    assert 0 < current.milliseconds < 5000
    connected(databases, "default", forget_one)
    behind = found(databases)["default"]
    assert behind.message.endswith("1 migration is not applied: auth.0012_alter_user_first_name_max_length")


def test_a_pool_is_left_alone(database: str) -> None:
    """A pool would try again in the background; its database is asked over a connection of its own."""
    databases = rendered(database, DATABASE_POOL="true")
    assert databases["default"]["OPTIONS"]["pool"]
    assert "not applied" in found(databases)["default"].message
    absent = {**databases["default"], "NAME": "not_there"}
    assert found({"default": absent})["default"].message.endswith('/not_there: database "not_there" does not exist')


def test_what_postgresql_says(postgres_url: str, free_port: int) -> None:
    """A wrong address is told by what is wrong, with the address and without the password."""
    server = urlsplit(postgres_url)
    login = f"{server.username}:{CANARY}"
    told = {
        f"{login}@{server.hostname}:{free_port}": f"{server.hostname}:{free_port}/x: Connection refused",
        f"{login}@nope.invalid": "nope.invalid/x: the host name cannot be looked up",
    }
    if "DJ_TEST_POSTGRES_URL" not in os.environ:  # a server of one's own may trust everybody
        told[f"{login}@{server.hostname}:{server.port}"] = (
            f'{server.hostname}:{server.port}/x: password authentication failed for user "{server.username}"'
        )
    for address, reason in told.items():
        finding = found(rendered(f"postgresql://{address}/x"))["default"]
        assert (finding.status, finding.message) == ("fail", f"PostgreSQL {reason}")
        assert finding.milliseconds is None


def test_a_database_that_never_answers() -> None:
    """A port that accepts and says nothing is given up at the limit."""
    with silent() as port:
        started = time.monotonic()
        finding = found(rendered(f"postgresql://shop:{CANARY}@127.0.0.1:{port}/x"), timeout=0.3)["default"]
    assert (finding.status, finding.message) == ("fail", "no answer within 0.3 s")
    assert time.monotonic() - started < 5


def test_mariadb(mariadb_url: str, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """MariaDB is told from MySQL, and what its client says is told without its brackets."""
    monkeypatch.setitem(sys.modules, "MySQLdb", pymysql)
    databases = rendered(mariadb_url)
    finding = found(databases)["default"]
    assert re.match(r"MariaDB \d+\.\d+\.\d+, (no )?TLS, \d+ migrations are not applied: ", finding.message)
    server = urlsplit(mariadb_url)
    place = f"{server.hostname}:{server.port}"
    wrong = {
        f"mysql://{CANARY}:{CANARY}@{place}/x": f"MySQL {place}/x: Access denied for user ",
        f"mysql://root:{CANARY}@127.0.0.1:{free_port}/x": f"MySQL 127.0.0.1:{free_port}/x: connection refused",
        f"mysql://root:{CANARY}@nope.invalid/x": "MySQL nope.invalid/x: the host name cannot be looked up",
        f"{mariadb_url}_not_there": "_not_there: Unknown database '",
    }
    for url, reason in wrong.items():
        refused = found(rendered(url))["default"]
        assert refused.status == "fail"
        assert reason in refused.message
        assert "using password" not in refused.message


# Django forgets the connection to such a file, and Python 3.13 says so.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
def test_sqlite(tmp_path: Path) -> None:
    """A file that is missing is not made by asking for it; one that is no database is told as such."""
    path = tmp_path / "shop.sqlite3"
    databases = rendered(f"sqlite:///{path}")
    missing = found(databases)["default"]
    assert missing[:3] == ("fail", f"there is no file {path}", "make it:  python manage.py migrate")
    assert not path.exists()
    connected(databases, "default", migrate)
    assert found(databases)["default"].message == f"SQLite {sqlite3.sqlite_version}, migrations up to date"
    path.write_text("no database" * 100)
    broken = found(databases)["default"]
    assert (broken.status, broken.message) == ("fail", f"SQLite {path}: file is not a database")
    gc.collect()  # while the warning is ignored


def test_sqlite_in_memory() -> None:
    """What is in memory has nothing to migrate."""
    assert found(rendered("sqlite://:memory:"))["default"].message == f"SQLite {sqlite3.sqlite_version}, in memory"


def test_other_aliases(tmp_path: Path) -> None:
    """Another database may be nobody's to migrate; once it was migrated it is held to that."""
    other = tmp_path / "other.sqlite3"
    sqlite3.connect(other).close()
    databases = {
        "default": rendered("sqlite://:memory:")["default"],
        "reports": {**rendered(f"sqlite:///{other}")["default"]},
    }
    assert found(databases)["reports"].message == f"SQLite {sqlite3.sqlite_version}, without migrations"
    connected(databases, "reports", lambda connection: MigrationRecorder(connection).ensure_schema())
    behind = found(databases)["reports"]
    assert behind.status == "fail"
    assert behind.hint == "apply them:  python manage.py migrate --database reports"
