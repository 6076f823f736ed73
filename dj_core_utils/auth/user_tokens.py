"""Tokens of users as the settings have them: who signs, with which keys, for whom, and how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dj_core_utils.auth.configured import Configured
from dj_core_utils.auth.errors import KeyFaultError
from dj_core_utils.auth.jwks import JWKSClient
from dj_core_utils.auth.keys import KeyRing, Succession, token_key
from dj_core_utils.auth.verify import LONGEST_LIFE, Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dj_core_utils.auth.keys import TokenKey

LEEWAY: Final = timedelta(seconds=30)
ACCESS_LIFETIME: Final = timedelta(minutes=5)
MAX_AGE: Final = timedelta(seconds=300)
"""How long others may keep the public keys."""
TYPS: Final = {"access": "at+jwt", "refresh": "rt+jwt"}
"""The header ``typ`` by the claim ``token_type``; RFC 9068 names the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTokens:
    """How tokens of users are made and judged.

    Attributes:
        ring: All keys of one's own; empty where they are fetched.
        issuer: Who signs (``iss``).
        audience: For whom access tokens are made (``aud``).
        access: Judges access tokens.
        refresh: Judges refresh tokens, which are for the issuer alone.
        access_lifetime: How long access tokens live.
        refresh_lifetime: How long refresh tokens live.
        rotates: Whether a refresh token is exchanged for another one.
        leeway: How far clocks may differ.
    """

    ring: KeyRing
    issuer: str
    audience: list[str]
    access: Verifier
    refresh: Verifier
    access_lifetime: timedelta
    refresh_lifetime: timedelta
    rotates: bool
    leeway: timedelta

    @property
    def signing(self) -> TokenKey | None:
        """The key that signs now; None in a service that only verifies."""
        return self.ring.signing


def _make(**configured: Any) -> UserTokens:
    simple: Mapping[str, Any] = configured["SIMPLE_JWT"] or {}
    keys: Mapping[str, Any] = configured["JWT_KEYS"] or {}
    issuer, audience = simple.get("ISSUER") or "", simple.get("AUDIENCE") or ()
    if not issuer or not audience:
        raise KeyFaultError("SIMPLE_JWT needs ISSUER and AUDIENCE: a token of nobody, for nobody, is refused.")
    names = [audience] if isinstance(audience, str) else list(audience)
    algorithm = simple.get("ALGORITHM", "HS256")
    ring = _ring(simple, keys, algorithm)
    url = simple.get("JWK_URL") or ""
    if ring.active is None and not url:
        raise KeyFaultError("SIMPLE_JWT has neither a key nor the address of one, so no token can be judged.")
    leeway = _duration(simple.get("LEEWAY", LEEWAY))
    access_lifetime = _duration(simple.get("ACCESS_TOKEN_LIFETIME", ACCESS_LIFETIME))
    access = Verifier(
        keys=ring if ring.active is not None else JWKSClient(url, algorithm, revoked=keys.get("revoked", ())),
        issuer=issuer,
        typ=keys.get("type") or TYPS["access"],
        token_type=None if keys.get("type") else "access",
        audience=tuple(keys.get("accepts") or names),
        leeway=leeway.total_seconds(),
        longest_life=max(LONGEST_LIFE, access_lifetime.total_seconds()),
    )
    return UserTokens(
        ring=ring,
        issuer=issuer,
        audience=names,
        access=access,
        refresh=replace(
            access,
            keys=ring,
            audience=(issuer,),
            typ=TYPS["refresh"],
            token_type="refresh",  # noqa: S106  # the kind of a token
            longest_life=float("inf"),  # the row of its sign-in knows
        ),
        access_lifetime=access_lifetime,
        refresh_lifetime=_duration(simple.get("REFRESH_TOKEN_LIFETIME", timedelta(days=1))),
        rotates=simple.get("ROTATE_REFRESH_TOKENS", True),
        leeway=leeway,
    )


def _ring(simple: Mapping[str, Any], keys: Mapping[str, Any], algorithm: str) -> KeyRing:
    text = simple.get("SIGNING_KEY") or simple.get("VERIFYING_KEY") or ""
    name = keys.get("active") or ""
    active = token_key(text, algorithm, kid=name) if text else None
    is_unnamed = active is not None and active.signing is None and not name
    return KeyRing(
        active,
        _others(keys, algorithm),
        revoked=keys.get("revoked", ()),
        unnamed=active if is_unnamed else None,
        succession=_succession(simple, keys, algorithm),
    )


def _succession(simple: Mapping[str, Any], keys: Mapping[str, Any], algorithm: str) -> Succession | None:
    if not (following := keys.get("next")):
        return None
    access = _duration(simple.get("ACCESS_TOKEN_LIFETIME", ACCESS_LIFETIME))
    promoted = following["from"]
    return Succession(
        key=token_key(following["key"], algorithm, kid=following.get("kid") or ""),
        promoted=promoted,
        retired=promoted + access + _duration(simple.get("LEEWAY", LEEWAY)) + MAX_AGE,
    )


def _others(keys: Mapping[str, Any], algorithm: str) -> Iterator[TokenKey]:
    """Keys beside the one in force: named ones, and those that a running process has just seen in its files."""
    for kid, text in keys.get("previous", {}).items():
        yield token_key(text, algorithm, kid=kid)
    for text in keys.get("accepted", ()):
        yield token_key(text, algorithm, kid=keys.get("active") or "")


def _duration(value: timedelta | float) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


user_tokens = Configured(_make, "SIMPLE_JWT", "JWT_KEYS")
