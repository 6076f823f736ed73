"""Keys of tokens: what is taken for one, how it is called, and the rings that they stand in."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from dj_core_utils.auth.errors import CredentialError, ExpiredError, KeyFaultError
from dj_core_utils.auth.keys import KeyRing, Succession, token_key
from dj_core_utils.auth.service_tokens import ServiceVerifier, sign
from dj_core_utils.auth.verify import read_header
from tests.settings.key_pairs import encrypted_private_key, key_pair

SECRET = "Kq8Zr-w1Vt5uP0xLm2Nc7Bd4Fg6Hj9Ks3Qa_Ye-Rt7Uo-and-long-enough-for-HS512"
KINDS = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "EdDSA": "Ed25519", "RS256": "RSA", "PS512": "RSA"}


@pytest.mark.parametrize("algorithm", [*KINDS, "HS256", "HS512"])
def test_a_key_signs_what_it_verifies(algorithm: str) -> None:
    """For each algorithm a key signs, and what it has signed is verified with its public part."""
    private, public = key_pair(KINDS[algorithm]) if algorithm in KINDS else (SECRET, SECRET)
    key, other = token_key(private, algorithm), token_key(public, algorithm)
    assert key.kid == other.kid
    token = jwt.encode({"sub": "7"}, key.signing, algorithm=algorithm)
    assert jwt.decode(token, other.verifying, algorithms=[algorithm]) == {"sub": "7"}


def test_a_key_is_called_as_one_likes_or_by_its_content() -> None:
    """A name is given or follows from the key, and says nothing about a secret."""
    assert token_key(SECRET, "HS256", kid="2026-11").kid == "2026-11"
    assert token_key(SECRET, "HS256").kid not in SECRET
    assert token_key(SECRET, "HS256").kid != token_key(f"{SECRET}2", "HS256").kid
    assert (
        token_key(key_pair("P-256")[1].replace("\n", "\\n"), "ES256").kid
        == token_key(key_pair("P-256")[0], "ES256").kid
    )


def test_no_key_shows_itself() -> None:
    """``repr`` names the key and does not hold it."""
    private, public = key_pair("P-256")
    shown = repr(token_key(SECRET, "HS256")) + repr(token_key(private, "ES256"))
    assert SECRET not in shown
    assert private.splitlines()[1] not in shown
    assert public.splitlines()[1] in shown


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        ("", "HS256"),
        ("short", "HS256"),
        (SECRET[:40], "HS512"),
        (key_pair("P-256")[1], "HS256"),
        (SECRET, "none"),
        (SECRET, "None"),
        (SECRET, "ES256"),
        ("", "ES256"),
        (key_pair("P-384")[0], "ES256"),
        (key_pair("P-256")[1], "RS256"),
        (key_pair("short RSA")[1], "RS256"),
        (encrypted_private_key(), "ES256"),
    ],
)
def test_what_is_no_key_is_refused(text: str, algorithm: str) -> None:
    """A key that is empty, short, or of another algorithm is an error, which does not quote it."""
    with pytest.raises(KeyFaultError) as caught:
        token_key(text, algorithm)
    assert not text or text not in str(caught.value)


def test_kinds_of_keys_do_not_mix() -> None:
    """A ring with secrets and public keys would let a public key be taken for a secret."""
    with pytest.raises(KeyFaultError, match="one ring"):
        KeyRing(token_key(SECRET, "HS256"), [token_key(key_pair("P-256")[1], "ES256")])


def test_a_ring_finds_keys_by_name() -> None:
    """The active key and the others are found, two of one name both; an unknown name finds none."""
    first, second = (token_key(key_pair("P-256", number)[0], "ES256", kid="same") for number in (1, 2))
    other = token_key(key_pair("P-256", 3)[1], "ES256")
    ring = KeyRing(first, [second, other, first])
    assert ring.named("same") == (first, second)
    assert ring.named(other.kid) == (other,)
    assert ring.named("") == ()


def test_a_revoked_key_is_gone_at_once() -> None:
    """A name on the list is refused wherever the key stands; the key that signs cannot be."""
    active, other = (token_key(key_pair("P-256", number)[0], "ES256") for number in (1, 2))
    assert KeyRing(active, [other], revoked=[other.kid]).named(other.kid) == ()
    with pytest.raises(KeyFaultError, match="revoked"):
        KeyRing(active, revoked=[active.kid])


def test_a_key_set_holds_public_keys_alone() -> None:
    """What is published has names, uses and algorithms, nothing private, and of secrets nothing at all."""
    key = token_key(key_pair("P-256")[0], "ES256")
    assert KeyRing(key).jwks() == {"keys": [key.jwk]}
    assert {*key.jwk} == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert KeyRing(token_key(SECRET, "HS256")).jwks() == {"keys": []}
    with pytest.raises(KeyFaultError, match="no public part"):
        _ = token_key(SECRET, "HS256").jwk


def test_a_public_key_signs_no_call() -> None:
    """Who has the public key of a service cannot call in its name."""
    with pytest.raises(KeyFaultError, match="public one"):
        sign(token_key(key_pair("P-256")[1], "ES256"), caller="a", callee="b", method="GET", path="/")


def test_callers_have_public_keys_of_their_own() -> None:
    """A private key of a caller does not belong here, and two callers do not share a key."""
    private, public = key_pair("P-256")
    with pytest.raises(KeyFaultError, match="private key"):
        ServiceVerifier("users", {"orders": [private]})
    with pytest.raises(KeyFaultError, match="same key"):
        ServiceVerifier("users", {"orders": [public], "products": [public]})
    ServiceVerifier("users", {"orders": [public, public]})


@pytest.mark.parametrize("error", [CredentialError("replayed"), ExpiredError()])
def test_errors_survive_pickling(error: CredentialError) -> None:
    """A worker can hand them on."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # made above
    assert (type(again), again.code) == (type(error), error.code)


