"""The ``changes`` of an entry as JSON text: what each field held before and holds after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import FileField, JSONField

from dj_core_utils.audit.encoding import encode, normalized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import Field

    from dj_core_utils.audit.policy import ModelPolicy

HIDDEN = '{"hidden": true}'
_UNKNOWN = object()


def created(policy: ModelPolicy, after: Mapping[str, object]) -> str:
    """Changes of a new row: every field with its value ``after``.

    Args:
        policy: What is recorded of the model.
        after: Values by attribute name.
    """
    return _sides(policy, "after", after)


def deleted(policy: ModelPolicy, before: Mapping[str, object]) -> str:
    """Changes of a row that is gone: every field with its value ``before``.

    Args:
        policy: What is recorded of the model.
        before: Values by attribute name, as far as they are known.
    """
    return _sides(policy, "before", before)


def updated(policy: ModelPolicy, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Changes of a row that was written again; empty when nothing differs.

    Args:
        policy: What is recorded of the model.
        before: Values by attribute name; a missing one is not known, and is then missing in the record, too.
        after: Values by attribute name, of recorded fields alone.
    """
    changes = []
    for name, new in after.items():
        old = before.get(name, _UNKNOWN)
        if old is new or (old is not _UNKNOWN and not _differs(policy.fields[name], old, new)):
            continue
        if name in policy.hidden:
            changes.append(f'"{name}": {HIDDEN}')
            continue
        encoder = policy.encoders[name]
        known = "" if old is _UNKNOWN else f'"before": {encoder(old)}, '
        changes.append(f'"{name}": {{{known}"after": {encoder(new)}}}')
    return f"{{{', '.join(changes)}}}" if changes else ""


def _differs(field: Field[Any, Any], old: object, new: object) -> bool:
    if type(old) is type(new) and not isinstance(field, JSONField) and old == new:
        return False
    if isinstance(field, FileField):
        return str(old or "") != str(new or "")  # the name alone; size and digest are not known of both
    return encode(field, normalized(field, old)) != encode(field, normalized(field, new))


def _sides(policy: ModelPolicy, side: str, values: Mapping[str, object]) -> str:
    encoders, hidden = policy.encoders, policy.hidden
    changes = [
        f'"{name}": {HIDDEN}' if name in hidden else f'"{name}": {{"{side}": {encoders[name](value)}}}'
        for name, value in values.items()
        if name in encoders
    ]
    return f"{{{', '.join(changes)}}}"
