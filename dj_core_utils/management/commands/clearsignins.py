"""``manage.py clearsignins``: forget sign-ins that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import router
from django.utils import timezone

from dj_core_utils.db.errors import MissingTableError
from dj_core_utils.db.refresh_families import RefreshFamily

if TYPE_CHECKING:
    from argparse import ArgumentParser

_BATCH = 5000


class Command(BaseCommand):
    """Deletes the rows of sign-ins whose last refresh token has ended, as ``clearsessions`` does for sessions."""

    help = "Delete the rows of sign-ins by tokens that are over; nothing needs them any longer."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--batch", type=int, default=_BATCH, metavar="N", help=f"rows at a time ({_BATCH})")

    def handle(self, **options: Any) -> None:
        """Delete them, a few at a time, so that nobody who signs in waits.

        Raises:
            CommandError: ``dj_core_utils.db`` is not installed.
        """
        if RefreshFamily._meta.app_config is None:
            raise CommandError(str(MissingTableError("Sign-ins with tokens have")))
        rows = RefreshFamily.objects.using(router.db_for_write(RefreshFamily)).over(timezone.now())
        size = max(1, options["batch"])
        deleted = 0
        while keys := list(rows.order_by("expires_at").values_list("pk", flat=True)[:size]):
            deleted += rows.filter(pk__in=keys).delete()[0]
        self.stdout.write(f"{deleted} deleted")
