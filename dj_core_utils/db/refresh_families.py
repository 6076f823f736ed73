"""Sign-ins that are renewed by refresh tokens: one row for each, which knows the token that is good now."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_JTI = 64


class RefreshFamilyQuerySet(models.QuerySet["RefreshFamily"]):
    """Sign-ins."""

    def over(self, moment: datetime | None = None) -> RefreshFamilyQuerySet:
        """Those whose last token has ended; nothing needs them any longer: ``RefreshFamily.objects.over().delete()``.

        Args:
            moment: As of when; now by default.
        """
        return self.filter(expires_at__lt=moment or timezone.now())


class RefreshFamily(models.Model):
    """One sign-in, from the password to the last refresh token that came of it. It holds no token.

    Attributes:
        user_key: Primary key of the user, as text.
        current: Identity (``jti``) of the refresh token that is good.
        previous: That of the one before, for a client that has not got the answer.
        rotated_at: When the current one was made.
        expires_at: When it ends.
        revoked_at: When the sign-in was ended.
        stamp: Changes with the password of the user; says nothing about it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user_key = models.CharField(max_length=255)
    current = models.CharField(max_length=LONGEST_JTI)
    previous = models.CharField(max_length=LONGEST_JTI, blank=True, default="")
    rotated_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    stamp = models.CharField(max_length=128, blank=True, default="")

    objects: ClassVar[models.Manager[RefreshFamily]] = models.Manager.from_queryset(RefreshFamilyQuerySet)()

    class Meta:
        """Beside the log."""

        app_label = "dj_core_utils_db"
        verbose_name_plural = "refresh families"
        indexes = (
            models.Index(fields=["user_key"], name="dcu_refresh_user"),
            models.Index(fields=["expires_at"], name="dcu_refresh_expires"),
        )

    def __str__(self) -> str:
        """Which sign-in of whom."""
        return f"{self.id} of user {self.user_key}"
