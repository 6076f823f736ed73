"""How long entries of the operation log are kept: ``90d``, ``5y``, ``1000 rows``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import NamedTuple

# A year has the days of a leap year, so that nothing is deleted a day too early.
_DAYS = {"d": 1, "w": 7, "y": 366}
_AGE = r"(?P<number>[1-9][0-9]{0,4})\s*(?P<unit>[dwy])"
_ROWS = r"(?P<number>[0-9]{1,15})\s*rows?"

ADVICE = "write it like 90d, 12w, 5y or 1000 rows"


class Limit(NamedTuple):
    """What is kept of one model.

    Attributes:
        age: Entries that are not older than this.
        rows: So many, the newest ones.
    """

    age: timedelta | None = None
    rows: int | None = None


def read_limit(text: str) -> Limit | None:
    """The limit that a text writes, None when it writes none.

    Args:
        text: Such as ``90d``, ``12w``, ``5y`` or ``1000 rows``.
    """
    if found := re.fullmatch(_AGE, text.strip()):
        return Limit(age=timedelta(days=int(found["number"]) * _DAYS[found["unit"]]))
    if found := re.fullmatch(_ROWS, text.strip()):
        return Limit(rows=int(found["number"]))
    return None


def is_retention_pattern(text: str) -> bool:
    """Whether a text names a model, all models of an app, or all: ``shop.Order``, ``shop.*``, ``*``."""
    return bool(re.fullmatch(r"\*|[^\W\d]\w*\.(?:\*|[^\W\d]\w*)", text))
