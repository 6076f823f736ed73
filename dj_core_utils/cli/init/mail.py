"""Mail before and after Django 6.1: ``EMAIL_*`` became ``MAILERS``, and a project has one or the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.cli.init.terms import Term, term

if TYPE_CHECKING:
    from collections.abc import Mapping

MAILERS = "MAILERS"
MAILERS_SINCE = (6, 1)
"""The first Django that has it."""

_OPTIONS: Mapping[str, tuple[str, object]] = {
    "EMAIL_HOST": ("host", "localhost"),
    "EMAIL_PORT": ("port", 25),
    "EMAIL_HOST_USER": ("username", ""),
    "EMAIL_HOST_PASSWORD": ("password", ""),
    "EMAIL_USE_TLS": ("use_tls", False),
    "EMAIL_USE_SSL": ("use_ssl", False),
    "EMAIL_TIMEOUT": ("timeout", None),
    "EMAIL_SSL_CERTFILE": ("ssl_certfile", None),
    "EMAIL_SSL_KEYFILE": ("ssl_keyfile", None),
    "EMAIL_FILE_PATH": ("file_path", None),
}
NAMES = frozenset({"EMAIL_BACKEND", *_OPTIONS})
"""Settings that Django does not allow beside ``MAILERS``."""

_SMTP = "django.core.mail.backends.smtp.EmailBackend"


def in_the_form_of(before: Mapping[str, Term], after: Mapping[str, Term]) -> dict[str, Term]:
    """New settings with ``EMAIL_*`` where the old ones have them.

    Args:
        before: The old settings.
        after: The new ones, which may have ``MAILERS``.
    """
    mailer = after[MAILERS].entries.get("default") if MAILERS in after and "EMAIL_BACKEND" in before else None
    if mailer is None or before.get(MAILERS, term({})).entries:
        return dict(after)
    backend = mailer.entries.get("BACKEND", term(_SMTP))
    options = mailer.entries.get("OPTIONS", term({})).entries
    found = {name: options.get(option, term(default)) for name, (option, default) in _OPTIONS.items()}
    if backend != term(_SMTP):  # none of the others reads these
        found = {name: before[name] for name in _OPTIONS if name in before}
    old = {MAILERS: before[MAILERS]} if MAILERS in before else {}
    return {**after, **found, **old, "EMAIL_BACKEND": backend}
