"""Keys of tokens and the rings that they stand in. No Django here.

A key has a name (``kid``) and one algorithm, and is checked when it is read, so that nothing is decided by a token. A
ring holds keys of one kind: with symmetric and asymmetric ones side by side, a public key could be taken for a secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from jwt import PyJWK

from dj_core_utils.auth.errors import KeyFaultError
from dj_core_utils.settings.jwt_keys import (
    is_symmetric,
    jwk_members,
    private_key_fault,
    public_key_fault,
    public_pem,
    symmetric_key_fault,
    thumbprint,
    with_line_breaks,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALGORITHMS: Final = frozenset({
    *("HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "EdDSA"),
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
})  # fmt: skip
"""What a key may be for; ``none`` is not among them."""

_LABEL = b"dj_core_utils: name of a key, version 1"
_LABEL_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenKey:
    """One key, ready for use.

    Attributes:
        kid: Its name.
        algorithm: What it signs and verifies, and nothing else.
        verifying: What PyJWT verifies with.
        signing: What PyJWT signs with; None for a key that only verifies.
        public: The public key as PEM; empty for a symmetric key.
    """

    kid: str
    algorithm: str
    verifying: PyJWK = field(repr=False)
    signing: Any = field(repr=False)
    public: str = ""

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as an entry of a JWKS (RFC 7517).

        Raises:
            KeyFaultError: It is symmetric.
        """
        if not self.public:
            raise KeyFaultError("A symmetric key has no public part.")
        return {**jwk_members(self.public, self.algorithm), "use": "sig", "alg": self.algorithm, "kid": self.kid}


@lru_cache(maxsize=64)
def token_key(text: str, algorithm: str, *, kid: str = "") -> TokenKey:
    """Read a key.

    Args:
        text: A secret for the ``HS`` algorithms; else a private or a public key as PEM.
        algorithm: What it is for.
        kid: Its name. One without a name is named after its content: a public key by RFC 7638, a secret by a digest
            that says nothing about it.

    Raises:
        KeyFaultError: It does not fit.
    """
    if algorithm not in ALGORITHMS:
        raise KeyFaultError(f"{algorithm!r} is no algorithm that tokens are signed with.")
    if is_symmetric(algorithm):
        return _symmetric(text, algorithm, kid)
    pem = with_line_breaks(text)
    is_private = " PRIVATE KEY-----" in pem
    if fault := (private_key_fault if is_private else public_key_fault)(pem, algorithm):
        raise KeyFaultError(f"A key of tokens cannot be used: {fault}")
    public = public_pem(pem) if is_private else pem
    members = jwk_members(public, algorithm)
    return TokenKey(
        kid=kid or thumbprint(members),
        algorithm=algorithm,
        verifying=PyJWK(members, algorithm),
        signing=_private_key(pem) if is_private else None,
        public=public,
    )


def _symmetric(secret: str, algorithm: str, kid: str) -> TokenKey:
    if fault := symmetric_key_fault(secret, algorithm):
        raise KeyFaultError(f"A key of tokens cannot be used: {fault}")
    encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    return TokenKey(
        kid=kid or _secret_name(secret),
        algorithm=algorithm,
        verifying=PyJWK({"kty": "oct", "k": encoded}, algorithm),
        signing=secret.encode(),
    )


def _secret_name(secret: str) -> str:
    made = hmac.new(secret.encode(), _LABEL, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode()[:_LABEL_LENGTH]


def _private_key(pem: str) -> object:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  # signers only

    return load_pem_private_key(pem.encode(), password=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """One key after another, at moments that every process knows beforehand.

    The next key is published and accepted from the start. It is promoted when it begins to sign; the one before is
    retired when the last access token of it has ended, and then is published no more.

    Attributes:
        key: The next one.
        promoted: When it begins to sign.
        retired: When the one before is published no more.
    """

    key: TokenKey
    promoted: datetime
    retired: datetime

    def state(self, now: datetime) -> Literal["published", "promoted", "retired"]:
        """How far it is.

        Args:
            now: The moment that is asked about.
        """
        if now < self.promoted:
            return "published"
        return "promoted" if now < self.retired else "retired"


class KeyRing:
    """The keys that one signer has in use.

    Args:
        active: The key that signs, or the only one that verifies; None where keys are only accepted.
        accepted: The others that verify: the next one, and earlier ones. Of one name there may be several.
        revoked: Names of keys that are refused whatever else is said.
        unnamed: A key that nobody has told the name of: it is tried for names that no other key has.
        succession: The key that signs next, and when.

    Raises:
        KeyFaultError: Symmetric and asymmetric keys stand side by side, or the active one is revoked.
    """

    def __init__(
        self,
        active: TokenKey | None = None,
        accepted: Iterable[TokenKey] = (),
        *,
        revoked: Iterable[str] = (),
        unnamed: TokenKey | None = None,
        succession: Succession | None = None,
    ) -> None:
        refused = frozenset(revoked)
        if active is not None and active.kid in refused:
            raise KeyFaultError("The key that signs tokens is among the revoked ones.")
        if succession is not None and succession.key.kid in refused:
            raise KeyFaultError("The key that signs tokens next is among the revoked ones.")
        others = [*([succession.key] if succession else ()), *accepted]
        keys = [*([active] if active else ()), *(key for key in others if key.kid not in refused)]
        if len({is_symmetric(key.algorithm) for key in keys}) > 1:
            raise KeyFaultError("Symmetric and asymmetric keys do not go into one ring.")
        self.active = active
        self._succession = succession
        self._revoked = refused
        self._unnamed = (unnamed,) if unnamed is not None else ()
        self.keys: tuple[TokenKey, ...] = tuple(dict.fromkeys(keys))
        self._by_kid: dict[str, tuple[TokenKey, ...]] = {}
        for key in self.keys:
            self._by_kid[key.kid] = (*self._by_kid.get(key.kid, ()), key)

    def named(self, kid: str) -> tuple[TokenKey, ...]:
        """The keys of a name; none for a name that nobody has.

        Args:
            kid: What a token says.
        """
        return self._by_kid.get(kid, () if kid in self._revoked else self._unnamed)

    async def anamed(self, kid: str) -> tuple[TokenKey, ...]:
        """The same; nothing is waited for.

        Args:
            kid: What a token says.
        """
        return self.named(kid)

    @property
    def signing(self) -> TokenKey | None:
        """The key that signs now; None where keys only verify."""
        succession = self._succession
        if succession is not None and succession.state(datetime.now(UTC)) != "published":
            return succession.key
        return self.active if self.active is not None and self.active.signing is not None else None

    def jwks(self) -> Mapping[str, object]:
        """The public keys as a JWKS; empty for symmetric ones, which nobody else may see."""
        succession = self._succession
        is_retired = succession is not None and succession.state(datetime.now(UTC)) == "retired"
        shown = [key for key in self.keys if key.public and not (is_retired and key is self.active)]
        published = {key.public: key for key in shown}
        return {"keys": [key.jwk for key in published.values()]}
