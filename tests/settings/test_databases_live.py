"""Real databases take what is rendered: PostgreSQL, MariaDB and SQLite, queried through Django."""

from __future__ import annotations

import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote, urlsplit

import pytest
from django.db.utils import ConnectionHandler, OperationalError, ProgrammingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from django.db.backends.base.base import BaseDatabaseWrapper
    from pytest_django.plugin import DjangoDbBlocker

    from tests.settings.conftest import LoadFrom

RESERVED = "@/:#?%é+ &=[]"


class Connect(Protocol):
    """How a test connects to what a configuration renders."""

    def __call__(self, environ: dict[str, str], alias: str = "default") -> AbstractContextManager[BaseDatabaseWrapper]:
        """Load the environment and open the database of an alias, closed at the end with its pool."""


@pytest.fixture
def connect(load_from: LoadFrom, django_db_blocker: DjangoDbBlocker) -> Connect:
    """Connect through Django to what an environment configures."""

    @contextmanager
    def opened(environ: dict[str, str], alias: str = "default") -> Iterator[BaseDatabaseWrapper]:
        loaded = load_from(environ={"SERVICE_NAME": "users", **environ})
        assert loaded.errors == ()
        databases: Any = loaded.rendered["DATABASES"]
        with django_db_blocker.unblock():
            connection = ConnectionHandler(databases)[alias]
            try:
                yield connection
            finally:
                connection.close()
                if connection.connection is not None:  # Django leaves a database in memory open
                    connection.connection.close()
                if getattr(connection, "pool", None):
                    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL has it

    return opened


def ask(connection: BaseDatabaseWrapper, statement: str) -> object:
    """The one value that a query gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def parts_of(url: str) -> dict[str, str]:
    """A URL as separate variables."""
    parts = urlsplit(url)
    return {
        "DB_ENGINE": parts.scheme,
        "DB_NAME": parts.path[1:],
        "DB_USER": unquote(parts.username or ""),
        "DB_PASSWORD": unquote(parts.password or ""),
        "DB_HOST": parts.hostname or "",
        "DB_PORT": str(parts.port),
    }


def test_postgresql(connect: Connect, postgres_url: str) -> None:
    """A URL and the same in parts lead to the same database, under the service's name."""
    for environ in ({"DATABASE_URL": postgres_url}, parts_of(postgres_url)):
        with connect(environ) as connection:
            assert ask(connection, "SELECT current_database()") == urlsplit(postgres_url).path[1:]
            assert ask(connection, "SHOW application_name") == "users"


def test_password_with_reserved_characters(connect: Connect, postgres_url: str) -> None:
    """A password of reserved characters opens the database, encoded in a URL and as it is in a variable."""
    name = "Reserved@User"
    with connect({"DATABASE_URL": postgres_url}) as owner, owner.cursor() as cursor:
        cursor.execute(f"""CREATE ROLE "{name}" LOGIN PASSWORD '{RESERVED}'""")
    try:
        parts = urlsplit(postgres_url)
        place = f"{parts.hostname}:{parts.port}{parts.path}"
        by_url = {"DATABASE_URL": f"postgres://{quote(name)}:{quote(RESERVED, safe='')}@{place}"}
        by_parts = parts_of(postgres_url) | {"DB_USER": name, "DB_PASSWORD": RESERVED}
        for environ in (by_url, by_parts):
            with connect(environ) as connection:
                assert ask(connection, "SELECT current_user") == name
    finally:
        with connect({"DATABASE_URL": postgres_url}) as owner, owner.cursor() as cursor:
            cursor.execute(f'DROP ROLE "{name}"')


