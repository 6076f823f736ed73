"""What an instance held when it came from the database: the ``before`` of its next change, without a query.

Two references on ``instance._state`` to what Django has at hand anyway, so it pickles, and loading stays cheap.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from django.db.models.fields.files import FieldFile

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from django.db.models import Model
    from django.db.models.base import ModelState

_ATTRIBUTE = "dj_core_utils_loaded"

Snapshot = tuple["Sequence[str]", "Sequence[object]"]


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
    vars(instance._state)[_ATTRIBUTE] = (names, values)


def loaded(instance: Model) -> dict[str, object]:
    """Values by attribute name as they stood in the database; what is missing is not known.

    Args:
        instance: Any instance.
    """
    names, values = vars(instance._state).get(_ATTRIBUTE, ((), ()))
    return dict(zip(names, values, strict=True))


def renew(instance: Model, values: Mapping[str, object], mutable: Collection[str]) -> None:
    """Take over what the database holds now, beside what was known already.

    Args:
        instance: The instance that was saved or refreshed.
        values: Values by attribute name.
        mutable: Names of those that can be changed in place.
    """
    known = {**loaded(instance), **values}
    keep(instance, tuple(known), tuple(known.values()), mutable & values.keys() if mutable else ())


def state_of(state: ModelState) -> Snapshot | None:
    """The snapshot as it is, to be put back by ``restore``."""
    found: Snapshot | None = vars(state).get(_ATTRIBUTE)
    return found


def restore(state: ModelState, snapshot: Snapshot | None) -> None:
    """Put an earlier snapshot back, because the change since then was rolled back."""
    if snapshot is None:
        vars(state).pop(_ATTRIBUTE, None)
    else:
        vars(state)[_ATTRIBUTE] = snapshot


def _copied(value: object) -> object:
    return value.name if isinstance(value, FieldFile) else deepcopy(value)
