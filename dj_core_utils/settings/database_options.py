"""The options that a database URL may carry, each with its type, by family of engines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pydantic import SecretStr

from dj_core_utils.settings.database_tls import MYSQL_TLS_MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from dj_core_utils.settings.url_parts import URLParts

    # By the name in a URL, in lower case: the name that the reader of the result knows, and what makes its value.
    Options: TypeAlias = Mapping[str, tuple[str, Callable[[str], object]]]

Family = Literal["postgresql", "mysql", "sqlite", "oracle", "mssql", "other"]

_MARKS: dict[Family, tuple[str, ...]] = {
    "postgresql": ("postg", "psql", "timescale", "cockroach", "redshift"),
    "mysql": ("mysql", "mariadb"),
    "sqlite": ("sqlite", "spatialite"),
    "oracle": ("oracle",),
    "mssql": ("mssql", "sql_server"),
}
_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PG_DURATION = re.compile(r"\d+(?:us|ms|s|min|h|d)?")
_LONGEST_SCHEMA = 63  # bytes of a PostgreSQL identifier


def family_of(engine: str) -> Family:
    """The family that an engine's dotted path belongs to, which decides what its options are called.

    Args:
        engine: ``django.db.backends.postgresql``, or a third-party engine that wraps one.
    """
    return next((family for family, marks in _MARKS.items() if any(mark in engine for mark in marks)), "other")


@dataclass(slots=True)
class ReadOptions:
    """The query of a database URL, typed and sorted by who reads it.

    Attributes:
        settings: Keys of Django's own: ``CONN_MAX_AGE``.
        driver: ``OPTIONS`` of the driver.
        pool: Options of psycopg's pool.
        parameters: Parameters that the server is asked to set for the session.
        place: What stands for a part of the URL itself: ``host``, ``password``.
    """

    settings: dict[str, object] = field(default_factory=dict)
    driver: dict[str, object] = field(default_factory=dict)
    pool: dict[str, object] = field(default_factory=dict)
    parameters: dict[str, object] = field(default_factory=dict)
    place: dict[str, object] = field(default_factory=dict)


def read_options(parts: URLParts, family: Family) -> ReadOptions:
    """Give every option of a URL its type and its place.

    Args:
        parts: The URL.
        family: Which options there are.

    Raises:
        PydanticCustomError: An option is unknown to the engine, or its value is not of its type.
    """
    read = ReadOptions()
    for name, value in parts.options.items():
        target, key, reader = _destination(name, family, read, parts)
        if key in target:
            raise parts.error(f"the option {name} repeats another one")
        target[key] = _typed(reader, value, name, parts)
    if pool := read.pool:
        if read.driver.get("pool") is False:
            raise parts.error("pool=false contradicts the other options of the pool")
        read.driver["pool"] = pool
    return read


def _destination(
    name: str, family: Family, read: ReadOptions, parts: URLParts
) -> tuple[dict[str, object], str, Callable[[str], object]]:
    """Where an option goes, under which key, and who reads its value."""
    key = name.lower().replace("-", "_")
    places: tuple[tuple[dict[str, object], Options], ...] = (
        (read.settings, _SETTINGS),
        (read.place, _PLACES.get(family, {})),
        (read.parameters, _PARAMETERS.get(family, {})),
        (read.pool, _POOL.get(family, {})),
        (read.driver, _DRIVERS.get(family, {})),
    )
    for target, known in places:
        if key in known:
            return target, *known[key]
    if family not in _DRIVERS:
        return read.driver, name, _text
    from dj_core_utils.settings.spelling import nearest  # noqa: PLC0415  # only a wrong URL needs it

    suggestion = nearest(name, [option for _, known in places for option in known])
    hint = f"did you mean {suggestion}?" if suggestion else ""
    raise parts.error(f"the option {name} is not known for {parts.scheme}", hint)


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


def _typed(read: Callable[[str], object], value: str, name: str, parts: URLParts) -> object:
    try:
        return read(value)
    except ValueError as error:
        expected = str(error)
    raise parts.error(f"the option {name} is not {expected}")


def _text(value: str) -> str:
    return value


def _boolean(value: str) -> bool:
    if value.lower() not in _BOOLEANS:
        message = "true or false"
        raise ValueError(message)
    return _BOOLEANS[value.lower()]


def _whole(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 10):  # noqa: PLR2004  # more digits fit no option
        message = "a whole number"
        raise ValueError(message)
    return int(value)


def _number(value: str) -> float:
    if not (value.isascii() and _NUMBER.fullmatch(value) and len(value) <= 20):  # noqa: PLR2004  # the same
        message = "a number"
        raise ValueError(message)
    return int(value) if value.isdigit() else float(value)


def _age(value: str) -> int | None:
    try:
        return None if value.lower() in {"none", "unlimited"} else _whole(value)
    except ValueError:
        message = "a whole number of seconds, or none for unlimited"
        raise ValueError(message) from None


def _host(value: str) -> str:
    if not all(re.fullmatch(r"/.+|[\w.:-]+", item) for item in value.split(",")):
        message = "a host or the path of a socket"
        raise ValueError(message)
    return value


def _port(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 5 and 1 <= int(value) <= 65535):  # noqa: PLR2004  # the range of ports
        message = "a port between 1 and 65535"
        raise ValueError(message)
    return int(value)


def _duration(value: str) -> str:
    if not _PG_DURATION.fullmatch(value) or not value.isascii():
        message = "a duration such as 30s, 500ms or 5min"
        raise ValueError(message)
    return value


def _schemas(value: str) -> str:
    names = [name.strip().strip('"') for name in value.split(",")]
    if any(map(schema_problem, names)):
        message = "a list of schema names"
        raise ValueError(message)
    return quoted_schemas(names)


def _plain(value: str) -> str:
    return re.sub(r"[-_ ]", "_", value.lower())


def _choice(*values: str) -> Callable[[str], str]:
    by_key = {_plain(value): value for value in values}

    def read(value: str) -> str:
        key = _plain(value)
        if key not in by_key:
            message = f"one of {', '.join(values)}"
            raise ValueError(message)
        return by_key[key]

    return read


_sslmode = _choice("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def _ssl(value: str) -> str:
    return "require" if _boolean(value) else "disable"


_ISOLATION_LEVELS = ("read uncommitted", "read committed", "repeatable read", "serializable")
_mysql_isolation = _choice(*_ISOLATION_LEVELS)


def _pg_isolation(value: str) -> int:
    # Django takes psycopg's enum or its number here; the numbers count up from 1.
    return _ISOLATION_LEVELS.index(_mysql_isolation(value)) + 1


def _each(read: Callable[[str], object], names: str) -> Options:
    return {name: (name, read) for name in names.split()}


_SETTINGS: Options = {
    "conn_max_age": ("CONN_MAX_AGE", _age),
    "time_zone": ("TIME_ZONE", _text),
    "atomic_requests": ("ATOMIC_REQUESTS", _boolean),
    "autocommit": ("AUTOCOMMIT", _boolean),
    "conn_health_checks": ("CONN_HEALTH_CHECKS", _boolean),
    "disable_server_side_cursors": ("DISABLE_SERVER_SIDE_CURSORS", _boolean),
}
_CREDENTIALS = _each(_text, "user password")
_PLACES: Mapping[Family, Options] = {
    "postgresql": {"host": ("host", _host), "port": ("port", _port), "dbname": ("name", _text), **_CREDENTIALS},
    "mysql": {"host": ("host", _host), "port": ("port", _port), "unix_socket": ("host", _host), **_CREDENTIALS},
}
_PARAMETERS: Mapping[Family, Options] = {
    "postgresql": {
        **_each(_duration, "statement_timeout lock_timeout idle_in_transaction_session_timeout"),
        **dict.fromkeys(("search_path", "currentschema", "schema"), ("search_path", _schemas)),
    },
}
_POOL: Mapping[Family, Options] = {
    "postgresql": {
        f"pool__{name}": option
        for name, option in {
            **_each(_text, "name"),
            **_each(_whole, "min_size max_size max_waiting num_workers"),
            **_each(_number, "timeout max_lifetime max_idle reconnect_timeout"),
        }.items()
    },
}
_DRIVERS: Mapping[Family, Options] = {
    # https://www.postgresql.org/docs/current/libpq-connect.html and the options of Django's own engine
    "postgresql": {
        **_each(
            _text,
            "application_name assume_role channel_binding client_encoding fallback_application_name gssdelegation "
            "gssencmode gsslib hostaddr krbsrvname load_balance_hosts max_protocol_version min_protocol_version "
            "oauth_client_id oauth_issuer oauth_scope options passfile replication require_auth requirepeer service "
            "servicefile ssl_max_protocol_version ssl_min_protocol_version sslcert sslcertmode sslcrl sslcrldir sslkey "
            "sslkeylogfile sslnegotiation sslrootcert target_session_attrs",
        ),
        **_each(SecretStr, "oauth_client_secret scram_client_key scram_server_key sslpassword"),
        **_each(
            _whole,
            "connect_timeout keepalives keepalives_count keepalives_idle keepalives_interval prepare_threshold "
            "sslcompression sslsni tcp_user_timeout",
        ),
        **_each(_boolean, "pool server_side_binding"),
        "isolation_level": ("isolation_level", _pg_isolation),
        "sslmode": ("sslmode", _sslmode),
        "ssl": ("sslmode", _ssl),
    },
    # What mysqlclient or PyMySQL take; TLS as MySQL's own client calls it, and as other databases do.
    "mysql": {
        **_each(
            _text,
            "auth_plugin bind_address charset collation init_command program_name read_default_file read_default_group "
            "server_public_key_path sql_mode ssl_ca ssl_cert ssl_cipher ssl_key",
        ),
        **_each(_whole, "client_flag connect_timeout max_allowed_packet read_timeout write_timeout"),
        **_each(_boolean, "compress local_infile use_unicode"),
        "isolation_level": ("isolation_level", _mysql_isolation),
        "ssl_mode": ("ssl_mode", _choice(*MYSQL_TLS_MODES.values())),
        "sslmode": ("ssl_mode", lambda value: MYSQL_TLS_MODES[_sslmode(value)]),
        "ssl": ("ssl_mode", lambda value: MYSQL_TLS_MODES[_ssl(value)]),
    },
    "sqlite": {
        **_each(_text, "init_command"),
        **_each(_choice("DEFERRED", "IMMEDIATE", "EXCLUSIVE"), "transaction_mode"),
        **_each(_number, "timeout"),
        **_each(_boolean, "check_same_thread"),
        **_each(_whole, "cached_statements detect_types"),
    },
}
