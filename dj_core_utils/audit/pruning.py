"""Deletes entries in short transactions, each of which records how many it has deleted."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, islice
from typing import TYPE_CHECKING

from dj_core_utils.audit.chain import amend, known_ranges, range_of
from dj_core_utils.audit.recorder import record_about_log, recording
from dj_core_utils.db.entries import log_keeper
from dj_core_utils.db.models import OperationLog, OperationSeal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dj_core_utils.db.entries import OperationLogQuerySet


def keys_of(entries: OperationLogQuerySet[OperationLog], size: int) -> Iterator[int]:
    """The primary keys of entries, in their order, read page by page: the table may be written in between.

    Args:
        entries: Which ones.
        size: How many at once.
    """
    page: list[int] = [0]
    while page:
        page = list(entries.filter(id__gt=page[-1]).order_by("id").values_list("id", flat=True)[:size])
        yield from page


def prune(using: str, keys: Iterable[int], *, size: int, reason: str) -> Iterator[Counter[str]]:
    """Delete entries, in transactions of at most ``size`` of them and of one sealed range, which is sealed anew.

    What was deleted stays deleted when it is interrupted; another run goes on from there.

    Args:
        using: Alias of the database.
        keys: Primary keys of entries; some may be deleted already.
        size: How many in one transaction.
        reason: Why, for the log.

    Yields:
        After each transaction: how many entries of each model it has deleted.

    Raises:
        SealError: A range is not what was sealed; whoever looks for what happened needs its entries.
    """
    ranges = known_ranges(using)
    for _, group in groupby(keys, lambda key: range_of(ranges, key)):
        while batch := list(islice(group, size)):
            yield _delete(using, batch, reason)


def _delete(using: str, batch: list[int], reason: str) -> Counter[str]:
    with amend(using, batch, OperationSeal.Cause.PRUNE), recording(using) as buffer, log_keeper():
        entries = OperationLog.objects.using(using).filter(id__in=batch)
        deleted = Counter(entries.values_list("model_changed", flat=True))
        entries.delete()
        if deleted:
            changes = {label: {"deleted": count} for label, count in sorted(deleted.items())}
            record_about_log(buffer, "prune", changes, reason)
    return deleted
