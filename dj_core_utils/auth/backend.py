"""simplejwt with a ring of keys: what makes and reads every token of it, wherever in a project that happens.

simplejwt has no setting for this. Each of its tokens looks up one name when it is made or read,
``rest_framework_simplejwt.state.token_backend``, so that name is given another object.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken
from rest_framework_simplejwt.settings import api_settings

from dj_core_utils.auth.errors import CredentialError, ExpiredError, KeyFaultError
from dj_core_utils.auth.user_tokens import TYPS, user_tokens
from dj_core_utils.auth.verify import read_header

if TYPE_CHECKING:
    from datetime import timedelta


class RingBackend(TokenBackend):
    """Signs with the key in force and accepts every key of the ring; reads the settings at each use."""

    def __init__(self) -> None:
        # Nothing of simplejwt's: it would read the settings once and for all.
        self.json_encoder = api_settings.JSON_ENCODER

    def get_leeway(self) -> timedelta:
        """How far clocks may differ."""
        return user_tokens().leeway

    def encode(self, payload: dict[str, Any]) -> str:
        """A signed token.

        ``iss`` and ``aud`` follow from the kind of the token, whatever was copied into it: a refresh token is for the
        issuer alone.

        Args:
            payload: Its claims.

        Raises:
            KeyFaultError: This service only verifies tokens.
        """
        tokens = user_tokens()
        if tokens.signing is None:
            raise KeyFaultError("This service has no key that signs tokens of users; it only verifies them.")
        kind = payload.get("token_type")
        claims = {**payload, "iss": tokens.issuer}
        if kind == "access":
            names = tokens.audience
            claims["aud"] = names if len(names) > 1 else names[0]
            claims["iat"] = int(time.time())
        else:
            claims["aud"] = tokens.issuer
        return jwt.encode(
            claims,
            tokens.signing.signing,
            algorithm=tokens.signing.algorithm,
            headers={"kid": tokens.signing.kid, "typ": TYPS.get(str(kind), f"{kind}+jwt")},
            json_encoder=self.json_encoder,
        )

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:  # noqa: ANN401, FBT001, FBT002  # simplejwt's signature
        """The claims of a token.

        Args:
            token: The token.
            verify: Whether to ask if it is good.

        Raises:
            TokenBackendExpiredToken: It was good.
            TokenBackendError: It is not good.
            AuthUnavailableError: The keys cannot be fetched.
        """
        try:
            if not verify:
                read_header(token)
                return jwt.decode(token, options={"verify_signature": False})
            tokens = user_tokens()
            is_refresh = read_header(token).typ == TYPS["refresh"]
            return (tokens.refresh if is_refresh else tokens.access).verify(token)
        except ExpiredError:
            kind: type[TokenBackendError] = TokenBackendExpiredToken
        except (CredentialError, jwt.InvalidTokenError):
            kind = TokenBackendError
        raise kind("Token is expired" if kind is TokenBackendExpiredToken else "Token is invalid")