def test_schema_is_where_tables_are_made(connect: Connect, postgres_url: str) -> None:
    """DB_SCHEMA names schemas exactly, capitals and blanks included, and a table is made in the first."""
    with connect({"DATABASE_URL": postgres_url}) as connection, connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA "My App"')
    try:
        with connect({"DATABASE_URL": postgres_url, "DB_SCHEMA": "My App,public"}) as connection:
            assert ask(connection, "SELECT current_schema()") == "My App"
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE here (id int)")
            assert "here" in connection.introspection.table_names()
        with connect({"DATABASE_URL": f"{postgres_url}?currentSchema=My%20App"}) as connection:
            assert ask(connection, "SELECT 'here'::regclass::text") == "here"
        with connect({"DATABASE_URL": postgres_url}) as connection, pytest.raises(ProgrammingError):
            ask(connection, "SELECT 'here'::regclass::text")
    finally:
        with connect({"DATABASE_URL": postgres_url}) as connection, connection.cursor() as cursor:
            cursor.execute('DROP SCHEMA "My App" CASCADE')


def test_time_limits(connect: Connect, postgres_url: str) -> None:
    """A statement is cut off at its limit, and the server knows the other limits."""
    limits = {
        "DATABASE_STATEMENT_TIMEOUT": "100ms",
        "DATABASE_LOCK_TIMEOUT": "5s",
        "DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "1m",
    }
    with connect({"DATABASE_URL": postgres_url, **limits}) as connection:
        with pytest.raises(OperationalError, match="statement timeout"):
            ask(connection, "SELECT pg_sleep(5)")
        assert ask(connection, "SHOW lock_timeout") == "5s"
        assert ask(connection, "SHOW idle_in_transaction_session_timeout") == "1min"


def test_isolation_level_by_name(connect: Connect, postgres_url: str) -> None:
    """The name of an isolation level in a URL becomes what Django's engine takes."""
    with connect({"DATABASE_URL": f"{postgres_url}?isolation_level=serializable"}) as connection:
        connection.set_autocommit(False)
        assert ask(connection, "SHOW transaction_isolation") == "serializable"


