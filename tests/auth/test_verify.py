"""Tokens of users: everything that they have to be, one by one."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from dj_core_utils.auth.errors import CredentialError, ExpiredError
from dj_core_utils.auth.keys import KeyRing, TokenKey, token_key
from dj_core_utils.auth.verify import Verifier
from tests.settings.key_pairs import key_pair

SECRET = "Kq8Zr-w1Vt5uP0xLm2Nc7Bd4Fg6Hj9Ks3Qa_Ye-Rt7Uo"
RING = KeyRing(token_key(key_pair("P-256")[0], "ES256", kid="2026-11"), [token_key(key_pair("P-256", 2)[0], "ES256")])
VERIFIER = Verifier(keys=RING, issuer="users", audience=("orders",))


def signing(ring: KeyRing = RING) -> TokenKey:
    """The key that signs."""
    assert ring.active is not None
    return ring.active


def token(key: TokenKey | None = None, headers: dict[str, Any] | None = None, **claims: Any) -> str:  # attacks
    """A good token, or one that is wrong in one place; a claim of None is left out."""
    used = key or signing()
    now = int(time.time())
    good = {"iss": "users", "aud": ["users", "orders"], "sub": "7", "jti": "1", "iat": now, "exp": now + 300}
    given = {**good, "token_type": "access", **claims}
    body = {name: value for name, value in given.items() if value is not None}
    named = {"kid": used.kid, "typ": "at+jwt", **(headers or {})}
    return jwt.encode(body, used.signing, algorithm=used.algorithm, headers=named)


def test_a_good_token_is_accepted() -> None:
    """Its claims are what the signer has written; the media type may have its prefix, and any case."""
    assert VERIFIER.verify(token())["sub"] == "7"
    assert VERIFIER.verify(token().encode())["sub"] == "7"
    assert VERIFIER.verify(token(headers={"typ": "application/AT+JWT"}))["sub"] == "7"


def test_every_key_of_the_ring_is_accepted() -> None:
    """While keys are replaced, both sign; two keys of one name are told apart by trying."""
    assert VERIFIER.verify(token(RING.keys[1]))["sub"] == "7"
    first, second = (token_key(key_pair("P-256", number)[0], "ES256", kid="same") for number in (1, 2))
    both = Verifier(keys=KeyRing(first, [second]), issuer="users", audience=("orders",))
    assert [both.verify(token(key))["sub"] for key in (first, second)] == ["7", "7"]


NOW = int(time.time())
WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "refresh token": ("type", {"headers": {"typ": "rt+jwt"}}),
    "refresh token under another header": ("type", {"token_type": "refresh"}),
    "token of a service": ("type", {"headers": {"typ": "svc+jwt"}}),
    "any JWT": ("type", {"headers": {"typ": "JWT"}}),
    "no type": ("type", {"token_type": None}),
    "for another": ("audience", {"aud": "products"}),
    "for nobody": ("claims", {"aud": None}),
    "for an empty list": ("claims", {"aud": []}),
    "of another": ("issuer", {"iss": "somebody"}),
    "of nobody": ("claims", {"iss": None}),
    "without a user": ("claims", {"sub": None}),
    "with a number as user": ("malformed", {"sub": 7}),
    "with an empty user": ("claims", {"sub": ""}),
    "without identity": ("claims", {"jti": None}),
    "with an empty identity": ("claims", {"jti": ""}),
    "without end": ("claims", {"exp": None}),
    "without beginning": ("claims", {"iat": None}),
    "with a text as end": ("claims", {"exp": str(NOW + 3600)}),
    "with a truth as beginning": ("claims", {"iat": True}),
    "for a year": ("lifetime", {"exp": NOW + 365 * 86_400}),
    "to the end of time": ("lifetime", {"exp": 10**300}),
    "of tomorrow": ("early", {"iat": NOW + 86_400, "exp": NOW + 86_500}),
    "not before tomorrow": ("early", {"nbf": NOW + 86_400}),
    "too large": ("size", {"more": "x" * 9000}),
    "with a key inside": ("header", {"headers": {"jwk": signing().jwk}}),
    "with the address of a key": ("header", {"headers": {"jku": "https://evil.example/jwks.json"}}),
    "with a certificate": ("header", {"headers": {"x5u": "https://evil.example/cert"}}),
    "with an extension": ("header", {"headers": {"crit": ["exp"]}}),
    "of a key that nobody knows": ("key", {"headers": {"kid": "2020-01"}}),
    "without the name of a key": ("key", {"headers": {"kid": ""}}),
    "under the name of another key": ("signature", {"headers": {"kid": RING.keys[1].kid}}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_that_is_wrong_in_one_place(name: str) -> None:
    """Each thing that a token has to be is asked for."""
    code, given = WRONG[name]
    with pytest.raises(CredentialError) as caught:
        VERIFIER.verify(token(**given))
    assert caught.value.code == code


def test_clocks_may_differ_a_little() -> None:
    """Thirty seconds are forgiven, more are not."""
    now = int(time.time())
    assert VERIFIER.verify(token(iat=now - 300, exp=now - 20))
    assert VERIFIER.verify(token(iat=now + 20, exp=now + 300))
    with pytest.raises(ExpiredError):
        VERIFIER.verify(token(iat=now - 300, exp=now - 40))


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_the_token_does_not_choose_its_algorithm(algorithm: str) -> None:
    """Neither unsigned nor signed with the public key as a secret, under the name of a key that is known."""
    import base64  # noqa: PLC0415  # only here
    import hashlib  # noqa: PLC0415  # the same
    import hmac  # noqa: PLC0415  # the same
    import json  # noqa: PLC0415  # the same

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = jwt.decode(token(), options={"verify_signature": False})
    body = f"{part({'alg': algorithm, 'kid': signing().kid, 'typ': 'at+jwt'})}.{part(claims)}"
    made = hmac.new(signing().public.encode(), body.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(made).rstrip(b"=").decode() if algorithm == "HS256" else ""
    with pytest.raises(CredentialError) as caught:
        VERIFIER.verify(f"{body}.{signature}")
    assert caught.value.code == "algorithm"


def test_a_secret_verifies_too() -> None:
    """Inside one service the same rules hold for a shared secret."""
    ring = KeyRing(token_key(SECRET, "HS256"))
    verifier = Verifier(keys=ring, issuer="users", audience=("orders",))
    assert verifier.verify(token(signing(ring)))["sub"] == "7"
    with pytest.raises(CredentialError, match="signature"):
        verifier.verify(token(signing(ring))[:-4] + "AAAA")


def test_an_error_holds_nothing_of_the_token() -> None:
    """Neither the message nor what stands behind the error quotes what was shown."""
    shown = token(aud="products")
    with pytest.raises(CredentialError) as caught:
        VERIFIER.verify(shown)
    error: BaseException | None = caught.value
    while error is not None:
        assert "products" not in str(error)
        error = error.__cause__ or error.__context__
