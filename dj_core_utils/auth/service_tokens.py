"""Signed tokens between services: each caller signs with a key of its own, for one callee and one attempt.

No Django here. A token lives a minute, says for whom it is and which method it may be used with, and has an identity
(``jti``) by which the callee recognises it when somebody sends it again.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import jwt

from dj_core_utils.actor import Actor
from dj_core_utils.auth.errors import CredentialError, KeyFaultError
from dj_core_utils.auth.keys import KeyRing, TokenKey, token_key
from dj_core_utils.auth.verify import Verifier, read_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALGORITHM: Final = "ES256"
TYP: Final = "svc+jwt"
LIFETIME: Final = 60
LONGEST_LIFETIME: Final = 300

_JTI_BYTES = 16
_LONGEST_NAME = 150


def sign(
    key: TokenKey,
    *,
    caller: str,
    callee: str,
    method: str,
    path: str,
    on_behalf_of: Actor | None = None,
    lifetime: float = LIFETIME,
) -> str:
    """A token for one attempt of one call.

    Args:
        key: The caller's own.
        caller: Who calls.
        callee: Who is called; nobody else accepts the token.
        method: Of the request; the token is good for no other.
        path: Of the request, as it is sent.
        on_behalf_of: The user who has asked for it.
        lifetime: Seconds.

    Raises:
        KeyFaultError: The key only verifies.
    """
    if key.signing is None:
        raise KeyFaultError("Tokens between services are signed with a private key, and this is a public one.")
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": caller,
        "sub": caller,
        "aud": callee,
        "iat": now,
        "exp": now + int(lifetime),
        "jti": secrets.token_urlsafe(_JTI_BYTES),
        "htm": method.upper(),
        "htu": path.partition("?")[0],
    }
    if on_behalf_of is not None:
        claims["obo"] = {"sub": str(on_behalf_of.user_id), "name": on_behalf_of.label[:_LONGEST_NAME]}
    return jwt.encode(claims, key.signing, algorithm=ALGORITHM, headers={"kid": key.kid, "typ": TYP})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceClaims:
    """What a verified token between services says.

    Attributes:
        caller: Who has signed it.
        jti: Its identity.
        expires: When it ends, in seconds since 1970.
        key_id: The key that signed it.
        on_behalf_of: The user that the caller names; nothing proves it.
    """

    caller: str
    jti: str
    expires: float
    key_id: str
    on_behalf_of: Actor | None = None


class ServiceVerifier:
    """Recognises the tokens of the callers that one service knows.

    Args:
        service: Whose callers these are; only tokens for it are accepted.
        callers: Public keys of each caller as PEM.
        leeway: Seconds that clocks may differ.

    Raises:
        KeyFaultError: A key cannot be used, or two callers have the same one.
    """

    def __init__(self, service: str, callers: Mapping[str, Iterable[str]], *, leeway: float = 30) -> None:
        self.leeway = leeway
        self._by_kid: dict[str, tuple[str, Verifier]] = {}
        for caller, pems in callers.items():
            for pem in pems:
                key = token_key(pem, ALGORITHM)
                if key.signing is not None:
                    raise KeyFaultError(
                        f'For the caller "{caller}" there is a private key; its public one belongs here.'
                    )
                if self._by_kid.get(key.kid, (caller,))[0] != caller:
                    raise KeyFaultError(f'Two callers have the same key, and "{caller}" is one of them.')
                self._by_kid[key.kid] = (
                    caller,
                    Verifier(
                        keys=KeyRing(accepted=[key]),
                        issuer=caller,
                        audience=(service,),
                        typ=TYP,
                        token_type=None,
                        leeway=leeway,
                        longest_life=LONGEST_LIFETIME,
                    ),
                )

    def verify(self, token: bytes, *, method: str, path: str) -> ServiceClaims:
        """What a token says, once it is known to be good for this request.

        Whether it was used before is another question; see ``replay``.

        Args:
            token: What stands behind the scheme.
            method: Of the request.
            path: Of the request, decoded.

        Raises:
            CredentialError: It is not good.
        """
        kid = read_header(token).kid
        if kid not in self._by_kid:
            raise CredentialError("key")
        caller, verifier = self._by_kid[kid]
        claims = verifier.verify(token)
        if claims["sub"] != caller:
            raise CredentialError("subject")
        if claims.get("htm") != method or not _is_path(claims.get("htu"), path):
            raise CredentialError("request")
        return ServiceClaims(
            caller=caller,
            jti=claims["jti"],
            expires=claims["exp"],
            key_id=kid,
            on_behalf_of=_actor(claims.get("obo")),
        )


def _is_path(claimed: object, path: str) -> bool:
    """Whether one path ends with the other: what stands between the two may add a prefix or take one away."""
    if not isinstance(claimed, str):
        return False
    sent = unquote(claimed)
    longer, shorter = (sent, path) if len(sent) >= len(path) else (path, sent)
    return shorter.startswith("/") and longer.endswith(shorter)


def _actor(claimed: object) -> Actor | None:
    if not isinstance(claimed, dict) or not isinstance(user := claimed.get("sub"), str) or not user:
        return None
    name = claimed.get("name")
    return Actor(user_id=user, label=name[:_LONGEST_NAME] if isinstance(name, str) else "")
