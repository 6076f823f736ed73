"""Brings the triggers of a database to what the settings say, and tells where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from django.apps import apps
from django.db import connections, transaction

from dj_core_utils.audit.policy import policy_of
from dj_core_utils.audit.triggers import postgresql, sqlite, sqlite_session
from dj_core_utils.audit.triggers.columns import VENDORS, objection
from dj_core_utils.audit.triggers.serving import look_again

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from django.db.backends.base.base import BaseDatabaseWrapper

    from dj_core_utils.audit.policy import ModelPolicy
    from dj_core_utils.audit.triggers.made import Installed, Made

_KINDS: dict[str, ModuleType] = {"postgresql": postgresql, "sqlite": sqlite}


class Difference(NamedTuple):
    """Where a database is not as the settings say.

    Attributes:
        kind: ``missing``, ``stale``, or ``left over`` of a table that is not recorded by triggers any more.
        label: The model; of what is left over, the table or the function.
        statements: What puts it right.
    """

    kind: Literal["missing", "stale", "left over"]
    label: str
    statements: tuple[str, ...]


def differences(using: str) -> list[Difference]:
    """What has to be done to a database.

    Args:
        using: Its alias.
    """
    connection = connections[using]
    if connection.vendor not in VENDORS:
        return []
    kind = _KINDS[connection.vendor]
    wanted: dict[str, Made] = {made.name: made for made in kind.make(connection, _recorded_by_triggers(connection))}
    there: dict[str, Installed] = {found.name: found for found in kind.installed(connection)}
    found: list[Difference] = []
    for name, made in wanted.items():
        if name not in there:
            found.append(Difference("missing", made.label, made.create))
        elif there[name].signature != made.signature or not there[name].is_complete:
            found.append(Difference("stale", made.label, (*kind.drop(connection, name), *made.create)))
    for name in there.keys() - wanted.keys():
        label = there[name].table or name
        found.append(Difference("left over", label, tuple(kind.drop(connection, name))))
    return sorted(found, key=lambda difference: (difference.label, difference.kind))


def left_to_python(using: str) -> dict[str, str]:
    """The recorded models that the triggers of a database cannot record, each with the reason.

    Args:
        using: Alias of the database.
    """
    connection = connections[using]
    found = ((policy.label, objection(policy, connection)) for policy in _policies() if policy.by_trigger)
    return {label: reason for label, reason in found if reason}


def put_right(using: str) -> list[Difference]:
    """Bring the triggers of a database to what the settings say, in one transaction.

    Args:
        using: Its alias.

    Returns:
        What was done.
    """
    done = differences(using)
    _run(using, [statement for difference in done for statement in difference.statements])
    return done


def take_away(using: str) -> None:
    """Take all triggers away, so that the schema can be changed.

    Args:
        using: Alias of the database.
    """
    connection = connections[using]
    if connection.vendor in VENDORS:
        kind = _KINDS[connection.vendor]
        _run(using, [sql for found in kind.installed(connection) for sql in kind.drop(connection, found.name)])
        if connection.vendor == "sqlite":
            sqlite_session.end(connection)


def _run(using: str, statements: list[str]) -> None:
    if statements:
        with transaction.atomic(using), connections[using].cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        look_again(connections[using])


def _recorded_by_triggers(connection: BaseDatabaseWrapper) -> list[ModelPolicy]:
    return [policy for policy in _policies() if policy.by_trigger and objection(policy, connection) is None]


def _policies() -> Iterator[ModelPolicy]:
    for model in apps.get_models(include_auto_created=True):
        policy = policy_of(model)
        if policy is not None and policy.model is model:  # no proxy
            yield policy
