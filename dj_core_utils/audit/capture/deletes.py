"""Recording of deletes, cascades included. No signal is used: a receiver would cost Django its fast deletes."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from dj_core_utils.audit import diff, snapshot
from dj_core_utils.audit.capture.in_database import write_deletes
from dj_core_utils.audit.capture.querysets import refuse_concurrent_change
from dj_core_utils.audit.capture.rows import Rows, rows_by_key, rows_to_change
from dj_core_utils.audit.recorder import record, record_links, recording
from dj_core_utils.audit.sharing import recorded_by_python

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from django.db.models import Model, QuerySet
    from django.db.models.deletion import Collector

    from dj_core_utils.audit.buffer import Buffer
    from dj_core_utils.audit.policy import ModelPolicy


def delete(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Collector.delete``, in which every delete of instances ends.

    What it deletes or sets to null by a query of its own is recorded by the wrappers of those queries.

    Args:
        original: Django's method.
    """

    @wraps(original)
    def method(self: Collector) -> tuple[int, dict[str, int]]:
        found = {
            policy: list(items)
            for model, items in self.data.items()
            if items and (policy := recorded_by_python(model, self.using))
        }
        if not found and not _touches_recorded(self):
            result: tuple[int, dict[str, int]] = original(self)
            return result
        with recording(self.using) as buffer:
            rows = {policy: _rows_of(policy, self.using, items) for policy, items in found.items()}
            updates = _updates(self)
            before = [(policy, rows_by_key(policy, self.using, keys, [name])) for policy, name, keys, _ in updates]
            result = original(self)
            for (policy, name, _, value), (_, known) in zip(updates, before, strict=True):
                for key, row in known.items():
                    record(buffer, policy, "update", key, diff.updated(policy, row, {name: value}))
            for policy, deleted in rows.items():
                _record(buffer, policy, deleted)
        return result

    return method


def raw_delete(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet._raw_delete``: the fast deletes of a collector, and those who call it.

    Args:
        original: Django's method.
    """

    @wraps(original)
    def method(self: QuerySet[Model], using: str) -> int:
        policy = recorded_by_python(self.model, using)
        if policy is None:
            return int(original(self, using) or 0)
        with recording(using) as buffer:
            written = write_deletes(buffer, policy, using, self)
            rows = {} if written else rows_to_change(policy, using, self, policy.fields.keys())
            count = int(original(self, using) or 0)
            if (written.rows if written else len(rows)) not in {None, count}:
                refuse_concurrent_change(policy)
            _record(buffer, policy, rows)
        return count

    return method


def _touches_recorded(collector: Collector) -> bool:
    queries = (queryset.model for queryset in collector.fast_deletes)
    fields = (field.model for field, _ in collector.field_updates)
    return any(recorded_by_python(model, collector.using) for model in (*queries, *fields))


def _rows_of(policy: ModelPolicy, using: str, instances: Iterable[Model]) -> Rows:
    """What the instances held in the database; Django loads the rows of a cascade without what it does not need."""
    rows: Rows = {}
    incomplete = []
    for instance in instances:
        known = rows[instance.pk] = snapshot.loaded(instance)
        if instance._state.db != using or not known.keys() >= policy.fields.keys():
            incomplete.append(instance.pk)
    return rows | rows_by_key(policy, using, incomplete, policy.fields.keys()) if incomplete else rows


def _updates(collector: Collector) -> list[tuple[ModelPolicy, str, Collection[object], object]]:
    """What is set to another value in instances that are already loaded; queries go through ``update``."""
    found: list[tuple[ModelPolicy, str, Collection[object], object]] = []
    for (field, value), batches in collector.field_updates.items():
        policy = recorded_by_python(field.model, collector.using)
        if policy is None or field.attname not in policy.fields:
            continue
        loaded = [batch for batch in batches if not _is_query(batch)]
        keys: Collection[object] = {instance.pk for batch in loaded for instance in cast("Iterable[Model]", batch)}
        if keys:
            found.append((policy, field.attname, keys, value))
    return found


def _is_query(batch: object) -> bool:
    """The distinction that Django makes, too."""
    return getattr(batch, "_result_cache", batch) is None


def _record(buffer: Buffer, policy: ModelPolicy, rows: Rows) -> None:
    through = policy.through
    if through is None:
        for key, row in rows.items():
            record(buffer, policy, "delete", key, diff.deleted(policy, row))
    elif rows:
        is_clear = buffer.clearing is policy.model
        record_links(buffer, through, "m2m_post_clear" if is_clear else "m2m_post_remove", rows.values())
