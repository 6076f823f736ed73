"""The database section: what it renders, what beats what, and what does not fit together."""

from __future__ import annotations

import importlib.util
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.database import DatabaseSettings
from dj_core_utils.settings.database_drivers import driver_options
from dj_core_utils.settings.database_tls import tls_options, uses_pymysql
from dj_core_utils.settings.database_url import DatabaseConfig, parse_database_url

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

PROFILE = {"profiles/own.toml": "[settings.database]\nconn_max_age = 60\n"}
PARTS = {"DB_NAME": "shop", "DB_USER": "shop", "DB_PASSWORD": "p%40", "DB_HOST": "db.example.com", "DB_PORT": "5433"}
PRODUCTION = ("monolith", "production")


def databases(loaded: Loaded) -> dict[str, dict[str, object]]:
    """What is rendered; there is no error."""
    assert loaded.errors == ()
    return loaded.rendered["DATABASES"]  # type: ignore[return-value]  # Django's form


def problems(loaded: Loaded) -> list[Problem]:
    """What the load says about databases."""
    return [problem for problem in loaded.problems if problem.id.startswith("database.")]


def ids(loaded: Loaded) -> list[tuple[str, str, str]]:
    """The same in short: id, variable and severity."""
    return [(problem.id, problem.variable, problem.severity) for problem in problems(loaded)]


def test_postgresql_from_a_url(load_from: LoadFrom) -> None:
    """A PostgreSQL database has its limits and its name on the server without being asked."""
    loaded = load_from(environ={"DATABASE_URL": "postgres://shop:pw@localhost:5432/shop", "SERVICE_NAME": "users"})
    assert databases(loaded)["default"] == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": "shop",
        "PASSWORD": "pw",
        "HOST": "localhost",
        "PORT": 5432,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"connect_timeout": 5, "application_name": "users"},
    }


