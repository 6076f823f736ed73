"""Fields that stamp a row with when and who.

In migrations they are Django's own fields, so that a project's migrations never depend on this package, and a data
migration stamps nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.db.models.functions import Now

from dj_core_utils.db.loaded import given_value, is_copy, is_set_by_hand, known_value, remember
from dj_core_utils.db.stamps import Stamp, current_stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    # Generic for type checkers alone
    _AnyField = models.Field[Any, Any]
    _DateTimeField = models.DateTimeField[datetime | str, datetime]
else:
    _AnyField, _DateTimeField = models.Field, models.DateTimeField

STAMP = "dj_core_utils_stamp"


class StampField(_AnyField):
    """A field that stamps: when the row is made, or each time that it is written."""

    on_update = False

    @abstractmethod
    def stamped(self, stamp: Stamp) -> object:
        """The value that a stamp gives to this field; None when it has none.

        Args:
            stamp: The stamp of an operation.
        """

    def pre_save(self, model_instance: models.Model, add: bool) -> object:  # noqa: FBT001  # Django's signature
        """The value to write.

        Args:
            model_instance: The instance that is saved.
            add: Whether its row is inserted.
        """
        if is_set_by_hand(model_instance, self):
            return given_value(model_instance, self)
        if add and not self.on_update and given_value(model_instance, self) is not None:
            if not is_copy(model_instance, self):
                return given_value(model_instance, self)
        elif not add and not self.on_update:
            return self._kept(model_instance)
        # The stamp of a save hangs on the instance: what a receiver of signals writes meanwhile has its own.
        stamp: Stamp = vars(model_instance._state).get(STAMP) or current_stamp()
        value = self.stamped(stamp)
        if value is None and not add:
            return self._kept(model_instance)
        self.write(model_instance, value)
        return value

    def write(self, instance: models.Model, value: object) -> None:
        """Give an instance a stamped value, which does not count as one that was set by hand.

        Args:
            instance: The instance.
            value: The value.
        """
        setattr(instance, self.attname, value)
        remember(instance, self.attname, value)

    def _kept(self, instance: models.Model) -> object:
        value = given_value(instance, self)
        if value is not None or known_value(instance, self.attname) is None:
            return value
        # Nothing in memory, and the row may have a value: it stays, and is loaded when somebody asks for it.
        vars(instance).pop(self.attname, None)
        instance._state.fields_cache.pop(self.name, None)  # where Django keeps related objects
        return models.F(self.attname)


class CreatedAtField(StampField, _DateTimeField):
    """When the row was made. The database has a default of its own for rows that are not made through Django."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"editable": False, "db_default": Now(), **options})

    def stamped(self, stamp: Stamp) -> object:
        """The moment.

        Args:
            stamp: The stamp of an operation.
        """
        return stamp.moment

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """In migrations, Django's own field."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, options


class UpdatedAtField(CreatedAtField):
    """When the row was last written."""

    on_update = True


class _MissingIsNone(ForwardManyToOneDescriptor):  # type: ignore[type-arg]  # not generic at run time
    """A user whose account is gone is None, as ``select_related`` and ``prefetch_related`` have it."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:  # noqa: ANN401  # Django's signature
        try:
            return super().__get__(instance, cls)
        except ObjectDoesNotExist:
            self.field.set_cached_value(instance, None)
            return None


class UserField(models.ForeignKey[Any, Any]):
    """A reference to a user that never stands in the way: no constraint, no reverse accessor, no cascade.

    The key stays when the account is deleted; the object is None then. The table of users may be in another database.
    """

    forward_related_accessor_class = _MissingIsNone

    def __init__(self, **options: Any) -> None:
        options = {
            "to": settings.AUTH_USER_MODEL,
            "on_delete": models.DO_NOTHING,
            "db_constraint": False,
            "null": True,
            "blank": True,
            "editable": False,
            "related_name": "+",
            **options,
        }
        super().__init__(**options)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """In migrations, Django's own field."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, options


class CreatedByField(StampField, UserField):
    """Who made the row; NULL when nobody or a program did."""

    def stamped(self, stamp: Stamp) -> object:
        """The primary key of the user.

        Args:
            stamp: The stamp of an operation.
        """
        return None if stamp.user_id is None else self.target_field.to_python(stamp.user_id)


class UpdatedByField(CreatedByField):
    """Which user wrote the row last; it stays when nobody or a program writes."""

    on_update = True


@cache
def stamp_fields(model: type[models.Model]) -> tuple[StampField, ...]:
    """The fields of a model that stamp, those of its parents included.

    Args:
        model: Any model.
    """
    return tuple(field for field in model._meta.concrete_fields if isinstance(field, StampField))


def unnamed_stamps(model: type[models.Model], names: Collection[str]) -> list[StampField]:
    """The fields that an update has to stamp because nobody has named them.

    Args:
        model: The model that is updated.
        names: Names or attributes that the update has already.
    """
    fields = [field for field in stamp_fields(model) if field.on_update]
    return [field for field in fields if field.name not in names and field.attname not in names]
