"""Verification of tokens, of users and of services alike. No Django here.

Everything is decided by what the verifier expects, and nothing by the token: its header only names one of the keys that
are known. A header that brings a key or asks for an extension is refused unread.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

import jwt

from dj_core_utils.auth.errors import CredentialError, ExpiredError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dj_core_utils.auth.keys import TokenKey

LONGEST_TOKEN: Final = 8 * 1024
LONGEST_LIFE: Final = 3600
REQUIRED: Final = ("exp", "iat", "jti", "iss", "aud", "sub")

# What brings a key, or asks for something that is not done here (RFC 7515, section 4.1; RFC 7797).
_REFUSED_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip"})
_CODES: tuple[tuple[type[jwt.InvalidTokenError], str], ...] = (
    (jwt.InvalidSignatureError, "signature"),
    (jwt.InvalidAudienceError, "audience"),
    (jwt.InvalidIssuerError, "issuer"),
    (jwt.ImmatureSignatureError, "early"),
    (jwt.MissingRequiredClaimError, "claims"),
    (jwt.InvalidAlgorithmError, "algorithm"),
)
_NUMBERS = (int, float)  # and no truth, which is an int, too
_OPTIONS: Any = {"require": list(REQUIRED)}
_JWT = jwt.PyJWT()


class KeySource(Protocol):
    """Knows the keys of a signer: a ring, or a client of its JWKS."""

    def named(self, kid: str) -> Sequence[TokenKey]:
        """The keys of a name; none for a name that nobody has."""

    async def anamed(self, kid: str) -> Sequence[TokenKey]:
        """The same on an event loop."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says about itself.

    Attributes:
        kid: Name of its key; empty for none.
        typ: Its kind, in small letters.
    """

    kid: str
    typ: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """What tokens have to be like.

    Attributes:
        keys: Where their keys are.
        issuer: Who signs them.
        audience: Names that are accepted in ``aud``: one's own.
        typ: The kind of token in the header, such as ``at+jwt``.
        token_type: The claim of that name; None for kinds that have none.
        leeway: Seconds that clocks may differ.
        longest_life: Seconds between ``iat`` and ``exp`` at most, whatever the signer says.
    """

    keys: KeySource
    issuer: str
    audience: Iterable[str]
    typ: str = "at+jwt"
    token_type: str | None = "access"  # noqa: S105  # the kind of a token
    leeway: float = 30
    longest_life: float = LONGEST_LIFE

    def verify(self, token: str | bytes) -> dict[str, Any]:
        """The claims of a token.

        Args:
            token: As it stands behind the scheme.

        Raises:
            ExpiredError: It was good.
            CredentialError: It is not good.
            AuthUnavailableError: The keys of the signer cannot be had.
        """
        return self._verify(token, self.keys.named(self._kid(token)))

    async def averify(self, token: str | bytes) -> dict[str, Any]:
        """The same on an event loop, which goes on while keys are fetched.

        Args:
            token: As it stands behind the scheme.

        Raises:
            ExpiredError: It was good.
            CredentialError: It is not good.
            AuthUnavailableError: The keys of the signer cannot be had.
        """
        return self._verify(token, await self.keys.anamed(self._kid(token)))

    def _kid(self, token: str | bytes) -> str:
        header = read_header(token)
        if header.typ != self.typ:
            raise CredentialError("type")
        return header.kid

    def _verify(self, token: str | bytes, candidates: Sequence[TokenKey]) -> dict[str, Any]:
        claims = self._decode(token, candidates)
        self._judge(claims)
        return claims

    def _decode(self, token: str | bytes, candidates: Sequence[TokenKey]) -> dict[str, Any]:
        refusal = CredentialError("key")
        for key in candidates:
            try:
                claims: dict[str, Any] = _JWT.decode(
                    token,
                    key.verifying,
                    algorithms=[key.algorithm],
                    options=_OPTIONS,
                    audience=self.audience,
                    issuer=self.issuer,
                    leeway=self.leeway,
                )
            except jwt.ExpiredSignatureError:
                raise ExpiredError from None
            except jwt.InvalidTokenError as error:
                refusal = CredentialError(_code(error))
                if refusal.code != "signature":
                    break
            else:
                return claims
        # Outside of the handler: what PyJWT says may quote the token.
        raise refusal

    def _judge(self, claims: Mapping[str, Any]) -> None:
        """What PyJWT does not ask."""
        issued, expires = claims["iat"], claims["exp"]
        if type(issued) not in _NUMBERS or type(expires) not in _NUMBERS:
            raise CredentialError("claims")
        if not 0 <= expires - issued <= self.longest_life:
            raise CredentialError("lifetime")
        if not claims["sub"] or not claims["jti"]:
            raise CredentialError("claims")
        if self.token_type is not None and claims.get("token_type") != self.token_type:
            raise CredentialError("type")


def read_header(token: str | bytes) -> Header:
    """What a token says about itself, unverified.

    Args:
        token: The token.

    Raises:
        CredentialError: It is too long or no token at all, or its header brings a key or asks for an extension.
    """
    if len(token) > LONGEST_TOKEN:
        raise CredentialError("size")
    if isinstance(token, str):
        if not token.isascii():
            raise CredentialError("malformed")
        token = token.encode()
    return _header(token.partition(b".")[0])


# A signer writes the same header into each of its tokens.
@lru_cache(maxsize=128)
def _header(segment: bytes) -> Header:
    try:
        found = json.loads(urlsafe_b64decode(segment + b"=" * (-len(segment) % 4)))
    except (ValueError, RecursionError):
        raise CredentialError("malformed") from None
    if not isinstance(found, dict):
        raise CredentialError("malformed")
    if not _REFUSED_HEADERS.isdisjoint(found):
        raise CredentialError("header")
    kid, typ = found.get("kid", ""), found.get("typ", "")
    if not (isinstance(kid, str) and isinstance(typ, str)):
        raise CredentialError("malformed")
    return Header(kid, typ.lower().removeprefix("application/"))


def _code(error: jwt.InvalidTokenError) -> str:
    return next((code for kind, code in _CODES if isinstance(error, kind)), "malformed")
