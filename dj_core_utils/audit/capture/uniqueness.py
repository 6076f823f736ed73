"""Rows that a ``bulk_create`` with conflicts may meet: the database does not say which ones were there."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Q, UniqueConstraint

from dj_core_utils.audit import diff
from dj_core_utils.audit.capture.rows import BATCH, Rows, rows_to_change
from dj_core_utils.audit.recorder import record, record_links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from django.db.models import Field, Model

    from dj_core_utils.audit.buffer import Buffer
    from dj_core_utils.audit.policy import ModelPolicy


class Existing:
    """The rows before a ``bulk_create`` that share a unique key with one of its instances.

    Args:
        policy: What is recorded of the model.
        using: Alias of the database.
        instances: What will be created.
        unique_fields: The key that ``update_conflicts`` names; all unique keys of the model by default.

    Attributes:
        instances: Those with a unique value, which may meet a row.
        strangers: Those without.
        may_meet_anything: Whether a constraint over expressions may stop even those.
    """

    def __init__(
        self, policy: ModelPolicy, using: str, instances: Sequence[Model], unique_fields: Collection[str] | None
    ) -> None:
        """Read the rows and lock them where the database can."""
        self._policy = policy
        self._using = using
        self._keys = [self._attnames(unique_fields)] if unique_fields else list(self._unique_keys())
        self.instances = [instance for instance in instances if self._has_unique_value(instance)]
        self.strangers = [instance for instance in instances if not self._has_unique_value(instance)]
        self.may_meet_anything = any(
            isinstance(constraint, UniqueConstraint) and constraint.expressions
            for constraint in policy.model._meta.constraints
        )
        self._before = self._rows()

    def record(self, buffer: Buffer, *, is_updated: bool) -> None:
        """Record what is there now and was not, or was otherwise.

        Args:
            buffer: Where the entries wait.
            is_updated: Whether rows that were there were written over.
        """
        policy, rows = self._policy, self._rows()
        if policy.through is not None:
            new = [row for key, row in rows.items() if key not in self._before]
            record_links(buffer, policy.through, "m2m_post_add", new)
            return
        for key, after in rows.items():
            before = self._before.get(key)
            if before is None:
                record(buffer, policy, "create", key, diff.created(policy, after))
            elif is_updated:
                record(buffer, policy, "update", key, diff.updated(policy, before, after))

    def _rows(self) -> Rows:
        found: Rows = {}
        manager = self._policy.model._base_manager.using(self._using)
        for start in range(0, len(self.instances), BATCH):
            filters = self._filters(self.instances[start : start + BATCH])
            rows = manager.filter(reduce(or_, filters))
            found.update(rows_to_change(self._policy, self._using, rows, self._policy.fields.keys()))
        return found

    def _filters(self, instances: Sequence[Model]) -> Iterator[Q]:
        for names in self._keys:
            values = [[getattr(instance, name) for name in names] for instance in instances]
            complete = [row for row in values if None not in row]  # NULL is equal to nothing
            if len(names) == 1 and complete:
                yield Q(**{f"{names[0]}__in": [row[0] for row in complete]})
            else:
                yield from (Q(**dict(zip(names, row, strict=True))) for row in complete)

    def _has_unique_value(self, instance: Model) -> bool:
        return any(all(getattr(instance, name) is not None for name in names) for names in self._keys)

    def _unique_keys(self) -> Iterator[list[str]]:
        meta = self._policy.model._meta
        yield from ([field.attname] for field in meta.concrete_fields if field.unique)
        yield from (self._attnames(names) for names in meta.unique_together)
        for constraint in meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.fields:
                yield self._attnames(constraint.fields)

    def _attnames(self, names: Collection[str]) -> list[str]:
        meta = self._policy.model._meta
        fields = [meta.pk if name == "pk" else meta.get_field(name) for name in names]
        return [cast("Field[Any, Any]", field).attname for field in fields]
