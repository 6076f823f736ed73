"""Models of every kind that a project has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from django.db.models.deletion import Collector

from dj_core_utils.db.fields import CreatedByField, UpdatedAtField


class Customer(models.Model):
    """A text as its unique key beside the primary key."""

    name = models.CharField(max_length=50, unique=True)
    password = models.CharField(max_length=128, default="")


class Tag(models.Model):
    """The other side of a many-to-many field."""

    name = models.CharField(max_length=50)


class QuietManager(models.Manager["Product"]):
    """A manager that hides rows, as those of soft deletes do."""

    def get_queryset(self) -> models.QuerySet[Product]:
        """Only what is not hidden."""
        return super().get_queryset().exclude(name="hidden")


class Product(models.Model):
    """Most field types, and a manager of its own in front."""

    objects: ClassVar[QuietManager] = QuietManager()

    name = models.CharField(max_length=50)
    note = models.TextField(default="")
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    quantity = models.IntegerField(default=0)
    is_sold = models.BooleanField(default=True)
    sold_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    hour = models.TimeField(null=True)
    span = models.DurationField(null=True)
    weight = models.FloatField(null=True)
    blob = models.BinaryField(null=True)
    data = models.JSONField(default=dict)
    token = models.UUIDField(null=True)
    file = models.FileField(null=True, upload_to="files")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)
    tags = models.ManyToManyField(Tag)
    friends = models.ManyToManyField("self")
    notes = GenericRelation("audited.Note")


class Shown(Product):
    """A proxy, recorded as what it stands for."""

    class Meta:
        """No table of its own."""

        proxy = True


class Item(models.Model):
    """A UUID as its key, deleted with its product."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)


class Note(models.Model):
    """A generic foreign key."""

    text = models.CharField(max_length=50)
    # Without a constraint: the tables of the tests are made before those of migrations.
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, db_constraint=False)
    object_id = models.PositiveBigIntegerField()
    about = GenericForeignKey()


class Place(models.Model):
    """The parent of a model with a table of its own."""

    city = models.CharField(max_length=50)


class Restaurant(Place):
    """Two tables for one object."""

    stars = models.IntegerField(default=0)


class Membership(models.Model):
    """A many-to-many model that the project wrote itself."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    club = models.ForeignKey("Club", on_delete=models.CASCADE)
    role = models.CharField(max_length=20, default="member")


class Club(models.Model):
    """Members through a model of the project."""

    name = models.CharField(max_length=50)
    members: models.ManyToManyField[Any, Any] = models.ManyToManyField(Customer, through=Membership)


class Seat(models.Model):
    """Unique together, and in an expression."""

    row = models.CharField(max_length=5, null=True)  # noqa: DJ001  # NULL is equal to nothing
    number = models.IntegerField(null=True)
    guest = models.CharField(max_length=50, default="")

    class Meta:
        """Two keys over several columns."""

        unique_together = (("row", "guest"),)
        constraints = (
            models.UniqueConstraint(fields=["row", "number"], name="seat_place"),
            models.UniqueConstraint(Lower("guest"), name="seat_guest"),
        )


def detach(collector: Collector, field: models.Field[Any, Any], objects: list[models.Model], using: str) -> None:  # noqa: ARG001  # Django's signature
    """What a project may write in place of ``SET_NULL``; Django loads the rows for it."""
    collector.add_field_update(field, None, objects)


class Ticket(models.Model):
    """A relation with a rule of the project's own."""

    customer = models.ForeignKey(Customer, null=True, on_delete=detach)


class Visit(models.Model):
    """Not recorded."""

    page = models.CharField(max_length=50)
    customer = models.ForeignKey(Customer, null=True, on_delete=detach)


class Reading(models.Model):
    """The kinds of fields whose values every database writes into the log by itself."""

    number = models.IntegerField(default=0)
    name = models.CharField(max_length=50, default="")
    note = models.TextField(null=True)  # noqa: DJ001  # every kind is NULL here once
    slug = models.SlugField(null=True)  # noqa: DJ001  # as above
    price = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    large = models.BigIntegerField(null=True)
    is_good = models.BooleanField(null=True)
    taken_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    hour = models.TimeField(null=True)
    span = models.DurationField(null=True)
    code = models.UUIDField(null=True)
    file = models.FileField(null=True, upload_to="files")
    item = models.ForeignKey(Item, null=True, db_constraint=False, on_delete=models.CASCADE)
    api_key = models.CharField(max_length=50, default="")


class Weight(models.Model):
    """A floating point number, which MariaDB writes with fewer digits than it has."""

    weight = models.FloatField(null=True)


class CapitalsField(models.CharField):  # type: ignore[type-arg]  # takes no parameters when it runs
    """Reads what the database holds in a way of its own."""

    def from_db_value(self, value: str, *_: object) -> str:
        """In capitals."""
        return value.upper()


class Country(models.Model):
    """A text as the primary key, and a field of the project's own."""

    code = models.CharField(max_length=2, primary_key=True)
    name = CapitalsField(max_length=50, default="")
    people = models.IntegerField(default=0)


class Diary(models.Model):
    """Moments that set themselves, as Django does it and as this package does."""

    text = models.CharField(max_length=50)
    made = models.DateTimeField(auto_now_add=True)
    written = models.DateTimeField(auto_now=True)
    created_by = CreatedByField()
    updated_at = UpdatedAtField()
