"""The order in which ``flush`` empties tables, where triggers record what is deleted."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.backends.base.operations import BaseDatabaseOperations


def execute_sql_flush(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``DatabaseOperations.execute_sql_flush``: the log is emptied last, so that it is empty in the end.

    Args:
        original: Django's method.
    """

    @wraps(original)
    def method(self: BaseDatabaseOperations, sql_list: Iterable[str]) -> object:
        return original(self, sorted(sql_list, key=lambda sql: OperationLog._meta.db_table in sql))

    return method
