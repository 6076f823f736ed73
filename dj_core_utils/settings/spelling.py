"""Which known name somebody meant who typed another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE_SUFFIX = "_FILE"

_SHORTEST_KEY = 5
_SHORTEST = 3
_LONG = 10
_LONGEST_ENDING = 3
_LIKENESS = 0.75
_SHORT_LIKENESS = 0.85
_BORDERS = ("_", ".")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that resembles another one most, for an error message.

    Upper and lower case, and hyphens and underscores, count as the same. One edit is forgiven (two in names of ten
    letters and more, none under three). Failing that, the beginning or the last words of a single known name will
    do (``prod``, ``HSTS_SECONDS``), a known name with a short ending (``testing``), or the same first word and a great
    likeness as a whole (``DB_PASSWD``, ``CORS_ORIGINS``).

    Args:
        name: What was typed.
        known: The names to choose from; meant for lists of up to a few hundred. Of equals the first one wins.

    Returns:
        One of the known names, or None when a suggestion would be a guess.
    """
    typed = _fold(name)
    names = {other: _fold(other) for other in known}
    return _by_edits(typed, names) or _by_part(typed, names) or _by_likeness(typed, names)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` Did you mean production?``, to end a message with; empty when no known name is near."""
    suggestion = nearest(name, known)
    return f" Did you mean {suggestion}?" if suggestion else ""


class NearMisses:
    """Finds the known name that an environment variable misspells, fast enough for a whole environment.

    Names are compared in upper case and without underscores, and at most one letter may be wrong, missing, superfluous
    or swapped with its neighbour. Known names that are shorter than five letters are left out: everything resembles
    them.

    The known names are indexed by their first two and by their last two letters: one edit leaves one of these pairs
    alone, so that a look-up compares a handful of names.

    Args:
        known: The names that are read.
    """

    def __init__(self, known: Iterable[str]) -> None:
        """Build the index, in time proportional to the letters of all names."""
        self._known = frozenset(known)
        self._names: dict[str, str] = {}
        self._beginnings: dict[str, list[str]] = {}
        self._endings: dict[str, list[str]] = {}
        # Sorted, so that of two equally near names the same one wins in every process.
        for name in sorted(self._known):
            self._add(name)

    def lookup(self, name: str) -> str | None:
        """The known name that was probably meant.

        Args:
            name: A variable's name as it was typed.

        Returns:
            A known name, with ``_FILE`` behind it where the typed name has that; None when nothing is near, and for
            a name that is itself known, alone or with ``_FILE``.
        """
        if name in self._known or name.removesuffix(FILE_SUFFIX) in self._known:
            return None
        typed = name.upper()
        found = self._find(_key(typed))
        if found is not None or "_" not in typed:
            return found
        base, _, ending = typed.rpartition("_")
        if ending == "FILE":
            found = self._find(_key(base))
        elif is_one_edit(ending, "FILE"):
            found = self._names.get(_key(base))
        return found and found + FILE_SUFFIX

    def _add(self, name: str) -> None:
        key = _key(name.upper())
        if len(key) < _SHORTEST_KEY or key in self._names:
            return
        self._names[key] = name
        self._beginnings.setdefault(key[:2], []).append(key)
        self._endings.setdefault(key[-2:], []).append(key)

    def _find(self, key: str) -> str | None:
        if (name := self._names.get(key)) is not None:
            return name
        candidates = self._beginnings.get(key[:2], []) + self._endings.get(key[-2:], [])
        return min((self._names[candidate] for candidate in candidates if is_one_edit(key, candidate)), default=None)


def is_one_edit(first: str, second: str) -> bool:
    """Whether one letter inserted, dropped, replaced or swapped with its neighbour makes one text of the other.

    Args:
        first: A text.
        second: Another text; equal texts are no edit apart.
    """
    if abs(len(first) - len(second)) > 1 or first == second:
        return False
    start = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if start is None:
        return True
    one, other = first[start:], second[start:]
    return (
        one[1:] == other[1:]
        or one[1:] == other
        or one == other[1:]
        or (one[2:] == other[2:] and one[:2] == other[1::-1])
    )


def distance(first: str, second: str, limit: int) -> int:
    """How many edits lie between two texts: letters inserted, dropped, replaced or swapped with their neighbour.

    Args:
        first: A text.
        second: Another text.
        limit: Distances over this one are not counted out.

    Returns:
        The distance (optimal string alignment), or ``limit + 1`` for any that is greater.
    """
    if abs(len(first) - len(second)) > limit:
        return limit + 1
    before: list[int] = []
    previous, current = before, list(range(len(second) + 1))
    for row, letter in enumerate(first, 1):
        before, previous, current = previous, current, [row]
        for column, other in enumerate(second, 1):
            best = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == second[column - 2] and other == first[row - 2]:
                best = min(best, before[column - 2] + 1)
            current.append(best)
        if min(current) > limit and min(previous) >= limit:  # a swap reaches back over one row
            return limit + 1
    return min(current[-1], limit + 1)


def _fold(name: str) -> str:
    return name.casefold().replace("-", "_")


def _key(name: str) -> str:
    return name.replace("_", "")


def _by_edits(typed: str, names: dict[str, str]) -> str | None:
    limit = (len(typed) >= _SHORTEST) + (len(typed) >= _LONG)
    distances = {name: distance(typed, folded, limit) for name, folded in names.items()}
    best = min(distances, key=lambda name: (distances[name], names[name][:1] != typed[:1]), default=None)
    return best if best is not None and distances[best] <= limit else None


def _by_part(typed: str, names: dict[str, str]) -> str | None:
    if len(typed) < _SHORTEST:
        return None
    longer = [name for name, folded in names.items() if _is_part(typed, folded)]
    shorter = [
        name
        for name, folded in names.items()
        if typed.startswith(folded) and len(typed) - len(folded) <= _LONGEST_ENDING < len(folded)
    ]
    # Of several that hold it, one will do that all the others hold.
    least = min(longer, key=len, default="")
    return least if least and all(least in name for name in longer) else max(shorter, key=len, default=None)


def _is_part(typed: str, folded: str) -> bool:
    # PROD means PRODUCTION and LOG means LOG_LEVEL, but USER does not mean USERS_SECRET_KEY.
    rest = folded.removeprefix(typed)
    is_beginning = rest != folded and (rest[:1] in _BORDERS or not any(border in rest for border in _BORDERS))
    is_end = len(typed) > _SHORTEST_KEY and folded.endswith(tuple(border + typed for border in _BORDERS))
    return is_beginning or is_end


def _by_likeness(typed: str, names: dict[str, str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415  # only a start that has something to report pays for it

    # REDIS_PASSWORD is much like DB_PASSWORD, and is something else: what a name begins with says what it is about.
    related = {folded: name for name, folded in names.items() if _first_word(folded) == _first_word(typed)}
    close = get_close_matches(typed, related, n=1, cutoff=_LIKENESS if len(typed) >= _LONG else _SHORT_LIKENESS)
    return related[close[0]] if close else None


def _first_word(folded: str) -> str:
    return folded.replace(".", "_").partition("_")[0]
