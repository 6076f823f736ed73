"""``manage.py seed``: something to look at."""

from django.core.management import call_command
from django.core.management.base import BaseCommand

from dj_core_utils.middleware.context import acting_as
from orders.models import Order
from orders.placing import place_order
from products.models import Product
from users.logins import CUSTOMER, SUPPORT
from users.models import User


class Command(BaseCommand):
    """Fill an empty shop; a second run changes nothing but the passwords, back to what they were."""

    help = "Add products, roles, orders and users with known passwords; only where DEBUG is on."

    def handle(self, *args: object, **options: object) -> None:  # noqa: ARG002  # Django's signature
        """Seed what each part has, then let people do something with it."""
        call_command("seed_users")
        call_command("seed_products")
        if not Order.objects.exists():
            _live_a_little(User.objects.get(email=CUSTOMER.email), User.objects.get(email=SUPPORT.email))


def _live_a_little(customer: User, support: User) -> None:
    """A few things that people do in a shop, for the timeline."""
    with acting_as(customer):
        order = place_order(customer.pk, {"TIN-01": 2, "POT-01": 1})
    with acting_as(support, reason="new supplier"):
        mug = Product.objects.get(sku="MUG-01")
        mug.price += 1
        mug.save()
    with acting_as(support, on_behalf_of=customer):
        order.deactivate(reason="the customer is away until Monday")
