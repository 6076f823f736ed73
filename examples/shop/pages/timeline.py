"""Who changed what, newest first, arranged for a page."""

from typing import NamedTuple

from dj_core_utils.db.log_page import Group, LogPage, Shown
from dj_core_utils.db.models import OperationLog

GROUPS = 8
ENTRIES = 4


class Together(NamedTuple):
    """What one actor changed in one transaction.

    Attributes:
        first: The entry that says who, when and why.
        entries: Some of them, as they happened, each with its fields.
        more: How many more there are.
    """

    first: OperationLog
    entries: list[Shown]
    more: int


def timeline() -> list[Together]:
    """The newest changes, those that were made together as one."""
    # The log pages through ten million entries as through ten; the admin shows them all.
    return [_together(group) for group in LogPage(OperationLog.objects.all(), {}).groups[:GROUPS]]


def newest_change() -> str:
    """Names what the timeline shows: as long as it is the same, nothing has happened."""
    return f'"{OperationLog.objects.values_list("pk", flat=True).first()}"'


def _together(group: Group) -> Together:
    in_order = list(reversed(group.entries))
    return Together(group.first, in_order[:ENTRIES], max(0, len(in_order) - ENTRIES))