@pytest.mark.parametrize(
    "token", ["", ".", "e30", "bnVsbA.e30.", "W10.e30.", "eyJraWQiOjd9.e30.", "\xe4.e30.", "!.a.b", b"\xff.a.b"]
)
def test_what_has_no_header_is_no_token(token: str | bytes) -> None:
    """Garbage is refused as such; an object without names has neither key nor kind."""
    if token == "e30":
        assert (read_header(token).kid, read_header(token).typ) == ("", "")
        return
    with pytest.raises(CredentialError, match="malformed"):
        read_header(token)


def test_a_deep_header_is_refused() -> None:
    """Thousands of brackets are garbage, not a crash."""
    import base64  # noqa: PLC0415  # only here

    segment = base64.urlsafe_b64encode(b"[" * 5000).decode()
    with pytest.raises(CredentialError, match="malformed"):
        read_header(f"{segment}.e30.")


@pytest.mark.parametrize(
    ("minutes", "state", "signer", "published"),
    [(-1, "published", 1, [1, 2]), (0, "promoted", 2, [1, 2]), (9, "promoted", 2, [1, 2]), (11, "retired", 2, [2])],
)
def test_a_key_takes_over_at_its_moment(minutes: int, state: str, signer: int, published: list[int]) -> None:
    """Published first, then signing, and the one before leaves the list when its last token has ended."""
    keys = {number: token_key(key_pair("P-256", number)[0], "ES256") for number in (1, 2)}
    promoted = datetime.now(UTC) - timedelta(minutes=minutes)
    succession = Succession(key=keys[2], promoted=promoted, retired=promoted + timedelta(minutes=10))
    ring = KeyRing(keys[1], succession=succession)
    assert succession.state(datetime.now(UTC)) == state
    assert ring.signing is keys[signer]
    assert ring.jwks() == {"keys": [keys[number].jwk for number in published]}
    assert all(ring.named(key.kid) == (key,) for key in keys.values())
    with pytest.raises(KeyFaultError, match="signs tokens next"):
        KeyRing(keys[1], succession=succession, revoked=[keys[2].kid])
