"""Which entries of the operation log are kept no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Max, Q

from dj_core_utils.audit.errors import RetentionError
from dj_core_utils.db.models import OperationLog
from dj_core_utils.settings.retention import ADVICE, Limit, is_retention_pattern, read_limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from dj_core_utils.db.entries import OperationLogQuerySet

# Says what happened to the log; a pattern with an asterisk does not mean it.
ABOUT_LOG = OperationLog._meta.label


def read_limits(retention: Mapping[str, str]) -> dict[str, Limit]:
    """Limits by pattern.

    Args:
        retention: As ``AUDIT["retention"]`` has them.

    Raises:
        RetentionError: There is none, or one cannot be read.
    """
    limits = {}
    for pattern, text in retention.items():
        if not is_retention_pattern(pattern):
            raise RetentionError(f'"{pattern}" names no models: write shop.Order, shop.* or * for all others.')
        if (limit := read_limit(text)) is None:
            raise RetentionError(f'"{pattern}={text}" says not how long or how many: {ADVICE}.')
        limits[pattern] = limit
    if not limits:
        raise RetentionError(
            "Nothing says what may be deleted: set AUDIT_RETENTION (settings.AUDIT['retention']), such as "
            "shop.Order=5y,*=2y, or use --keep."
        )
    return limits


def limit_of(label: str, limits: Mapping[str, Limit]) -> Limit | None:
    """What is kept of a model: the limit of its name, else of its app, else of all; None for everything.

    Args:
        label: ``app_label.Model``.
        limits: By pattern.
    """
    patterns = [label] if label == ABOUT_LOG else [label, f"{label.partition('.')[0]}.*", "*"]
    return next((limits[pattern] for pattern in patterns if pattern in limits), None)


def labels_in(entries: OperationLogQuerySet[OperationLog]) -> Iterator[str]:
    """The models that the log knows, of which some may exist no more; from the index, entry by entry skipped.

    Args:
        entries: All of a database.
    """
    label = ""
    while found := entries.filter(model_changed__gt=label).order_by("model_changed", "id_instance", "id").first():
        label = found.model_changed
        yield label


def outdated(using: str, limits: Mapping[str, Limit], now: datetime) -> OperationLogQuerySet[OperationLog]:
    """The entries that need not be kept; entries that come later are never among them.

    Args:
        using: Alias of the database.
        limits: By pattern.
        now: From when on ages are counted.
    """
    entries = OperationLog.objects.using(using)
    condition = Q(pk__in=[])
    by_age: dict[datetime, list[str]] = {}
    for label in labels_in(entries):
        limit = limit_of(label, limits)
        if limit is None:
            continue
        if limit.age is not None:
            by_age.setdefault(now - limit.age, []).append(label)
            continue
        newest = entries.filter(model_changed=label).order_by("-id").values_list("id", flat=True)
        if last := newest[limit.rows or 0 :].first():
            condition |= Q(model_changed=label, id__lte=last)
    for moment, labels in by_age.items():
        last = entries.filter(date__lt=moment).aggregate(last=Max("id"))["last"]
        if last is not None:
            condition |= Q(model_changed__in=labels, date__lt=moment, id__lte=last)
    return entries.filter(condition)
