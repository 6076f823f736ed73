"""Taking changes back: the inverse of entries, written as any other change is, and so recorded with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import IntegrityError, connections, transaction
from django.db.models import FileField
from django.db.models.deletion import Collector

from dj_core_utils.actor import giving_reason
from dj_core_utils.db.decoding import column_fields, linked_keys, relations, side_of
from dj_core_utils.db.errors import ChangedSinceError, HistoryError, UnknownValueError
from dj_core_utils.db.fields import StampField
from dj_core_utils.db.history import in_order
from dj_core_utils.db.keys import key_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import Field, Model

    from dj_core_utils.db.models import OperationLog


_REVERTIBLE = {"create", "update", "delete", "m2m_post_add", "m2m_post_remove", "m2m_post_clear"}


def revert_entries(entries: Iterable[OperationLog], reason: str = "") -> int:
    """Take entries back, the newest one first: all of them or none.

    Args:
        entries: Of one database, in any order.
        reason: Why, for the log.

    Returns:
        How many there were.

    Raises:
        ChangedSinceError: An object is not any more as its entry left it.
        UnknownValueError: A value that would be needed is hidden, or was not recorded.
        HistoryError: The model is gone from the project, or an entry tells of the log itself.
    """
    ordered = in_order(sorted(entries, key=lambda entry: entry.pk))[::-1]
    if not ordered:
        return 0
    using = ordered[0]._state.db or "default"
    first, last = ordered[-1].pk, ordered[0].pk
    what = f"revert of entry {first}" if len(ordered) == 1 else f"revert of {len(ordered)} entries, {first} to {last}"
    run = _Reverting(using)
    try:
        with transaction.atomic(using), giving_reason(f"{reason} ({what})" if reason else what):
            for entry in ordered:
                run.take_back(entry)
            connections[using].check_constraints(table_names=sorted(run.tables))
    except IntegrityError as error:
        raise ChangedSinceError(
            f"Nothing was reverted: the database refuses the {what}. Something that an object refers to is gone, "
            "something else refers to it now, or another row has taken a unique value."
        ) from error
    return len(ordered)


class _Reverting:
    """One run.

    Attributes:
        tables: Those with rows that came back, whose references are looked at in the end.
    """

    def __init__(self, using: str) -> None:
        self.tables: set[str] = set()
        self._using = using
        # Links that are two rows, and two entries, of a symmetrical relation; the first one takes back both.
        self._mirrored: set[tuple[str, object, object]] = set()

    def take_back(self, entry: OperationLog) -> None:
        if entry.operation_type not in _REVERTIBLE:
            raise HistoryError(f"Nothing was reverted: entry {entry.pk} tells of the log itself, not of an object.")
        model = _model_of(entry)
        key = key_value(model, entry.id_instance)
        if entry.operation_type == "create":
            self._delete(entry, model, key)
        elif entry.operation_type == "delete":
            self._make_again(entry, model, key)
        elif entry.operation_type == "update":
            self._write_back(entry, model, key)
        else:
            for name, change in entry.changes.items():
                self._link_back(entry, model, key, name, change)

    def _write_back(self, entry: OperationLog, model: type[Model], key: object) -> None:
        changes = {name: change for name, change in entry.changes.items() if not _is_clock(model, name)}
        before = {name: side_of(model, name, change, "before") for name, change in changes.items()}
        after = {name: side_of(model, name, change, "after") for name, change in changes.items()}
        instance = self._locked(entry, model, key)
        _require_same(entry, instance, after)
        for name, value in before.items():
            setattr(instance, name, value)
        if before:
            instance.save(using=self._using, update_fields=list(before))

    def _delete(self, entry: OperationLog, model: type[Model], key: object) -> None:
        after, unknown = _known_after(model, entry.changes)
        instance = self._locked(entry, model, key)
        _require_same(entry, instance, after)
        later = (
            type(entry)
            ._base_manager.using(self._using)
            .filter(model_changed=entry.model_changed, id_instance=entry.id_instance, id__gt=entry.pk)
        )
        if unknown and (since := {name for other in later for name in other.changes} & unknown):
            raise _changed(entry, sorted(since))
        if others := _dependents(instance, self._using):
            raise ChangedSinceError(
                f"Nothing was reverted: {_row(entry)} cannot be deleted again, because rows of {', '.join(others)} "
                "refer to it now.",
                row=_row(entry),
            )
        instance.delete(using=self._using)

    def _make_again(self, entry: OperationLog, model: type[Model], key: object) -> None:
        rows = model._base_manager.using(self._using).filter(pk=key)
        if rows.exists():
            raise ChangedSinceError(f"Nothing was reverted: {_row(entry)} exists again.", row=_row(entry))
        names = [name for name in column_fields(model) if not _is_clock(model, name)]
        values = {name: side_of(model, name, entry.changes.get(name, {}), "before") for name in names}
        instance = model(**values)
        instance.pk = key
        with connections[self._using].constraint_checks_disabled():  # what it refers to may come back after it
            instance.save(using=self._using, force_insert=True)
        self.tables.add(model._meta.db_table)
        # A field that sets itself when a row is made has set itself.
        stored = rows.values(*values).get() if values else {}
        fields = column_fields(model)
        wrong = {name: value for name, value in values.items() if not _is_same(fields[name], stored[name], value)}
        if wrong:
            rows.update(**wrong)

    def _link_back(
        self, entry: OperationLog, model: type[Model], key: object, name: str, change: Mapping[str, list[Any]]
    ) -> None:
        were_added = "added" in change
        keys = linked_keys(model, name, change["added" if were_added else "removed"])
        relation = relations(model)[name]
        if relation.is_symmetrical:
            keys = [other for other in keys if (name, other, key) not in self._mirrored]
            self._mirrored |= {(name, key, other) for other in keys}
        instance = self._locked(entry, model, key)
        target = relation.target.attname
        rows = relation.through._base_manager.using(self._using).filter(**{relation.source: key, f"{target}__in": keys})
        linked = set(rows.values_list(target, flat=True))
        if linked != (set(keys) if were_added else set()):
            raise _changed(entry, [name])
        manager = getattr(instance, name)
        if were_added:
            manager.remove(*keys)
            return
        with connections[self._using].constraint_checks_disabled():
            manager.add(*keys)
        self.tables.add(relation.through._meta.db_table)

    def _locked(self, entry: OperationLog, model: type[Model], key: object) -> Model:
        found: Model | None = model._base_manager.using(self._using).select_for_update().filter(pk=key).first()
        if found is None:
            raise ChangedSinceError(f"Nothing was reverted: {_row(entry)} does not exist any more.", row=_row(entry))
        return found


def _model_of(entry: OperationLog) -> type[Model]:
    try:
        return apps.get_model(entry.model_changed)
    except LookupError:
        raise HistoryError(f"Nothing was reverted: this project has no model {entry.model_changed} any more.") from None


def _known_after(model: type[Model], changes: Mapping[str, Any]) -> tuple[dict[str, object], set[str]]:
    """What an entry left behind, and the fields of which it does not tell it."""
    values: dict[str, object] = {}
    unknown: set[str] = set()
    for name, change in changes.items():
        if not _is_clock(model, name):
            try:
                values[name] = side_of(model, name, change, "after")
            except UnknownValueError:
                unknown.add(name)
    return values, unknown


def _is_clock(model: type[Model], name: str) -> bool:
    """Whether a field tells when or by whom the row was written last: that is now, and by whoever reverts."""
    field = column_fields(model).get(name)
    return bool(getattr(field, "auto_now", False)) or (isinstance(field, StampField) and field.on_update)


def _require_same(entry: OperationLog, instance: Model, values: Mapping[str, object]) -> None:
    fields = column_fields(type(instance))
    changed = [name for name, value in values.items() if not _is_same(fields[name], getattr(instance, name), value)]
    if changed:
        raise _changed(entry, changed)


def _is_same(field: Field[Any, Any], stored: object, value: object) -> bool:
    if isinstance(field, FileField):
        return str(stored or "") == str(value or "")
    return (bytes(stored) if isinstance(stored, memoryview) else stored) == value


def _dependents(instance: Model, using: str) -> list[str]:
    """Labels of what a delete of the object would delete or change, too."""
    collector = Collector(using=using, origin=instance)
    collector.collect([instance])
    others: set[type[Model]] = {
        model
        for model, found in collector.data.items()
        if any(not isinstance(instance, model) or other.pk != instance.pk for other in found)
    }
    others |= {rows.model for rows in collector.fast_deletes if rows.exists()}
    others |= {field.model for (field, _), found in collector.field_updates.items() if any(map(bool, found))}
    return sorted(model._meta.label for model in others)


def _changed(entry: OperationLog, names: Sequence[str]) -> ChangedSinceError:
    return ChangedSinceError(
        f"Nothing was reverted: {_row(entry)} has changed since entry {entry.pk}, in {', '.join(names)}.",
        row=_row(entry),
        fields=tuple(names),
    )


def _row(entry: OperationLog) -> str:
    return f"{entry.model_changed} {entry.id_instance}"
