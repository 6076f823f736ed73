"""Trees of field names, as profiles and the sources of a project write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.variables import Variable, VariableTable


def walk_leaves(
    tree: Mapping[str, object], table: VariableTable, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Variable | None, object]]:
    """Everything that a tree sets.

    Args:
        tree: Values, or trees of sections, by field name.
        table: The leaves that there are.
        path: Where the tree stands.

    Yields:
        The path, the variable of the leaf there or None when there is no such leaf, and the value.
    """
    for name, value in tree.items():
        here = (*path, str(name))
        if (known := table.at(here)) is None and isinstance(value, Mapping) and table.fields_at(here):
            yield from walk_leaves(value, table, here)
        else:
            yield here, known, value


def no_such_leaf(path: tuple[str, ...], table: VariableTable) -> str:
    """The message for a path that leads to no leaf, with what was probably meant.

    Args:
        path: The names, from the settings class down.
        table: The leaves that there are.
    """
    if table.fields_at(path):
        return "this is a section: its fields are set one by one."
    *section, name = path
    if "." in name and table.at((*section, *name.split("."))) is not None:
        return f"no such setting: {name.partition('.')[0]} is a table, or mapping, of its own."
    named = table.get(name.upper())
    meant = named.dotted if named is not None else nearest(name, table.fields_at(tuple(section)))
    return f"no such setting. Did you mean {meant}?" if meant else "no such setting."
