"""What the shop sells."""

from django.core.validators import MinValueValidator
from django.db import models

from dj_core_utils.db.models import StatusMixin, UserTrackedModel


class Product(UserTrackedModel, StatusMixin):
    """One article of the catalogue; prices are in the currency that ``PAYMENT_CURRENCY`` names.

    It knows when and by whom it was made and last written, and a status says whether it is on sale.
    """

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


class Reservation(UserTrackedModel, StatusMixin):
    """So many of one product, put aside under a key that the asking service has made; terminated when given back."""

    key = models.UUIDField(unique=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2)

    def __str__(self) -> str:
        """How many of what."""
        return f"{self.quantity} x {self.product}"
