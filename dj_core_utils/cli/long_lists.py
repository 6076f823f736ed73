"""Lists that nobody reads to their end, such as thousands of hosts: their first items, and how many there are more."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dj_core_utils.settings.describe import Row

_MOST = 50
_SHOWN = 3


def shortened(text: str) -> str:
    """A text for people, without the end of a long list in it.

    Args:
        text: A value, masked; it is cut between two items alone.
    """
    items = re.split(r", ?", text)
    if len(items) <= _MOST:
        return text
    return f"{', '.join(items[:_SHOWN])}, ... {len(items) - _SHOWN:,} more"


def shortened_row(row: Row) -> Row:
    """A row whose value, and what that shadows, are for people.

    Args:
        row: The row.
    """
    shadowed = tuple((origin, shortened(text)) for origin, text in row.shadowed)
    return dataclasses.replace(row, text=shortened(row.text), shadowed=shadowed)
