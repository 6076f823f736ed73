"""Which variables somebody means who names one of them, a setting of Django, a field or a section."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.describe import TOP_SECTION, section_of
from dj_core_utils.settings.spelling import FILE_SUFFIX, nearest

if TYPE_CHECKING:
    from dj_core_utils.settings.variables import Variable, VariableTable

_NEAR = 3
_SHORTEST_PART = 4


class Named(NamedTuple):
    """What a name stands for.

    Attributes:
        variables: The variables that it means; none for a name that nobody knows.
        kind: ``variable``, ``setting``, ``section``, or nothing.
        name: The name as it is spelt where it is declared.
        note: What is to be said about the name itself.
    """

    variables: tuple[str, ...]
    kind: str = ""
    name: str = ""
    note: str = ""


def find_variables(name: str, table: VariableTable) -> Named:
    """What a name means, in any case.

    Args:
        name: A variable, one with ``_FILE`` behind it, an earlier name, a name from elsewhere, a setting of Django, the
            path of a field or a section.
        table: The variables that there are.
    """
    upper, path = name.upper(), tuple(name.lower().split("."))
    if (row := table.get(upper) or table.at(path)) is not None:
        return Named((row.name,), "variable", row.name)
    if (found := _by_other_name(upper, table)) is not None:
        return found
    if feeding := tuple(row.name for row in table.values() if upper in row.feeds):
        return Named(feeding, "setting", upper)
    if within := tuple(row.name for row in table.values() if _is_within(row, path)):
        return Named(within, "section", ".".join(path))
    return Named(())


def _by_other_name(name: str, table: VariableTable) -> Named | None:
    """The variable that an earlier name, a name from elsewhere or that of a file leads to."""
    for row in table.values():
        if name in table.retired_names(row.name):
            return Named((row.name,), "variable", row.name, f"{name} is an earlier name of {row.name}, and still read.")
    if (other := table.other_names.get(name)) is not None:
        return Named((other.name,), "variable", other.name, f"{name} is not read; {other.name} is.")
    if (named := table.get(name.removesuffix(FILE_SUFFIX))) is not None:
        return Named((named.name,), "variable", named.name, f"{name} names a file that holds {named.name}.")
    return None


def near_names(name: str, table: VariableTable) -> list[str]:
    """Names that resemble one that nobody knows, nearest first.

    Args:
        name: What was typed.
        table: The variables that there are.
    """
    rows = table.values()
    if "." in name:
        known = dict.fromkeys(row.dotted for row in rows)
    else:
        known = dict.fromkeys(item for row in rows for item in (row.name, *row.feeds, section_of(row)))
    found: list[str] = []
    while len(found) < _NEAR and (near := nearest(name, known)) is not None:
        found.append(near)
        del known[near]
    part = name.lower() if "." in name else name.upper()
    holding = [item for item in known if len(part) >= _SHORTEST_PART and part in item]
    return [*found, *holding][:_NEAR]


def _is_within(row: Variable, path: tuple[str, ...]) -> bool:
    return row.path[: len(path)] == path or path == (TOP_SECTION,) == (section_of(row),)
