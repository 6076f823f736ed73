"""Databases of each kind as Django's default one, and people who act."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dj_database_url
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.utils import ConnectionHandler

from tests import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User
    from pytest_django.plugin import DjangoDbBlocker


@contextmanager
def default_database(url: str) -> Iterator[None]:
    """Let another database be the default one, in every thread."""
    handler = ConnectionHandler({"default": dict(dj_database_url.parse(url))})
    before, settings_before = connections["default"], connections.settings["default"]
    connections.settings["default"] = handler.settings["default"]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before
        connections.settings["default"] = settings_before


def make_tables(url: str, blocker: DjangoDbBlocker) -> str:
    """Every table of the test project."""
    with blocker.unblock(), default_database(url):
        call_command("migrate", run_syncdb=True, verbosity=0)
    return url


@pytest.fixture(scope="session")
def postgres_tables(postgres_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """PostgreSQL with every table, in a database of its own."""
    with servers.postgres(postgres_url) as url:
        yield make_tables(url, django_db_blocker)


@pytest.fixture(scope="session")
def mariadb_tables(mariadb_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """MariaDB with every table, through PyMySQL, in a database of its own."""
    import pymysql  # noqa: PLC0415  # only these tests need the driver

    pymysql.install_as_MySQLdb()
    with servers.mariadb(mariadb_url) as url:
        # PyMySQL reads all certificates of the machine for each connection, which takes half of the time of a test.
        tables = make_tables(url if "?" in url else f"{url}?ssl_disabled=true", django_db_blocker)
        # Django has its driver by now, and other tests of this process are about a machine without mysqlclient.
        for name in [name for name in sys.modules if name.partition(".")[0] in {"MySQLdb", "_mysql"}]:
            del sys.modules[name]
        yield tables


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.django_db), "postgres", "mariadb"])
def any_database(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Each kind of database in turn; what a test writes is rolled back."""
    if request.param == "sqlite":
        yield "sqlite"
        return
    url = request.getfixturevalue(f"{request.param}_tables")
    with django_db_blocker.unblock(), default_database(url), transaction.atomic():
        yield request.param
        transaction.set_rollback(True)


@pytest.fixture(params=["postgres", "mariadb"])
def committing_server(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Each server with several writers at once, without a transaction around the test; emptied afterwards."""
    with django_db_blocker.unblock(), default_database(request.getfixturevalue(f"{request.param}_tables")):
        yield
        call_command("flush", interactive=False, verbosity=0)
        connection.close()


def make_user(name: str) -> User:
    """Somebody with an account."""
    return get_user_model().objects.create(username=name)
