"""Keys fit their algorithm, or the reason is given without a word of the key."""

from __future__ import annotations

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.settings.jwt_keys import (
    derived_key,
    is_pair,
    is_pem,
    is_symmetric,
    private_key_fault,
    public_key_fault,
    public_pem,
    symmetric_key_fault,
    with_line_breaks,
)
from tests.settings.key_pairs import encrypted_private_key, key_pair

FITTING = [
    ("ES256", "P-256"),
    ("ES384", "P-384"),
    ("ES512", "P-521"),
    ("EdDSA", "Ed25519"),
    ("EdDSA", "Ed448"),
    ("RS256", "RSA"),
    ("PS512", "RSA"),
]
MISFITS = [
    ("ES256", "P-384", "needs the curve P-256; this key is on secp384r1"),
    ("ES256", "RSA", "no elliptic-curve key"),
    ("ES512", "Ed25519", "no elliptic-curve key"),
    ("EdDSA", "P-256", "needs an Ed25519 or Ed448 key"),
    ("RS256", "P-256", "needs an RSA key"),
    ("RS256", "short RSA", "has 1024 bits; 2048 are the least"),
]


@pytest.mark.parametrize(("algorithm", "kind"), FITTING)
def test_fitting_pair_signs_and_verifies(algorithm: str, kind: str) -> None:
    """What is accepted works in PyJWT, with the public key that follows from the private one."""
    private, public = key_pair(kind)
    assert private_key_fault(private, algorithm) == ""
    assert public_key_fault(public, algorithm) == ""
    assert public_pem(private) == public
    token = jwt.encode({"sub": "7"}, private, algorithm=algorithm)
    assert jwt.decode(token, public_pem(private), algorithms=[algorithm]) == {"sub": "7"}


@pytest.mark.parametrize(("algorithm", "kind", "reason"), MISFITS)
def test_misfit_is_explained(algorithm: str, kind: str, reason: str) -> None:
    """A key of another kind, curve or length is refused on either side."""
    private, public = key_pair(kind)
    assert reason in private_key_fault(private, algorithm)
    assert reason in public_key_fault(public, algorithm)


def test_halves_are_not_mixed_up() -> None:
    """A public key does not sign, and a private one does not lie around where tokens are only verified."""
    private, public = key_pair("P-256")
    assert "this is a public key" in private_key_fault(public, "ES256")
    assert "this is a private key" in public_key_fault(private, "ES256")


def test_text_that_is_no_key_is_refused() -> None:
    """A shared secret, a damaged key and one behind a passphrase are told apart."""
    private, public = key_pair("P-256")
    assert "this is none" in private_key_fault("some shared secret", "ES256")
    assert "this is none" in public_key_fault("some shared secret", "ES256")
    assert "cannot be read" in private_key_fault(private.replace("M", "N"), "ES256")
    assert "cannot be read" in public_key_fault(public.replace("M", "N"), "ES256")
    assert "passphrase" in private_key_fault(encrypted_private_key(), "ES256")


def test_halves_of_one_pair_belong_together() -> None:
    """Only the public key of a private one is its own."""
    private, public = key_pair("P-256")
    assert is_pair(private, public)
    assert is_pair(private, public.strip())
    assert not is_pair(private, key_pair("P-256", 2)[1])


def test_no_public_key_follows_from_a_broken_one() -> None:
    """What cannot be read has no public half, and matches none."""
    assert public_pem("-----BEGIN PRIVATE KEY-----") == ""
    assert not is_pair(key_pair("P-256")[0], "-----BEGIN PUBLIC KEY-----")


def test_line_breaks_written_as_text_are_read() -> None:
    r"""A PEM in a variable of one line, with \n in it, is the same key; other secrets keep their backslashes."""
    private, _ = key_pair("P-256")
    assert with_line_breaks(private.replace("\n", "\\n")) == private
    assert with_line_breaks("a\\nb") == "a\\nb"


@pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_shared_secret_is_as_long_as_the_hash(algorithm: str, least: int) -> None:
    """RFC 7518 asks for as many bytes as the hash has; bytes count, not characters."""
    assert symmetric_key_fault("k" * least, algorithm) == ""
    assert symmetric_key_fault("é" * (least // 2), algorithm) == ""
    assert symmetric_key_fault("k" * (least - 1), algorithm) == (
        f"the key has {least - 1} bytes; {algorithm} needs {least}."
    )
    assert "this is a PEM" in symmetric_key_fault(key_pair("P-256")[0], algorithm)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_derived_key_is_long_stable_and_another_one(secret_key: str) -> None:
    """The key that follows from the secret key is long enough for every algorithm and never the secret key itself."""
    key = derived_key(secret_key)
    assert key == derived_key(secret_key)
    assert key != secret_key
    assert key != derived_key(f"{secret_key}x")
    assert all(symmetric_key_fault(key, algorithm) == "" for algorithm in ("HS256", "HS384", "HS512"))


def test_kinds_are_told_by_their_names() -> None:
    """HS algorithms are symmetric, and a PEM is known by its first line."""
    assert is_symmetric("HS512")
    assert not is_symmetric("ES256")
    assert is_pem("\n-----BEGIN PUBLIC KEY-----")
    assert not is_pem("BEGIN")
