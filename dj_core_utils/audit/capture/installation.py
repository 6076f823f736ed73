"""Puts the wrappers around Django's methods, once a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.signals import connection_created
from django.db.models import Model, QuerySet
from django.db.models.deletion import Collector
from django.db.models.signals import m2m_changed, post_migrate, pre_migrate

from dj_core_utils.audit.buffer import install_hooks
from dj_core_utils.audit.capture import deletes, flushes, querysets, saves
from dj_core_utils.audit.capture.sqlite import teach
from dj_core_utils.audit.capture.unannounced import watch
from dj_core_utils.audit.policy import OURS
from dj_core_utils.audit.recorder import buffer_of
from dj_core_utils.conf import conf
from dj_core_utils.db.entries import require_table
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.apps import AppConfig
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration

_WRAPPED = "dj_core_utils_wrapped"

_WRAPPERS: tuple[tuple[type, str, Callable[[Callable[..., Any]], Callable[..., Any]]], ...] = (
    (Model, "_save_table", saves.save_table),
    (Model, "from_db", saves.from_db),
    (Model, "refresh_from_db", saves.refresh_from_db),
    (QuerySet, "update", querysets.update),
    (QuerySet, "bulk_create", querysets.bulk_create),
    (QuerySet, "bulk_update", querysets.bulk_update),
    (QuerySet, "_raw_delete", deletes.raw_delete),
    (Collector, "delete", deletes.delete),
    (BaseDatabaseOperations, "execute_sql_flush", flushes.execute_sql_flush),
)


def install() -> None:
    """Record from now on; doing it again changes nothing.

    Raises:
        MissingTableError: ``dj_core_utils.db`` is not installed.
        ImproperlyConfigured: ``AUDIT`` cannot be read.
    """
    require_table(OperationLog)
    _ = conf.audit  # read now, so that a mistake in it stops the start and not the first save
    install_hooks()
    for owner, name, wrap in _WRAPPERS:
        found = owner.__dict__[name]
        original = found.__func__ if isinstance(found, classmethod) else found
        if hasattr(original, _WRAPPED):
            continue
        wrapper = wrap(original)
        setattr(wrapper, _WRAPPED, True)
        if hasattr(original, "alters_data"):
            wrapper.alters_data = True  # type: ignore[attr-defined]  # templates must not call it
        setattr(owner, name, classmethod(wrapper) if isinstance(found, classmethod) else wrapper)
    m2m_changed.connect(mark_clearing, dispatch_uid="dj_core_utils.audit.clearing")
    connection_created.connect(watch_connection, dispatch_uid="dj_core_utils.audit.watch")
    for connection in connections.all(initialized_only=True):
        watch_connection(connection=connection)
    pre_migrate.connect(before_migrate, dispatch_uid="dj_core_utils.audit.before_migrate")
    post_migrate.connect(after_migrate, dispatch_uid="dj_core_utils.audit.after_migrate")
    checks.register(triggers_check, checks.Tags.database)
    if conf.audit.capture != "python":
        _require_triggers()


def watch_connection(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    """See every statement of a connection.

    Args:
        connection: One that has just been opened.
    """
    # In front: Django takes the last one away when a block with a wrapper of its own ends.
    if watch not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, watch)
    if connection.vendor == "sqlite" and connection.connection is not None:
        teach(connection)


def before_migrate(*, sender: AppConfig, using: str, plan: Sequence[tuple[Migration, bool]], **_: object) -> None:
    """Take triggers out of the way of a migration that they would stop.

    Args:
        sender: The app that Django tells of; it tells of each.
        using: Alias of the database.
        plan: What will be done.
    """
    is_in_the_way = connections[using].vendor == "sqlite" or any(step.app_label == OURS for step, _ in plan)
    if sender.label == OURS and plan and is_in_the_way:
        from dj_core_utils.audit.triggers.installation import take_away  # noqa: PLC0415  # no start needs it

        take_away(using)


def after_migrate(*, sender: AppConfig, using: str, **_: object) -> None:
    """Bring the triggers of a database to what the settings and the models say.

    Args:
        sender: The app that Django tells of; it tells of each.
        using: Alias of the database.
    """
    if sender.label == OURS:
        from dj_core_utils.audit.triggers.installation import put_right  # noqa: PLC0415  # as above

        put_right(using)


def triggers_check(**options: Any) -> list[checks.CheckMessage]:
    """Whether the databases have the triggers that the settings and the models want.

    Args:
        **options: What Django asks for, ``databases`` among it.
    """
    from dj_core_utils.audit.triggers.check import triggers_are_as_the_settings_say  # noqa: PLC0415  # as above

    return [*triggers_are_as_the_settings_say(**options)]


def _require_triggers() -> None:
    from dj_core_utils.audit.triggers.columns import VENDORS  # noqa: PLC0415  # as above

    if conf.audit.capture != "trigger":
        raise ImproperlyConfigured(f"AUDIT['capture'] is {conf.audit.capture!r}; expected 'python' or 'trigger'.")
    for alias in connections:
        if connections[alias].vendor not in VENDORS:
            raise ImproperlyConfigured(
                f"AUDIT['capture'] is 'trigger', and database {alias!r} is {connections[alias].display_name}, whose "
                "triggers cannot write the operation log; PostgreSQL and SQLite can. Use 'python'. [audit.capture]"
            )


def mark_clearing(*, sender: type[Model], action: str, using: str, **_: object) -> None:
    """Tell ``clear()`` from ``remove()``, which delete rows in the same way.

    Args:
        sender: The hidden model.
        action: What the related manager is doing.
        using: Alias of the database.
    """
    if action == "pre_clear":
        buffer_of(using).clearing = sender
    elif action == "post_clear":
        buffer_of(using).clearing = None
