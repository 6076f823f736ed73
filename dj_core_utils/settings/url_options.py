"""Options in the query of a URL: each known by name, each of one type.

A reader makes a value of a text, or raises a ``ValueError`` whose text says what was expected, never what was found.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dj_core_utils.settings.scalars import read_boolean
from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from dj_core_utils.settings.url_parts import URLParts

    # By the name in a URL, in lower case: the name that the reader of the result knows, and what makes its value.
    Options: TypeAlias = Mapping[str, tuple[str, Callable[[str], object]]]

_WHOLE = r"[0-9]{1,10}"
_NUMBER = r"[0-9]{1,10}(?:\.[0-9]{1,10})?"
_PORTS = range(1, 65536)


def read_options(
    parts: URLParts, places: Iterable[tuple[dict[str, object], Options]], rest: dict[str, object] | None = None
) -> None:
    """Give every option of a URL its type, and put it where it belongs.

    Args:
        parts: The URL.
        places: Where options go, each with those that go there.
        rest: Where options go that no place knows, as text; without it they are refused.

    Raises:
        PydanticCustomError: An option is unknown, repeats another one, or is not of its type.
    """
    places = tuple(places)
    for name, value in parts.options.items():
        target, key, reader = _destination(name, places, rest, parts)
        if key in target:
            raise parts.error(f"the option {name} repeats another one")
        try:
            target[key] = reader(value)
        except ValueError as error:
            expected = str(error)
        else:
            continue
        raise parts.error(f"the option {name} is not {expected}")


def each(reader: Callable[[str], object], names: str) -> Options:
    """Options that share a reader and are called alike everywhere; their names stand between blanks."""
    return {name: (name, reader) for name in names.split()}


def text(value: str) -> str:
    """Any text."""
    return value


def boolean(value: str) -> bool:
    """A truth value, in the words that variables have for it."""
    if (read := read_boolean(value)) is None:
        raise ValueError("true or false")
    return read


def whole(value: str) -> int:
    """A whole number of at most ten digits."""
    if not re.fullmatch(_WHOLE, value):
        raise ValueError("a whole number")
    return int(value)


def number(value: str) -> float:
    """A number; whole ones stay whole, because some drivers insist."""
    if not re.fullmatch(_NUMBER, value):
        raise ValueError("a number")
    return float(value) if "." in value else int(value)


def seconds_or_none(value: str) -> int | None:
    """A number of seconds, or None for ``none`` and ``unlimited``."""
    if value.lower() in {"none", "unlimited"}:
        return None
    if not re.fullmatch(_WHOLE, value):
        raise ValueError("a whole number of seconds, or none for unlimited")
    return int(value)


def port(value: str) -> int:
    """A TCP port."""
    if not re.fullmatch(_WHOLE, value) or int(value) not in _PORTS:
        raise ValueError("a port between 1 and 65535")
    return int(value)


def hosts(value: str) -> str:
    """Hosts, addresses or paths of sockets, separated by commas."""
    if not all(re.fullmatch(r"/.+|[\w.:-]+", item) for item in value.split(",")):
        raise ValueError("a host or the path of a socket")
    return value


def choice(*values: str) -> Callable[[str], str]:
    """A reader for one of some words; case, and blanks for hyphens or underscores, do not matter."""
    known = {_plain(value): value for value in values}

    def read(value: str) -> str:
        if _plain(value) not in known:
            raise ValueError(f"one of {', '.join(values)}")
        return known[_plain(value)]

    return read


def _plain(value: str) -> str:
    return re.sub(r"[-_ ]", "_", value.lower())


def _destination(
    name: str,
    places: tuple[tuple[dict[str, object], Options], ...],
    rest: dict[str, object] | None,
    parts: URLParts,
) -> tuple[dict[str, object], str, Callable[[str], object]]:
    key = name.lower().replace("-", "_")
    for target, known in places:
        if key in known:
            return target, *known[key]
    if rest is not None:
        return rest, name, text
    suggestion = nearest(name, [option for _, known in places for option in known])
    raise parts.error(
        f"the option {name} is not known for {parts.scheme}", f"did you mean {suggestion}?" if suggestion else ""
    )
