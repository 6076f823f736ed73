"""Every kind of database, with real commits, and what is in the log."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import dj_database_url
import pytest
from django.apps import apps
from django.conf import settings as project_settings
from django.db import connection, transaction
from django.test import override_settings

from dj_core_utils.audit.recorder import announced
from dj_core_utils.audit.triggers.installation import put_right
from dj_core_utils.conf import conf
from dj_core_utils.db.models import OperationLog, OperationSeal
from tests import servers
from tests.db.conftest import default_database, make_tables, mariadb_tables, postgres_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.models import Model
    from pytest_django import Settings
    from pytest_django.plugin import DjangoDbBlocker

__all__ = ["mariadb_tables", "postgres_tables"]

# Nothing has to outlive a fall of the machine, and each commit would wait for the disk.
UNSYNCED = "init_command=PRAGMA%20synchronous%3DOFF"
BY_TRIGGER = {**project_settings.AUDIT, "capture": "trigger"}


def by_python(why: str) -> pytest.MarkDecorator:
    """Run a test where Python records, and not where triggers do.

    Args:
        why: What it is about that triggers have no part in.
    """
    assert why
    return pytest.mark.parametrize("database", ["sqlite", "postgres", "mariadb"], indirect=True)


Line = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> str:
    """SQLite in a file, with every table."""
    return make_tables(f"sqlite:///{tmp_path_factory.mktemp('audit')}/db.sqlite3?{UNSYNCED}", django_db_blocker)


@pytest.fixture(scope="session")
def sqlite_trigger_tables(
    sqlite_tables: str, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> str:
    """SQLite in a file, with every table, and triggers on those that are recorded."""
    made = dj_database_url.parse(sqlite_tables)["NAME"]
    url = f"sqlite:///{shutil.copy(made, tmp_path_factory.mktemp('triggers'))}?{UNSYNCED}"
    with django_db_blocker.unblock(), override_settings(AUDIT=BY_TRIGGER), default_database(url):
        put_right("default")
    return url


@pytest.fixture(scope="session")
def postgres_trigger_tables(postgres_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """PostgreSQL with every table, in a database of its own, and triggers on those that are recorded."""
    with servers.postgres(postgres_url) as url:
        with override_settings(AUDIT=BY_TRIGGER):
            tables = make_tables(url, django_db_blocker)
        yield tables


@pytest.fixture(params=["sqlite", "postgres", "mariadb", "sqlite_trigger", "postgres_trigger"])
def database(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker, settings: Settings) -> Iterator[str]:
    """Each kind of database in turn, with transactions that really end; its rows are deleted afterwards.

    Where triggers can, they record in two more turns what Python records in the others.
    """
    url = request.getfixturevalue(f"{request.param}_tables")
    kind, _, trigger = request.param.partition("_")
    if trigger:
        settings.AUDIT = BY_TRIGGER
    with django_db_blocker.unblock(), default_database(url):
        yield kind
        if connection.in_atomic_block or not connection.get_autocommit():
            connection.close()
        empty()


@pytest.fixture
def capture(database: str) -> str:
    """What records: ``python`` or ``trigger``."""
    del database  # has chosen
    return conf.audit.capture


def empty() -> None:
    """Delete every row of the audited models, the log and its seals."""
    config = apps.get_app_config("audited")
    hidden = [model for model in config.get_models(include_auto_created=True) if model._meta.auto_created]
    # Rows refer to each other; what a database does not ignore here, it looks at in the end.
    with (
        transaction.atomic(),
        connection.constraint_checks_disabled(),
        announced("default"),
        connection.cursor() as cursor,
    ):
        models: list[type[Model]] = [*hidden, *reversed(list(config.get_models())), OperationLog, OperationSeal]
        tables = [connection.ops.quote_name(model._meta.db_table) for model in models]
        statements = [f"DELETE FROM {table}" for table in tables]  # noqa: S608  # our names
        # PostgreSQL takes all of them at once.
        for statement in ["; ".join(statements)] if connection.vendor == "postgresql" else statements:
            cursor.execute(statement)


@pytest.fixture
def log(database: str) -> Callable[[], list[Line]]:
    """What was recorded in the database since it was asked last: model, operation, changes."""
    del database  # only has to be there
    seen = 0

    def read() -> list[Line]:
        nonlocal seen
        entries = list(OperationLog.objects.order_by("id"))
        new, seen = entries[seen:], len(entries)
        return [(entry.model_changed.removeprefix("audited."), entry.operation_type, entry.changes) for entry in new]

    return read
