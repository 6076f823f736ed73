"""What must neither be shown nor written into a module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dj_core_utils.secret_forms import has_known_form, is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.cli.init.terms import Term

_SECRET = re.compile(
    r"API|AUTH(?!ENT|_USER_MODEL)|TOKEN(?!_LIFE)|KEY(?!_PRE)|SECRET|PASS(?!WORD_(?:VALID|HASH))|SIGNATURE|CREDENTIAL|DSN"
)
_URL_WITH_PASSWORD = re.compile(r"\w+://[^/\s@]*:[^/\s@]+@")


def is_secret(name: str, value: Term) -> bool:
    """Whether a value is a secret by the name that it has.

    Args:
        name: A setting, or a key in one.
        value: The value.
    """
    text = str(value.content) if value.kind in {"str", "bytes"} else ""
    return bool(text) and bool(_SECRET.search(name.upper()) or _URL_WITH_PASSWORD.search(text) or has_known_form(text))


def secrets_in(name: str, value: Term) -> Iterator[str]:
    """Texts in a value that are secrets beyond doubt: by a name that says so, or by their form.

    Args:
        name: A setting, or a key in one.
        value: The value.
    """
    for key, item in value.entries.items():
        yield from secrets_in(key, item)
    for part in value.parts if not value.entries else ():
        yield from secrets_in(name, part)
    if value.kind == "str" and value.content and (is_secret_name(name) or has_known_form(str(value.content))):
        yield str(value.content)


def holds_secret(name: str, value: Term) -> bool:
    """Whether a value is a secret, or has one in it.

    Args:
        name: A setting, or a key in one.
        value: The value.
    """
    if value.kind == "dict":
        return any(holds_secret(key, item) for key, item in value.entries.items())
    return is_secret(name, value) or any(holds_secret("", part) for part in value.parts)
