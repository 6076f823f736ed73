"""The ``changes`` of an entry: what each field held before and holds after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import FileField, JSONField

from dj_core_utils.audit.encoding import encode, normalized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Field

    from dj_core_utils.audit.policy import ModelPolicy

Change = dict[str, object]
Changes = dict[str, Change]

HIDDEN: Change = {"hidden": True}


def created(policy: ModelPolicy, after: Mapping[str, object]) -> Changes:
    """Changes of a new row: every field with its value ``after``.

    Args:
        policy: What is recorded of the model.
        after: Values by attribute name.
    """
    return _sides(policy, "after", after)


def deleted(policy: ModelPolicy, before: Mapping[str, object]) -> Changes:
    """Changes of a row that is gone: every field with its value ``before``.

    Args:
        policy: What is recorded of the model.
        before: Values by attribute name, as far as they are known.
    """
    return _sides(policy, "before", before)


def updated(policy: ModelPolicy, before: Mapping[str, object], after: Mapping[str, object]) -> Changes:
    """Changes of a row that was written again; empty when nothing differs.

    Args:
        policy: What is recorded of the model.
        before: Values by attribute name; a missing one is not known, and is then missing in the record, too.
        after: Values by attribute name, of recorded fields alone.
    """
    changes: Changes = {}
    for name, new in after.items():
        if name not in before:
            changes[name] = _side(policy, name, "after", new)
        elif (old := before[name]) is not new and _differs(policy.fields[name], old, new):
            changes[name] = (
                HIDDEN
                if name in policy.hidden
                else {"before": policy.encoders[name](old), "after": policy.encoders[name](new)}
            )
    return changes


def _differs(field: Field[Any, Any], old: object, new: object) -> bool:
    if type(old) is type(new) and not isinstance(field, JSONField) and old == new:
        return False
    if isinstance(field, FileField):
        return str(old or "") != str(new or "")  # the name alone; size and digest are not known of both
    return encode(field, normalized(field, old)) != encode(field, normalized(field, new))


def _sides(policy: ModelPolicy, side: str, values: Mapping[str, object]) -> Changes:
    encoders, hidden = policy.encoders, policy.hidden
    return {
        name: HIDDEN if name in hidden else {side: encoders[name](value)}
        for name, value in values.items()
        if name in encoders
    }


def _side(policy: ModelPolicy, name: str, side: str, value: object) -> Change:
    return HIDDEN if name in policy.hidden else {side: policy.encoders[name](value)}
