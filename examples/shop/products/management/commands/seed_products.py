"""``manage.py seed_products``: something to sell."""

from django.core.management import call_command
from django.core.management.base import BaseCommand

from dj_core_utils.middleware.context import acting_as
from products.models import Product


class Command(BaseCommand):
    """Fill an empty catalogue."""

    help = "Add the products of the demo, where there are none."

    def handle(self, *args: object, **options: object) -> None:  # noqa: ARG002  # Django's signature
        """Once."""
        with acting_as("seed", reason="something to look at"):
            if not Product.objects.exists():
                call_command("loaddata", "products", verbosity=0)
