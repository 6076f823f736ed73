"""New secrets: keys for Django, between services, and to sign tokens with each algorithm of ``JWT_ALGORITHM``.

Pure but for the randomness: nothing is printed or written here. Texts are made of letters, digits, ``-`` and ``_``,
which mean nothing to a shell, to ``.env`` or to a URL.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from dj_core_utils.settings.jwt_keys import LEAST_BYTES, is_symmetric, jwk_members, public_pem, thumbprint
from dj_core_utils.settings.jwt_ring import Algorithm

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

Use = Literal["django", "service", "caller", "jwt"]

ALGORITHMS: tuple[str, ...] = get_args(Algorithm)
PAIRS = tuple(name for name in ALGORITHMS if not is_symmetric(name))

_DJANGO_BYTES = 50
_SERVICE_BYTES = 32
_RSA_BITS = 3072  # as strong as a symmetric key of 128 bits: NIST SP 800-57 part 1, table 2
_RSA_EXPONENT = 65537


class NewSecret(NamedTuple):
    """One new secret.

    Attributes:
        use: What it is for.
        text: The secret itself: random text, or a private key as PEM.
        algorithm: The algorithm of a key that signs tokens; empty for the others.
        public: The public key as PEM; empty where there is none.
        kid: The name of a key that signs tokens; empty for none.
    """

    use: Use
    text: str
    algorithm: str = ""
    public: str = ""
    kid: str = ""

    def __repr__(self) -> str:
        """Never the secret."""
        return f"NewSecret({self.algorithm or self.use})"

    @property
    def digest(self) -> str:
        """What recognises the secret and does not give it away, as ``SERVICE_KEYS`` takes it."""
        return f"sha256:{hashlib.sha256(self.text.encode()).hexdigest()}"


def django_key() -> NewSecret:
    """A ``SECRET_KEY``: 67 characters, 400 bits."""
    return NewSecret("django", secrets.token_urlsafe(_DJANGO_BYTES))


def service_key() -> NewSecret:
    """A ``SERVICE_API_KEY``: 43 characters, 256 bits."""
    return NewSecret("service", secrets.token_urlsafe(_SERVICE_BYTES))


def caller_key() -> NewSecret:
    """A pair with which a service signs its calls: ``SERVICE_SIGNING_KEY``."""
    return signing_key("ES256")._replace(use="caller")


def signing_key(algorithm: str, kid: str = "") -> NewSecret:
    """A key that signs tokens.

    Args:
        algorithm: One of ``ALGORITHMS``. An RSA key has 3072 bits, a symmetric one as many as the hash (RFC 7518,
            section 3.2).
        kid: Its name. A pair without one is named after its content (RFC 7638).
    """
    if is_symmetric(algorithm):
        return NewSecret("jwt", secrets.token_urlsafe(LEAST_BYTES[algorithm]), algorithm, kid=kid)
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # pairs only

    private = _private_key(algorithm).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = public_pem(private.decode())
    return NewSecret("jwt", private.decode(), algorithm, public, kid or thumbprint(jwk_members(public, algorithm)))


def jwk(secret: NewSecret) -> dict[str, str]:
    """The public key of a pair as an entry of a JWKS (RFC 7517).

    Args:
        secret: A pair.
    """
    return {**jwk_members(secret.public, secret.algorithm), "use": "sig", "alg": secret.algorithm, "kid": secret.kid}


def _private_key(algorithm: str) -> PrivateKeyTypes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415  # pairs only

    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    if algorithm in curves:
        return ec.generate_private_key(curves[algorithm])
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=_RSA_EXPONENT, key_size=_RSA_BITS)
