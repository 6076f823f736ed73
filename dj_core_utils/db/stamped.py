"""The base of the abstract models: every way to save an instance stamps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.core import checks
from django.db import models

from dj_core_utils.db.fields import STAMP, unnamed_stamps
from dj_core_utils.db.loaded import part_from_copy, remember_row
from dj_core_utils.db.querysets import StampingManager, StampingQuerySet, remember_stamps
from dj_core_utils.db.stamps import Stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import QuerySet


class StampedModel(models.Model):
    """What the other abstract models have in common. It has no field of its own.

    A manager of your own takes its queryset from ``StampingQuerySet``, or from ``StatusQuerySet`` with a status;
    ``manage.py check`` says so where one does not (``dj_core_utils.W006``).
    """

    objects: ClassVar[StampingManager[Self]] = StampingManager()

    class Meta:
        """No table."""

        abstract = True

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle of the instance takes along."""
        state = super().__getstate__()
        part_from_copy(state)
        return state

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        """An instance of a row, which remembers its values.

        Args:
            db: Alias of the database.
            field_names: Attributes that were loaded.
            values: Their values.
            **options: Of newer versions of Django.
        """
        instance = super().from_db(db, field_names, values, **options)
        remember_row(instance, field_names, values)  # type: ignore[arg-type]  # both are sequences
        return instance

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: QuerySet[Self] | None = None
    ) -> None:
        """As in Django, which also loads a deferred field by this; what was loaded does not count as set by hand.

        Args:
            using: As in Django.
            fields: As in Django.
            from_queryset: As in Django.
        """
        names = None if fields is None else list(fields)
        super().refresh_from_db(using=using, fields=names, from_queryset=from_queryset)
        remember_stamps(self, names)

    def save_base(
        self,
        raw: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        force_insert: Any = False,  # noqa: ANN401, FBT002  # as above; a class, too
        force_update: bool = False,  # noqa: FBT001, FBT002  # as above
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Where all of Django's ways to save an instance meet; a save of a few fields writes the stamps, too.

        Args:
            raw: Write what is there, as for a fixture.
            force_insert: As for ``save``.
            force_update: As for ``save``.
            using: As for ``save``.
            update_fields: As for ``save``.
        """
        state = vars(self._state)
        if update_fields is not None and not raw:
            names = frozenset(update_fields)
            update_fields = names | {field.name for field in unnamed_stamps(type(self), names)}
        outer = state.get(STAMP)
        state[STAMP] = Stamp()
        try:
            super().save_base(
                raw=raw,
                force_insert=force_insert,
                force_update=force_update,
                using=using,
                update_fields=update_fields,
            )
        finally:
            state[STAMP] = outer
        remember_stamps(self)

    @classmethod
    def check(cls, **kwargs: Any) -> list[checks.CheckMessage]:
        """Django's checks, and whether the default manager stamps.

        Args:
            **kwargs: As in Django.
        """
        found = super().check(**kwargs)
        if isinstance(cls._default_manager.get_queryset(), StampingQuerySet):
            return found
        name = f"{cls.__name__}.{cls._default_manager.name}"
        manager = type(cls._default_manager).__name__
        hint = (
            f"use {manager}.from_queryset(StampingQuerySet), or let your own queryset inherit from it; "
            "it stands in dj_core_utils.db.querysets"
        )
        return [
            *found,
            checks.Warning(f"update() of {name} stamps nothing.", hint=hint, obj=cls, id="dj_core_utils.W006"),
        ]
