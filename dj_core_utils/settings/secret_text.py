"""Secrets in plain Django settings: ordinary strings that do not show themselves.

Django and its packages need ``SECRET_KEY`` or a password as ``str``. ``diffsettings``, the debug page and error
reporters print settings with ``repr``, so a string that hides there is safe without anybody's help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_SHORTEST_CONTAINED = 6
_SECRET_ENDINGS = ("password", "passphrase", "secret", "token", "api_key", "access_key", "private_key", "signing_key")


class SecretText(str):
    """A string whose ``repr`` is ``'***'``; everything else is as in ``str``."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Not the text."""
        return "'***'"


def is_secret_name(name: str) -> bool:
    """Whether something of this name is a secret, also when it is kept as plain text: ``stripe_api_key``."""
    return name.lower().endswith(_SECRET_ENDINGS)


def conceal(value: object, secrets: Collection[str]) -> object:
    """Turn every string that is a secret, or holds one, into ``SecretText``.

    Args:
        value: A rendered setting, nested as it likes.
        secrets: The secrets of the settings; short ones count only when they are the whole string, because they may
            stand in other words by chance.

    Returns:
        The same structure; parts without a secret are kept as they are.
    """
    if type(value) is str:
        is_secret = value in secrets or any(secret in value for secret in secrets if len(secret) >= _SHORTEST_CONTAINED)
        return SecretText(value) if value and is_secret else value
    if type(value) is dict:
        return {key: conceal(item, secrets) for key, item in value.items()}
    if type(value) is list:
        return [conceal(item, secrets) for item in value]
    if type(value) is tuple:
        return tuple(conceal(item, secrets) for item in value)
    return value
