"""Services that call this one: recognised by what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dj_core_utils.auth import service_keys
from dj_core_utils.auth.configured import Configured
from dj_core_utils.auth.errors import CredentialError
from dj_core_utils.auth.principal import LocalCaller, ServicePrincipal
from dj_core_utils.auth.replay import use_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dj_core_utils.auth.service_tokens import ServiceVerifier

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class _Callers(NamedTuple):
    """Who may call, and how they are recognised.

    Attributes:
        keys: Digests of static keys by caller.
        shared: Digest of the key that all services share; empty for none.
        verifier: Recognises signed tokens; None where no public key is known.
        scopes: What each caller may do.
        replay_cache: Alias of the cache that remembers tokens.
    """

    keys: Mapping[str, Sequence[str]]
    shared: str
    verifier: ServiceVerifier | None
    scopes: Mapping[str, Sequence[str]]
    replay_cache: str


def _make(**configured: Any) -> _Callers:
    tokens: Mapping[str, Any] = configured["SERVICE_TOKENS"] or {}
    verifier = None
    if public_keys := tokens.get("public_keys"):
        from dj_core_utils.auth.service_tokens import ServiceVerifier  # noqa: PLC0415  # static keys need no cryptography

        verifier = ServiceVerifier(configured["SERVICE_NAME"] or "app", public_keys)
    api_key = configured["SERVICE_API_KEY"]
    return _Callers(
        keys=configured["SERVICE_KEYS"] or {},
        shared=service_keys.digest(api_key.encode()) if configured["SERVICE_SHARED_KEY"] and api_key else "",
        verifier=verifier,
        scopes=configured["SERVICE_SCOPES"] or {},
        replay_cache=tokens.get("replay_cache", "default"),
    )


_callers = Configured(
    _make, "SERVICE_NAME", "SERVICE_KEYS", "SERVICE_TOKENS", "SERVICE_SCOPES", "SERVICE_API_KEY", "SERVICE_SHARED_KEY"
)


def recognise(credential: bytes, *, method: str, path: str) -> ServicePrincipal:
    """Who calls, by what stands behind the scheme ``Service``.

    Args:
        credential: A signed token, or ``orders.`` and a secret.
        method: Of the request.
        path: Of the request, decoded.

    Raises:
        CredentialError: It is nobody's, or not for this request.
        AuthUnavailableError: It changes something, and nobody can tell whether it was used before.
    """
    callers = _callers()
    if service_keys.is_static(credential):
        return _by_key(callers, credential)
    if callers.verifier is None:
        raise CredentialError("key")
    claims = callers.verifier.verify(credential, method=method, path=path)
    if method not in SAFE_METHODS:
        use_once(claims, alias=callers.replay_cache, leeway=callers.verifier.leeway)
    return ServicePrincipal(
        service=claims.caller,
        scopes=frozenset(callers.scopes.get(claims.caller, ())),
        on_behalf_of=claims.on_behalf_of,
        proof="token",
        key_id=claims.key_id,
    )


def _by_key(callers: _Callers, credential: bytes) -> ServicePrincipal:
    try:
        caller, key_id = service_keys.recognise(credential, callers.keys)
    except CredentialError:
        if not callers.shared:
            raise
    else:
        scopes = frozenset(callers.scopes.get(caller, ()))
        return ServicePrincipal(service=caller, scopes=scopes, proof="key", key_id=key_id)
    name = credential.partition(b".")[0].decode("ascii")
    caller, key_id = service_keys.recognise(credential, {name: [callers.shared]})
    # The name proves nothing, so it gives no right that was meant for one service.
    return ServicePrincipal(service=caller, proof="shared key", key_id=key_id)


def local(caller: LocalCaller) -> ServicePrincipal:
    """Who calls inside this process."""
    return ServicePrincipal(
        service=caller.service, scopes=caller.scopes, on_behalf_of=caller.on_behalf_of, proof="process"
    )
