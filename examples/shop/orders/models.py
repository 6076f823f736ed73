"""What customers buy.

Neither users nor products are tables of this app: each may live in another service, with a database of its own. An
order has the key of its customer, and its lines say what was bought in words of their own.
"""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from dj_core_utils.db.models import StatusMixin, UserTrackedModel


class Order(UserTrackedModel, StatusMixin):
    """One order: active while it is worked on, inactive while it waits for something, terminated when it is cancelled.

    A status changes by ``order.deactivate(reason="out of boxes")`` and its siblings; the reason stands in the log.
    """

    # NULL where a monolith has deleted the account, in its first version.
    customer_id = models.BigIntegerField("customer", null=True, db_index=True)
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
    """So many of one product, as it was called and what it cost that day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField("article number", max_length=20)
    name = models.CharField(max_length=100)
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    price = models.DecimalField(max_digits=8, decimal_places=2)

    def __str__(self) -> str:
        """How many of what."""
        return f"{self.quantity} x {self.name}"
