"""What an instance was loaded with, so that a value that somebody has set by hand can be told from an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models.expressions import DatabaseDefault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import Field, Model

UNKNOWN = object()

# Both hang on the instance's state, which Django copies and pickles with it.
_ROW = "dj_core_utils_row"
_KNOWN = "dj_core_utils_known"


def remember_row(instance: Model, names: Sequence[str], values: Sequence[object]) -> None:
    """Keep what was loaded, by reference: it costs one tuple for each instance.

    Args:
        instance: Just made from a row.
        names: Attributes that were loaded.
        values: Their values, in the same order.
    """
    vars(instance._state)[_ROW] = names, values


def remember(instance: Model, attribute: str, value: object) -> None:
    """Keep what the database has now.

    Args:
        instance: The instance.
        attribute: The attribute.
        value: Its value.
    """
    vars(instance._state).setdefault(_KNOWN, {})[attribute] = value


def part_from_copy(state: dict[str, Any]) -> None:
    """Let an instance and its copy remember each for itself.

    Args:
        state: Of the copy, as Django's ``__getstate__`` has made it.
    """
    known = vars(state["_state"])
    if _KNOWN in known:
        known[_KNOWN] = dict(known[_KNOWN])


def known_value(instance: Model, attribute: str) -> object:
    """What the database has, as far as this instance was told; ``UNKNOWN`` if it was not.

    Args:
        instance: The instance.
        attribute: The attribute.
    """
    state = vars(instance._state)
    known: dict[str, object] | None = state.get(_KNOWN)
    if known is not None and attribute in known:
        return known[attribute]
    row: tuple[Sequence[str], Sequence[object]] | None = state.get(_ROW)
    return row[1][row[0].index(attribute)] if row is not None and attribute in row[0] else UNKNOWN


def given_value(instance: Model, field: Field[Any, Any]) -> object:
    """The value in memory; None when there is none: not set, deferred, or left to the database.

    Args:
        instance: The instance.
        field: The field.
    """
    value = vars(instance).get(field.attname)
    return None if isinstance(value, DatabaseDefault) else value


def is_set_by_hand(instance: Model, field: Field[Any, Any]) -> bool:
    """Whether the program has assigned a value since the instance was made, loaded or written.

    Args:
        instance: The instance.
        field: The field.
    """
    value, known = given_value(instance, field), known_value(instance, field.attname)
    if value is None:
        return False
    return instance._state.adding if known is UNKNOWN else value != known


def is_copy(instance: Model, field: Field[Any, Any]) -> bool:
    """Whether an instance that is about to be inserted still has the value of the row that it was loaded from.

    Not one that goes into another database as it is: there the primary key stays, and ``_state.adding`` is not set.

    Args:
        instance: The instance.
        field: The field.
    """
    is_new = instance._state.adding or instance.pk is None
    return is_new and given_value(instance, field) == known_value(instance, field.attname)
