"""``manage.py seed_users``: people who can sign in."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError

from dj_core_utils.middleware.context import acting_as
from users.logins import CUSTOMER, DEMO, SUPPORT, Login
from users.models import User

# Roles are Django's groups: what each of them may do in the admin, with those models that this service has.
ROLES = {
    "catalogue": ["view_product", "add_product", "change_product"],
    "support": ["view_order", "change_order", "view_line", "view_product", "view_operationlog"],
}


class Command(BaseCommand):
    """Add roles and users; a second run changes nothing but the passwords, back to what they were."""

    help = "Add roles and users with known passwords; only where DEBUG is on."

    def handle(self, *args: object, **options: object) -> None:  # noqa: ARG002  # Django's signature
        """Seed, or refuse where known passwords would be an open door."""
        if not settings.DEBUG:
            message = "seed gives users passwords that everybody knows; it only runs where DEBUG is on."
            raise CommandError(message)
        # Nobody has signed in here, so the command says who acts; the log has it with each entry.
        with acting_as("seed", reason="something to look at"):
            for name, codenames in ROLES.items():
                _add_role(name, codenames)
            _add_user(DEMO, is_staff=True, is_superuser=True)
            _add_user(SUPPORT, roles=ROLES, is_staff=True)
            _add_user(CUSTOMER)


def _add_role(name: str, codenames: Iterable[str]) -> None:
    role, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        role.permissions.set(Permission.objects.filter(codename__in=codenames))


def _add_user(login: Login, roles: Iterable[str] = (), **rights: bool) -> None:
    user, is_new = User.objects.get_or_create(email=login.email, defaults=rights)
    if is_new:
        user.groups.set(Group.objects.filter(name__in=roles))
    user.set_password(login.password)
    user.save(update_fields=["password"])
