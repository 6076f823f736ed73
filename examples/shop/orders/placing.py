"""How an order comes about."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction
from pydantic import BaseModel

from dj_core_utils.api.client import APIClient
from dj_core_utils.api.exceptions import APIClientError, ConflictError
from orders.models import Line, Order

logger = logging.getLogger(__name__)


class NotOnSaleError(Exception):
    """A product is not sold, or there are not enough of it.

    Args:
        sku: Its article number.
    """

    def __init__(self, sku: str) -> None:
        super().__init__(f"{sku} is not on sale, or there are not enough of it.")
        self.sku = sku


class Reserved(BaseModel):
    """What the service of products says of something that it has put aside."""

    sku: str
    name: str
    price: Decimal


@transaction.atomic
def place_order(customer_id: int, wanted: Mapping[str, int], *, note: str = "") -> Order:
    """Put products aside and write the order: all of it or nothing.

    Products are asked as a service. Inside a monolith the answer comes from this process and belongs to the transaction
    around it, so whatever fails takes it along. A service of its own has committed by then; what it has put aside is
    given back. Only a process that dies in between leaves something aside.

    Args:
        customer_id: Key of the user who buys.
        wanted: How many, by article number.
        note: What the customer has to say.

    Raises:
        NotOnSaleError: One of the products cannot be had.
        APIClientError: The service of products cannot be asked.
    """
    aside: dict[UUID, str] = {}
    try:
        # First what another service has to do: a transaction that waits for it has written nothing and locks nothing.
        found = [(_reserve(sku, wanted[sku], aside), wanted[sku]) for sku in sorted(wanted)]
        order = Order.objects.create(customer_id=customer_id, note=note)
        for product, quantity in found:
            Line.objects.create(order=order, sku=product.sku, name=product.name, price=product.price, quantity=quantity)
    except Exception:
        for key, sku in aside.items():
            _give_back(sku, key)
        raise
    return order


def _reserve(sku: str, quantity: int, aside: dict[UUID, str]) -> Reserved:
    key = uuid4()
    aside[key] = sku  # by now, because nobody knows what came of a call that ends in a timeout
    try:
        return APIClient("products").post(
            f"products/{sku}/reserve/", json={"quantity": quantity}, idempotency_key=str(key), model=Reserved
        )
    except ConflictError as error:
        del aside[key]
        raise NotOnSaleError(sku) from error


def _give_back(sku: str, key: UUID) -> None:
    try:
        APIClient("products").delete(f"products/{sku}/reserve/{key}/")
    except APIClientError as error:
        logger.warning("What was put aside for an order that failed stays there, %s under %s: %s", sku, key, error)
