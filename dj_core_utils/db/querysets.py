"""The queryset of the abstract models: it stamps what it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

from dj_core_utils.db.fields import stamp_fields, unnamed_stamps
from dj_core_utils.db.loaded import remember
from dj_core_utils.db.stamps import current_stamp, one_stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_Model = TypeVar("_Model", bound=models.Model, covariant=True)  # noqa: PLC0105  # as QuerySet's own


class StampingQuerySet(models.QuerySet[_Model]):
    """Stamps ``updated_at`` and ``updated_by`` where Django would leave them as they are.

    The queryset of a manager of your own inherits from it. A stamp that a call names is left to the call.
    """

    def update(self, **kwargs: Any) -> int:
        """As in Django, and stamped.

        Args:
            **kwargs: Values by field.
        """
        if not kwargs:
            return super().update()
        stamp = current_stamp()
        stamped = {field.attname: field.stamped(stamp) for field in unnamed_stamps(self.model, kwargs.keys())}
        return super().update(**{name: value for name, value in stamped.items() if value is not None}, **kwargs)

    update.alters_data = True  # type: ignore[attr-defined]  # what Django does for templates

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        """As in Django, and stamped: in the table, with one value for all rows, and in the instances.

        Args:
            objs: Instances with a primary key.
            fields: Names of the fields to write.
            batch_size: How many in one statement.
        """
        instances, names = tuple(objs), list(fields)
        with one_stamp() as stamp:
            count = super().bulk_update(instances, names, batch_size)
        unnamed = unnamed_stamps(self.model, names) if instances else []
        stamped = [(field, value) for field in unnamed if (value := field.stamped(stamp)) is not None]
        written = [field for field in stamp_fields(self.model) if field.name in names or field.attname in names]
        for instance in instances:
            for field, value in stamped:
                field.write(instance, value)
            for field in written:
                remember(instance, field.attname, vars(instance)[field.attname])
        return count

    bulk_update.alters_data = True  # type: ignore[attr-defined]  # as above

    def bulk_create(  # noqa: PLR0917  # Django's signature
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,  # noqa: FBT001, FBT002  # Django's signature
        update_conflicts: bool = False,  # noqa: FBT001, FBT002  # as above
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        """As in Django, and stamped with one value; rows that exist are stamped as updated.

        Args:
            objs: Instances.
            batch_size: How many in one statement.
            ignore_conflicts: Leave rows alone that exist.
            update_conflicts: Update rows that exist.
            update_fields: What to write into those; the stamps of an update are added.
            unique_fields: What tells that a row exists.
        """
        with one_stamp() as stamp:
            if update_conflicts and update_fields:
                unnamed = unnamed_stamps(self.model, update_fields)
                update_fields = [*update_fields, *(field.name for field in unnamed if field.stamped(stamp) is not None)]
            created = super().bulk_create(
                objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields
            )
        for instance in created:
            remember_stamps(instance)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]  # as above


class StampingManager(models.Manager[_Model]):
    """The manager of stamped models: ``StampingManager.from_queryset(ProductQuerySet)()`` adds methods to it."""

    _queryset_class = StampingQuerySet


def remember_stamps(instance: models.Model, names: Collection[str] | None = None) -> None:
    """The database has the stamps that an instance has: they do not count as set by hand any more.

    Args:
        instance: The instance.
        names: Which ones; by default all.
    """
    values = vars(instance)
    for field in stamp_fields(type(instance)):
        if field.attname in values and (names is None or field.name in names or field.attname in names):
            remember(instance, field.attname, values[field.attname])
