"""Signing users in: tokens that are made, exchanged and ended.

The serializers are simplejwt's, so what a project has derived from them keeps working; what differs is said at each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from rest_framework_simplejwt import serializers, tokens
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError
from rest_framework_simplejwt.utils import datetime_to_epoch

from dj_core_utils.auth import families
from dj_core_utils.auth.accounts import active_user
from dj_core_utils.auth.user_tokens import user_tokens

if TYPE_CHECKING:
    from datetime import timedelta

    from dj_core_utils.auth.families import Successor

FAMILY = "fam"


class _Lifetime:
    """A lifetime of the settings as they are when somebody asks; simplejwt reads them once."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> timedelta:
        """The lifetime."""
        found: timedelta = getattr(user_tokens(), self._name)
        return found


class AccessToken(tokens.AccessToken):
    """Says who a user is, for a few minutes."""

    lifetime: Any = _Lifetime("access_lifetime")


class RefreshToken(tokens.RefreshToken):
    """Is exchanged for an access token and its own successor."""

    lifetime: Any = _Lifetime("refresh_lifetime")
    no_copy_claims: Any = (*tokens.RefreshToken.no_copy_claims, FAMILY, "iss", "aud")
    access_token_class = AccessToken

    def access_for(self, user: Any) -> AccessToken:  # noqa: ANN401  # any user model
        """An access token that says what the user's row says now.

        Args:
            user: The user.
        """
        access: AccessToken = self.access_token  # type: ignore[assignment]  # made by access_token_class
        access["email"] = str(getattr(user, user.get_email_field_name(), "") or "")
        access["is_staff"] = bool(getattr(user, "is_staff", False))
        return access

    def become(self, family: UUID, successor: Successor) -> None:
        """Take the identity of a successor.

        Args:
            family: The sign-in.
            successor: What the family says.
        """
        self[FAMILY] = str(family)
        self["jti"] = successor.jti
        self["iat"] = datetime_to_epoch(successor.issued)
        self["exp"] = datetime_to_epoch(successor.expires)


def sign_in(user: Any, refresh: RefreshToken | None = None) -> dict[str, str]:  # noqa: ANN401  # any user model
    """The tokens of a new sign-in, for a user who has proved who they are.

    Args:
        user: The user.
        refresh: A token with claims of one's own, which go into the access tokens, too.

    Returns:
        ``refresh`` and ``access``.

    Raises:
        AuthenticationFailed: The account is disabled.
        MissingTableError: ``dj_core_utils.db`` is not installed.
    """
    _require_active(user)
    made: Any = refresh if refresh is not None else RefreshToken.for_user(user)
    made.become(*families.open_family(user, lifetime=user_tokens().refresh_lifetime))
    return {"refresh": str(made), "access": str(made.access_for(user))}


def renew(text: str) -> dict[str, str]:
    """New tokens for a refresh token.

    Args:
        text: The refresh token.

    Returns:
        ``access``, and ``refresh`` where tokens are exchanged.

    Raises:
        InvalidToken: It is not good, or not any more. If it was exchanged before, its sign-in has ended.
        AuthenticationFailed: The account is deleted or disabled.
        RuntimeError: There is a transaction around it.
    """
    refresh, family = _read(text)
    user = active_user(refresh["sub"])
    _require_active(user)
    if not user_tokens().rotates:
        if not families.is_current(family, refresh["jti"], user):
            raise InvalidToken
        return {"access": str(refresh.access_for(user))}
    successor = families.rotate(family, refresh["jti"], user, lifetime=user_tokens().refresh_lifetime)
    if successor is None:
        raise InvalidToken
    refresh.become(family, successor)
    return {"access": str(refresh.access_for(user)), "refresh": str(refresh)}


def sign_out(text: str) -> None:
    """End the sign-in that a refresh token belongs to; access tokens that are out live their minutes.

    Args:
        text: The refresh token.

    Raises:
        InvalidToken: It is none.
    """
    families.revoke(_read(text)[1])


def _require_active(user: Any) -> None:  # noqa: ANN401  # any user model, or None
    if user is None or not getattr(user, "is_active", True):
        raise AuthenticationFailed("No active account found for the given token.", "no_active_account")


def _read(text: str) -> tuple[RefreshToken, UUID]:
    try:
        refresh = RefreshToken(text)  # type: ignore[arg-type]  # simplejwt types texts as tokens
        return refresh, UUID(str(refresh.get(FAMILY, "")))
    except (TokenError, ValueError):
        complaint = InvalidToken()
    raise complaint


class ObtainSerializer(serializers.TokenObtainPairSerializer):
    """As simplejwt's; claims that a subclass adds in ``get_token`` go into both tokens."""

    token_class = RefreshToken

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """The tokens of a new sign-in."""
        super(serializers.TokenObtainPairSerializer, self).validate(attrs)
        user: Any = self.user
        refresh: Any = self.get_token(user)
        return sign_in(user, refresh)


class RefreshSerializer(serializers.TokenRefreshSerializer):
    """As simplejwt's, and safe to send twice; a deleted or disabled user gets 401."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """The next tokens of a sign-in."""
        return renew(attrs["refresh"])


class VerifySerializer(serializers.TokenVerifySerializer):
    """Good are access tokens for this service; simplejwt's takes refresh tokens, too."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """Nothing, where the token is good."""
        AccessToken(attrs["token"])
        return {}


class BlacklistSerializer(serializers.TokenBlacklistSerializer):
    """Signs out: the sign-in ends, with every token that would come of it."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        """Nothing."""
        sign_out(attrs["refresh"])
        return {}
