"""What a database's options are called by the driver that reads them: psycopg, mysqlclient or PyMySQL, sqlite3."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydantic import SecretStr

from dj_core_utils.settings.database_tls import mysql_tls
from dj_core_utils.settings.secret_text import SecretText

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.database_url import DatabaseConfig

# Readers do not block writers and the other way round; the rest is what the SQLite project advises for servers.
SQLITE_FILE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000; PRAGMA temp_store=MEMORY"
)
# The default mode takes the write lock in the middle of a transaction, where SQLite cannot wait and fails at once.
SQLITE_OPTIONS: Mapping[str, object] = {"transaction_mode": "IMMEDIATE", "timeout": 20}

# What the engines of Django import, and how to install one that needs no compiler, where there is one.
_DRIVERS = {
    "postgresql": (("psycopg", "psycopg2"), 'pip install "psycopg[binary]"'),
    "mysql": (("MySQLdb", "pymysql"), "pip install mysqlclient"),
}


def missing_driver(config: DatabaseConfig) -> str:
    """How to install a driver for a database.

    Args:
        config: The database; of an engine that is not Django's nothing is known.

    Returns:
        A command; empty where a driver is installed.
    """
    modules, command = _DRIVERS.get(config.family, ((), ""))
    is_known = config.engine.startswith("django.")
    return command if is_known and not any(map(_is_installed, modules)) else ""


def _is_installed(module: str) -> bool:
    if module in sys.modules:  # also under the name of another package: pymysql.install_as_MySQLdb()
        return sys.modules[module] is not None
    return find_spec(module) is not None


def driver_options(config: DatabaseConfig) -> dict[str, object]:
    """``OPTIONS`` of a ``DATABASES`` entry.

    Args:
        config: The database; its options are named as in a URL, its parameters as the server names them.

    Returns:
        Plain data; secrets are strings that hide themselves in ``repr``.
    """
    options = {name: _plain(value) for name, value in config.options.items()}
    if config.family == "postgresql":
        return _postgresql(options, config.parameters)
    if config.family == "mysql":
        return _mysql(options, config.parameters)
    return options


def _plain(value: object) -> object:
    return SecretText(value.get_secret_value()) if isinstance(value, SecretStr) else value


def _postgresql(options: dict[str, object], parameters: Mapping[str, object]) -> dict[str, object]:
    pool = options.pop("pool", False)
    own = str(options.pop("options", ""))
    # Of a parameter that stands twice the last one counts: what the URL says itself.
    words = [f"-c {name}={_escaped(str(value))}" for name, value in parameters.items()]
    if text := " ".join(filter(None, (*words, own))):
        options["options"] = text
    if pool:
        options["pool"] = pool
    return options


def _escaped(value: str) -> str:
    """A value in a libpq option list, where a blank ends it."""
    return re.sub(r"([\\\s])", r"\\\1", value)


def _mysql(options: dict[str, object], parameters: Mapping[str, object]) -> dict[str, object]:
    if limits := _session_limits(parameters):
        options = {"init_command": limits} | options
    return mysql_tls(options)


def _session_limits(parameters: Mapping[str, object]) -> str:
    """Time limits as the one command that a new connection begins with; empty without limits.

    MySQL and MariaDB have different names for them. ``/*M! */`` is read by MariaDB alone, and a version between 50700
    and 99999 by MySQL alone, so the same text fits both; the first assignment is there for the commas after it.
    """
    limits = {name: int(str(value)) for name, value in parameters.items() if str(value).isdigit()}
    words = ["SET @limits = 1"]
    if (limit := limits.get("statement_timeout")) is not None:
        words += [f"/*M! , SESSION max_statement_time = {limit / 1000:g} */"]
        words += [f"/*!50708 , SESSION max_execution_time = {limit} */"]
    if (limit := limits.get("lock_timeout")) is not None:
        words += [f", SESSION innodb_lock_wait_timeout = {_whole_seconds(limit)}"]
    if (limit := limits.get("idle_in_transaction_session_timeout")) is not None:
        words += [f"/*M! , SESSION idle_transaction_timeout = {_whole_seconds(limit)} */"]
    return " ".join(words) if len(words) > 1 else ""


def _whole_seconds(milliseconds: int) -> int:
    return -(-milliseconds // 1000)
