"""Entries of the operation log: found in ways that stay fast at ten million rows, and never changed."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q

from dj_core_utils._context import correlation_id, current_service
from dj_core_utils.actor import actor_of, current_actor
from dj_core_utils.db.errors import AppendOnlyError, MissingTableError
from dj_core_utils.db.keys import key_text, model_label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

    from dj_core_utils.actor import Actor
    from dj_core_utils.db.history import PastObject
    from dj_core_utils.db.models import OperationLog

_Entry = TypeVar("_Entry", bound=models.Model, covariant=True)  # noqa: PLC0105  # as QuerySet's own

BY_DATE = ("-date", "-id")

_keeping: ContextVar[bool] = ContextVar("dj_core_utils.log_keeper", default=False)


@contextmanager
def log_keeper() -> Iterator[None]:
    """Let entries be changed and deleted inside a ``with`` block: for retention and erasure, and for nothing else."""
    token = _keeping.set(True)
    try:
        yield
    finally:
        _keeping.reset(token)


def require_keeper(operation: str) -> None:
    """Refuse what is no addition to the log.

    Args:
        operation: What was tried.

    Raises:
        AppendOnlyError: Outside of ``log_keeper()``.
    """
    if not _keeping.get():
        raise AppendOnlyError(
            f"{operation} would change the operation log, which is only added to; retention and erasure work inside of "
            "dj_core_utils.db.entries.log_keeper()."
        )


class OperationLogQuerySet(models.QuerySet[_Entry]):
    """Entries, newest first. Each way to find them has its index."""

    # Which object this is the whole history of; a copy that is narrowed down does not have it.
    _object: tuple[type[models.Model], str] | None = None

    def for_object(self, instance: models.Model) -> Self:
        """The history of one row.

        Args:
            instance: Any instance with a primary key; of a proxy, its concrete model counts.
        """
        return self.for_key(type(instance), instance.pk)

    def for_key(self, model: type[models.Model], key: object) -> Self:
        """The history of one row that is deleted, or not loaded.

        Args:
            model: Its model; of a proxy, the concrete model counts.
            key: Its primary key.
        """
        found = self.filter(model_changed=model_label(model), id_instance=key_text(key))
        if not self.query.has_filters():
            found._object = model._meta.concrete_model or model, key_text(key)  # noqa: SLF001  # of the same class
        return found

    def as_of(self, moment: datetime) -> PastObject:
        """What an object held at a moment, as far as the log tells it; directly after ``for_object`` or ``for_key``.

        Args:
            moment: When; what was done at that very moment counts.

        Raises:
            ValueError: This is not the whole history of one object, or the moment lacks a time zone.
        """
        from dj_core_utils.db.history import past_object  # noqa: PLC0415  # few processes ask

        if self._object is None:
            raise ValueError(
                "as_of() needs the whole history of one object: for_object(order).as_of(moment), with no filter."
            )
        entries: Any = self.order_by("id")
        return past_object(*self._object, entries, moment)

    def revert(self, *, reason: str = "") -> int:
        """Take all these entries back, the newest one first, in one transaction.

        It is written as any other change, so the log has it, too, with the reason. When and by whom a row was written
        last is not taken back.

        Args:
            reason: Why, for the log.

        Returns:
            How many there were.

        Raises:
            ChangedSinceError: An object is not any more as its entry left it.
            UnknownValueError: A value that would be needed is hidden, or was not recorded.
            HistoryError: The model is gone from the project.
        """
        from dj_core_utils.db.reverting import revert_entries  # noqa: PLC0415  # few processes ask

        entries: Any = self
        return revert_entries(entries, reason)

    def for_model(self, model: type[models.Model]) -> Self:
        """The history of a table, ordered by date.

        Args:
            model: Any model; of a proxy, its concrete model counts.
        """
        return self.filter(model_changed=model_label(model)).order_by(*BY_DATE)

    def by(self, user: object) -> Self:
        """What a user has done, whether their account still exists or not; ordered by date.

        Args:
            user: The user, or their primary key.
        """
        return self.filter(user_id=getattr(user, "pk", user)).order_by(*BY_DATE)

    def in_transaction(self, transaction_id: UUID) -> Self:
        """What was written together.

        Args:
            transaction_id: As an entry has it.
        """
        return self.filter(transaction_id=transaction_id)

    def between(self, start: datetime, end: datetime) -> Self:
        """A window of time, ordered by date: by id the database would walk the whole table.

        Args:
            start: From this moment on.
            end: Up to, and without, this moment.
        """
        return self.filter(date__gte=start, date__lt=end).order_by(*BY_DATE)

    def page(self, size: int = 100, *, before: _Entry | None = None) -> list[_Entry]:
        """One page; the last one costs what the first one does.

        Args:
            size: How many entries.
            before: The last entry of the page before.
        """
        entries = self if before is None else self.before(before)
        return list(entries[:size])

    def before(self, entry: models.Model) -> Self:
        """What comes after an entry, for the next page; a page by number would read all pages before it.

        Args:
            entry: The last one of the page before.
        """
        if tuple(self.query.order_by) == BY_DATE:
            date = vars(entry)["date"]
            return self.filter(Q(date__lt=date) | Q(date=date, id__lt=entry.pk), date__lte=date)
        return self.filter(id__lt=entry.pk)

    def update(self, **kwargs: Any) -> int:
        """Refused.

        Args:
            **kwargs: Values by field.

        Raises:
            AppendOnlyError: Outside of ``log_keeper()``.
        """
        require_keeper("update()")
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refused.

        Raises:
            AppendOnlyError: Outside of ``log_keeper()``.
        """
        require_keeper("delete()")
        return super().delete()

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Refused.

        Args:
            objs: Entries.
            fields: Names of the fields to write.
            batch_size: How many in one statement.

        Raises:
            AppendOnlyError: Outside of ``log_keeper()``.
        """
        require_keeper("bulk_update()")
        return super().bulk_update(objs, fields, batch_size)

    def _raw_delete(self, using: str | None) -> int:
        require_keeper("delete()")
        return super()._raw_delete(using)

    def bulk_create(  # noqa: D102, PLR0917  # Django's, with one refusal
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        update_conflicts: bool = False,  # noqa: FBT001, FBT002  # as above
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        if update_conflicts:
            require_keeper("bulk_create(update_conflicts=True)")
        return super().bulk_create(objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields)

    update.alters_data = bulk_update.alters_data = bulk_create.alters_data = True  # type: ignore[attr-defined]  # what Django does for templates
    delete.alters_data = revert.alters_data = True  # type: ignore[attr-defined]  # as above
    delete.queryset_only = revert.queryset_only = True  # type: ignore[attr-defined]  # no manager does it to everything


_Manager = models.Manager.from_queryset(OperationLogQuerySet)


class OperationLogManager(_Manager["OperationLog"]):
    """Entries of the operation log; says so when there is no table for them."""

    def get_queryset(self) -> OperationLogQuerySet[OperationLog]:
        """All entries, newest first.

        Raises:
            MissingTableError: ``dj_core_utils.db`` is not installed.
        """
        require_table(self.model)
        queryset: OperationLogQuerySet[OperationLog] = super().get_queryset()  # type: ignore[assignment]  # made by from_queryset
        return queryset


def require_table(model: type[models.Model]) -> None:
    """Say what is missing, in place of a database that knows no such table.

    Args:
        model: A model with a table of this package.

    Raises:
        MissingTableError: ``dj_core_utils.db`` is not installed.
    """
    if model._meta.app_config is None:
        raise MissingTableError


def context_values() -> dict[str, Any]:
    """Who acts, why and where, as values of columns; the user is loaded now if nobody has done so before."""
    user_id, actor, on_behalf_of, reason = actor_values(current_actor())
    service, correlation = place_values()
    return {
        "user_id": user_id,
        "actor": actor,
        "on_behalf_of": on_behalf_of,
        "reason": reason,
        "service": service,
        "correlation_id": correlation,
    }


def actor_values(actor: Actor) -> tuple[Any, str, str, str]:
    """The columns that say who acts, for whom and why: ``user_id``, ``actor``, ``on_behalf_of``, ``reason``.

    Args:
        actor: Who acts.
    """
    return (
        None if actor.user_id is None else get_user_model()._meta.pk.to_python(actor.user_id),
        (actor.label or actor.service)[:255],
        str(actor.on_behalf_of or "")[:255],
        str(actor.reason),
    )


def place_values() -> tuple[str, str]:
    """The columns that say where: ``service`` and ``correlation_id``."""
    service = current_service.get() or str(getattr(settings, "SERVICE_NAME", "") or "")
    return service[:100], correlation_id.get() or ""


def complete(entry: OperationLog) -> None:
    """Fill an entry that is made by hand from the context. Somebody who was given is not mixed with who acts now.

    Args:
        entry: Not yet in the log.
    """
    values = context_values()
    if entry.user_id not in {None, values["user_id"]} or entry.actor not in {"", values["actor"]}:
        entry.actor = entry.actor or actor_of(entry.user).label[:255]
        values = {name: values[name] for name in ("service", "correlation_id")}
    for name, value in values.items():
        if getattr(entry, name) in {None, ""}:
            setattr(entry, name, value)
