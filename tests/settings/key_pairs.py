"""Key pairs made for the tests, so that no private key stands in the repository."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

MAKERS: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "RSA": lambda: rsa.generate_private_key(65_537, 2048),
    "short RSA": lambda: rsa.generate_private_key(65_537, 1024),  # noqa: S505  # to be refused
}


@cache
def key_pair(kind: str, number: int = 1) -> tuple[str, str]:
    """A private and a public key as PEM, the same ones for each test of a run.

    Args:
        kind: One of ``MAKERS``.
        number: Which pair of that kind.
    """
    del number  # it only tells pairs of one kind apart
    key = MAKERS[kind]()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def encrypted_private_key() -> str:
    """A private key behind a passphrase."""
    encryption = serialization.BestAvailableEncryption(b"a passphrase")
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        .decode()
    )
