"""Static keys between services: ``Authorization: Service <caller>.<secret>``. No Django here.

The called service keeps digests alone. A key is 32 random bytes made by a machine, so one SHA-256 recognises it and a
slow hash would only cost time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final

from dj_core_utils.auth.errors import CredentialError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEME: Final = "Service"
LONGEST_KEY = 1024

_CALLER = re.compile(rb"[a-z][a-z0-9_-]{0,62}")
_PREFIX = "sha256:"
# What is compared for a caller that nobody knows, so that it takes as long.
_NOBODY = (f"{_PREFIX}{'0' * 64}",)


def digest(secret: bytes) -> str:
    """What recognises a key and does not give it away, as ``SERVICE_KEYS`` has it."""
    return f"{_PREFIX}{hashlib.sha256(secret).hexdigest()}"


def header_value(caller: str, secret: str) -> str:
    """The value of the ``Authorization`` header with a static key."""
    return f"{SCHEME} {caller}.{secret}"


def is_static(credential: bytes) -> bool:
    """Whether a credential is a static key and no signed token; a token begins with a capital.

    Args:
        credential: What stands behind the scheme.
    """
    caller, dot, _ = credential.partition(b".")
    return bool(dot) and _CALLER.fullmatch(caller) is not None


def recognise(credential: bytes, keys: Mapping[str, Iterable[str]]) -> tuple[str, str]:
    """Whose static key this is.

    Args:
        credential: What stands behind the scheme: ``orders.`` and the secret.
        keys: Digests of the keys of each caller, as ``SERVICE_KEYS`` has them.

    Returns:
        The name of the caller, and the beginning of the digest, which names the key in logs.

    Raises:
        CredentialError: It is nobody's key.
    """
    caller, _, secret = credential.partition(b".")
    if not secret or len(secret) > LONGEST_KEY:
        raise CredentialError("malformed")
    shown = digest(secret).encode()
    name = caller.decode("ascii")
    candidates = tuple(keys.get(name, ())) or _NOBODY
    # All of them are compared: how long it takes says nothing about which one fits.
    found = [known for known in candidates if hmac.compare_digest(shown, known.encode())]
    if not found:
        raise CredentialError("key")
    return name, found[0][len(_PREFIX) :][:12]
