"""Tokens of users for tests: good ones, and ones that are wrong in one place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import jwt

from dj_core_utils.auth.errors import KeyFaultError
from dj_core_utils.auth.user_tokens import TYPS, user_tokens
from dj_core_utils.auth.verify import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.auth.keys import TokenKey

_LIFETIME = 300
_LONG_AGO = 3600


def access_token(
    user: Any = None,  # noqa: ANN401  # any user model
    *,
    expires_in: float = _LIFETIME,
    headers: Mapping[str, object] | None = None,
    **claims: object,
) -> str:
    """An access token, signed with the key of this project's settings.

    Args:
        user: Whose it is; None for one whom ``claims`` describe, by default ``sub="1"``.
        expires_in: Seconds that it is good for; below zero for one that has ended.
        headers: Other values in its header; None leaves one out.
        **claims: Other claims, such as ``aud="somebody-else"``; None leaves one out.

    Raises:
        KeyFaultError: This service only verifies tokens; use ``fake_jwks`` there.
    """
    return _configured().token(user, expires_in=expires_in, headers=headers, **claims)


def refresh_token(user: Any) -> str:  # noqa: ANN401  # any user model
    """The refresh token of a new sign-in, which has its row in the database.

    Args:
        user: Whose it is.

    Raises:
        AuthenticationFailed: The account is disabled.
        KeyFaultError: This service only verifies tokens.
    """
    from dj_core_utils.auth.issuer import sign_in  # noqa: PLC0415  # loads models

    return sign_in(user)["refresh"]


def refused_tokens(user: Any = None) -> dict[str, str]:  # noqa: ANN401  # any user model
    """Access tokens that no view may take, by what is wrong with each; for ``subTest`` and ``parametrize``.

    Args:
        user: Whose they are; None for made-up ones.

    Raises:
        KeyFaultError: This service only verifies tokens; use ``fake_jwks`` there.
    """
    return _configured().refused(user)


class Signer(NamedTuple):
    """Whoever signs the tokens of a test.

    Attributes:
        key: With what.
        issuer: Under which name.
        audience: For whom.
    """

    key: TokenKey
    issuer: str
    audience: list[str]

    def token(
        self,
        user: Any = None,  # noqa: ANN401  # any user model
        *,
        expires_in: float = _LIFETIME,
        headers: Mapping[str, object] | None = None,
        **claims: object,
    ) -> str:
        """As ``access_token``."""
        now = int(time.time())
        # One that has ended began before it did.
        issued = now if expires_in >= 0 else now + int(expires_in) - _LIFETIME
        whole = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": "1",
            "jti": uuid4().hex,
            "iat": issued,
            "exp": now + int(expires_in),
            "token_type": "access",
            **_claims_of(user),
            **claims,
        }
        return _signed(self.key, whole, headers or {})

    def refused(self, user: Any = None) -> dict[str, str]:  # noqa: ANN401  # any user model
        """As ``refused_tokens``."""
        good, refresh = self.token(user), "refresh"
        head, _, rest = good.partition(".")
        body, _, signature = rest.partition(".")
        unsigned = jwt.encode({}, "", algorithm="none", headers={"kid": self.key.kid, "typ": TYPS["access"]})
        secret = jwt.encode({}, "k" * 64, algorithm="HS256", headers={"kid": self.key.kid, "typ": TYPS["access"]})
        return {
            "expired": self.token(user, expires_in=-_LONG_AGO),
            "of the future": self.token(user, iat=int(time.time()) + _LONG_AGO, exp=int(time.time()) + _LONG_AGO + 60),
            "lives too long": self.token(user, expires_in=366 * 24 * 3600),
            "for another service": self.token(user, aud=f"not-{self.audience[0]}"),
            "of another issuer": self.token(user, iss=f"not-{self.issuer}"),
            "refresh token": self.token(user, headers={"typ": TYPS[refresh]}, token_type=refresh),
            "refresh token in disguise": self.token(user, token_type=refresh),
            "token of a service": self.token(user, headers={"typ": "svc+jwt"}),
            "unknown key": self.token(user, headers={"kid": "nobody's"}),
            "brings its own key": self.token(user, headers={"jwk": {"kty": "oct", "k": "AAAA"}}),
            "address of a key": self.token(user, headers={"jku": "https://attacker.test/jwks.json"}),
            "unsigned": f"{unsigned.partition('.')[0]}.{body}.",
            "another algorithm": f"{secret.partition('.')[0]}.{body}.{secret.rpartition('.')[2]}",
            "changed signature": f"{head}.{body}.{signature[:-8]}AAAAAAAA",
            "too long": self.token(user, more="x" * 9000),
            "no token": "not-a-token",
            **{f"without {name}": self._without(name, user) for name in REQUIRED},
        }

    def _without(self, claim: str, user: Any) -> str:  # noqa: ANN401  # any user model
        nothing: dict[str, Any] = {claim: None}
        return self.token(user, **nothing)


def _configured() -> Signer:
    tokens = user_tokens()
    if tokens.signing is None:
        raise KeyFaultError("This service only verifies tokens of users; with fake_jwks a test can sign some for it.")
    return Signer(tokens.signing, tokens.issuer, tokens.audience)


def _signed(key: TokenKey, claims: Mapping[str, object], headers: Mapping[str, object]) -> str:
    named = {"kid": key.kid, "typ": TYPS["access"], **headers}
    body = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(body, key.signing, algorithm=key.algorithm, headers=named)


def _claims_of(user: Any) -> dict[str, object]:  # noqa: ANN401  # any user model
    """What an access token says of a user."""
    if user is None:
        return {}
    field = user.get_email_field_name() if hasattr(user, "get_email_field_name") else "email"
    email = getattr(user, field, "")
    return {"sub": str(user.pk), "email": str(email or ""), "is_staff": bool(getattr(user, "is_staff", False))}
