"""Services that call this one, played by the test."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jwt
from django.conf import settings

from dj_core_utils.actor import Actor, actor_of
from dj_core_utils.auth.keys import token_key
from dj_core_utils.auth.service_keys import SCHEME, digest, header_value
from dj_core_utils.auth.service_tokens import TYP, sign
from dj_core_utils.testing.changes import changed_settings
from dj_core_utils.testing.key_pairs import private_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class FakeCaller:
    """A service that this one knows.

    Attributes:
        service: Its name.
        callee: The name of this service.
        secret: Its static key.
    """

    def __init__(self, service: str, callee: str) -> None:
        self.service = service
        self.callee = callee
        self.secret = secrets.token_urlsafe(32)
        self._key = token_key(private_key(), "ES256")

    def headers(
        self,
        method: str,
        path: str,
        *,
        on_behalf_of: Any = None,  # noqa: ANN401  # any user model, or an Actor
        **claims: object,
    ) -> dict[str, str]:
        """The header of one request, with a signed token; it may change something once.

        Args:
            method: Of the request.
            path: Of the request.
            on_behalf_of: The user for whom it is made.
            **claims: Other claims, such as ``aud="somebody-else"`` or ``exp=0``; None leaves one out.
        """
        user = on_behalf_of if on_behalf_of is None or isinstance(on_behalf_of, Actor) else actor_of(on_behalf_of)
        token = sign(self._key, caller=self.service, callee=self.callee, method=method, path=path, on_behalf_of=user)
        if claims:
            whole: Mapping[str, object] = {**jwt.decode(token, options={"verify_signature": False}), **claims}
            body = {name: value for name, value in whole.items() if value is not None}
            token = jwt.encode(body, self._key.signing, algorithm="ES256", headers={"kid": self._key.kid, "typ": TYP})
        return {"Authorization": f"{SCHEME} {token}"}

    def key_headers(self, secret: str | None = None) -> dict[str, str]:
        """The header with a static key, for any number of requests.

        Args:
            secret: Another one, which is refused.
        """
        return {"Authorization": header_value(self.service, self.secret if secret is None else secret)}

    @property
    def public_key(self) -> str:
        """The public part of the key that it signs with, as PEM."""
        return self._key.public


@contextmanager
def fake_caller(service: str, *, scopes: Iterable[str] | None = None) -> Iterator[FakeCaller]:
    """Let another service call this one, in a block.

    Args:
        service: Its name.
        scopes: What it may do here; by default what ``SERVICE_SCOPES`` says.

    Yields:
        The service, which makes headers for requests.
    """
    tokens: Mapping[str, Any] = getattr(settings, "SERVICE_TOKENS", None) or {}
    keys: Mapping[str, Any] = getattr(settings, "SERVICE_KEYS", None) or {}
    granted: Mapping[str, Any] = getattr(settings, "SERVICE_SCOPES", None) or {}
    caller = FakeCaller(service, getattr(settings, "SERVICE_NAME", None) or "app")
    public = {**(tokens.get("public_keys") or {}), service: [caller.public_key]}
    changed: dict[str, object] = {
        "SERVICE_TOKENS": {**tokens, "public_keys": public},
        "SERVICE_KEYS": {**keys, service: [digest(caller.secret.encode())]},
        "SERVICE_SCOPES": granted if scopes is None else {**granted, service: list(scopes)},
    }
    with changed_settings(changed, [], copied=frozenset()):
        yield caller
