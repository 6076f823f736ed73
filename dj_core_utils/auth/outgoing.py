"""What this service shows to another one that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dj_core_utils.actor import Actor, current_actor
from dj_core_utils.auth.configured import Configured
from dj_core_utils.auth.service_keys import SCHEME, header_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.auth.keys import TokenKey


class _Credential(NamedTuple):
    """What this service calls others with; a signing key is taken before a static one."""

    caller: str
    signing: TokenKey | None
    lifetime: float
    static: str


def _make(**configured: Any) -> _Credential:
    tokens: Mapping[str, Any] = configured["SERVICE_TOKENS"] or {}
    signing = None
    if text := tokens.get("signing_key"):
        from dj_core_utils.auth.keys import token_key  # noqa: PLC0415  # a static key needs no cryptography

        signing = token_key(str(text), "ES256")
    return _Credential(
        caller=configured["SERVICE_NAME"] or "app",
        signing=signing,
        lifetime=tokens.get("lifetime", 60),
        static=configured["SERVICE_API_KEY"] or "",
    )


_credential = Configured(_make, "SERVICE_NAME", "SERVICE_API_KEY", "SERVICE_TOKENS")


def headers_for(service: str, *, method: str, path: str) -> dict[str, str]:
    """The header that tells another service who calls, for one attempt of one call.

    A signed token where ``SERVICE_SIGNING_KEY`` is set, which also says for which user this is done; else the static
    ``SERVICE_API_KEY``. Never kept for another attempt: the callee accepts a token once.

    Args:
        service: Who is called.
        method: Of the request.
        path: Of the request, as it is sent.

    Returns:
        ``Authorization``; nothing where no credential is configured.

    Raises:
        KeyFaultError: The signing key cannot be used.
        django.core.exceptions.SynchronousOnlyOperation: The user of the request would have to be loaded on a running
            event loop; ``aheaders_for`` loads them in a thread.
    """
    credential = _credential()
    if credential.signing is not None:
        from dj_core_utils.auth.service_tokens import sign  # noqa: PLC0415  # as above

        token = sign(
            credential.signing,
            caller=credential.caller,
            callee=service,
            method=method,
            path=path,
            on_behalf_of=acting_user(),
            lifetime=credential.lifetime,
        )
        return {"Authorization": f"{SCHEME} {token}"}
    if credential.static:
        return {"Authorization": header_value(credential.caller, credential.static)}
    return {}


async def aheaders_for(service: str, *, method: str, path: str) -> dict[str, str]:
    """The same on an event loop: a user whom nobody has loaded yet is loaded in Django's thread.

    Args:
        service: Who is called.
        method: Of the request.
        path: Of the request, as it is sent.

    Returns:
        ``Authorization``; nothing where no credential is configured.

    Raises:
        KeyFaultError: The signing key cannot be used.
    """
    from django.core.exceptions import SynchronousOnlyOperation  # noqa: PLC0415  # a loop of Django's, then

    try:
        return headers_for(service, method=method, path=path)
    except SynchronousOnlyOperation:
        from asgiref.sync import sync_to_async  # noqa: PLC0415  # only here

        return await sync_to_async(headers_for, thread_sensitive=True)(service, method=method, path=path)


def acting_user() -> Actor | None:
    """The user for whom this is done: who acts, or the one a calling service has named; None for a program."""
    actor = current_actor()
    user = actor if actor.user_id is not None else actor.on_behalf_of
    return user if user is not None and user.user_id is not None else None
