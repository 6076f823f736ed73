"""Recording of bulk writes, which send no signals: ``update``, ``bulk_create``, ``bulk_update``."""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from dj_core_utils.audit import diff, snapshot
from dj_core_utils.audit.capture.in_database import write_updates
from dj_core_utils.audit.capture.rows import Rows, held_values, plain_value, rows_by_key, rows_to_change, stored_values
from dj_core_utils.audit.capture.uniqueness import Existing
from dj_core_utils.audit.errors import ConcurrentChangeError
from dj_core_utils.audit.recorder import announced, buffer_of, record, record_links, recording
from dj_core_utils.audit.sharing import recorded_by_python

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from django.db.models import Field, Model, QuerySet

    from dj_core_utils.audit.buffer import Buffer
    from dj_core_utils.audit.policy import ModelPolicy


def update(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet.update``, which is also what ``SET_NULL`` and related managers end in.

    Args:
        original: Django's method.
    """

    @wraps(original)
    def method(self: QuerySet[Model], **kwargs: Any) -> int:
        self._for_write = True  # type: ignore[attr-defined]  # lets self.db be the one that is written
        policy = recorded_by_python(self.model, self.db)
        if policy is None or self.query.is_sliced or self.query.combinator:  # Django refuses the latter two
            return int(original(self, **kwargs))
        if buffer_of(self.db).is_updating:  # bulk_update, which is recorded as a whole
            return int(original(self, **kwargs))
        return _Update(self, policy, kwargs).run(lambda: int(original(self, **kwargs)))

    return method


class _Update:
    """One ``update()`` of any number of rows."""

    def __init__(self, queryset: QuerySet[Model], policy: ModelPolicy, values: Mapping[str, object]) -> None:
        self._queryset = queryset
        self._policy = policy
        self._using: str = queryset.db
        fields: dict[str, Field[Any, Any]] = {
            field.attname: field for field in policy.model._meta.concrete_fields if not field.primary_key
        }
        by_name = {field.name: attname for attname, field in fields.items()}
        named = {by_name.get(name, name): value for name, value in values.items()}
        self._values = {name: value for name, value in named.items() if name in policy.fields}

    def run(self, update: Callable[[], int]) -> int:
        """Write the rows and record each one that changed."""
        through = self._policy.through
        names = self._policy.fields.keys() if through else self._values.keys()
        if not names:
            with announced(self._using):
                return update()
        with recording(self._using) as buffer:
            written = write_updates(buffer, self._policy, self._using, self._queryset, self._values)
            if written is not None:
                count = update()
                if written.rows not in {None, count}:
                    refuse_concurrent_change(self._policy)
                return count
            before = rows_to_change(self._policy, self._using, self._queryset, names)
            count = update()
            if count != len(before):
                refuse_concurrent_change(self._policy)
            after = self._after(before)
            if through:
                record_links(buffer, through, "m2m_post_remove", before.values())
                record_links(buffer, through, "m2m_post_add", after.values())
            else:
                record_updates(buffer, self._policy, before, after)
        return count

    def _after(self, before: Rows) -> Rows:
        if self._policy.through or any(hasattr(value, "resolve_expression") for value in self._values.values()):
            names = self._policy.fields.keys() if self._policy.through else self._values.keys()
            return rows_by_key(self._policy, self._using, before.keys(), names)
        fields = self._policy.fields
        values = {name: plain_value(fields[name], value) for name, value in self._values.items()}
        return dict.fromkeys(before, values)


def bulk_update(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet.bulk_update``, which writes by ``update`` with one expression for all rows.

    Args:
        original: Django's method.
    """

    @wraps(original)
    def method(
        self: QuerySet[Model], objs: Iterable[Model], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        self._for_write = True  # type: ignore[attr-defined]  # lets self.db be the one that is written
        policy = recorded_by_python(self.model, self.db)
        names, instances = list(fields), tuple(objs)
        columns = _columns(policy, names) if policy else []
        if policy is None or not columns or any(obj.pk is None for obj in instances):  # Django refuses the last one
            return int(original(self, instances, names, batch_size))
        with recording(self.db) as buffer:
            keys = [obj.pk for obj in instances]
            before = rows_to_change(policy, self.db, self.filter(pk__in=keys), columns)
            buffer.is_updating = True
            try:
                count = int(original(self, instances, names, batch_size))
            finally:
                buffer.is_updating = False
            after = rows_by_key(policy, self.db, before.keys(), columns)
            record_updates(buffer, policy, before, after)
            for instance in instances:
                _renew(buffer, policy, instance, after.get(instance.pk, {}))
        return count

    return method


def bulk_create(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``QuerySet.bulk_create``; with conflicts it is found out which rows were there.

    Args:
        original: Django's method.
    """

    @wraps(original)
    def method(  # noqa: PLR0917  # Django's signature
        self: QuerySet[Model],
        objs: Iterable[Model],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        update_conflicts: bool = False,  # noqa: FBT001, FBT002  # as above
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> Sequence[Model]:
        instances = list(objs)

        def run(given: Sequence[Model]) -> Sequence[Model]:
            created: Sequence[Model] = original(
                self, given, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
            )
            return created

        self._for_write = True  # type: ignore[attr-defined]  # lets self.db be the one that is written
        policy = recorded_by_python(self.model, self.db)
        if policy is None or not instances:
            return run(instances)
        with recording(self.db) as buffer:
            if not (ignore_conflicts or update_conflicts):
                done = run(instances)
                _record_created(buffer, policy, self.db, done)
                return done
            existing = Existing(policy, self.db, instances, unique_fields)
            # What has no unique value meets nothing, and only a plain insert tells its key.
            made = _create_strangers(self, existing, lambda group: original(self, group, batch_size))
            _record_created(buffer, policy, self.db, made)
            if existing.instances:
                run(existing.instances)
                existing.record(buffer, is_updated=update_conflicts)
        return instances

    return method


def record_updates(buffer: Buffer, policy: ModelPolicy, before: Rows, after: Rows) -> None:
    """Record rows that were read before and after they were written.

    Args:
        buffer: Where the entries wait.
        policy: What is recorded of the model.
        before: Rows by key.
        after: The same rows.
    """
    for key, row in before.items():
        record(buffer, policy, "update", key, diff.updated(policy, row, after.get(key, {})))


def refuse_concurrent_change(policy: ModelPolicy) -> None:
    """Take back a write that touched other rows than those that were read for the record.

    Args:
        policy: What is recorded of the model.

    Raises:
        ConcurrentChangeError: Always.
    """
    message = f"rows of {policy.label} were changed by another transaction in this moment; try again"
    raise ConcurrentChangeError(message)


def _record_created(buffer: Buffer, policy: ModelPolicy, using: str, instances: Iterable[Model]) -> None:
    rows: Rows = {}
    for instance in instances:
        created = rows[instance.pk] = _created_row(policy, using, instance)
        _renew(buffer, policy, instance, {**created, policy.key: instance.pk})
    if policy.through is not None:
        record_links(buffer, policy.through, "m2m_post_add", rows.values())
        return
    for key, row in rows.items():
        record(buffer, policy, "create", key, diff.created(policy, row))


def _created_row(policy: ModelPolicy, using: str, instance: Model) -> dict[str, object]:
    known = held_values(policy, vars(instance), policy.fields.keys())
    unknown = policy.fields.keys() - known.keys()
    return {**known, **stored_values(policy, using, instance.pk, unknown)} if unknown else known


def _create_strangers(
    queryset: QuerySet[Model], existing: Existing, create: Callable[[Sequence[Model]], Sequence[Model]]
) -> list[Model]:
    """Insert what has no unique value; where a constraint over expressions may still refuse it, one by one."""
    if not existing.may_meet_anything:
        return list(create(existing.strangers))
    made: list[Model] = []
    for instance in existing.strangers:
        with suppress(IntegrityError), transaction.atomic(queryset.db):
            made += create([instance])
    return made


def _renew(buffer: Buffer, policy: ModelPolicy, instance: Model, values: Mapping[str, object]) -> None:
    buffer.remember(instance._state)
    snapshot.renew(instance, values, policy.mutable)


def _columns(policy: ModelPolicy, names: Iterable[str]) -> list[str]:
    asked = set(names)
    return [name for name, field in policy.fields.items() if field.name in asked or name in asked]
