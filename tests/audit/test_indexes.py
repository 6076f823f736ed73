"""The index over rare operations, which one kind of database can use."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from dj_core_utils.db.models import OperationLog

NAME = "dcu_log_rare"


def statements(*options: str) -> str:
    """What the migration runs."""
    out = StringIO()
    call_command("sqlmigrate", "dj_core_utils_db", "0006", *options, stdout=out, no_color=True)
    return "".join(line for line in out.getvalue().splitlines(keepends=True) if not line.startswith("--"))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.usefixtures("database")
def test_there_is_one_on_postgresql() -> None:
    """It holds next to nothing, and comes and goes with its migration."""
    with connection.cursor() as cursor:
        assert NAME in connection.introspection.get_constraints(cursor, OperationLog._meta.db_table)
    assert f'CREATE INDEX "{NAME}"' in statements()
    assert "WHERE NOT" in statements()
    assert f'DROP INDEX IF EXISTS "{NAME}"' in statements("--backwards")


@pytest.mark.parametrize("database", ["sqlite", "mariadb"], indirect=True)
@pytest.mark.usefixtures("database")
def test_there_is_none_elsewhere() -> None:
    """Not even one over all rows, which every change would have to pay for."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, OperationLog._meta.db_table)
    assert NAME not in found
    assert "dcu_log_model" in found
    assert NAME not in statements()
    assert NAME not in statements("--backwards")
