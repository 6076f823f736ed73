"""The function by which SQLite asks Python for the JSON text of a value that it cannot write as Python does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.db import connections

from dj_core_utils.audit.policy import policy_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from dj_core_utils.audit.policy import ModelPolicy

FUNCTION = "dj_core_utils_json"


def teach(connection: BaseDatabaseWrapper) -> None:
    """Let a connection know the function.

    Args:
        connection: One to SQLite that is open.
    """
    alias = connection.alias

    def answer(label: str, name: str, value: object) -> str:
        return _json(alias, label, name, value)

    cast("Any", connection.connection).create_function(FUNCTION, 3, answer, deterministic=True)


def _json(alias: str, label: str, name: str, value: object) -> str:
    """What a query of Django would read, encoded."""
    connection = connections[alias]
    policy = cast("ModelPolicy", policy_of(apps.get_model(label)))  # it is recorded, else nobody asks
    column = policy.fields[name].cached_col
    for convert in (*connection.ops.get_db_converters(column), *column.get_db_converters(connection)):
        value = convert(value, column, connection)
    return policy.encoders[name](value)
