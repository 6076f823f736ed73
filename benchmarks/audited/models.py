"""A model of eight fields, as a shop has it."""

from __future__ import annotations

import importlib
from typing import Any

from django.conf import settings
from django.db import models


class Supplier(models.Model):
    """The other end of the foreign key."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        """Its name."""
        return self.name


class Product(models.Model):
    """What is written."""

    name = models.CharField(max_length=100)
    number = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    quantity = models.IntegerField()
    is_sold = models.BooleanField(default=True)
    note = models.TextField(default="")
    sold_at = models.DateTimeField(null=True)
    supplier: models.ForeignKey[Any, Any] = models.ForeignKey(Supplier, on_delete=models.PROTECT)

    def __str__(self) -> str:
        """Its name, which some packages keep."""
        return self.name


if settings.RECORDED_BY == "django-simple-history":
    importlib.import_module("simple_history").register(Product)
