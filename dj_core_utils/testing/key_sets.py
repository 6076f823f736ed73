"""A signer of users' tokens, played by the test: it publishes keys, replaces them, and fails."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings

from dj_core_utils.auth.errors import AuthUnavailableError
from dj_core_utils.auth.jwks import JWKSClient
from dj_core_utils.auth.keys import token_key
from dj_core_utils.auth.published_keys import stand_ins
from dj_core_utils.auth.user_tokens import user_tokens
from dj_core_utils.testing.changes import changed_settings
from dj_core_utils.testing.key_pairs import private_key
from dj_core_utils.testing.tokens import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dj_core_utils.auth.keys import TokenKey

_ALGORITHM = "ES256"
_ISSUER = "https://issuer.test"
_NOTHING_OF_OURS = {"SIGNING_KEY": "", "VERIFYING_KEY": "", "ALGORITHM": _ALGORITHM}


class FakeJWKS:
    """A signer whose keys this service fetches.

    Attributes:
        url: Where the keys would be.
        keys: Those that are published; the last one signs.
        fetches: How often they were asked for.
    """

    def __init__(self, url: str, issuer: str, audience: list[str]) -> None:
        self.url = url
        self.keys: list[TokenKey] = []
        self.fetches = 0
        self._issuer = issuer
        self._audience = audience
        self._is_away = False
        self.rotate()

    def access_token(
        self,
        user: Any = None,  # noqa: ANN401  # any user model
        *,
        expires_in: float = 300,
        headers: Mapping[str, object] | None = None,
        **claims: object,
    ) -> str:
        """An access token, signed with the newest key.

        Args:
            user: Whose it is; None for one whom ``claims`` describe, by default ``sub="1"``.
            expires_in: Seconds that it is good for; below zero for one that has ended.
            headers: Other values in its header; None leaves one out.
            **claims: Other claims, such as ``aud="somebody-else"``; None leaves one out.
        """
        return self._signer.token(user, expires_in=expires_in, headers=headers, **claims)

    def refused_tokens(self, user: Any = None) -> dict[str, str]:  # noqa: ANN401  # any user model
        """Access tokens that no view may take, by what is wrong with each.

        Args:
            user: Whose they are; None for made-up ones.
        """
        return self._signer.refused(user)

    def rotate(self) -> None:
        """Publish a new key beside the others, and sign with it."""
        self.keys.append(token_key(private_key(), _ALGORITHM))

    def drop_old_keys(self) -> None:
        """Publish the newest key alone."""
        del self.keys[:-1]

    def fail(self) -> None:
        """Be away, until ``recover``."""
        self._is_away = True

    def recover(self) -> None:
        """Be there again."""
        self._is_away = False

    def pass_time(self, seconds: float) -> None:
        """Let the keys that this service has fetched be older.

        They are fetched again after four minutes, an unknown one after half a minute, and are good for an hour.

        Args:
            seconds: By how much.
        """
        keys = user_tokens().access.keys
        if isinstance(keys, JWKSClient):
            keys.grow_older(seconds)

    def published(self) -> bytes:
        """What is at the address.

        Raises:
            AuthUnavailableError: It is away.
        """
        self.fetches += 1
        if self._is_away:
            raise AuthUnavailableError("The signer of this test is away.")
        return json.dumps({"keys": [key.jwk for key in self.keys]}).encode()

    @property
    def _signer(self) -> Signer:
        return Signer(self.keys[-1], self._issuer, self._audience)


@contextmanager
def fake_jwks() -> Iterator[FakeJWKS]:
    """Let this service fetch the keys of users' tokens from the test, in a block.

    Issuer and audience are those of the settings, where they have some. In the block the service verifies tokens and
    signs none, and its own keys count for nothing.

    Yields:
        The signer.
    """
    simple: Mapping[str, Any] = getattr(settings, "SIMPLE_JWT", None) or {}
    keys: Mapping[str, Any] = getattr(settings, "JWT_KEYS", None) or {}
    issuer = simple.get("ISSUER") or _ISSUER
    audience = simple.get("AUDIENCE") or [getattr(settings, "SERVICE_NAME", None) or "app"]
    accepted = keys.get("accepts") or ([audience] if isinstance(audience, str) else list(audience))
    url = simple.get("JWK_URL") or f"{_ISSUER}/.well-known/jwks.json"
    changed = {
        "SIMPLE_JWT": {**simple, **_NOTHING_OF_OURS, "JWK_URL": url, "ISSUER": issuer, "AUDIENCE": audience},
        "JWT_KEYS": {name: keys[name] for name in ("accepts", "revoked") if name in keys},
    }
    before = stand_ins.get(url)
    signer = FakeJWKS(url, issuer, list(accepted))
    with changed_settings(changed, [], copied=frozenset()):
        stand_ins[url] = signer.published
        try:
            yield signer
        finally:
            if before is None:
                del stand_ins[url]
            else:
                stand_ins[url] = before
