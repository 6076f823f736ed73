"""Models to inherit from, which know when and who, and the operation log.

The abstract ones work in any project; the log needs ``dj_core_utils.db`` among the installed apps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from asgiref.sync import sync_to_async
from django.db import models
from django.utils import timezone

from dj_core_utils.db.encoding import ChangesEncoder
from dj_core_utils.db.entries import OperationLogManager, complete, require_keeper, require_table
from dj_core_utils.db.fields import CreatedAtField, CreatedByField, UpdatedAtField, UpdatedByField, UserField
from dj_core_utils.db.indexes import PostgresPartialIndex
from dj_core_utils.db.keys import LONGEST_KEY
from dj_core_utils.db.querysets import StampingManager, StampingQuerySet
from dj_core_utils.db.refresh_families import RefreshFamily as RefreshFamily  # noqa: PLC0414  # Django finds it here
from dj_core_utils.db.stamped import StampedModel
from dj_core_utils.db.transitions import move

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Model = TypeVar("_Model", bound=models.Model, covariant=True)  # noqa: PLC0105  # as QuerySet's own


class TimeStampedModel(StampedModel):
    """Rows that know when they were made and last written, however they were written."""

    created_at = CreatedAtField()
    updated_at = UpdatedAtField()

    class Meta:
        """No table."""

        abstract = True


class UserTrackedModel(TimeStampedModel):
    """Rows that also know who made them and who wrote them last.

    Each is NULL when nobody or a program did, and None when the account is gone: its key stays.
    """

    created_by = CreatedByField()
    # Without an index: it would have to be written with every update.
    updated_by = UpdatedByField(db_index=False)

    class Meta:
        """No table."""

        abstract = True


class Status(models.TextChoices):
    """Whether something is in use."""

    ACTIVE = "active", "active"
    INACTIVE = "inactive", "inactive"
    TERMINATED = "terminated", "terminated"


class StatusQuerySet(StampingQuerySet[_Model]):
    """Rows by status. The queryset of a manager of your own inherits from it."""

    def active(self) -> Self:
        """Rows in use."""
        return self.filter(status=Status.ACTIVE)

    def inactive(self) -> Self:
        """Rows put aside for a while."""
        return self.filter(status=Status.INACTIVE)

    def terminated(self) -> Self:
        """Rows at their end: gone for the user, still there for the record."""
        return self.filter(status=Status.TERMINATED)


class StatusManager(StampingManager[_Model]):
    """The manager of models with a status: ``StatusManager.from_queryset(ProductQuerySet)()`` adds methods to it."""

    _queryset_class = StatusQuerySet

    if TYPE_CHECKING:  # what get_queryset() returns; the types of Django say less

        def all(self) -> StatusQuerySet[_Model]: ...  # noqa: D102  # Django's
        def filter(self, *args: Any, **kwargs: Any) -> StatusQuerySet[_Model]: ...  # noqa: D102  # Django's
        def exclude(self, *args: Any, **kwargs: Any) -> StatusQuerySet[_Model]: ...  # noqa: D102  # Django's

    def get_queryset(self) -> StatusQuerySet[_Model]:
        """All rows."""
        queryset: StatusQuerySet[_Model] = super().get_queryset()  # type: ignore[assignment]  # of _queryset_class
        return queryset

    def active(self) -> StatusQuerySet[_Model]:
        """Rows in use."""
        return self.get_queryset().active()

    def inactive(self) -> StatusQuerySet[_Model]:
        """Rows put aside for a while."""
        return self.get_queryset().inactive()

    def terminated(self) -> StatusQuerySet[_Model]:
        """Rows at their end."""
        return self.get_queryset().terminated()


class StatusMixin(StampedModel):
    """Rows with a status, which changes by transitions.

    A transition is one UPDATE with a condition; it writes the status and the stamps and nothing else, and runs no
    ``save()``. Two that exclude each other cannot both succeed.

    Attributes:
        transitions: For each status, the ones that it may be reached from; from none if it is left out. A model that
            has other rules says so here.
    """

    transitions: ClassVar[Mapping[Status, Sequence[Status]]] = {
        Status.ACTIVE: (Status.INACTIVE,),
        Status.INACTIVE: (Status.ACTIVE,),
        Status.TERMINATED: (Status.ACTIVE, Status.INACTIVE),
    }

    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)

    objects: ClassVar[StatusManager[Self]] = StatusManager()

    class Meta:
        """No table."""

        abstract = True

    def activate(self, *, reason: str = "", using: str | None = None) -> None:
        """Put it into use.

        Args:
            reason: Why, for the audit log.
            using: The database; by default the one that it came from.

        Raises:
            TransitionRefusedError: Its status does not lead there.
            TransitionConflictError: Somebody else was faster.
        """
        self._move(Status.ACTIVE, reason, using)

    def deactivate(self, *, reason: str = "", using: str | None = None) -> None:
        """Put it aside for a while; arguments and errors as for ``activate``.

        Args:
            reason: Why, for the audit log.
            using: The database; by default the one that it came from.
        """
        self._move(Status.INACTIVE, reason, using)

    def terminate(self, *, reason: str = "", using: str | None = None) -> None:
        """End it: the soft form of ``delete()``; arguments and errors as for ``activate``.

        Args:
            reason: Why, for the audit log.
            using: The database; by default the one that it came from.
        """
        self._move(Status.TERMINATED, reason, using)

    async def aactivate(self, *, reason: str = "", using: str | None = None) -> None:
        """``activate`` on the event loop.

        Args:
            reason: Why, for the audit log.
            using: The database; by default the one that it came from.
        """
        await sync_to_async(self.activate)(reason=reason, using=using)

    async def adeactivate(self, *, reason: str = "", using: str | None = None) -> None:
        """``deactivate`` on the event loop.

        Args:
            reason: Why, for the audit log.
            using: The database; by default the one that it came from.
        """
        await sync_to_async(self.deactivate)(reason=reason, using=using)

    async def aterminate(self, *, reason: str = "", using: str | None = None) -> None:
        """``terminate`` on the event loop.

        Args:
            reason: Why, for the audit log.
            using: The database; by default the one that it came from.
        """
        await sync_to_async(self.terminate)(reason=reason, using=using)

    def _move(self, target: Status, reason: str, using: str | None) -> None:
        move(self, target, sources=self.transitions.get(target, ()), reason=reason, using=using)


class OperationType(models.TextChoices):
    """What was done to a row, to its many-to-many relations, or to the log itself."""

    CREATE = "create", "create"
    UPDATE = "update", "update"
    DELETE = "delete", "delete"
    M2M_ADD = "m2m_post_add", "related rows added"
    M2M_REMOVE = "m2m_post_remove", "related rows removed"
    M2M_CLEAR = "m2m_post_clear", "related rows cleared"
    UNAUDITED = "unaudited", "changes not recorded"
    PRUNE = "prune", "old entries deleted"
    ERASE = "erase", "a person erased"


class OperationLog(models.Model):
    """One thing that was done to one row: what, when, by whom, why and in which company.

    Entries are added and never changed. What is not given when one is made by hand comes from the context.

    Attributes:
        model_changed: Label of the model, ``shop.Order``.
        id_instance: Primary key of the row, as text.
        changes: ``{field: {"before": x, "after": y}}``; created rows have only ``after``, deleted ones only ``before``.
            An absent ``before`` is not known; null is NULL. Relations: ``{field: {"added": [...], "removed": [...]}}``.
            What was done to the log itself: ``{model: {what: how many}}``.
        user: The user who did it; the key stays when the account is deleted.
        actor: What the user, the program or the service was called.
        service: The service that it was done in.
        correlation_id: Of the request that caused it, in whichever service that began.
        transaction_id: The same for all entries that were committed together.
    """

    date = models.DateTimeField(default=timezone.now)
    model_changed = models.CharField(max_length=255)
    id_instance = models.CharField(max_length=LONGEST_KEY)
    operation_type = models.CharField(max_length=24, choices=OperationType.choices)
    changes = models.JSONField(default=dict, encoder=ChangesEncoder)
    user = UserField(db_index=False)
    actor = models.CharField(max_length=255, blank=True, default="")
    on_behalf_of = models.CharField(max_length=255, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    service = models.CharField(max_length=100, blank=True, default="")
    correlation_id = models.CharField(max_length=128, blank=True, default="")
    transaction_id = models.UUIDField(null=True, blank=True, editable=False)

    objects: ClassVar[OperationLogManager] = OperationLogManager()

    class Meta:
        """The app stands here, so that the abstract models of this module work where it is not installed."""

        app_label = "dj_core_utils_db"
        base_manager_name = "objects"
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["model_changed", "id_instance", "id"], name="dcu_log_object"),
            # By date, so that a window of time narrows them down: whoever did much long ago is found as fast.
            models.Index(fields=["user", "date", "id"], name="dcu_log_user"),
            models.Index(fields=["model_changed", "date", "id"], name="dcu_log_model"),
            models.Index(fields=["transaction_id"], name="dcu_log_transaction"),
            models.Index(fields=["date", "id"], name="dcu_log_date"),
            # Of those that are on most pages anyway, none: few rows, so it costs next to nothing.
            PostgresPartialIndex(
                fields=["operation_type", "date", "id"],
                name="dcu_log_rare",
                only=~models.Q(operation_type__in=("create", "update", "delete")),
            ),
        )

    def __str__(self) -> str:
        """What was done to which row."""
        return f"{self.operation_type} {self.model_changed} {self.id_instance}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the entry; what is not given comes from the context, and a given user is not mixed with another actor.

        Args:
            *args: As in Django.
            **kwargs: As in Django.

        Raises:
            AppendOnlyError: It is in the log already.
            MissingTableError: ``dj_core_utils.db`` is not installed.
        """
        require_table(type(self))
        if not self._state.adding:
            require_keeper("save()")
            super().save(*args, **kwargs)
            return
        complete(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused.

        Args:
            *args: As in Django.
            **kwargs: As in Django.

        Raises:
            AppendOnlyError: Outside of ``log_keeper()``.
        """
        require_keeper("delete()")
        return super().delete(*args, **kwargs)

    def revert(self, *, reason: str = "") -> None:
        """Take it back, as a change of its own that the log has with its reason.

        Args:
            reason: Why, for the log.

        Raises:
            ChangedSinceError: The object is not any more as this entry left it.
            UnknownValueError: A value that would be needed is hidden, or was not recorded.
            HistoryError: The model is gone from the project.
        """
        from dj_core_utils.db.reverting import revert_entries  # noqa: PLC0415  # few processes ask

        revert_entries([self], reason)

    revert.alters_data = True  # type: ignore[attr-defined]  # what Django does for templates


class OperationSeal(models.Model):
    """What a range of entries was when it was sealed; each seal holds the digest of the one before.

    Attributes:
        first_id: The range begins here, whether there is an entry of this key or not.
        last_id: Its last entry.
        count: How many entries are in it.
        root: Root of the Merkle tree over them.
        previous: Digest of the seal before.
        digest: Of all of this.
        cause: Why: a new range, or one that entries were deleted of, or a person was erased from; the newest seal of a
            range counts.
    """

    class Cause(models.TextChoices):
        """Why there is a seal."""

        SEAL = "seal", "sealed"
        PRUNE = "prune", "old entries deleted"
        ERASE = "erase", "a person erased"

    date = models.DateTimeField(default=timezone.now)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.BigIntegerField()
    root = models.CharField(max_length=64)
    # Unique, so that of two who seal at once one is refused: the chain has no branches.
    previous = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)
    cause = models.CharField(max_length=16, choices=Cause.choices, default=Cause.SEAL)

    class Meta:
        """Beside the log."""

        app_label = "dj_core_utils_db"
        ordering = ("id",)
        indexes = (models.Index(fields=["last_id"], name="dcu_seal_range"),)

    def __str__(self) -> str:
        """Which entries it seals."""
        return f"{self.first_id} to {self.last_id}: {self.count}"
