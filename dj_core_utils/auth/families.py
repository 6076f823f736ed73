"""Refresh tokens are exchanged once: the family of a sign-in knows which one is good.

Two who come with the same token at the same time get the same successor: browsers do that with several tabs. Who comes
later with a token that was exchanged already has stolen it, or was stolen from; nobody knows which, so the family ends.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid4

from django.db import router, transaction
from django.utils import timezone

from dj_core_utils.db.errors import MissingTableError
from dj_core_utils.db.keys import key_text
from dj_core_utils.db.refresh_families import RefreshFamily

if TYPE_CHECKING:
    from datetime import datetime

logger = logging.getLogger("dj_core_utils.auth")

GRACE = timedelta(seconds=10)


class Successor(NamedTuple):
    """The refresh token that is good from now on.

    Attributes:
        jti: Its identity.
        issued: When it was made.
        expires: When it ends.
    """

    jti: str
    issued: datetime
    expires: datetime


def open_family(user: Any, *, lifetime: timedelta) -> tuple[UUID, Successor]:  # noqa: ANN401  # any user model
    """Begin a sign-in.

    Args:
        user: Who has just proved who they are.
        lifetime: Of refresh tokens.

    Returns:
        Its key, and its first token.

    Raises:
        MissingTableError: ``dj_core_utils.db`` is not installed.
    """
    if RefreshFamily._meta.app_config is None:
        raise MissingTableError("Sign-ins with tokens have")
    first = _successor(lifetime)
    key = key_text(user.pk)
    families = RefreshFamily.objects.using(_alias())
    families.filter(user_key=key, expires_at__lt=first.issued).delete()
    made = families.create(
        user_key=key,
        current=first.jti,
        rotated_at=first.issued,
        expires_at=first.expires,
        stamp=_stamps(user)[0],
    )
    return made.id, first


def rotate(family: UUID, presented: str, user: Any, *, lifetime: timedelta) -> Successor | None:  # noqa: ANN401  # any user model
    """Exchange a refresh token.

    Args:
        family: The sign-in that it belongs to.
        presented: Its identity.
        user: Whose it says it is.
        lifetime: Of refresh tokens.

    Returns:
        The next one; None where it is not good any more. If it was exchanged before, the family has ended now.

    Raises:
        RuntimeError: There is a transaction around it. Rolled back, it would bring a stolen token back to life.
    """
    fresh = _successor(lifetime)
    stamps = _stamps(user)
    using = _alias()
    rows = RefreshFamily.objects.using(using).filter(pk=family, user_key=key_text(user.pk), stamp__in=stamps)
    with transaction.atomic(using, durable=True):
        moved = rows.filter(current=presented, revoked_at=None, expires_at__gt=fresh.issued).update(
            current=fresh.jti,
            previous=presented,
            rotated_at=fresh.issued,
            expires_at=fresh.expires,
            stamp=stamps[0],
        )
        if moved:
            return fresh
        row = rows.filter(revoked_at=None).first()
        if row is not None and row.previous == presented and fresh.issued - row.rotated_at <= GRACE:
            return Successor(row.current, row.rotated_at, row.expires_at)
        ended = revoke(family)
    if ended:
        logger.warning("A refresh token was used that is not good any more; the sign-in %s has ended.", family)
    return None


def is_current(family: UUID, presented: str, user: Any) -> bool:  # noqa: ANN401  # any user model
    """Whether a refresh token is good, where tokens are not exchanged.

    Args:
        family: The sign-in that it belongs to.
        presented: Its identity.
        user: Whose it says it is.
    """
    rows = RefreshFamily.objects.using(_alias()).filter(pk=family, user_key=key_text(user.pk), stamp__in=_stamps(user))
    return rows.filter(current=presented, revoked_at=None, expires_at__gt=timezone.now()).exists()


def revoke(family: UUID) -> int:
    """End a sign-in.

    Args:
        family: Which one.

    Returns:
        Whether it was still there, as a number.
    """
    rows = RefreshFamily.objects.using(_alias()).filter(pk=family, revoked_at=None)
    return rows.update(revoked_at=timezone.now())


def revoke_all(user: Any) -> int:  # noqa: ANN401  # any user model
    """End every sign-in of a user.

    Args:
        user: Whose.

    Returns:
        How many there were.
    """
    rows = RefreshFamily.objects.using(_alias()).filter(user_key=key_text(user.pk), revoked_at=None)
    return rows.update(revoked_at=timezone.now())


def _successor(lifetime: timedelta) -> Successor:
    now = timezone.now()
    return Successor(uuid4().hex, now, now + lifetime)


def _stamps(user: Any) -> list[str]:  # noqa: ANN401  # any user model
    """What changes with the password: for the secret key in force, then for earlier ones. A model may have none."""
    if not hasattr(user, "get_session_auth_hash"):
        return [""]
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]


def _alias() -> str:
    return router.db_for_write(RefreshFamily)
