"""Names and forms of secrets: what is hidden without anybody's help, and what is not."""

from __future__ import annotations

import pytest

from dj_core_utils.redaction import redact_text, sensitive_values
from dj_core_utils.secret_forms import has_known_form, is_public_name, is_secret_name, without_known_forms

# Put together here, so that no scanner of repositories takes them for real ones.
FORMS = (
    "sk_live_" + "notarealkey0000",
    "rk_test_" + "notarealkey0000",
    "whsec_" + "notareal/key+00=",
    "whsec_" + "notareal",
    "ghp_" + "notarealkeynotarealkey00",
    "github_pat_" + "notarealkey_notarealkey00",
    "glpat-" + "notarealkey-notareal",
    "xoxb-" + "notarealkey-00",
    "sk-" + "proj-notarealkeynotarealkey",
    "AIza" + "notarealkeynotarealkeynotarealkey",
    "SG." + "notarealkeynotareal.notarealkeynotareal",
    "django-insecure-" + "#notarealkey&notarealkey",
    "-----BEGIN " + "PRIVATE KEY-----\nnotareal\n-----END PRIVATE KEY-----",
    "-----BEGIN EC " + "PRIVATE KEY-----\nnotareal, and cut off",
)


@pytest.mark.parametrize(
    "name",
    ["STRIPE_KEY", "stripe_api_key", "key", "DB_PASSWORD", "apikey", "API_KEYS", "tokens", "FERNET_KEY", "MY_SECRETS"],
)
def test_names_of_secrets(name: str) -> None:
    """In any case, also in the plural where that is beyond doubt."""
    assert is_secret_name(name)
    assert not is_public_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "STRIPE_PUBLIC_KEY",
        "STRIPE_PUBLISHABLE_KEY",
        "JWT_VERIFYING_KEY",
        "RECAPTCHA_SITE_KEY",
        "primary_key",
        "PUBLIC_KEYS",
        "CACHE_KEY_PREFIX",
        "AWS_ACCESS_KEY_ID",
        "JWT_KEY_ID",
        "HEADER_KEYS",
        "MONKEY",
        "JWT_ACCESS_TOKEN_LIFETIME",
        "PAGE_SIZE",
    ],
)
def test_names_of_what_is_no_secret(name: str) -> None:
    """Public keys, keys of tables, prefixes and numbers of keys."""
    assert not is_secret_name(name)


@pytest.mark.parametrize("text", FORMS, ids=lambda text: text[:12])
def test_keys_of_known_services_are_found_in_any_text(text: str) -> None:
    """As a whole and in the middle of a line, also in log lines."""
    assert has_known_form(text)
    assert without_known_forms(f"key {text}", "***") == "key ***"
    assert redact_text(f"called with {text}") == "called with ***"


@pytest.mark.parametrize("text", ["", "task-force-of-the-twenty-first", "disk_live_partition", "pk_live_" + "0" * 20])
def test_words_that_only_look_alike_stay(text: str) -> None:
    """A prefix inside of a word is none, and what is public is public."""
    assert not has_known_form(text)
    assert without_known_forms(text, "***") == text


def test_public_keys_are_no_secrets_of_the_settings() -> None:
    """Log lines keep what everybody may know."""
    settings = {"STRIPE_KEY": "opens-the-till", "STRIPE_PUBLIC_KEY": "stands-on-the-page"}
    assert list(sensitive_values(settings)) == ["opens-the-till"]
