"""URLs that the libraries behind ours read in different ways, or wrongly: what each one means here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

DATABASE, CACHE, EMAIL = "DATABASE_URL", "CACHE_URL", "EMAIL_URL"

# By row: the variable, the URL, and what is rendered: an entry's keys, or the beginning of a problem.
ROWS: dict[str, tuple[str, str, dict[str, object] | str]] = {
    "raw # in the password": (
        DATABASE,
        "postgres://u:Zq#Wx@db/x",
        "a # in the password is not encoded: postgres://u:***@db/x",
    ),
    "raw / in the password": (
        DATABASE,
        "postgres://u:Zq/Wx@db/x",
        "a / in the password is not encoded: postgres://u:***@db/x",
    ),
    "raw ? in the password": (
        DATABASE,
        "postgres://u:Zq?Wx@db/x",
        "a ? in the password is not encoded: postgres://u:***@db/x",
    ),
    "raw @ in the password": (DATABASE, "postgres://u:Zq@Wx@db/x", "an @ in the password is not encoded"),
    "raw [ in the password": (DATABASE, "postgres://u:Zq[Wx@db/x", "a [ in the password is not encoded"),
    "lone %": (DATABASE, "postgres://u:Zq%Wx@localhost/x", {"PASSWORD": "Zq%Wx"}),
    "lone %, warned of": (DATABASE, "postgres://u:Zq%Wx@localhost/x", "a percent sign without two hexadecimal digits"),
    "+ in user, password and name": (
        DATABASE,
        "postgres://a+b:c+d@localhost/e+f",
        {"USER": "a+b", "PASSWORD": "c+d", "NAME": "e+f"},
    ),
    "socket, percent-encoded host": (DATABASE, "postgres://u@%2Fvar%2FRun/x", {"HOST": "/var/Run", "NAME": "x"}),
    "socket, four slashes": (DATABASE, "postgres:////var/Run/x", {"HOST": "/var/Run", "NAME": "x"}),
    "socket, ?host=": (DATABASE, "postgres:///x?host=/var/Run", {"HOST": "/var/Run", "NAME": "x"}),
    "IPv6": (DATABASE, "postgres://[::1]:5432/x", {"HOST": "::1", "PORT": 5432}),
    "several hosts": (DATABASE, "postgres://localhost:1,127.0.0.1:2/x", {"HOST": "localhost,127.0.0.1", "PORT": "1,2"}),
    "several hosts of MySQL": (DATABASE, "mysql://h1,h2/x", "a mysql URL names one host, not a list"),
    "pool=true": (
        DATABASE,
        "postgres://localhost/x?pool=true&pool__min_size=2",
        {"CONN_MAX_AGE": 0, "OPTIONS.pool": {"min_size": 2, "max_size": 10, "timeout": 5.0}},
    ),
    "pool=false": (DATABASE, "postgres://localhost/x?pool=false", {"OPTIONS.pool": None}),
    "pool with an age": (
        DATABASE,
        "postgres://localhost/x?pool=true&conn_max_age=60",
        "a pool and conn_max_age exclude",
    ),
    "conn_max_age and health checks": (
        DATABASE,
        "postgres://localhost/x?conn_max_age=600&conn_health_checks=false",
        {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": False, "OPTIONS.conn_max_age": None},
    ),
    "repeated key": (
        DATABASE,
        "postgres://localhost/x?sslmode=require&sslmode=prefer",
        "the option sslmode stands twice",
    ),
    "blank value": (DATABASE, "postgres://localhost/x?application_name=", {"OPTIONS.application_name": ""}),
    "application_name=007": (
        DATABASE,
        "postgres://localhost/x?application_name=007",
        {"OPTIONS.application_name": "007"},
    ),
    "TLS of MySQL": (
        DATABASE,
        "mysql://localhost/x?sslmode=disable",
        {"OPTIONS.sslmode": None, "OPTIONS.ssl_disabled": True},
    ),
    "TLS of SQLite": (DATABASE, "sqlite:///x?sslmode=require", "the option sslmode is not known for sqlite"),
    "SQLite with two slashes": (
        DATABASE,
        "sqlite://db.sqlite3",
        "a SQLite URL has no host, and without a file its data",
    ),
    "empty value": (DATABASE, '""', "the URL is empty"),
    "stray blank": (DATABASE, "postgres://localhost/db ", {"NAME": "db"}),
    "stray quotes": (DATABASE, "'postgres://localhost/db'", {"NAME": "db"}),
    "stray quotes, warned of": (DATABASE, "'postgres://localhost/db'", "blanks or quotes around the URL are ignored"),
    "key_prefix of Redis": (
        CACHE,
        "redis://cache/0?key_prefix=shop",
        {"KEY_PREFIX": "shop", "OPTIONS.key_prefix": None},
    ),
    "valkey": (CACHE, "valkey://cache/3", {"LOCATION": "redis://cache:6379/3"}),
    "valkeys": (CACHE, "valkeys://cache:6380/3", {"LOCATION": "rediss://cache:6380/3"}),
    "comma in the password of Redis": (
        CACHE,
        "redis://:Zq,Wx@c1:1,c2/0",
        {"LOCATION": ["redis://c1:1/0", "redis://c2:6379/0"], "OPTIONS.password": "Zq,Wx"},
    ),
    "smtps": (EMAIL, "smtps://u:p@mail:465", {"OPTIONS.use_ssl": True, "OPTIONS.use_tls": None, "OPTIONS.port": 465}),
    "options of mail": (
        EMAIL,
        "smtp://mail:2525?use_tls=true&timeout=3",
        {"OPTIONS.use_tls": True, "OPTIONS.timeout": 3},
    ),
    "unknown option of mail": (EMAIL, "smtp://mail:2525?fail=true", "the option fail is not known for smtp"),
}


@pytest.mark.parametrize("row", ROWS)
def test_means_what_it_should(load_from: LoadFrom, row: str) -> None:
    """Each URL is either read as it was meant, or refused in words that name the part, or read with a warning."""
    variable, url, expected = ROWS[row]
    loaded = load_from(environ={variable: url})
    if isinstance(expected, str):
        assert [problem.message[: len(expected)] for problem in loaded.problems] == [expected]
        assert "Zq" not in str(loaded.problems)
        return
    entry = _entry(loaded, variable)
    options: dict[str, object] = entry.get("OPTIONS", {})  # type: ignore[assignment]  # a mapping by its name
    flat = {**entry, **{f"OPTIONS.{name}": value for name, value in options.items()}}
    assert {name: flat.get(name) for name in expected} == expected


def _entry(loaded: Loaded, variable: str) -> dict[str, object]:
    """What is rendered for the alias default; for mail in the form of the newest Django, whichever is installed."""
    assert loaded.settings is not None
    if variable == EMAIL:
        return loaded.settings.email.default.render_mailer()
    entries: dict[str, dict[str, object]] = loaded.rendered["DATABASES" if variable == DATABASE else "CACHES"]  # type: ignore[assignment]  # mappings by their name
    return entries["default"]
