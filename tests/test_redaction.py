"""Secrets are found by the name of their key, by their shape and by their exact value, and nothing is changed."""

from __future__ import annotations

import json
import time
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.redaction import MASK, exactly, is_sensitive, redact, redact_text, sensitive_values

SECRET = "Zq8vT0pW4mX7rB2n"
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "text",
    [
        f"could not connect to postgres://shop:{SECRET}@db:5432/shop",
        f"redis://:{SECRET}@cache/0",
        f"postgres://shop:{SECRET}@rest@db/shop",
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Basic {SECRET}",
        f"{{'Authorization': 'Token {SECRET}', 'Host': 'x'}}",
        f"Cookie: sessionid={SECRET}; other={SECRET}",
        f"Set-Cookie: sessionid={SECRET}; Path=/",
        f"GET /login?next=/&token={SECRET}&x=1",
        f"password={SECRET}",
        f'{{"password": "{SECRET}"}}',
        f'{{"password": "quo\\"te{SECRET}"}}',
        f"{{'db_password': '{SECRET}'}}",
        f"{{'password': b'{SECRET}'}}",
        f"tokens=['a', '{SECRET}']",
        f"secrets: ('{SECRET}', 1)",
        f"X-API-Key: {SECRET}",
        f"api_key={SECRET}",
        f"SECRET_KEY = '{SECRET}'",
        f"client_secret: {SECRET}",
        f"csrfmiddlewaretoken={SECRET}",
        f"password='never closed {SECRET}",
        f"passwords=[never closed {SECRET}",
        f"sent Bearer {SECRET}.x again",
        f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
    ],
)
def test_secrets_are_known_by_their_shape(text: str) -> None:
    """In URLs, headers, queries, dumps of mappings, tokens and keys, whatever surrounds them."""
    redacted = redact_text(f"before {text}")
    assert SECRET not in redacted
    assert MASK in redacted
    assert redacted.startswith("before ")


@pytest.mark.parametrize(
    "text",
    [
        "GET /orders/17/?page=2 200",
        "postgres://shop@db:5432/shop",
        "https://example.com:8443/a?mail=a@b.example",
        "Bearer authentication is used",
        "the token is missing",
        "monkey=7 keyboard=qwerty",
        "forgot password?",
        "12:30:05 started",
    ],
)
def test_innocent_text_is_left_alone(text: str) -> None:
    """A redaction that hides everything is as useless as none."""
    assert redact_text(text) == text


def test_known_secrets_are_found_wherever_they_are_quoted() -> None:
    """As they are, in a URL, and in the ``repr`` of a string; long ones inside words, too."""
    odd = "a/b@c'd\"e\\f g?h&i=j"
    pattern = exactly([odd, SECRET, "postgres", "short"])
    for text in (f"<{odd}>", f"x://u:{odd.replace(' ', '%20')}", f"said {odd!r}", f"word{SECRET}word"):
        assert odd not in redact_text(text, pattern)
        assert SECRET not in redact_text(text, pattern)
    assert redact_text("to 'a%2Fb%40c%27d%22e%5Cf%20g%3Fh%26i%3Dj'", pattern) == f"to '{MASK}'"
    assert redact_text("postgres, postgresql and short", pattern) == f"{MASK}, postgresql and short"


def test_nothing_is_looked_for_when_nothing_is_known() -> None:
    """Short values are not worth it: they stand in other words."""
    assert exactly(["", "abc"]) is None


def test_secrets_are_collected_from_settings() -> None:
    """By what a setting is called as a whole, not by what it mentions; passwords of URLs from anywhere."""
    settings = {
        "SECRET_KEY": "key-1",
        "SECRET_KEY_FALLBACKS": ["key-2", "key-3"],
        "DATABASES": {"default": {"NAME": "shop", "PASSWORD": "password-1", "PORT": 5432}},
        "CACHES": {"default": {"LOCATION": ["redis://:password-2@cache/0"]}},
        "SIMPLE_JWT": {"SIGNING_KEY": "key-4", "AUTH_HEADER_TYPES": ("Bearer",), "TOKEN_TYPE_CLAIM": "typ"},
        "CSRF_COOKIE_NAME": "csrftoken",
        "SESSION_COOKIE_NAME": "sessionid",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
        7: "seven",
    }
    assert sorted(sensitive_values(settings)) == [
        "key-1", "key-2", "key-3", "key-4", "password-1", "password-2",
    ]  # fmt: skip


