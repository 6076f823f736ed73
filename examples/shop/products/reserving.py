"""Products are put aside for those who order them, once for each key, and can be given back."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from dj_core_utils.db.models import Status
from products.models import Product, Reservation


class CannotReserveError(Exception):
    """A product is not sold, there are not enough of it, or its key was used for something else."""


def reserve(sku: str, quantity: int, key: UUID) -> Reservation:
    """Take a product out of the stock.

    Args:
        sku: Its article number.
        quantity: How many.
        key: Of whoever asks. Under the same key the stock is taken once, and the answer is the same.

    Raises:
        CannotReserveError: It cannot be had, or was given back under this key.
    """
    try:
        return _known(sku, quantity, key) or _take(sku, quantity, key)
    except IntegrityError:  # the same was asked twice at once, and the other one was faster
        if found := _known(sku, quantity, key):
            return found
        raise


@transaction.atomic
def give_back(product: Product, key: UUID) -> None:
    """Put what was reserved under a key into the stock again; what was given back stays so.

    A key that nobody knows is used up: what was asked under it may be on its way, and is refused when it arrives.

    Args:
        product: What was asked for.
        key: The key.
    """
    unknown = {"product": product, "quantity": 0, "price": product.price, "status": Status.TERMINATED}
    reservation, _ = Reservation.objects.get_or_create(key=key, defaults=unknown)
    if Reservation.objects.active().filter(pk=reservation.pk).update(status=Status.TERMINATED):
        Product.objects.filter(pk=reservation.product_id).update(stock=F("stock") + reservation.quantity)


def _known(sku: str, quantity: int, key: UUID) -> Reservation | None:
    found = Reservation.objects.filter(key=key).select_related("product").first()
    if found and (found.status, found.product.sku, found.quantity) != (Status.ACTIVE, sku, quantity):
        raise CannotReserveError("This key was used for something else, or what it stood for was given back.")
    return found


@transaction.atomic
def _take(sku: str, quantity: int, key: UUID) -> Reservation:
    # One UPDATE with a condition: two customers cannot both get the last one.
    if not Product.objects.active().filter(sku=sku, stock__gte=quantity).update(stock=F("stock") - quantity):
        raise CannotReserveError(f"{sku} is not on sale, or there are not enough of it.")
    product = Product.objects.get(sku=sku)
    return Reservation.objects.create(key=key, product=product, quantity=quantity, price=product.price)
