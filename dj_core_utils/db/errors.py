"""What the models refuse.

::

    ModelError
    +-- TransitionError
    |   +-- TransitionRefusedError    this status has no such way out
    |   +-- TransitionConflictError   somebody else was faster
    +-- HistoryError                  the operation log cannot tell or take back what was asked
    |   +-- UnknownValueError         a value is hidden, was not recorded, or has no type any more
    |   +-- ChangedSinceError         the object is not any more as the entry left it
    +-- AppendOnlyError               the operation log is added to, nothing else
    +-- MissingTableError             dj_core_utils.db is not installed
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured


class ModelError(Exception):
    """Something that a model of this package refuses."""


class TransitionError(ModelError):
    """A row did not get another status, and nothing was written.

    Attributes:
        row: Which one, ``shop.Product 7``.
        status: The status that it has in the database.
        target: The status that it should have got.
        loaded: The status that the instance had in memory.
    """

    # With defaults, so that it can be pickled: Exception makes it again from its message, and then adds the rest.
    def __init__(self, message: str, *, row: str = "", status: str = "", target: str = "", loaded: str = "") -> None:
        super().__init__(message)
        self.row = row
        self.status = status
        self.target = target
        self.loaded = loaded


class TransitionRefusedError(TransitionError):
    """The model does not allow to go from this status to that one."""


class TransitionConflictError(TransitionError):
    """It was allowed from the status in memory; the row has got another one since."""


class HistoryError(ModelError):
    """The operation log cannot tell, or take back, what was asked; nothing was written."""


class UnknownValueError(HistoryError, LookupError):
    """The log does not tell a value, and none is made up.

    Attributes:
        field: Attribute name of the field.
        why: What stands in the way.
    """

    def __init__(self, field: str, why: str = "") -> None:
        super().__init__(f"The operation log does not tell {field}: {why}.")
        self.field = field
        self.why = why

    def __reduce__(self) -> tuple[type[UnknownValueError], tuple[str, str]]:
        """Pickled by what it was made of; Exception would make it again from its message."""
        return type(self), (self.field, self.why)


class ChangedSinceError(HistoryError):
    """The object is not any more as the entry left it, so taking the entry back would undo what came later, too.

    Attributes:
        row: Which object, ``shop.Order 7``.
        fields: What differs; empty where it is the object as a whole.
    """

    def __init__(self, message: str, *, row: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.row = row
        self.fields = fields


class AppendOnlyError(ModelError):
    """An entry of the operation log would have been changed or deleted."""


class MissingTableError(ModelError, ImproperlyConfigured):
    """A table of this package is used and its app is not installed."""

    def __init__(self, what: str = "The operation log has") -> None:
        super().__init__(f"{what} no table: add dj_core_utils.db to the installed apps, then run manage.py migrate.")
