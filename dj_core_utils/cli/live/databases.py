"""Databases: connect to each alias, and compare its migrations with those of the code."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler

from dj_core_utils.cli.live.failures import reason
from dj_core_utils.cli.live.probe import Finding, Probe, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMED = 3


def probes(databases: Mapping[str, Mapping[str, Any]]) -> Iterator[Probe]:
    """One probe for each alias.

    Args:
        databases: ``DATABASES``.
    """
    # Connections of their own, and without a pool, which would try again in the background and keep the reason.
    handler = ConnectionHandler({alias: _without_pool(database) for alias, database in databases.items()})
    for alias in databases:
        variable = "DATABASE_URL" if alias == DEFAULT_DB_ALIAS else "DATABASES"
        yield Probe("database", alias, variable, partial(_run, handler, alias))


def _without_pool(database: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: value for name, value in database.get("OPTIONS", {}).items() if name != "pool"}
    return {**database, "OPTIONS": options}


def _run(handler: ConnectionHandler, alias: str, timeout: float) -> Finding:
    # For this thread alone it takes the place of Django's own, over which applied migrations are read.
    connections[alias] = connection = handler[alias]
    if missing := _missing_file(connection):
        return Finding("fail", f"there is no file {missing}", f"make it:  {_migrate(alias)}")
    try:
        return _answer(connection, timeout)
    finally:
        BaseDatabaseWrapper.close(connection)  # SQLite's own does not close one in memory, and this one is ours alone


def _answer(connection: BaseDatabaseWrapper, timeout: float) -> Finding:
    try:
        connection.ensure_connection()
        with Stopwatch.running() as watch:
            connection.is_usable()
    except Exception as error:  # noqa: BLE001  # each driver has exceptions of its own, and some raise others
        return Finding("fail", f"{_address(connection)}: {reason(error, timeout)}")
    version = ".".join(str(number) for number in connection.get_database_version())
    server = ", ".join(part for part in (f"{connection.display_name} {version}", _encryption(connection)) if part)
    return _with_migrations(connection, server)._replace(milliseconds=watch.milliseconds)


def _missing_file(connection: BaseDatabaseWrapper) -> str:
    """The file that SQLite would make, empty, by being asked."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or _is_in_memory(connection) or name.startswith("file:") or Path(name).exists():
        return ""
    return name


def _is_in_memory(connection: Any) -> bool:  # noqa: ANN401  # SQLite alone has the question
    return connection.vendor == "sqlite" and bool(connection.is_in_memory_db())


def _address(connection: BaseDatabaseWrapper) -> str:
    """What the database is called, as far as no secret is in it."""
    found = connection.settings_dict
    port = f":{found['PORT']}" if found["PORT"] else ""
    server = f"{found['HOST']}{port}/" if found["HOST"] else ""
    # To tell MariaDB from MySQL, Django would connect.
    name = "MySQL" if connection.vendor == "mysql" else connection.display_name
    return f"{name} {server}{found['NAME']}"


def _encryption(connection: BaseDatabaseWrapper) -> str:
    if connection.vendor == "postgresql":
        raw: Any = connection.connection
        # What this client speaks; a pooler in between may speak something else to the server. psycopg 3, then 2.
        is_encrypted = (getattr(raw, "pgconn", None) or raw.info).ssl_in_use
    elif connection.vendor == "mysql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
            is_encrypted = bool((cursor.fetchone() or ("", ""))[1])
    else:
        return ""
    return "TLS" if is_encrypted else "no TLS"


def _with_migrations(connection: BaseDatabaseWrapper, server: str) -> Finding:
    alias = connection.alias
    if _is_in_memory(connection):
        return Finding("ok", f"{server}, in memory")
    executor = MigrationExecutor(connection)
    if alias != DEFAULT_DB_ALIAS and not executor.recorder.has_table():
        return Finding("ok", f"{server}, without migrations")
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return Finding("ok", f"{server}, migrations up to date")
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    are = "1 migration is" if len(names) == 1 else f"{len(names)} migrations are"
    return Finding(
        "fail", f"{server}, {are} not applied: {', '.join(names[:_NAMED])}{more}", f"apply them:  {_migrate(alias)}"
    )


def _migrate(alias: str) -> str:
    option = "" if alias == DEFAULT_DB_ALIAS else f" --database {alias}"
    return f"python manage.py migrate{option}"
