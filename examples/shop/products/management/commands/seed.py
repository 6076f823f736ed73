"""``manage.py seed``: something to look at."""

from typing import NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from products.models import Product
from users.models import User


class Login(NamedTuple):
    """How somebody of the demo signs in."""

    email: str
    password: str


DEMO = Login("demo@shop.example", "demo")
CUSTOMER = Login("customer@shop.example", "customer")


class Command(BaseCommand):
    """Fill an empty shop; a second run changes nothing but the two passwords, back to what they were."""

    help = "Add products and two users with known passwords; only where DEBUG is on."

    def handle(self, *args: object, **options: object) -> None:  # noqa: ARG002  # Django's signature
        """Seed, or refuse where known passwords would be an open door."""
        if not settings.DEBUG:
            message = "seed gives users passwords that everybody knows; it only runs where DEBUG is on."
            raise CommandError(message)
        if not Product.objects.exists():
            call_command("loaddata", "products", verbosity=0)
        _add_user(DEMO, is_staff=True, is_superuser=True)
        _add_user(CUSTOMER)


def _add_user(login: Login, **rights: bool) -> None:
    user, _ = User.objects.get_or_create(email=login.email, defaults=rights)
    user.set_password(login.password)
    user.save(update_fields=["password"])
