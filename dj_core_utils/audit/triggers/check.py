"""The system check of triggers: whether each database has those that the settings and the models want."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.checks import Warning as CheckWarning
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from dj_core_utils.audit.triggers.installation import differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SAYS = {
    "missing": "has no triggers, so Python records it, and SQL by hand is not recorded",
    "stale": "has triggers that were made for other columns or other settings",
    "left over": "has triggers that the settings do not ask for; what Python records is recorded twice",
}


def triggers_are_as_the_settings_say(*, databases: Iterable[str] | None = None, **_: object) -> list[CheckWarning]:
    """Compare, where no migration is about to put it right.

    Args:
        databases: Aliases of those that may be asked.
    """
    return [warning for using in databases or () for warning in _warnings(using)]


def _warnings(using: str) -> Iterator[CheckWarning]:
    found = differences(using)
    if not found or _is_to_be_migrated(using):
        return
    for difference in found:
        yield CheckWarning(
            f"{difference.label} {_SAYS[difference.kind]} (database {using!r}).",
            hint=f"python manage.py auditlog triggers --database {using}",
            id="dj_core_utils.W008",
        )


def _is_to_be_migrated(using: str) -> bool:
    executor = MigrationExecutor(connections[using])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
