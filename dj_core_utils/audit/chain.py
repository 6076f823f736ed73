"""The chain of seals over the operation log: made, continued, and held against the entries."""

from __future__ import annotations

from bisect import bisect_left
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from django.db import IntegrityError
from django.db.models import Max
from django.utils import timezone

from dj_core_utils.audit.errors import SealError
from dj_core_utils.audit.exclusion import alone
from dj_core_utils.audit.merkle import COLUMNS, Tree, joined, leaf
from dj_core_utils.audit.safe_end import safe_end
from dj_core_utils.db.models import OperationLog, OperationSeal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VERSION = "1"
_CHUNK = 2000


class Finding(NamedTuple):
    """Something that is not as it was sealed.

    Attributes:
        kind: ``altered``, ``missing`` or ``late`` entries, or ``chain`` for the seals themselves.
        first_id: Where the range begins.
        last_id: Where it ends.
        expected: How many entries were sealed.
        found: How many there are.
    """

    kind: str
    first_id: int
    last_id: int
    expected: int
    found: int


def seal(using: str, *, size: int, wait: float) -> Iterator[OperationSeal]:
    """Seal what is not sealed yet, as far as no entry can come in between any more; one transaction for each range.

    Args:
        using: Alias of the database.
        size: Entries in a range.
        wait: Seconds to wait for open transactions that have written to the log.

    Yields:
        Each seal that was made.

    Raises:
        SealError: Such a transaction is still open, or somebody else is sealing.
    """
    end = safe_end(using, wait=wait)
    while made := _seal_next(using, end, size):
        yield made


def _seal_next(using: str, end: int, size: int) -> OperationSeal | None:
    with alone(using):
        last = OperationSeal.objects.using(using).aggregate(last=Max("last_id"))["last"] or 0
        waiting = OperationLog.objects.using(using).filter(id__gt=last, id__lte=end).order_by("id")
        page = list(waiting.values_list("id", flat=True)[:size])
        if not page:
            return None
        return _continue(using, last + 1, page[-1], OperationSeal.Cause.SEAL)


def verify(using: str) -> Iterator[Finding]:
    """Hold every entry that was sealed against its seal.

    Args:
        using: Alias of the database.

    Yields:
        What is not as it was.
    """
    previous, end = "", 0
    current: dict[tuple[int, int], OperationSeal] = {}
    for each in OperationSeal.objects.using(using).order_by("id").iterator(chunk_size=_CHUNK):
        key = each.first_id, each.last_id
        fits = each.first_id == end + 1 if each.cause == OperationSeal.Cause.SEAL else key in current
        if each.previous != previous or each.digest != digest_of(each) or not fits:
            yield Finding("chain", *key, each.count, each.count)
        previous, end = each.digest, max(end, each.last_id)
        current[key] = each
    for each in current.values():
        yield from _compare(using, each)


def _compare(using: str, each: OperationSeal) -> Iterator[Finding]:
    """Hold a range against its seal, and against the one that it has got meanwhile."""
    seals = OperationSeal.objects.using(using).filter(first_id=each.first_id, last_id=each.last_id)
    newest: OperationSeal | None = each
    while newest is not None:
        each = newest
        tree = read_tree(using, each.first_id, each.last_id)
        if (tree.count, tree.root) == (each.count, each.root):
            return
        newest = seals.filter(id__gt=each.pk).order_by("id").last()
    kind = "missing" if tree.count < each.count else "late" if tree.count > each.count else "altered"
    yield Finding(kind, each.first_id, each.last_id, each.count, tree.count)


def read_tree(using: str, first: int, last: int) -> Tree:
    """The tree over the entries of a range.

    Args:
        using: Alias of the database.
        first: The first key.
        last: The last key.
    """
    tree = Tree()
    entries = OperationLog.objects.using(using).filter(id__gte=first, id__lte=last).order_by("id")
    for row in entries.values_list(*COLUMNS).iterator(chunk_size=_CHUNK):
        tree.add(leaf(row))
    return tree


def digest_of(each: OperationSeal) -> str:
    """The digest of a seal, which the next one holds.

    Args:
        each: The seal.
    """
    values = (each.first_id, each.last_id, each.count, each.root, each.previous, each.cause, each.date.isoformat())
    return sha256(b"\x02" + joined([_VERSION, *map(str, values)])).hexdigest()


def known_ranges(using: str) -> list[tuple[int, int]]:
    """The ranges that are sealed, in their order.

    Args:
        using: Alias of the database.
    """
    seals = OperationSeal.objects.using(using).filter(cause=OperationSeal.Cause.SEAL)
    return list(seals.order_by("last_id").values_list("last_id", "first_id"))


def range_of(ranges: Sequence[tuple[int, int]], key: int) -> int:
    """Which range an entry belongs to; those that are not sealed are one range.

    Args:
        ranges: What ``known_ranges`` has returned.
        key: Primary key of the entry.
    """
    return bisect_left(ranges, (key, 0))


@contextmanager
def amend(using: str, keys: Sequence[int], cause: OperationSeal.Cause) -> Iterator[None]:
    """A transaction that changes entries; the ranges that they belong to are sealed anew at its end.

    Args:
        using: Alias of the database.
        keys: Primary keys of the entries, in their order.
        cause: Why.

    Raises:
        SealError: A range is not what was sealed, or somebody else is sealing for too long.
    """
    with alone(using):
        touched = _unharmed(using, keys)
        yield
        for first, last in touched:
            _continue(using, first, last, cause)


def _unharmed(using: str, keys: Sequence[int]) -> list[tuple[int, int]]:
    seals = OperationSeal.objects.using(using).filter(first_id__lte=keys[-1], last_id__gte=keys[0]).order_by("id")
    touched = {(each.first_id, each.last_id): each for each in seals}
    for (first, last), each in touched.items():
        tree = read_tree(using, first, last)
        if (tree.count, tree.root) != (each.count, each.root):
            raise SealError(
                f"Entries {first} to {last} are not what was sealed, so none of them is touched: "
                "see manage.py auditlog verify."
            )
    return list(touched)


def _continue(using: str, first: int, last: int, cause: OperationSeal.Cause) -> OperationSeal:
    newest = OperationSeal.objects.using(using).order_by("-id").first()
    tree = read_tree(using, first, last)
    made = OperationSeal(
        date=timezone.now(),
        first_id=first,
        last_id=last,
        count=tree.count,
        root=tree.root,
        previous=newest.digest if newest else "",
        cause=cause,
    )
    made.digest = digest_of(made)
    try:
        made.save(using=using, force_insert=True)
    except IntegrityError as error:
        raise SealError("Somebody else is sealing at this moment. Try again later.") from error
    return made
