"""What customers buy."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from dj_core_utils.db.models import StatusMixin, UserTrackedModel
from products.models import Product


class Order(UserTrackedModel, StatusMixin):
    """One order: active while it is worked on, inactive while it waits for something, terminated when it is cancelled.

    A status changes by ``order.deactivate(reason="out of boxes")`` and its siblings; the reason stands in the log.
    """

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="orders")
    note = models.TextField(blank=True, default="")

    class Meta:
        """Newest first."""

        ordering = ("-id",)

    def __str__(self) -> str:
        """Its number."""
        return f"Order {self.pk}"

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return sum((line.price * line.quantity for line in self.lines.all()), Decimal(0))


class Line(models.Model):
    """So many of one product, at the price of that day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    price = models.DecimalField(max_digits=8, decimal_places=2)

    def __str__(self) -> str:
        """How many of what."""
        return f"{self.quantity} x {self.product}"
