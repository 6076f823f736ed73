"""Keys of JSON web tokens: what each algorithm asks of one, and how one is read.

The functions that read a PEM import ``cryptography`` when they are called, so a project with symmetric keys never pays
for it. None puts a part of a key into what it returns or raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

LEAST_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""RFC 7518, section 3.2: a key is at least as long as the hash."""

_LEAST_RSA_BITS = 2048  # RFC 7518, sections 3.3 and 3.5
_CURVES = {"ES256": ("secp256r1", "P-256"), "ES384": ("secp384r1", "P-384"), "ES512": ("secp521r1", "P-521")}
_BEGIN = "-----BEGIN "
# RFC 7638, section 3.2: what a thumbprint is made of
_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_DERIVATION = b"dj_core_utils: key that signs JSON web tokens, version 1"


def is_symmetric(algorithm: str) -> bool:
    """Whether one key both makes and verifies tokens, so that whoever can verify can also make them."""
    return algorithm.startswith("HS")


def is_pem(key: str) -> bool:
    """Whether a text is meant as a PEM."""
    return key.lstrip().startswith(_BEGIN)


def with_line_breaks(key: str) -> str:
    r"""A PEM whose line breaks were written as ``\n``, as variables of one line have it, with real ones.

    Args:
        key: A key; what is no PEM is handed back as it is.
    """
    return key.replace("\\n", "\n") if is_pem(key) else key


def derived_key(secret_key: str) -> str:
    """A signing key that follows from the secret key and says nothing about it (HMAC-SHA256 over a label).

    Args:
        secret_key: ``SECRET_KEY``.

    Returns:
        64 hexadecimal digits, long enough for each ``HS`` algorithm; 256 bits of strength at most.
    """
    import hashlib  # noqa: PLC0415  # only where no key is set
    import hmac  # noqa: PLC0415  # the same

    return hmac.new(secret_key.encode(), _DERIVATION, hashlib.sha256).hexdigest()


def symmetric_key_fault(key: str, algorithm: str) -> str:
    """Why a text cannot be the key of an ``HS`` algorithm.

    Returns:
        A sentence; empty when there is nothing to say.
    """
    if is_pem(key):
        return f"this is a PEM, and {algorithm} signs with a shared secret."
    least, length = LEAST_BYTES[algorithm], len(key.encode())
    return f"the key has {length} bytes; {algorithm} needs {least}." if length < least else ""


def private_key_fault(pem: str, algorithm: str) -> str:
    """Why a text cannot be the key that signs with an asymmetric algorithm.

    Returns:
        A sentence; empty when there is nothing to say.
    """
    if not is_pem(pem):
        return f"{algorithm} signs with a private key in PEM form, and this is none."
    if " PRIVATE KEY-----" not in pem:
        return "this is a public key; tokens are signed with a private one."
    key = _private_key(pem)
    return key if isinstance(key, str) else _misfit(key.public_key(), algorithm)


def public_key_fault(pem: str, algorithm: str) -> str:
    """Why a text cannot be the key that verifies an asymmetric algorithm.

    Returns:
        A sentence; empty when there is nothing to say.
    """
    if not is_pem(pem):
        return f"{algorithm} is verified with a public key in PEM form, and this is none."
    if " PRIVATE KEY-----" in pem:
        return "this is a private key; who only verifies tokens must not be able to make them."
    key = _public_key(pem)
    return key if isinstance(key, str) else _misfit(key, algorithm)


def public_pem(private_pem: str) -> str:
    """The public key that belongs to a private one, as PEM.

    Args:
        private_pem: A key in which ``private_key_fault`` found no fault.
    """
    key = _private_key(private_pem)
    return "" if isinstance(key, str) else _as_pem(key.public_key())


def is_pair(private_pem: str, pem: str) -> bool:
    """Whether a public key belongs to a private one.

    Args:
        private_pem: The private key.
        pem: The public key, in which ``public_key_fault`` found no fault.
    """
    key = _public_key(pem)
    return not isinstance(key, str) and _as_pem(key) == public_pem(private_pem)


def jwk_members(public_pem: str, algorithm: str) -> dict[str, str]:
    """A public key as the members of a JWK (RFC 7517), without its name and its use.

    Args:
        public_pem: A key in which ``public_key_fault`` found no fault.
        algorithm: What it verifies.
    """
    from jwt import get_algorithm_by_name  # noqa: PLC0415  # asymmetric keys only

    reader = get_algorithm_by_name(algorithm)
    members: dict[str, object] = reader.to_jwk(reader.prepare_key(public_pem), as_dict=True)
    return {name: value for name, value in members.items() if isinstance(value, str)}


def thumbprint(members: Mapping[str, str]) -> str:
    """The name of a public key that follows from its content (RFC 7638, SHA-256).

    Args:
        members: The key as a JWK.
    """
    import base64  # noqa: PLC0415  # asymmetric keys only
    import hashlib  # noqa: PLC0415  # the same
    import json  # noqa: PLC0415  # the same

    required = {name: members[name] for name in _THUMBPRINT_MEMBERS[members["kty"]]}
    text = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def _as_pem(key: PublicKeyTypes) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # asymmetric keys only

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _private_key(pem: str) -> PrivateKeyTypes | str:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # asymmetric keys only
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  # the same

    try:
        return load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        return "the private key is protected by a passphrase; a service starts without anybody there to type it."
    except (ValueError, UnsupportedAlgorithm):
        return "this looks like a private key in PEM form, but cannot be read."


def _public_key(pem: str) -> PublicKeyTypes | str:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # asymmetric keys only
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415  # the same

    try:
        return load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return "this looks like a public key in PEM form, but cannot be read."


def _misfit(key: PublicKeyTypes, algorithm: str) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa  # noqa: PLC0415  # asymmetric keys only

    if algorithm in _CURVES:
        curve, name = _CURVES[algorithm]
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return f"{algorithm} needs a key on the curve {name}, and this is no elliptic-curve key."
        is_right = key.curve.name == curve
        return "" if is_right else f"{algorithm} needs the curve {name}; this key is on {key.curve.name}."
    if algorithm == "EdDSA":
        fits = isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey))
        return "" if fits else "EdDSA needs an Ed25519 or Ed448 key."
    if not isinstance(key, rsa.RSAPublicKey):
        return f"{algorithm} needs an RSA key."
    bits = key.key_size
    return f"the RSA key has {bits} bits; {_LEAST_RSA_BITS} are the least." if bits < _LEAST_RSA_BITS else ""
