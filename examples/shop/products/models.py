"""What the shop sells."""

from django.core.validators import MinValueValidator
from django.db import models


class Product(models.Model):
    """One article of the catalogue; prices are in the currency that ``PAYMENT_CURRENCY`` names."""

    sku = models.CharField("article number", max_length=20, unique=True)
    name = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    stock = models.PositiveIntegerField(default=0)

    class Meta:
        """Lists and pages need one order that never changes by itself."""

        ordering = ("name", "sku")

    def __str__(self) -> str:
        """The name."""
        return self.name
