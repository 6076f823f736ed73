"""The account that a token speaks of."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError


def active_user(key: str) -> Any:  # noqa: ANN401  # any user model
    """A user by the text of their primary key, whatever type it has.

    Args:
        key: The claim ``sub``.

    Returns:
        The user; None where there is none, or none that may sign in.
    """
    model = get_user_model()
    try:
        user = model._default_manager.get(pk=model._meta.pk.to_python(key))
    except (model.DoesNotExist, ValidationError, ValueError, TypeError):
        return None
    return user if getattr(user, "is_active", True) else None
