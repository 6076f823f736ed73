"""Signed calls that were made already, remembered in a cache that all processes share."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING

from django.core.cache import caches

from dj_core_utils.auth.errors import AuthUnavailableError, CredentialError

if TYPE_CHECKING:
    from dj_core_utils.auth.service_tokens import ServiceClaims

logger = logging.getLogger("dj_core_utils.auth")

_KEY = "dj_core_utils.auth.used."


def use_once(claims: ServiceClaims, *, alias: str, leeway: float) -> None:
    """Let a token through once.

    Args:
        claims: Of a token that is good otherwise.
        alias: The cache.
        leeway: Seconds that clocks may differ; it is remembered for that much longer than it lives.

    Raises:
        CredentialError: It was used before.
        AuthUnavailableError: The cache does not answer, so nobody can tell.
    """
    # Text of others does not become a key of a cache.
    key = f"{_KEY}{hashlib.sha256(f'{claims.caller}:{claims.jti}'.encode()).hexdigest()}"
    rest = int(claims.expires - time.time() + leeway) + 1
    try:
        is_first = caches[alias].add(key, 1, timeout=rest)
    except Exception as error:  # noqa: BLE001  # each client of a cache has exceptions of its own
        failure = type(error).__name__
    else:
        if not is_first:
            raise CredentialError("replayed")
        return
    logger.error('The cache "%s" does not tell whether a signed call was made before: %s.', alias, failure)
    raise AuthUnavailableError("The cache of calls that were made does not answer.")
