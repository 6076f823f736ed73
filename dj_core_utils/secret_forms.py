"""What is secret by its name, and what by the form of its text: one answer for settings, commands and logs.

Standard library alone, and cheap to import: every start of a project does.
"""

from __future__ import annotations

import re
from functools import cache

_SECRET_ENDINGS = (
    *("password", "passphrase", "secret", "token"),
    *("apikey", "api_key", "access_key", "private_key", "signing_key", "secret_key", "encryption_key"),
)
# Keys that are given to everybody, and those that find something instead of opening it.
_PUBLIC = """
    public pub publishable verifying verification verify site anon primary foreign natural unique partition sort group
    order lookup index hash routing message object row cache idempotency translation shortcut
"""
_PUBLIC_ENDINGS = tuple(f"_{word}_key" for word in _PUBLIC.split())
# Prefixes that services give to their keys so that they are found where they should not be, and what follows them.
_FORMS = {
    "sk_live_": r"\w{8,}",  # Stripe
    "sk_test_": r"\w{8,}",
    "rk_live_": r"\w{8,}",
    "rk_test_": r"\w{8,}",
    "whsec_": r"[\w+/=-]{8,}",
    "ghp_": r"\w{20,}",  # GitHub
    "gho_": r"\w{20,}",
    "ghs_": r"\w{20,}",
    "ghu_": r"\w{20,}",
    "github_pat_": r"\w{20,}",
    "glpat-": r"[\w-]{16,}",  # GitLab
    "xox": r"[a-z]-[\w-]{10,}",  # Slack
    "sk-": r"[\w-]{20,}",  # OpenAI, Anthropic
    "AIza": r"[\w-]{30,}",  # Google
    "GOCSPX-": r"[\w-]{20,}",
    "SG.": r"[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    "npm_": r"\w{20,}",
    "pypi-": r"[\w-]{20,}",
    "hf_": r"\w{20,}",
    "dop_v1_": r"\w{20,}",  # DigitalOcean
    "shpat_": r"\w{20,}",  # Shopify
    "django-insecure-": r"\S{20,}",
}
_SHORTEST = len("whsec_") + 8  # characters of the shortest text that has one of these forms
_PRIVATE_KEY = r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)"


def is_secret_name(name: str) -> bool:
    """Whether something of this name is a secret, also when it is kept as plain text: ``stripe_key``.

    Args:
        name: A setting, a variable, a field. ``STRIPE_PUBLIC_KEY``, ``primary_key`` and ``AWS_ACCESS_KEY_ID`` are none.
    """
    lower = name.lower()
    is_key = lower == "key" or lower.endswith("_key")
    return (is_key or lower.removesuffix("s").endswith(_SECRET_ENDINGS)) and not is_public_name(lower)


def is_public_name(name: str) -> bool:
    """Whether something is called a key and opens nothing: ``STRIPE_PUBLIC_KEY``, ``primary_key``.

    Args:
        name: A setting, a variable, a field.
    """
    return f"_{name.lower().removesuffix('s')}".endswith(_PUBLIC_ENDINGS)


def has_known_form(text: str) -> bool:
    """Whether a text holds a key of a well-known service, or a private key.

    Args:
        text: Any text.
    """
    return without_known_forms(text, "") != text


def without_known_forms(text: str, mask: str) -> str:
    """A text without keys of well-known services and private keys.

    Args:
        text: Any text.
        mask: What stands in their places.
    """
    if len(text) < _SHORTEST:  # as most settings are
        return text
    if "PRIVATE KEY-----" in text:
        text = re.sub(_PRIVATE_KEY, mask, text)
    # Looking for a dozen short texts costs less than the search, which hardly any text needs.
    return _known_form().sub(mask, text) if any(prefix in text for prefix in _FORMS) else text


@cache
def _known_form() -> re.Pattern[str]:
    forms = "|".join(f"{re.escape(prefix)}{rest}" for prefix, rest in _FORMS.items())
    return re.compile(rf"(?<![\w-])(?:{forms})")
