"""How an order comes about."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from orders.models import Line, Order
from products.models import Product
from users.models import User


class NotOnSaleError(Exception):
    """A product is not sold, or there are not enough of it.

    Args:
        sku: Its article number.
    """

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is not on sale, or there are not enough of it.")
        self.sku = sku


@transaction.atomic
def place_order(customer: User, wanted: Mapping[str, int], *, note: str = "") -> Order:
    """Make an order and take its products out of the stock: all of it or nothing, and one group in the audit log.

    Args:
        customer: Who buys.
        wanted: How many, by article number.
        note: What the customer has to say.

    Raises:
        NotOnSaleError: One of the products cannot be had.
    """
    order = Order.objects.create(customer=customer, note=note)
    for sku, quantity in sorted(wanted.items()):  # two orders lock the products in the same order
        # One UPDATE with a condition: two customers cannot both get the last one.
        taken = Product.objects.active().filter(sku=sku, stock__gte=quantity).update(stock=F("stock") - quantity)
        if not taken:
            raise NotOnSaleError(sku)
        product = Product.objects.get(sku=sku)
        Line.objects.create(order=order, product=product, quantity=quantity, price=product.price)
    return order