def test_names_beside_keys_of_tokens_are_shown() -> None:
    """A service whose tokens are accepted has a name, and so has a key: messages may hold both."""
    ring = {
        "active": "autumn-2026",
        "previous": {"summer-2026": "key-1"},
        "revoked": ["spring-2026"],
        "next": {"key": "key-2", "kid": "winter-2026", "from": None},
        "type": "at+jwt-of-ours",
        "accepts": ["products"],
    }
    assert sorted(sensitive_values({"JWT_KEYS": ring})) == ["key-1", "key-2"]
    assert list(sensitive_values({"JWT_KEYS": {"active": None}})) == []


@pytest.mark.parametrize("key", ["password", "DB_PASSWORD", "refreshToken", "X-API-Key", "Set-Cookie", "client-secret"])
def test_keys_say_that_their_value_is_secret(key: str) -> None:
    """Whatever the value looks like, and however deep it lies."""
    assert is_sensitive(key)
    assert redact({"user": {key: ["anything", 1]}}) == {"user": {key: MASK}}


@pytest.mark.parametrize("key", ["user", "page", "monkey", 7, None])
def test_other_keys_say_nothing(key: object) -> None:
    """Also when they are not text."""
    assert not is_sensitive(key)


def test_objects_become_text_and_never_break_a_line() -> None:
    """Their text is redacted; one that cannot be shown is named."""

    class Stubborn:
        def __str__(self) -> str:
            raise RuntimeError(SECRET)

    class Open:
        def __str__(self) -> str:
            return f"Open(password={SECRET})"

    assert redact(Stubborn()) == "<Stubborn that cannot be shown: RuntimeError>"
    assert redact([Open(), f"password={SECRET}".encode()]) == [f"Open(password={MASK})", f"password={MASK}"]


def test_nesting_ends_somewhere() -> None:
    """A structure that holds itself is written once round and no further."""
    loop: dict[str, object] = {"password": SECRET}
    loop["self"] = loop
    text = json.dumps(redact(loop))
    assert SECRET not in text
    assert text.count("self") == 8
    assert list(sensitive_values(loop)) == [SECRET] * 8


@given(PLAIN)
def test_anything_becomes_json_and_stays_what_it_was(value: object) -> None:
    """The copy is plain JSON data, whatever is logged, and the original is untouched."""
    before = deepcopy(value)
    json.dumps(redact(value), allow_nan=False)
    assert repr(value) == repr(before)


@given(st.text(alphabet=st.characters(exclude_characters="\0"), min_size=8).filter(str.strip))
def test_every_exact_secret_disappears(secret: str) -> None:
    """Between quotes, where nothing else gives it away."""
    assert f"<<{secret}>>" not in redact_text(f"<<{secret}>>", exactly([secret]))


@pytest.mark.parametrize(
    "unit", ["token=[", 'token="', 'token= "\\', "eyJaaaaaaaa-", "://a:", "Bearer ", "-----BEGIN PRIVATE KEY-----"]
)
def test_a_long_line_costs_linear_time(unit: str) -> None:
    """Nobody can stop a service by what it logs: eight times the text costs no sixty-four times the time."""

    def cost(size: int) -> float:
        text = unit * (size // len(unit))
        started = time.process_time()
        redact_text(text)
        return time.process_time() - started

    short, long = (min(cost(size) for _ in range(3)) for size in (25_000, 200_000))
    assert long < max(short, 0.001) * 8 * 4
