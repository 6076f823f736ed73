"""A library: one model for each way to inherit from the abstract models."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models

from dj_core_utils.db.models import (
    Status,
    StatusManager,
    StatusMixin,
    StatusQuerySet,
    TimeStampedModel,
    UserTrackedModel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Author(TimeStampedModel):
    """Knows when, not who."""

    name = models.CharField(max_length=100)


class Book(UserTrackedModel, StatusMixin):
    """Knows everything."""

    title = models.CharField(max_length=100, unique=True)
    pages = models.IntegerField(default=0)
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="books")

    class Meta:
        """An inner Meta that inherits from nothing, as most are."""

        db_table = "library_books"


class Atlas(Book):
    """A table beside the table of its parent."""

    scale = models.IntegerField(default=1)


class OldBook(Book):
    """The same table under another name."""

    class Meta:
        """No table."""

        proxy = True


class Card(StatusMixin, TimeStampedModel):
    """Has a UUID for a key, and is never used again once it is put aside."""

    transitions: ClassVar[Mapping[Status, Sequence[Status]]] = {
        **StatusMixin.transitions,
        Status.ACTIVE: (),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    holder = models.CharField(max_length=100)


class NoteQuerySet(StatusQuerySet["Note"]):
    """A queryset of the project's own."""

    def about(self, text: str) -> Self:
        """Notes with a text in them."""
        return self.filter(text__contains=text)


class Note(UserTrackedModel, StatusMixin):
    """Has a text for a key, and a manager of its own that hides rows."""

    key = models.CharField(max_length=300, primary_key=True)
    text = models.TextField(default="")

    objects = StatusManager.from_queryset(NoteQuerySet)()  # type: ignore[misc]  # as StatusMixin has it


class Forgetful(UserTrackedModel):
    """Has a manager that stamps nothing."""

    name = models.CharField(max_length=100)

    objects: ClassVar[models.Manager[Forgetful]] = models.Manager()  # type: ignore[assignment]  # a check is about it
