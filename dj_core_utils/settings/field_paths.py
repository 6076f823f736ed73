"""What was meant by a path of field names that leads to no leaf, in a profile or in a source of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    from dj_core_utils.settings.variables import VariableTable


def no_such_leaf(path: tuple[str, ...], table: VariableTable) -> str:
    """The message for such a path.

    Args:
        path: The names, from the settings class down.
        table: The leaves that there are.
    """
    if table.fields_at(path):
        return "this is a section: its fields are set one by one."
    *section, name = path
    named = table.get(name.upper())
    meant = named.dotted if named is not None else nearest(name, table.fields_at(tuple(section)))
    return f"no such setting. Did you mean {meant}?" if meant else "no such setting."
