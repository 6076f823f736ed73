"""Django's settings, changed for a block, and restored also when blocks do not end in the order they began."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import UserSettingsHolder, settings
from django.core.signals import setting_changed
from django.test.signals import COMPLEX_OVERRIDE_SETTINGS
from django.test.utils import override_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet


@contextmanager
def changed_settings(
    values: Mapping[str, object], removed: Sequence[str], *, copied: AbstractSet[str]
) -> Iterator[None]:
    """Settings with other values.

    Args:
        values: The values by name.
        removed: Names that nothing has in the block.
        copied: Names that keep their values, as copies: a list that the block changes is as before afterwards.
    """
    override = override_settings(**values)
    override.enable()
    holder = vars(settings)["_wrapped"]
    for name in removed:
        delattr(settings, name)
    for name in copied - COMPLEX_OVERRIDE_SETTINGS - {"INSTALLED_APPS"}:
        if isinstance(value := getattr(settings, name, None), (dict, list)):
            setattr(settings, name, _copy(value))
    try:
        _announce(removed, enter=True)
        yield
    finally:
        if vars(settings)["_wrapped"] is holder:
            override.disable()
        else:
            _take_back(holder, values)
        _announce(removed, enter=False)


def _take_back(holder: UserSettingsHolder, values: Mapping[str, object]) -> None:
    """End our changes while others that began later are open, or after those that began before have ended.

    pytest-django's fixture ends its changes after those of a test's own fixtures, and then puts back what it found when
    it began. That may be the holder of our block; emptied, it lets everything through.
    """
    below = holder.default_settings
    vars(holder).clear()
    UserSettingsHolder.__init__(holder, below)
    settings._wrapped = vars(settings)["_wrapped"]  # noqa: SLF001  # it forgets what it has read
    if "INSTALLED_APPS" in values:
        apps.unset_installed_apps()
    _announce(values, enter=False)


def _announce(names: Iterable[str], *, enter: bool) -> None:
    for name in names:
        setting_changed.send(sender=settings.__class__, setting=name, value=getattr(settings, name, None), enter=enter)


def _copy(value: object) -> object:
    """The same with lists and mappings of its own; what they hold is shared."""
    if type(value) is dict:
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if type(value) is list else value
