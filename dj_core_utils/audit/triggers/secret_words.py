"""The words by which ``dj_core_utils.redaction`` knows the name of a secret, one by one, as a database needs them."""

from __future__ import annotations

SECRET_WORDS = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "credential",
    "authorization",
    "cookie",
    *(f"session{between}{word}" for between in ("", "_") for word in ("id", "key")),
    *(
        f"{word}{between}key"
        for word in ("api", "access", "private", "signing", "encryption", "service", "account")
        for between in ("", "_", "-")
    ),
)
