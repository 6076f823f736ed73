"""The options that a database URL may carry, each with its type, by family of engines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from dj_core_utils.settings.database_tls import MYSQL_TLS_MODES
from dj_core_utils.settings.url_options import (
    boolean,
    choice,
    each,
    hosts,
    number,
    port,
    read_options,
    seconds_or_none,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.url_options import Options
    from dj_core_utils.settings.url_parts import URLParts

Family = Literal["postgresql", "mysql", "sqlite", "oracle", "mssql", "other"]

_MARKS: dict[Family, tuple[str, ...]] = {
    "postgresql": ("postg", "psql", "timescale", "cockroach", "redshift"),
    "mysql": ("mysql", "mariadb"),
    "sqlite": ("sqlite", "spatialite"),
    "oracle": ("oracle",),
    "mssql": ("mssql", "sql_server"),
}
_PG_DURATION = r"[0-9]+(?:us|ms|s|min|h|d)?"
_LONGEST_SCHEMA = 63  # bytes of a PostgreSQL identifier


def family_of(engine: str) -> Family:
    """The family that an engine's dotted path belongs to, which decides what its options are called.

    Args:
        engine: ``django.db.backends.postgresql``, or a third-party engine that wraps one.
    """
    return next((family for family, marks in _MARKS.items() if any(mark in engine for mark in marks)), "other")


class ReadOptions:
    """The query of a database URL, typed and sorted by who reads it.

    Attributes:
        settings: Keys of Django's own: ``CONN_MAX_AGE``.
        driver: ``OPTIONS`` of the driver.
        pool: Options of psycopg's pool.
        parameters: Parameters that the server is asked to set for the session.
        place: What stands for a part of the URL itself: ``host``, ``password``.
    """

    def __init__(self) -> None:
        self.settings: dict[str, object] = {}
        self.driver: dict[str, object] = {}
        self.pool: dict[str, object] = {}
        self.parameters: dict[str, object] = {}
        self.place: dict[str, object] = {}


def read_database_options(parts: URLParts, family: Family) -> ReadOptions:
    """Give every option of a URL its type and its place.

    Args:
        parts: The URL.
        family: Which options there are.

    Raises:
        PydanticCustomError: An option is unknown to the engine, or its value is not of its type.
    """
    read = ReadOptions()
    places = (
        (read.settings, _SETTINGS),
        (read.place, _PLACES.get(family, {})),
        (read.parameters, _PARAMETERS.get(family, {})),
        (read.pool, _POOL.get(family, {})),
        (read.driver, _DRIVERS.get(family, {})),
    )
    read_options(parts, places, None if family in _DRIVERS else read.driver)
    if read.pool:
        if read.driver.get("pool") is False:
            raise parts.error("pool=false contradicts the other options of the pool")
        read.driver["pool"] = read.pool
    return read


def quoted_schemas(names: list[str]) -> str:
    """The value of ``search_path`` that names exactly these schemas.

    Args:
        names: Schemas as PostgreSQL has them, upper case and blanks included.

    Returns:
        The list, with quotes where PostgreSQL would otherwise read another name.
    """
    return ",".join(name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else f'"{name}"' for name in names)


def schema_problem(name: str) -> str:
    """Why a text cannot be the name of a PostgreSQL schema; empty when it can."""
    if not name:
        return "the name of a schema is empty"
    if '"' in name or not name.isprintable():
        return "the name of a schema holds a quote or a control character"
    if len(name.encode()) > _LONGEST_SCHEMA:
        return f"the name of a schema is longer than {_LONGEST_SCHEMA} bytes"
    return ""


def _duration(value: str) -> str:
    if not re.fullmatch(_PG_DURATION, value):
        raise ValueError("a duration such as 30s, 500ms or 5min")
    return value


def _schemas(value: str) -> str:
    names = [name.strip().strip('"') for name in value.split(",")]
    if any(map(schema_problem, names)):
        raise ValueError("a list of schema names")
    return quoted_schemas(names)


_sslmode = choice("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def _ssl(value: str) -> str:
    return "require" if boolean(value) else "disable"


_ISOLATION_LEVELS = ("read uncommitted", "read committed", "repeatable read", "serializable")
_mysql_isolation = choice(*_ISOLATION_LEVELS)


def _pg_isolation(value: str) -> int:
    # Django takes psycopg's enum or its number here; the numbers count up from 1.
    return _ISOLATION_LEVELS.index(_mysql_isolation(value)) + 1


_SETTINGS: Options = {
    "conn_max_age": ("CONN_MAX_AGE", seconds_or_none),
    "time_zone": ("TIME_ZONE", text),
    "atomic_requests": ("ATOMIC_REQUESTS", boolean),
    "autocommit": ("AUTOCOMMIT", boolean),
    "conn_health_checks": ("CONN_HEALTH_CHECKS", boolean),
    "disable_server_side_cursors": ("DISABLE_SERVER_SIDE_CURSORS", boolean),
}
_CREDENTIALS = each(text, "user password")
_PLACES: Mapping[Family, Options] = {
    "postgresql": {"host": ("host", hosts), "port": ("port", port), "dbname": ("name", text), **_CREDENTIALS},
    "mysql": {"host": ("host", hosts), "port": ("port", port), "unix_socket": ("host", hosts), **_CREDENTIALS},
}
_PARAMETERS: Mapping[Family, Options] = {
    "postgresql": {
        **each(_duration, "statement_timeout lock_timeout idle_in_transaction_session_timeout"),
        **dict.fromkeys(("search_path", "currentschema", "schema"), ("search_path", _schemas)),
    },
}
_POOL: Mapping[Family, Options] = {
    "postgresql": {
        f"pool__{name}": option
        for name, option in {
            **each(text, "name"),
            **each(whole, "min_size max_size max_waiting num_workers"),
            **each(number, "timeout max_lifetime max_idle reconnect_timeout"),
        }.items()
    },
}
_DRIVERS: Mapping[Family, Options] = {
    # https://www.postgresql.org/docs/current/libpq-connect.html and the options of Django's own engine
    "postgresql": {
        **each(
            text,
            "application_name assume_role channel_binding client_encoding fallback_application_name gssdelegation "
            "gssencmode gsslib hostaddr krbsrvname load_balance_hosts max_protocol_version min_protocol_version "
            "oauth_client_id oauth_issuer oauth_scope options passfile replication require_auth requirepeer service "
            "servicefile ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode sslcrl sslcrldir sslkey "
            "sslkeylogfile sslnegotiation sslrootcert target_session_attrs",
        ),
        **each(SecretStr, "oauth_client_secret scram_client_key scram_server_key sslpassword"),
        **each(
            whole,
            "connect_timeout keepalives keepalives_count keepalives_idle keepalives_interval prepare_threshold "
            "sslcompression sslsni tcp_user_timeout",
        ),
        **each(boolean, "pool server_side_binding"),
        "isolation_level": ("isolation_level", _pg_isolation),
        "sslmode": ("sslmode", _sslmode),
        "ssl": ("sslmode", _ssl),
    },
    # What mysqlclient or PyMySQL take; TLS as MySQL's own client calls it, and as other databases do.
    "mysql": {
        **each(
            text,
            "auth_plugin bind_address charset collation init_command program_name read_default_file read_default_group "
            "server_public_key_path sql_mode ssl_ca ssl_cert ssl_cipher ssl_key",
        ),
        **each(whole, "client_flag connect_timeout max_allowed_packet read_timeout write_timeout"),
        **each(boolean, "compress local_infile use_unicode"),
        "isolation_level": ("isolation_level", _mysql_isolation),
        "ssl_mode": ("ssl_mode", choice(*MYSQL_TLS_MODES.values())),
        "sslmode": ("ssl_mode", lambda value: MYSQL_TLS_MODES[_sslmode(value)]),
        "ssl": ("ssl_mode", lambda value: MYSQL_TLS_MODES[_ssl(value)]),
    },
    "sqlite": {
        **each(text, "init_command"),
        **each(choice("DEFERRED", "IMMEDIATE", "EXCLUSIVE"), "transaction_mode"),
        **each(number, "timeout"),
        **each(boolean, "check_same_thread"),
        **each(whole, "cached_statements detect_types"),
    },
}
