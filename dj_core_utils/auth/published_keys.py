"""One look at the address where a signer publishes its keys: bounded in time and size, sceptical. No Django here."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

import jwt
from jwt import PyJWK

from dj_core_utils.auth.errors import AuthUnavailableError, KeyFaultError
from dj_core_utils.auth.keys import token_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from dj_core_utils.auth.keys import TokenKey

SECONDS: Final = 3.0
LARGEST: Final = 64 * 1024
MOST_KEYS: Final = 32

_OK = 200
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

stand_ins: dict[str, Callable[[], bytes]] = {}
"""What answers in place of an address while a test runs; see ``dj_core_utils.testing.fake_jwks``."""


def fetch_keys(url: str, algorithm: str) -> dict[str, TokenKey]:
    """The keys at an address, by name.

    Redirects are not followed, and proxies of the environment are not used. A key without a name, of another use or
    algorithm, or that cannot be read, is left out.

    Args:
        url: Where they are.
        algorithm: What they have to be for.

    Raises:
        AuthUnavailableError: There is no answer in three seconds, or none of 64 KiB at most that is a key set.
    """
    stand_in = stand_ins.get(url)
    body = _get(url) if stand_in is None else stand_in()
    try:
        found = json.loads(body)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = None
    if not isinstance(found, list) or len(found) > MOST_KEYS:
        raise AuthUnavailableError(f"{_host(url)} does not answer with a set of keys.")
    return {key.kid: key for item in found if (key := _read(item, algorithm)) is not None}


def _get(url: str) -> bytes:
    import httpx2  # noqa: PLC0415  # only who fetches keys needs a client

    end = time.monotonic() + SECONDS
    body = bytearray()
    try:
        with (
            httpx2.Client(timeout=SECONDS, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", url, headers={"Accept": "application/jwk-set+json, application/json"}) as answer,
        ):
            if answer.status_code != _OK:
                raise AuthUnavailableError(f"{_host(url)} answers {answer.status_code} in place of public keys.")
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > LARGEST:
                    raise AuthUnavailableError(f"{_host(url)} answers with more than {LARGEST} bytes.")
                if time.monotonic() > end:
                    raise AuthUnavailableError(f"{_host(url)} takes more than {SECONDS:g} seconds.")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        failure = type(error).__name__
    else:
        return bytes(body)
    raise AuthUnavailableError(f"{_host(url)} cannot be asked for public keys: {failure}.")


def _read(item: object, algorithm: str) -> TokenKey | None:
    if not isinstance(item, dict) or not isinstance(kid := item.get("kid"), str) or not kid:
        return None
    if item.get("alg", algorithm) != algorithm or item.get("use", "sig") != "sig" or not _PRIVATE.isdisjoint(item):
        return None
    try:
        public = PyJWK(item, algorithm).key
        return token_key(_pem(public), algorithm, kid=kid)
    except (jwt.PyJWTError, KeyFaultError, ValueError, TypeError):
        return None


def _pem(key: object) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # who fetches keys

    form = serialization.PublicFormat.SubjectPublicKeyInfo
    made: bytes = key.public_bytes(serialization.Encoding.PEM, form)  # type: ignore[attr-defined]  # any public key has it
    return made.decode()


def _host(url: str) -> str:
    """The address without a password or a query."""
    from urllib.parse import urlsplit  # noqa: PLC0415  # only a failure needs it

    return str(urlsplit(url).hostname)
