"""The ``changes`` of an entry as JSON text: what each field held before and holds after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import FileField, JSONField

from dj_core_utils.audit.encoding import encode, normalized

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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
        if old is new:
            continue
        if old is not _UNKNOWN and _are_same(policy, name, old, new):
            continue
        if name in policy.hidden:
            changes.append(f'"{name}": {HIDDEN}')
            continue
        encoder = policy.encoders[name]
        known = "" if old is _UNKNOWN else f'"before": {encoder(old)}, '
        changes.append(f'"{name}": {{{known}"after": {encoder(new)}}}')
    return f"{{{', '.join(changes)}}}" if changes else ""


def _are_same(policy: ModelPolicy, name: str, old: object, new: object) -> bool:
    field = policy.fields[name]
    if isinstance(field, FileField):
        return str(old or "") == str(new or "")  # the name alone; size and digest are not known of both
    if isinstance(field, JSONField):  # the text does not tell: what is secret in it is masked
        return encode(field, normalized(field, old)) == encode(field, normalized(field, new))
    encoder = policy.encoders[name]
    return (type(old) is type(new) and old == new) or encoder(old) == encoder(new)


def whole_row(names: Iterable[str], hidden: Collection[str], side: str) -> str:
    """The changes of a row that came or went, with ``%s`` in place of each value.

    Args:
        names: Attribute names of all fields.
        hidden: Those whose values are left out.
        side: ``before`` or ``after``.
    """
    changes = [f'"{name}": %s' if name in hidden else f'"{name}": {{"{side}": %s}}' for name in names]
    return f"{{{', '.join(changes)}}}"


def _sides(policy: ModelPolicy, side: str, values: Mapping[str, object]) -> str:
    try:
        found = policy.values(values)
    except KeyError:
        return _known_sides(policy, side, values)
    texts = [
        usual(value) if type(value) is kind else encode(value)
        for (kind, usual, encode), value in zip(policy.encodings, found, strict=True)
    ]
    return policy.sides[side] % (*texts,)


def _known_sides(policy: ModelPolicy, side: str, values: Mapping[str, object]) -> str:
    encoders, hidden = policy.encoders, policy.hidden
    changes = [
        f'"{name}": {HIDDEN}' if name in hidden else f'"{name}": {{"{side}": {encoders[name](value)}}}'
        for name, value in values.items()
        if name in encoders
    ]
    return f"{{{', '.join(changes)}}}"
