"""Words, numbers and durations: the values that are written as one short text."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_BOOLEANS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
_INTEGER = r"[+-]?[0-9]+"
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_N = r"[0-9]+(?:\.[0-9]+)?"
_SECONDS = rf"(?P<sign>[+-]?)(?P<seconds>{_N})"
_UNITS = (
    rf"(?P<sign>[+-]?)(?=[0-9])(?:(?P<weeks>{_N})w\s*)?(?:(?P<days>{_N})d\s*)?(?:(?P<hours>{_N})h\s*)?"
    rf"(?:(?P<minutes>{_N})m(?!s)\s*)?(?:(?P<seconds>{_N})s\s*)?(?:(?P<milliseconds>{_N})ms\s*)?"
)
_ISO_8601 = (
    rf"(?P<sign>[+-]?)P(?=[0-9T])(?:(?P<weeks>{_N})W)?(?:(?P<days>{_N})D)?"
    rf"(?:T(?=[0-9])(?:(?P<hours>{_N})H)?(?:(?P<minutes>{_N})M)?(?:(?P<seconds>{_N})S)?)?"
)

_MICROSECONDS = {
    "weeks": 604_800_000_000,
    "days": 86_400_000_000,
    "hours": 3_600_000_000,
    "minutes": 60_000_000,
    "seconds": 1_000_000,
    "milliseconds": 1_000,
}


class Scalar(NamedTuple):
    """A type that is read here.

    Attributes:
        id: The id of the problem that a wrong text is.
        noun: What the text should be: ``a boolean``.
        advice: How to write one.
        read: Makes the value of a text without spaces around it; None when the text is wrong.
    """

    id: str
    noun: str
    advice: str
    read: Callable[[str], object | None]


def read_boolean(text: str) -> bool | None:
    """The truth value that a word stands for, in capitals or not; None for any other word."""
    return _BOOLEANS.get(text.lower())


def _integer(text: str) -> int | None:
    if not re.fullmatch(_INTEGER, text):
        return None
    try:
        return int(text)
    except ValueError:  # more digits than Python reads
        return None


def read_number(text: str) -> float | None:
    """The number that a text writes, None when it writes none that is finite."""
    value = float(text) if re.fullmatch(_NUMBER, text) else math.inf
    return value if math.isfinite(value) else None


def _decimal(text: str) -> Decimal | None:
    if not re.fullmatch(_NUMBER, text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent that no context holds
        return None


def _duration(text: str) -> timedelta | None:
    matches = (re.fullmatch(pattern, text) for pattern in (_SECONDS, _UNITS, _ISO_8601))
    found = next(filter(None, matches), None)
    if found is None:
        return None
    numbers = found.groupdict()
    factor = -1 if numbers.pop("sign") == "-" else 1
    # In whole microseconds, as timedelta counts: floats would lose the last digits of a long one.
    length = sum(Decimal(number) * _MICROSECONDS[unit] for unit, number in numbers.items() if number)
    try:
        return timedelta(microseconds=factor * round(length))
    except OverflowError:
        return None


SCALARS: dict[object, Scalar] = {
    bool: Scalar("value.boolean", "a boolean", "use true or false", read_boolean),
    int: Scalar("value.integer", "an integer", "use digits only, such as 10", _integer),
    float: Scalar("value.number", "a number", "write it like 2 or 0.5", read_number),
    Decimal: Scalar("value.number", "a number", "write it like 2 or 0.5", _decimal),
    timedelta: Scalar(
        "value.duration", "a duration", "use seconds, 15m, 1h30m, 2d or ISO 8601 such as PT15M", _duration
    ),
}
