"""Placeholders, weak keys and stray quotes are recognised, and random keys are never accused."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING

import pytest
from django.core.management.utils import get_random_secret_key
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.settings.secret_strength import (
    INSECURE_PREFIX,
    django_key_weakness,
    entropy_bits,
    is_default_password,
    is_placeholder,
    is_predictable,
    stray_edges,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

PLACEHOLDERS = [
    "your_unique_and_complex_secret_key",
    "tu_clave_generada",
    "tu_clave_super_secreta",
    "clave_usuarios",
    "clave_productos",
    "clave_servicios_internos",
    "internal_service_secret_key",
    "changeme",
    "Change-Me!",
    "CHANGE_THIS_IN_PRODUCTION_OR_ELSE_1234567890",
    "change-me-to-50-random-characters",
    "replace with a long random string",
    "my-super-secret-key",
    "supersecretsupersecretsupersecretsupersecretsupersecret1",
    "secret",
    "test-key-123",
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "<generate one>",
    "${DJANGO_SECRET_KEY}",
    "{{ secret_key }}",
    "$(openssl rand -hex 32)",
    "%(SECRET)s",
    "[insert key here]",
    "xxxxxxxxxxxxxxxx",
    "**************",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "development-only-insecure-key-that-everybody-knows-do-not-serve",
    "test-only-insecure-key-that-everybody-knows-do-not-serve-with-it",
    "build-only-insecure-key-that-never-signs-anything-anybody-gets-to-see",
]
NOT_PLACEHOLDERS = [
    "",
    "correct horse battery staple",
    "$argon2id$v=19$abc",
    "-----BEGIN PRIVATE KEY-----\nchangeme\n-----END PRIVATE KEY-----",
    f"{INSECURE_PREFIX}changeme",
    "12",
]


@pytest.mark.parametrize("secret", PLACEHOLDERS)
def test_placeholder_is_recognised(secret: str) -> None:
    """What tutorials and templates print where a secret belongs is not taken for one."""
    assert is_placeholder(secret)


@pytest.mark.parametrize("secret", NOT_PLACEHOLDERS)
def test_other_text_is_no_placeholder(secret: str) -> None:
    """A passphrase, a key file, or a key with another fault is not called a placeholder."""
    assert not is_placeholder(secret)


@given(
    st.sampled_from(["changeme", "changethis", "replaceme", "your-secret", "supersecret", "placeholder"]),
    st.text(string.digits + string.punctuation + " ", max_size=30),
    st.booleans(),
)
def test_placeholder_is_recognised_in_any_dress(phrase: str, ending: str, is_upper: bool) -> None:  # noqa: FBT001  # from hypothesis
    """Capitals, digits and punctuation behind it do not make a secret of a placeholder."""
    assert is_placeholder(f"{phrase.upper() if is_upper else phrase}{ending}".strip() or phrase)


@given(st.randoms(use_true_random=True), st.integers(24, 100))
def test_random_key_is_never_accused(random: Random, length: int) -> None:
    """No key drawn at random is called a placeholder, a default or predictable."""
    alphabet = string.ascii_letters + string.digits + "!@#$%^&*(-_=+)"
    key = "".join(random.choice(alphabet) for _ in range(length))
    assert not is_placeholder(key)
    assert not is_default_password(key)
    assert not is_predictable(key)
    assert length < 50 or django_key_weakness(key) == ""


@pytest.mark.parametrize(
    "make",
    [
        get_random_secret_key,
        lambda: secrets.token_urlsafe(64),
        lambda: secrets.token_hex(32),
        lambda: secrets.token_urlsafe(38),
    ],
)
def test_generated_keys_are_strong(make: Callable[[], str]) -> None:
    """The commands that the hints name make keys that pass."""
    keys = [make() for _ in range(200)]
    assert [key for key in keys if django_key_weakness(key) or is_placeholder(key)] == []


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (INSECURE_PREFIX + "k" * 50, "begins with"),
        ("abcdefgh1234", "has 12 characters; 50 are the least."),
        ("abab" * 20, "has 2 different characters; 5 are the least."),
        ("0123456789" * 5, "follows a pattern"),
        ("k8#dQ" * 12, "follows a pattern"),
        ("a" * 60 + "bcdef", "follows a pattern"),
    ],
)
def test_weak_django_key_is_named(key: str, reason: str) -> None:
    """A key that Django's own check, or a look at its pattern, finds weak is refused with the reason."""
    assert reason in django_key_weakness(key)


@pytest.mark.parametrize("password", ["postgres", "Postgres", "admin", "password123", "root", "guest!"])
def test_default_password_is_recognised(password: str) -> None:
    """Passwords that software is delivered with are known."""
    assert is_default_password(password)


def test_key_file_is_not_called_predictable() -> None:
    """A long text, such as a key file, is left to its own reader, and judging it takes no time."""
    assert not is_predictable("ab" * 600)


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        ('"quoted"', "is in quotes"),
        ("'quoted'", "is in quotes"),
        ("`quoted`", "is in quotes"),
        (" blank", "begins or ends"),
        ("line\n", "begins or ends"),
        ('"', ""),
        ("it's", ""),
        ("plain", ""),
        ("", ""),
        ("-----BEGIN PUBLIC KEY-----\n", ""),
    ],
)
def test_what_surrounds_a_secret_is_seen(secret: str, what: str) -> None:
    """Quotes and blank space around a secret are noticed, and only there."""
    assert what in stray_edges(secret)
    assert bool(what) == bool(stray_edges(secret))


@given(st.text(max_size=200))
def test_entropy_is_between_its_bounds(secret: str) -> None:
    """Entropy is never negative and never more than a random text of that length could have."""
    assert 0 <= entropy_bits(secret) <= len(secret) * max(1, len(set(secret))).bit_length()


@given(st.text(min_size=8, max_size=80))
def test_verdicts_never_quote_the_secret(secret: str) -> None:
    """No reason holds a part of the secret worth having."""
    if secret not in INSECURE_PREFIX:
        texts = django_key_weakness(secret) + stray_edges(secret)
        assert secret not in texts or secret.strip() == ""
