"""From the database section to one typed configuration for each alias of ``DATABASES``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from dj_core_utils.settings.database_drivers import SQLITE_FILE_PRAGMAS, SQLITE_OPTIONS
from dj_core_utils.settings.database_options import quoted_schemas
from dj_core_utils.settings.database_tls import tls_options
from dj_core_utils.settings.database_url import DatabaseConfig, database_from_parts, parse_database_url

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from dj_core_utils.settings.database import DatabaseSettings
    from dj_core_utils.settings.secret_url import SecretURL

REPLICA = "replica"


def configs_by_alias(section: DatabaseSettings, project_dir: Path | None) -> dict[str, DatabaseConfig]:
    """Every database with all its options, those of its URL before those of the section.

    Args:
        section: What the sources say.
        project_dir: What the path of a SQLite file is relative to; None leaves it as it is written.

    Returns:
        ``default`` first, then the replicas, then the further databases.
    """
    found = {"default": _default(section, project_dir)}
    if section.test_name:
        found["default"] = found["default"]._replace(test={"NAME": section.test_name})
    for number, url in enumerate(section.replica_urls, start=1):
        config = _parsed(url, project_dir)
        alias = REPLICA if number == 1 else f"{REPLICA}_{number}"
        # Tests write to the default database and expect to read it here.
        found[alias] = config._replace(test={"MIRROR": "default"})
    for alias, url in section.urls.items():
        found[alias] = _parsed(url, project_dir)
    return {alias: _complete(config, section) for alias, config in found.items()}


def _default(section: DatabaseSettings, project_dir: Path | None) -> DatabaseConfig:
    if section.url is None and section.name:
        return database_from_parts(
            engine=section.engine,
            name=section.name,
            user=section.user,
            password=section.password,
            host=section.host,
            port=section.port,
            project_dir=project_dir,
        )
    url = section.url or section.fallback_url
    if url is None:
        return DatabaseConfig(engine="django.db.backends.dummy", name="")
    return _parsed(url, project_dir)


# Every rule about databases asks again; a URL is read once for all of them.
@lru_cache(maxsize=16)
def _parsed(url: SecretURL, project_dir: Path | None) -> DatabaseConfig:
    return parse_database_url(url.get_secret_value(), project_dir=project_dir)


def _complete(config: DatabaseConfig, section: DatabaseSettings) -> DatabaseConfig:
    pool = _pool(config, section)
    settings: dict[str, object] = {
        "CONN_MAX_AGE": 0 if pool else int(section.conn_max_age.total_seconds()),
        "CONN_HEALTH_CHECKS": section.conn_health_checks,
        "ATOMIC_REQUESTS": section.atomic_requests,
    }
    if section.disable_server_side_cursors:
        settings["DISABLE_SERVER_SIDE_CURSORS"] = True
    completed = config.with_defaults(
        settings=settings,
        options=_options(config, section),
        parameters=_parameters(config, section),
    )
    return completed._replace(options={**completed.options, "pool": pool}) if pool else completed


def _pool(config: DatabaseConfig, section: DatabaseSettings) -> dict[str, object]:
    """The pool with explicit sizes; empty when there is to be none."""
    given = config.options.get("pool", section.pool and config.family == "postgresql")
    if not given:
        return {}
    defaults: dict[str, object] = {
        "min_size": section.pool_min_size,
        "max_size": section.pool_max_size,
        "timeout": section.pool_timeout.total_seconds(),
    }
    return defaults | (given if isinstance(given, dict) else {})


def _options(config: DatabaseConfig, section: DatabaseSettings) -> dict[str, object]:
    if config.family == "sqlite":
        return {**SQLITE_OPTIONS} if config.is_in_memory else {**SQLITE_OPTIONS, "init_command": SQLITE_FILE_PRAGMAS}
    if config.family not in {"postgresql", "mysql"}:
        return {}
    timeout = {"connect_timeout": int(section.connect_timeout.total_seconds())}
    return timeout | tls_options(config, section.tls, section.tls_ca)


def _parameters(config: DatabaseConfig, section: DatabaseSettings) -> dict[str, object]:
    if config.family not in {"postgresql", "mysql"}:
        return {}
    limits = {
        "statement_timeout": section.statement_timeout,
        "lock_timeout": section.lock_timeout,
        "idle_in_transaction_session_timeout": section.idle_in_transaction_timeout,
    }
    found: dict[str, object] = {name: _milliseconds(limit) for name, limit in limits.items() if limit is not None}
    if section.db_schema and config.family == "postgresql":
        found["search_path"] = quoted_schemas(section.db_schema)
    return found


def _milliseconds(limit: timedelta) -> str:
    return str(round(limit.total_seconds() * 1000))