def test_postgresql_from_parts(load_from: LoadFrom) -> None:
    """Separate variables say the same as a URL, and a password in them is not decoded."""
    entry = databases(load_from(environ=PARTS))["default"]
    assert [entry[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")] == [
        "shop", "shop", "p%40", "db.example.com", 5433
    ]  # fmt: skip


def test_other_engines_from_parts(load_from: LoadFrom, tmp_path: Path) -> None:
    """The engine of the parts is named like the scheme of a URL, or as Django names it."""
    assert databases(load_from(environ={"DB_ENGINE": "sqlite", "DB_NAME": "x.db"}))["default"]["NAME"] == str(
        tmp_path / "x.db"
    )
    mysql = databases(load_from(environ={"DB_ENGINE": "django.db.backends.mysql", "DB_NAME": "x"}))["default"]
    assert (mysql["ENGINE"], mysql["OPTIONS"]) == ("django.db.backends.mysql", {"connect_timeout": 5})


def test_sqlite_is_fit_for_more_than_one_thread(load_from: LoadFrom, tmp_path: Path) -> None:
    """A SQLite file is opened so that readers and writers wait for each other instead of failing."""
    entry = databases(load_from(environ={"DATABASE_URL": "sqlite:///shop.db"}))["default"]
    assert entry["NAME"] == str(tmp_path / "shop.db")
    assert entry["OPTIONS"] == {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000; "
        "PRAGMA temp_store=MEMORY",
    }
    assert "USER" not in entry


def test_sqlite_in_memory_has_no_journal(load_from: LoadFrom) -> None:
    """What is for files only is left out of a database in memory."""
    entry = databases(load_from(environ={"DATABASE_URL": "sqlite://:memory:"}))["default"]
    assert entry["OPTIONS"] == {"transaction_mode": "IMMEDIATE", "timeout": 20}


def test_typed_access(load_from: LoadFrom) -> None:
    """Code reads the database from the settings, whole and typed, with what the section adds."""
    loaded = load_from(environ={"DATABASE_URL": "postgres://u:s3cret@localhost/shop", "DATABASE_CONN_MAX_AGE": "60"})
    assert loaded.settings is not None
    default = loaded.settings.database.default
    assert (default.host, default.name, default.conn_max_age, default.conn_health_checks) == (
        "localhost",
        "shop",
        60,
        True,
    )
    assert default.password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(loaded.settings.database) + repr(default) + repr(loaded.rendered)


def test_every_variable_takes_part(load_from: LoadFrom) -> None:
    """Each variable is found again in what is rendered for PostgreSQL."""
    loaded = load_from(
        environ={
            "DATABASE_URL": "postgres://localhost/shop",
            "DATABASE_CONN_MAX_AGE": "1m",
            "DATABASE_CONN_HEALTH_CHECKS": "yes",
            "DATABASE_DISABLE_SERVER_SIDE_CURSORS": "true",
            "DATABASE_ATOMIC_REQUESTS": "true",
            "DATABASE_TLS": "verify-full",
            "DATABASE_TLS_CA": "system",
            "DATABASE_CONNECT_TIMEOUT": "3s",
            "DATABASE_STATEMENT_TIMEOUT": "30s",
            "DATABASE_LOCK_TIMEOUT": "500ms",
            "DATABASE_IDLE_IN_TRANSACTION_TIMEOUT": "1m",
            "DATABASE_TEST_NAME": "test_shop",
            "DB_SCHEMA": "app,My Schema",
        }
    )
    entry = databases(loaded)["default"]
    assert {key: entry[key] for key in entry.keys() - {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT"}} == {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "TEST": {"NAME": "test_shop"},
        "OPTIONS": {
            "connect_timeout": 3,
            "sslmode": "verify-full",
            "sslrootcert": "system",
            "application_name": "app",
            "options": "-c statement_timeout=30000 -c lock_timeout=500 -c idle_in_transaction_session_timeout=60000 "
            '-c search_path=app,"My\\ Schema"',
        },
    }


def test_an_option_of_the_url_beats_the_variable(load_from: LoadFrom) -> None:
    """What a URL says about one database counts more than what a variable says about all."""
    query = "conn_max_age=5&sslmode=disable&connect_timeout=1&statement_timeout=1s&application_name=x&pool=false"
    loaded = load_from(
        environ={
            "DATABASE_URL": f"postgres://localhost/shop?{query}",
            "DATABASE_CONN_MAX_AGE": "60",
            "DATABASE_TLS": "verify-full",
            "DATABASE_STATEMENT_TIMEOUT": "30s",
        }
    )
    entry = databases(loaded)["default"]
    assert entry["CONN_MAX_AGE"] == 5
    assert entry["OPTIONS"] == {
        "connect_timeout": 1,
        "sslmode": "disable",
        "application_name": "x",
        "options": "-c statement_timeout=1s",
    }


def test_url_before_parts_before_fallback(load_from: LoadFrom) -> None:
    """The URL that somebody set comes first, then the parts, and the fallback of a profile last."""
    fallback = {"DATABASE_FALLBACK_URL": "postgres://localhost/fallback"}
    names = [
        databases(load_from(environ=environ))["default"]["NAME"]
        for environ in (fallback, fallback | PARTS, fallback | {"DATABASE_URL": "postgres://localhost/url"})
    ]
    assert names == ["fallback", "shop", "url"]


def test_a_class_is_beaten_by_a_url(load_from: LoadFrom) -> None:
    """Parts that a class declares give way to a URL without a word: nobody deployed them."""

    class Own(CoreSettings):
        database: DatabaseSettings = DatabaseSettings(name="own", host="own.example.com", db_schema=["own"])

    loaded = load_from(Own, {"DATABASE_URL": "postgres://localhost/shop"})
    assert problems(loaded) == []
    entry = databases(loaded)["default"]
    assert (entry["NAME"], entry["HOST"]) == ("shop", "localhost")
    assert "search_path=own" in str(entry["OPTIONS"])


def test_pool(load_from: LoadFrom) -> None:
    """A pool has explicit sizes and replaces the age of connections that a profile chose."""
    loaded = load_from(
        environ={
            "DATABASE_URL": "postgres://localhost/shop",
            "DATABASE_POOL": "true",
            "DATABASE_POOL_MIN_SIZE": "2",
            "DATABASE_POOL_MAX_SIZE": "4",
            "DATABASE_POOL_TIMEOUT": "3",
        },
        files=PROFILE,
        profiles=("monolith", "development", "own"),
    )
    entry = databases(loaded)["default"]
    assert entry["CONN_MAX_AGE"] == 0
    assert entry["OPTIONS"]["pool"] == {"min_size": 2, "max_size": 4, "timeout": 3.0}  # type: ignore[index]  # a mapping


def test_replicas_and_further_databases(load_from: LoadFrom) -> None:
    """Replicas have stable names and are mirrored in tests; further databases have the name they are given."""
    loaded = load_from(
        environ={
            "DATABASE_URL": "postgres://localhost/shop",
            "DATABASE_REPLICA_URLS": "postgres://127.0.0.1/one, postgres://127.0.0.2/two",
            "DATABASE_URLS": '{"reports": "mysql://localhost/reports", "archive": "sqlite:///archive.db"}',
            "DATABASE_POOL": "true",
            "DATABASE_CONN_MAX_AGE": "0",
        }
    )
    found = databases(loaded)
    assert list(found) == ["default", "replica", "replica_2", "reports", "archive"]
    assert [found[alias]["NAME"] for alias in ("replica", "replica_2", "reports")] == ["one", "two", "reports"]
    assert found["replica"]["TEST"] == found["replica_2"]["TEST"] == {"MIRROR": "default"}
    assert "pool" in found["replica"]["OPTIONS"]  # type: ignore[operator]  # a mapping
    assert "pool" not in found["reports"]["OPTIONS"]  # type: ignore[operator]  # a mapping
    assert "TEST" not in found["reports"]


@pytest.mark.parametrize("alias", ["default", "replica", "replica_2", "no name", ""])
def test_names_of_further_databases(load_from: LoadFrom, alias: str) -> None:
    """A further database cannot take the name of one that is configured elsewhere."""
    loaded = load_from(environ={"DATABASE_URLS": f'{{"{alias}": "sqlite:///x.db"}}'})
    assert ids(loaded) == [("database.alias", "DATABASE_URLS", "error")]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, [("database.missing", "DATABASE_URL", "error")], id="nothing"),
        pytest.param({"DB_HOST": "db"}, [("database.incomplete", "DB_NAME", "error")], id="parts without a name"),
        pytest.param(
            PARTS | {"DATABASE_URL": "postgres://localhost/shop"}, [("database.both", "DB_NAME", "error")], id="both"
        ),
        pytest.param(
            {"DB_ENGINE": "sqlite", "DB_NAME": "x", "DB_HOST": "db"},
            [("database.parts", "DB_ENGINE", "error")],
            id="parts",
        ),
        pytest.param(
            {"DB_NAME": "x", "DB_ENGINE": "postgress"}, [("database.engine", "DB_ENGINE", "error")], id="engine"
        ),
        pytest.param(
            {"DATABASE_URL": "mysql://localhost/x", "DB_SCHEMA": "app"},
            [("database.schema_engine", "DB_SCHEMA", "error")],
            id="schema of MySQL",
        ),
        pytest.param(
            {"DB_NAME": "x", "DB_SCHEMA": 'a"b'}, [("database.schema", "DB_SCHEMA", "error")], id="quote in a schema"
        ),
        pytest.param(
            {"DB_NAME": "x", "DB_SCHEMA": "a" * 64}, [("database.schema", "DB_SCHEMA", "error")], id="schema too long"
        ),
        pytest.param(
            {"DATABASE_URL": "mysql://localhost/x", "DATABASE_POOL": "true"},
            [("database.pool_engine", "DATABASE_POOL", "error")],
            id="pool of MySQL",
        ),
        pytest.param(
            {"DB_NAME": "x", "DATABASE_POOL": "true", "DATABASE_CONN_MAX_AGE": "60"},
            [("database.pool_age", "DATABASE_CONN_MAX_AGE", "error")],
            id="pool and age",
        ),
        pytest.param(
            {"DATABASE_URL": "postgres://localhost/x?conn_max_age=none", "DATABASE_POOL": "true"},
            [("database.pool_age", "DATABASE_URL", "error")],
            id="pool and age in the URL",
        ),
        pytest.param(
            {"DB_NAME": "x", "DATABASE_POOL": "true", "DATABASE_POOL_MIN_SIZE": "20"},
            [("database.pool_size", "DB_NAME", "error")],
            id="pool that is too small",
        ),
        pytest.param(
            {"DB_NAME": "x", "DATABASE_CONN_MAX_AGE": "60", "DATABASE_CONN_HEALTH_CHECKS": "no"},
            [("database.health", "DB_NAME", "warning")],
            id="age without checks",
        ),
        pytest.param(
            {"DATABASE_URL": "postgres://localhost/x?pool=true&conn_health_checks=false"},
            [("database.health", "DATABASE_URL", "warning")],
            id="pool without checks",
        ),
        pytest.param(
            {"DATABASE_URL": "mysql://localhost/x?init_command=SET%20a=1", "DATABASE_LOCK_TIMEOUT": "5"},
            [("database.init_command", "DATABASE_URL", "error")],
            id="two commands for MySQL",
        ),
        pytest.param(
            {"DATABASE_URL": " postgres://localhost/x "},
            [("database.url_form", "DATABASE_URL", "warning")],
            id="blanks",
        ),
        pytest.param(
            {"DB_NAME": "x", "DATABASE_REPLICA_URLS": "postgres://u:a%@localhost/x"},
            [("database.url_form", "DATABASE_REPLICA_URLS", "warning")],
            id="percent",
        ),
        pytest.param(
            {"DB_NAME": "x", "DATABASE_URLS": "a=postgres://u:a%@localhost/x"},
            [("database.url_form", "DATABASE_URLS", "warning")],
            id="percent in a further database",
        ),
        pytest.param(
            {"DB_NAME": "x", "DATABASE_REPLICA_URLS": "postgres://h1,h2/x"},
            [("database.url", "DATABASE_REPLICA_URLS", "error")],
            id="comma in a list",
        ),
        pytest.param(
            {"DATABASE_URL": "sqlite:///x.db?transaction_mode=deferred"},
            [("database.sqlite_mode", "DATABASE_URL", "warning")],
            id="deferred transactions",
        ),
        pytest.param({"DB_NAME": "x", "DB_PORT": "0"}, [], id="port, which is nobody's but the type's"),
    ],
)
def test_rules(load_from: LoadFrom, environ: dict[str, str], expected: list[tuple[str, str, str]]) -> None:
    """What does not fit together is said once, about the variable to change."""
    loaded = load_from(environ=environ, profiles=("monolith",))
    assert ids(loaded) == expected


