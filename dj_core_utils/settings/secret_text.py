"""Secrets in plain Django settings: ordinary strings that do not show themselves.

Django and its packages need ``SECRET_KEY`` or a password as ``str``. ``diffsettings``, the debug page and error
reporters print settings with ``repr``, so a string that hides there is safe without anybody's help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.secret_forms import has_known_form

if TYPE_CHECKING:
    from collections.abc import Collection

_SHORTEST_CONTAINED = 6


class SecretText(str):
    """A string whose ``repr`` is ``'***'``; everything else is as in ``str``."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Not the text."""
        return "'***'"


def conceal(value: object, secrets: Collection[str]) -> object:
    """Turn every string that is a secret, holds one or has the form of one into ``SecretText``.

    Args:
        value: A rendered setting, nested as it likes.
        secrets: The secrets of the settings; short ones count only when they are the whole string, because they may
            stand in other words by chance.

    Returns:
        The same structure; parts without a secret are kept as they are.
    """
    if type(value) is str:
        is_secret = value in secrets or any(secret in value for secret in secrets if len(secret) >= _SHORTEST_CONTAINED)
        is_secret = is_secret or has_known_form(value)
        return SecretText(value) if value and is_secret else value
    if type(value) is dict:
        return {key: conceal(item, secrets) for key, item in value.items()}
    if type(value) is list:
        return [conceal(item, secrets) for item in value]
    if type(value) is tuple:
        return tuple(conceal(item, secrets) for item in value)
    return value
