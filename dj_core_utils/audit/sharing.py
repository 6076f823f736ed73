"""Who records a change: triggers of the database or Python; one of them always, and both never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connections

from dj_core_utils.audit.gap import gap_around
from dj_core_utils.audit.policy import policy_of

if TYPE_CHECKING:
    from django.db.models import Model

    from dj_core_utils.audit.policy import ModelPolicy


def recorded_by_python(model: type[Model], using: str) -> ModelPolicy | None:
    """What Python has to record of a model; None for nothing, or when triggers do it.

    Inside of an ``unaudited`` block Python does, which counts what it leaves out; triggers are told to be silent there.

    Args:
        model: Any model class.
        using: Alias of the database.
    """
    policy = policy_of(model)
    if policy is None or not policy.by_trigger:
        return policy
    from dj_core_utils.audit.triggers.serving import served_tables  # noqa: PLC0415  # who has no triggers needs no more

    label = policy.through.model._meta.label if policy.through else policy.label
    is_served = policy.tables <= served_tables(connections[using])
    return None if is_served and gap_around(label) is None else policy