@pytest.mark.parametrize(
    ("url", "modules", "command"),
    [
        ("postgres://localhost/x", ("psycopg", "psycopg2"), 'pip install "psycopg[binary]"'),
        ("mysql://localhost/x", ("MySQLdb", "pymysql"), "pip install mysqlclient"),
    ],
)
def test_a_server_needs_a_driver(
    load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch, url: str, modules: tuple[str, ...], command: str
) -> None:
    """A missing driver is said with the command that installs it, instead of by a traceback of Django's."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    loaded = load_from(environ={"DATABASE_URL": url})
    assert ids(loaded) == [("database.package", "DATABASE_URL", "error")]
    assert problems(loaded)[0].hint == command


@pytest.mark.parametrize("name", ["psycopg2", "MySQLdb"])
def test_one_driver_is_enough(load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The older driver will do, and so will another package under its name."""
    for module in ("psycopg", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, name, sys)
    engine = "mysql" if name == "MySQLdb" else "postgres"
    assert ids(load_from(environ={"DATABASE_URL": f"{engine}://localhost/x"})) == []


def test_an_engine_of_others_brings_its_driver(load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an engine that is not Django's nobody here knows what it imports."""
    for module in ("MySQLdb", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    assert ids(load_from(environ={"DB_NAME": "x", "DB_ENGINE": "mysql.connector.django"})) == []


def test_a_pool_needs_its_package(load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool without psycopg's pool is said at the start, not at the first query."""
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    loaded = load_from(environ={"DB_NAME": "x", "DATABASE_POOL": "true"})
    assert ids(loaded) == [("database.pool_package", "DATABASE_POOL", "error")]


def test_a_class_that_contradicts_itself(load_from: LoadFrom) -> None:
    """A pool and an age that a class declares both are as wrong as two variables."""

    class Own(CoreSettings):
        database: DatabaseSettings = DatabaseSettings(name="x", pool=True, conn_max_age=timedelta(seconds=60))

    assert ids(load_from(Own)) == [("database.pool_age", "DATABASE_CONN_MAX_AGE", "error")]


def test_messages_name_the_database(load_from: LoadFrom) -> None:
    """A problem of a further database says which one it is about."""
    loaded = load_from(
        environ={"DB_NAME": "x", "DATABASE_URLS": "reports=postgres://localhost/x?pool=true&conn_max_age=1"}
    )
    assert [problem.message for problem in problems(loaded)] == ["reports: a pool and conn_max_age exclude each other."]


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        pytest.param("postgres://db/x", {}, [("database.tls", "error")], id="PostgreSQL's default"),
        pytest.param("postgres://db/x", {"DATABASE_TLS": "prefer"}, [("database.tls", "error")], id="preferred"),
        pytest.param("postgres://db/x?sslmode=require", {}, [("database.tls_verify", "warning")], id="not verified"),
        pytest.param(
            "postgres://db/x", {"DATABASE_TLS": "verify-ca"}, [("database.tls_verify", "warning")], id="no name"
        ),
        pytest.param("postgres://db/x", {"DATABASE_TLS": "verify-full"}, [], id="verified"),
        pytest.param("postgres://localhost/x", {}, [], id="loopback"),
        pytest.param("mysql://db/x?ssl_mode=REQUIRED", {}, [("database.tls", "error")], id="MySQL, may be in clear"),
        pytest.param("mysql://db/x", {"DATABASE_TLS": "verify-full"}, [], id="MySQL, verified"),
        pytest.param("oracle://db:1/x", {}, [], id="not known"),
        pytest.param("sqlite:///x.db", {}, [("database.sqlite", "error")], id="SQLite"),
    ],
)
def test_production_insists(
    load_from: LoadFrom, url: str, environ: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    """Production refuses what is readable on the way and what is on one machine only; development does not care."""
    environ = {"DATABASE_URL": url, **environ}
    hardened = load_from(environ=environ, profiles=PRODUCTION)
    assert [(found.id, found.severity) for found in problems(hardened)] == expected
    assert problems(load_from(environ=environ)) == []


def test_sqlite_in_production_can_be_waived(load_from: LoadFrom) -> None:
    """One machine with a disk is a choice that one may make, with a reason."""

    class Own(CoreSettings):
        waivers = {"database.sqlite": "one machine, with backups"}

    loaded = load_from(Own, {"DATABASE_URL": "sqlite:////srv/x.db"}, profiles=PRODUCTION)
    assert problems(loaded) == []
    assert "database.sqlite" in [problem.id for problem in loaded.waived]


def test_limits_of_mysql() -> None:
    """Time limits for MySQL and MariaDB are one command that each of them reads its own way."""
    config = parse_database_url("mysql://localhost/x")
    parameters = {"statement_timeout": "1500", "lock_timeout": "500", "idle_in_transaction_session_timeout": "60000"}
    assert driver_options(config.with_defaults(parameters=parameters)) == {
        "init_command": "SET @limits = 1 /*M! , SESSION max_statement_time = 1.5 */ "
        "/*!50708 , SESSION max_execution_time = 1500 */ , SESSION innodb_lock_wait_timeout = 1 "
        "/*M! , SESSION idle_transaction_timeout = 60 */"
    }
    assert driver_options(config) == {}


@pytest.fixture(params=["mysqlclient", "PyMySQL"])
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Each driver of MySQL in turn: a package of the name that Django imports, or PyMySQL in its place."""
    if request.param == "mysqlclient":
        (tmp_path / "MySQLdb").mkdir()
        (tmp_path / "MySQLdb" / "__init__.py").touch()
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
    return str(request.param)


@pytest.mark.parametrize(
    ("mode", "authorities", "by_mysqlclient", "by_pymysql"),
    [
        (None, "", {}, {}),
        ("disable", "", {"ssl_mode": "DISABLED"}, {"ssl_disabled": True}),
        ("prefer", "", {"ssl_mode": "PREFERRED"}, {}),
        (
            "require",
            "",
            {"ssl_mode": "REQUIRED"},
            {"ssl": {"ca": None, "check_hostname": False, "verify_mode": False}},
        ),
        (
            "verify-ca",
            "/ca.pem",
            {"ssl_mode": "VERIFY_CA", "ssl": {"ca": "/ca.pem"}},
            {"ssl": {"ca": "/ca.pem", "check_hostname": False, "verify_mode": True}},
        ),
        (
            "verify-full",
            "/ca.pem",
            {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"ca": "/ca.pem"}},
            {"ssl": {"ca": "/ca.pem", "check_hostname": True, "verify_mode": True}},
        ),
    ],
)
def test_tls_of_mysql(
    driver: str,
    mode: str | None,
    authorities: str,
    by_mysqlclient: dict[str, object],
    by_pymysql: dict[str, object],
) -> None:
    """Each driver is told in its own words, and neither is told less than was asked for."""
    assert uses_pymysql() is (driver == "PyMySQL")
    config = parse_database_url("mysql://db/x")
    config = config.with_defaults(options=tls_options(config, mode, authorities))
    assert driver_options(config) == (by_pymysql if driver == "PyMySQL" else by_mysqlclient)


def test_authorities_of_the_machine(driver: str) -> None:
    """The machine's own authorities are a file to PyMySQL, which does not compare names without one."""
    config = parse_database_url("mysql://db/x?ssl_mode=VERIFY_IDENTITY&ssl_ca=system&ssl_cert=/c&ssl_key=/k")
    options = driver_options(config)
    if driver == "mysqlclient":
        assert options == {"ssl_mode": "VERIFY_IDENTITY", "ssl": {"cert": "/c", "key": "/k"}}
        return
    tls = options["ssl"]
    assert isinstance(tls, dict)
    assert {name: tls[name] for name in ("cert", "key", "check_hostname", "verify_mode")} == {
        "cert": "/c",
        "key": "/k",
        "check_hostname": True,
        "verify_mode": True,
    }
    assert tls["ca"] or tls["capath"]


def test_pymysql_put_in_the_place_of_mysqlclient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that installs PyMySQL under the other name is recognised, however it did so."""
    import pymysql  # noqa: PLC0415  # this test alone

    class Bare:
        __spec__ = None

    bare: ModuleType = Bare()  # type: ignore[assignment]  # what somebody may have put there
    for module in (pymysql, bare):
        monkeypatch.setitem(sys.modules, "MySQLdb", module)
        assert uses_pymysql()


def test_tls_only_where_it_is_known() -> None:
    """An engine without options for TLS gets none."""
    assert tls_options(DatabaseConfig(engine="django.db.backends.sqlite3", name="x"), "verify-full", "system") == {}


def test_a_url_without_a_secret_is_shown_whole(load_from: LoadFrom) -> None:
    """A message about a URL without a password shows all of it, one with a password everything but that."""
    shown = [
        problems(load_from(environ={"DATABASE_URL": url}))[0].message.rpartition(" ")[2]
        for url in ("postgres://shop@db/shop?sslmod=require", "postgres://shop:s3cret@db/shop?sslmod=require")
    ]
    assert shown == ["postgres://shop@db/shop?sslmod=require", "postgres://shop:***@db/shop?sslmod=require"]