@pytest.mark.parametrize(
    ("variables", "is_kept"),
    [({}, False), ({"DATABASE_POOL": "true"}, True), ({"DATABASE_CONN_MAX_AGE": "60"}, True)],
    ids=["neither", "pool", "age"],
)
def test_connections_are_kept(
    connect: Connect,
    postgres_url: str,
    variables: dict[str, str],
    is_kept: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """With a pool or an age requests share connections, without them each has a new one."""
    pids = set()
    with connect({"DATABASE_URL": postgres_url, **variables}) as connection:
        for _ in range(5):
            pids.add(ask(connection, "SELECT pg_backend_pid()"))
            end_request(connection)
    # A pool may open a second one while it is being filled.
    assert (len(pids) <= 2) is is_kept


def test_pool_has_its_sizes(connect: Connect, postgres_url: str) -> None:
    """What the URL says about the pool is what psycopg's pool has, and what it leaves out comes from the section."""
    with connect({"DATABASE_URL": f"{postgres_url}?pool__max_size=3"}) as connection:
        ask(connection, "SELECT 1")
        pool = connection.pool  # type: ignore[attr-defined]  # PostgreSQL has it
        assert (pool.min_size, pool.max_size, pool.timeout) == (1, 3, 5.0)


@pytest.mark.parametrize(
    "kept_by",
    [{"DATABASE_POOL": "true", "DATABASE_POOL_MAX_SIZE": "1"}, {"DATABASE_CONN_MAX_AGE": "60"}],
    ids=["pool", "age"],
)
def test_a_server_that_restarts_fails_no_request(connect: Connect, postgres_url: str, kept_by: dict[str, str]) -> None:
    """A connection that died between two requests is noticed before it is used; without the check it is not."""
    for is_checked in (True, False):
        environ = {"DATABASE_URL": postgres_url, "DATABASE_CONN_HEALTH_CHECKS": str(is_checked), **kept_by}
        with connect(environ) as connection, connect({"DATABASE_URL": postgres_url}) as other:
            pid = ask(connection, "SELECT pg_backend_pid()")
            end_request(connection)
            ask(other, f"SELECT pg_terminate_backend({pid}, 5000)")
            connection.close_if_unusable_or_obsolete()  # as Django does when a request begins
            if is_checked:
                assert ask(connection, "SELECT 1") == 1
            else:
                with pytest.raises(OperationalError):
                    ask(connection, "SELECT 1")


def test_a_silent_server_is_given_up_soon(connect: Connect) -> None:
    """A server that takes the connection and never answers is given up after the limit, not after minutes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://u@127.0.0.1:{silent.getsockname()[1]}/x"
        began = time.monotonic()
        environ = {"DATABASE_URL": url, "DATABASE_CONNECT_TIMEOUT": "2"}
        with connect(environ) as connection, pytest.raises(OperationalError, match="timeout"):
            ask(connection, "SELECT 1")
        assert time.monotonic() - began < 10


@pytest.fixture
def _pymysql(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyMySQL in the place of mysqlclient, as a project would put it there."""
    import pymysql  # noqa: PLC0415  # only these tests need the driver

    monkeypatch.setitem(sys.modules, "MySQLdb", pymysql)


@pytest.mark.usefixtures("_pymysql")
def test_mariadb(connect: Connect, mariadb_url: str) -> None:
    """MariaDB takes a URL and the same in parts, the name of an isolation level and the limits."""
    limits = {
        "DATABASE_STATEMENT_TIMEOUT": "1500ms",
        "DATABASE_LOCK_TIMEOUT": "5s",
        "DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "1m",
    }
    by_url = {"DATABASE_URL": f"{mariadb_url}?isolation_level=serializable", **limits}
    with connect(by_url) as connection:
        assert ask(connection, "SELECT database()") == urlsplit(mariadb_url).path[1:]
        assert ask(connection, "SELECT @@tx_isolation") == "SERIALIZABLE"
        assert ask(connection, "SELECT @@max_statement_time") == 1.5
        assert ask(connection, "SELECT @@innodb_lock_wait_timeout") == 5
        assert ask(connection, "SELECT @@idle_transaction_timeout") == 60
    with connect(parts_of(mariadb_url)) as connection:
        assert ask(connection, "SELECT database()") == urlsplit(mariadb_url).path[1:]


@pytest.mark.usefixtures("_pymysql")
def test_mariadb_is_not_believed(connect: Connect, mariadb_url: str) -> None:
    """A server without TLS, or with a certificate that proves nothing, is refused when TLS is asked for."""
    with (
        connect({"DATABASE_URL": mariadb_url, "DATABASE_TLS": "verify-full"}) as connection,
        pytest.raises(OperationalError),
    ):
        ask(connection, "SELECT 1")
    with connect({"DATABASE_URL": mariadb_url, "DATABASE_TLS": "disable"}) as connection:
        assert ask(connection, "SELECT 1") == 1


def test_sqlite_takes_turns(connect: Connect) -> None:
    """Threads that read and then write wait for each other: none fails, and no write is lost."""
    environ = {"DATABASE_URL": "sqlite:///shop.db"}
    with connect(environ) as connection:
        assert ask(connection, "PRAGMA journal_mode") == "wal"
        assert ask(connection, "PRAGMA synchronous") == 1
        assert ask(connection, "PRAGMA foreign_keys") == 1
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE counter (value int)")
            cursor.execute("INSERT INTO counter VALUES (0)")

        def count(_: int) -> None:
            with connect(environ) as own:
                for _ in range(10):
                    own.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
                    value = ask(own, "SELECT value FROM counter")
                    with own.cursor() as cursor:
                        cursor.execute("UPDATE counter SET value = %s", [int(str(value)) + 1])
                    own.commit()
                    own.set_autocommit(True)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(count, range(4)))
        assert ask(connection, "SELECT value FROM counter") == 40


def test_sqlite_in_memory(connect: Connect) -> None:
    """A database in memory needs nothing and takes the same options."""
    with connect({"DATABASE_URL": "sqlite://:memory:"}) as connection:
        assert ask(connection, "SELECT 1") == 1


def end_request(connection: BaseDatabaseWrapper) -> None:
    """What Django does with a connection when a request has ended."""
    connection.close_if_unusable_or_obsolete()
