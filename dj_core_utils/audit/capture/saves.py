"""Recording of instances: ``save()`` and all that ends in it, and the snapshots that it compares with."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.db import connections, router

from dj_core_utils.audit import diff, snapshot
from dj_core_utils.audit.buffer import may_be_uncommitted, remember_uncommitted
from dj_core_utils.audit.capture.rows import held_values, stored_values
from dj_core_utils.audit.policy import policy_of
from dj_core_utils.audit.recorder import announced, record, record_links, recording
from dj_core_utils.audit.sharing import recorded_by_python

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from django.db.models import Field, Model

    from dj_core_utils.audit.buffer import Buffer
    from dj_core_utils.audit.policy import ModelPolicy


def from_db(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Model.from_db``: keep what was loaded.

    Args:
        original: The function behind Django's class method.
    """

    @wraps(original)
    def method(
        cls: type[Model], db: str, field_names: Sequence[str], values: Sequence[object], **options: Any
    ) -> Model:
        instance: Model = original(cls, db, field_names, values, **options)
        policy = policy_of(cls)
        if policy is not None and not policy.by_trigger:
            if may_be_uncommitted():
                remember_uncommitted(connections[db], instance._state)
            snapshot.keep(instance, field_names, values, policy.mutable)
        return instance

    return method


def refresh_from_db(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Model.refresh_from_db``: what was loaded anew is what the next change is compared with.

    Args:
        original: Django's method; deferred fields are loaded through it, too.
    """

    @wraps(original)
    def method(self: Model, using: str | None = None, fields: Iterable[str] | None = None, **options: Any) -> None:
        names = None if fields is None else set(fields)
        original(self, using, None if names is None else list(names), **options)
        policy = policy_of(type(self))
        if policy is not None and not policy.by_trigger:
            values = {
                field.attname: vars(self)[field.attname]
                for field in self._meta.concrete_fields
                if field.attname in vars(self) and (names is None or {field.name, field.attname} & names)
            }
            if may_be_uncommitted():
                remember_uncommitted(connections[str(self._state.db)], self._state)
            snapshot.renew(self, values, policy.mutable)

    return method


def save_table(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``Model._save_table``, which writes one row and says whether it was there: every ``save()`` ends here.

    The signals of ``save()`` stay outside the transaction that is begun here, as Django has it.

    Args:
        original: Django's method.
    """

    @wraps(original)
    def method(  # noqa: PLR0917  # Django's signature
        self: Model,
        raw: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        cls: type[Model] | None = None,
        force_insert: bool = False,  # noqa: FBT001, FBT002  # as above
        force_update: bool = False,  # noqa: FBT001, FBT002  # as above
        using: str | None = None,
        update_fields: Collection[str] | None = None,
    ) -> bool:
        def run() -> bool:
            return bool(original(self, raw, cls, force_insert, force_update, using, update_fields))

        model = type(self)
        table = cls or model
        alias = using or router.db_for_write(model, instance=self)
        policy = recorded_by_python(model, alias)
        if policy is None and table is not model:
            policy = recorded_by_python(table, alias)
        if policy is None:
            return run()
        if table._meta.concrete_model is not policy.model:
            with announced(alias):  # the table of a parent, whose fields are recorded with those of the child
                return run()
        return _Save(self, policy, alias, update_fields, is_raw=raw).run(run)

    return method


class _Save:
    """One row being written."""

    __slots__ = ("_fields", "_instance", "_key_name", "_policy", "_update_fields", "_using")

    def __init__(
        self, instance: Model, policy: ModelPolicy, using: str, update_fields: Collection[str] | None, *, is_raw: bool
    ) -> None:
        self._instance = instance
        self._policy = policy
        self._using = using
        self._update_fields = update_fields
        self._key_name = policy.key
        # A fixture holds the fields of its own table; those of the parents come with the rows of the parents.
        self._fields: Mapping[str, Field[Any, Any]] = policy.fields
        if is_raw:
            own = {field.attname for field in policy.model._meta.local_concrete_fields}
            self._fields = {name: field for name, field in policy.fields.items() if name in own}

    def run(self, save: Callable[[], bool]) -> bool:
        """Write the row and record it."""
        instance = self._instance
        before = self._before()
        # A field that is not there is deferred, and Django does not write it; a new instance has all of them.
        held = vars(instance)
        present = self._fields if instance._state.adding else [name for name in self._fields if name in held]
        with recording(self._using) as buffer:
            was_updated = save()
            after = self._after(self._changed(before, present) if was_updated else self._fields)
            key = self._key
            self._record(buffer, key, before if was_updated else None, after)
            buffer.remember(instance._state)
            values = {**before, **after} if was_updated else after
            values[self._key_name] = key
            mutable = self._policy.mutable
            snapshot.replace(instance, values, mutable & after.keys() if mutable else ())
        return was_updated

    @property
    def _key(self) -> object:
        return getattr(self._instance, self._key_name)

    def _before(self) -> Mapping[str, object]:
        """What is known of the row that will be written; nothing, if what was loaded is another row."""
        if self._policy.by_trigger:  # no snapshots are kept
            return stored_values(self._policy, self._using, self._key, self._policy.fields.keys())
        known = snapshot.loaded(self._instance)
        if not known:
            return known
        is_same = known.get(self._key_name) == self._key and self._instance._state.db == self._using
        return known if is_same else {}

    def _changed(self, before: Mapping[str, object], present: Collection[str]) -> Collection[str]:
        """What was written and may differ; what is still the very object that was loaded cannot.

        A field that was computed is not there any more, where the database does not return it (Django 6.0).
        """
        held = vars(self._instance)
        return [
            name
            for name in self._written(present)
            if name not in before or name not in held or before[name] is not held[name]
        ]

    def _written(self, present: Collection[str]) -> Collection[str]:
        if self._update_fields is None:
            return present
        return [
            name
            for name, field in self._fields.items()
            if name in self._update_fields or field.name in self._update_fields
        ]

    def _after(self, names: Collection[str]) -> dict[str, object]:
        """What the row holds now; the database is asked only for what Python does not know."""
        known = held_values(self._policy, vars(self._instance), names)
        if len(known) == len(names):
            return known
        unknown = [name for name in names if name not in known]
        return {**known, **stored_values(self._policy, self._using, self._key, unknown)}

    def _record(
        self, buffer: Buffer, key: object, before: Mapping[str, object] | None, after: Mapping[str, object]
    ) -> None:
        policy = self._policy
        if policy.through is not None:
            self._record_link(buffer, before, after)
        elif before is None:
            record(buffer, policy, "create", key, diff.created(policy, after))
        else:
            record(buffer, policy, "update", key, diff.updated(policy, before, after))

    def _record_link(self, buffer: Buffer, before: Mapping[str, object] | None, after: Mapping[str, object]) -> None:
        """A row of the hidden table of a many-to-many field, saved by itself."""
        through = self._policy.through
        assert through is not None  # noqa: S101  # the caller has looked
        names = (through.source, through.target)
        if before is not None and all(name in before for name in names):
            if all(before[name] == after.get(name, before[name]) for name in names):
                return
            record_links(buffer, through, "m2m_post_remove", [before])
        row = {**(before or {}), **after}
        unknown = [name for name in names if name not in row]
        row |= stored_values(self._policy, self._using, self._key, unknown) if unknown else {}
        record_links(buffer, through, "m2m_post_add", [row])
