"""What an instance held when it came from the database: the ``before`` of its next change, without a query.

References on ``instance._state`` to what Django has at hand anyway, so it pickles, and loading stays cheap: a plain
attribute, because ``vars()`` would cost each state a dictionary.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from django.db.models.fields.files import FieldFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from django.db.models import Model
    from django.db.models.base import ModelState

_ATTRIBUTE = "dj_core_utils_loaded"

# As Django loads it, or by name.
Snapshot = tuple["Sequence[str]", "Sequence[object]"] | dict[str, object]


def keep(instance: Model, names: Sequence[str], values: Sequence[object], mutable: Collection[str]) -> None:
    """Remember what was loaded.

    Args:
        instance: The instance that was made from it.
        names: Attribute names of the loaded columns.
        values: Their values, in the same order.
        mutable: Names of those that can be changed in place; they are copied, of a file its name is kept.
    """
    if mutable:
        values = [_copied(value) if name in mutable else value for name, value in zip(names, values, strict=True)]
    state: Any = instance._state
    state.dj_core_utils_loaded = (names, values)


def loaded(instance: Model) -> Mapping[str, object]:
    """Values by attribute name as they stood in the database; what is missing is not known.

    Args:
        instance: Any instance.
    """
    found = state_of(instance._state)
    if found is None:
        return {}
    return found if isinstance(found, dict) else dict(zip(*found, strict=True))


def renew(instance: Model, values: Mapping[str, object], mutable: Iterable[str]) -> None:
    """Take over what the database holds now, beside what was known already.

    Args:
        instance: The instance that was saved or refreshed.
        values: Values by attribute name.
        mutable: Names of those that can be changed in place.
    """
    replace(instance, {**loaded(instance), **values}, [name for name in mutable if name in values])


def replace(instance: Model, values: dict[str, object], mutable: Iterable[str]) -> None:
    """Remember this, and nothing else.

    Args:
        instance: The instance that was saved or refreshed.
        values: Values by attribute name, which nobody else has.
        mutable: Names of those that can be changed in place and were not copied yet.
    """
    for name in mutable:
        values[name] = _copied(values[name])
    restore(instance._state, values)


def state_of(state: ModelState) -> Snapshot | None:
    """The snapshot as it is, to be put back by ``restore``."""
    found: Snapshot | None = getattr(state, _ATTRIBUTE, None)
    return found


def restore(state: ModelState, snapshot: Snapshot | None) -> None:
    """Put an earlier snapshot back, because the change since then was rolled back."""
    setattr(state, _ATTRIBUTE, snapshot)


def _copied(value: object) -> object:
    return value.name if isinstance(value, FieldFile) else deepcopy(value)
