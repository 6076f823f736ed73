"""``manage.py seed``: something to look at."""

from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from dj_core_utils.middleware.context import acting_as
from orders.models import Order
from orders.placing import place_order
from products.models import Product
from users.models import User


class Login(NamedTuple):
    """How somebody of the demo signs in."""

    email: str
    password: str


DEMO = Login("demo@shop.example", "demo")
SUPPORT = Login("support@shop.example", "support")
CUSTOMER = Login("customer@shop.example", "customer")

# Roles are Django's groups: what each of them may do in the admin.
ROLES = {
    "catalogue": ["view_product", "add_product", "change_product"],
    "support": ["view_order", "change_order", "view_line", "view_product", "view_operationlog"],
}


class Command(BaseCommand):
    """Fill an empty shop; a second run changes nothing but the passwords, back to what they were."""

    help = "Add products, roles, orders and users with known passwords; only where DEBUG is on."

    def handle(self, *args: object, **options: object) -> None:  # noqa: ARG002  # Django's signature
        """Seed, or refuse where known passwords would be an open door."""
        if not settings.DEBUG:
            message = "seed gives users passwords that everybody knows; it only runs where DEBUG is on."
            raise CommandError(message)
        # Nobody has signed in here, so the command says who acts; the log has it with each entry.
        with acting_as("seed", reason="something to look at"):
            if not Product.objects.exists():
                call_command("loaddata", "products", verbosity=0)
            for name, codenames in ROLES.items():
                _add_role(name, codenames)
            _add_user(DEMO, is_staff=True, is_superuser=True)
            support = _add_user(SUPPORT, roles=ROLES, is_staff=True)
            customer = _add_user(CUSTOMER)
        if not Order.objects.exists():
            _live_a_little(customer, support)


def _add_role(name: str, codenames: Iterable[str]) -> None:
    role, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        role.permissions.set(Permission.objects.filter(codename__in=codenames))


def _add_user(login: Login, roles: Iterable[str] = (), **rights: bool) -> User:
    user, is_new = User.objects.get_or_create(email=login.email, defaults=rights)
    if is_new:
        user.groups.set(Group.objects.filter(name__in=roles))
    user.set_password(login.password)
    user.save(update_fields=["password"])
    return user


def _live_a_little(customer: User, support: User) -> None:
    """A few things that people do in a shop, for the timeline."""
    with acting_as(customer):
        order = place_order(customer, {"TIN-01": 2, "POT-01": 1})
    with acting_as(support, reason="new supplier"):
        mug = Product.objects.get(sku="MUG-01")
        mug.price += 1
        mug.save()
    with acting_as(support, on_behalf_of=customer):
        order.deactivate(reason="the customer is away until Monday")
