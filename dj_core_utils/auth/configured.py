"""What is made from Django's settings, and made anew when one of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_ABSENT = object()


class Configured(Generic[T]):
    """An object that follows from settings, kept as long as they are the same objects.

    So keys are read once, and ``override_settings`` works. A dictionary that is changed in place is not seen.

    Args:
        make: Makes it from the values of the settings, by their names; None for one that is not set.
        *names: The settings.
    """

    def __init__(self, make: Callable[..., T], *names: str) -> None:
        self._make = make
        self._names = names
        self._known: tuple[tuple[object, ...], T | None] = ((_ABSENT,), None)

    def __call__(self) -> T:
        """The object for the settings of now."""
        values: tuple[Any, ...] = tuple(getattr(settings, name, None) for name in self._names)
        made_from, made = self._known
        if made is None or any(new is not old for new, old in zip(values, made_from, strict=True)):
            made = self._make(**dict(zip(self._names, values, strict=True)))
            self._known = (values, made)
        return made
