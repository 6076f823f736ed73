"""From one status to another: one conditional UPDATE, which tells when somebody else was faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dj_core_utils.actor import giving_reason
from dj_core_utils.db.errors import TransitionConflictError, TransitionError, TransitionRefusedError
from dj_core_utils.db.fields import unnamed_stamps
from dj_core_utils.db.querysets import StampingQuerySet
from dj_core_utils.db.stamps import one_stamp

if TYPE_CHECKING:
    from collections.abc import Collection

    from dj_core_utils.db.models import StatusMixin


def move(
    instance: StatusMixin, target: str, *, sources: Collection[str], reason: str = "", using: str | None = None
) -> None:
    """Give a row another status, if it has one of those that allow it.

    Nothing else of the instance is written. The model's own manager is not asked, because it may hide the row.

    Args:
        instance: An instance of ``StatusMixin``.
        target: The status that it gets.
        sources: The statuses that it may have now.
        reason: Why, for the audit log.
        using: The database; by default the one that the instance came from.

    Raises:
        TransitionRefusedError: It has a status that does not lead there.
        TransitionConflictError: Its status in memory leads there; somebody else has changed it since.
        django.core.exceptions.ObjectDoesNotExist: There is no such row, or no longer.
    """
    model = type(instance)
    rows = StampingQuerySet[Any](model, using=using or instance._state.db).filter(pk=instance.pk)
    with giving_reason(reason), one_stamp() as stamp:
        moved = rows.filter(status__in=list(sources)).update(status=target)
    if not moved:
        raise _failure(instance, target, sources=sources, status=rows.values_list("status", flat=True).get())
    instance.status = target
    for field in unnamed_stamps(model, ["status"]):
        if (value := field.stamped(stamp)) is not None:
            field.write(instance, value)


def _failure(instance: StatusMixin, target: str, *, sources: Collection[str], status: str) -> TransitionError:
    row = f"{instance._meta.label} {instance.pk}"
    loaded = str(instance.status)
    if status != loaded and loaded in sources:
        message = f'{row} was "{loaded}" when it was loaded and is "{status}" now: somebody else has changed it.'
        return TransitionConflictError(message, row=row, status=status, target=target, loaded=loaded)
    allowed = ", ".join(str(source) for source in sources) or "nothing"
    message = f'{row} is "{status}" and cannot become "{target}"; that is allowed from: {allowed}.'
    return TransitionRefusedError(message, row=row, status=status, target=target, loaded=loaded)
