"""Which settings class and which project folder belong to a settings module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dj_core_utils.settings.base import CoreSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MARKERS = ("manage.py", "pyproject.toml", ".env")


def find_settings_class(namespace: Mapping[str, object]) -> type[CoreSettings] | list[str]:
    """The settings class that a module means.

    The one leaf class that the module defines; failing that, the one that it imported; failing that, ``CoreSettings``.

    Args:
        namespace: The module's globals.

    Returns:
        The class, or the names of those that could be meant.
    """
    module = namespace.get("__name__")
    visible = {value for value in namespace.values() if isinstance(value, type) and issubclass(value, CoreSettings)}
    own = {cls for cls in visible if cls.__module__ == module}
    leaves = _leaves(own or visible - {CoreSettings})
    if len(leaves) > 1:
        return sorted(cls.__name__ for cls in leaves)
    return leaves[0] if leaves else CoreSettings


def find_project_dir(namespace: Mapping[str, object]) -> Path:
    """The folder that ``.env``, ``profiles/`` and relative paths belong to.

    ``BASE_DIR`` if the module defines it before the export; else the nearest folder above the module with a
    ``manage.py``, ``pyproject.toml`` or ``.env``; else the folder above the settings package; else the current one.

    Args:
        namespace: The module's globals.
    """
    declared = namespace.get("BASE_DIR")
    if isinstance(declared, (str, Path)):
        return Path(declared)
    file = namespace.get("__file__")
    if not isinstance(file, str):
        return Path.cwd()
    module = Path(file).resolve()
    for marker in _MARKERS:
        for folder in module.parents:
            if (folder / marker).is_file():
                return folder
    return module.parent.parent


def _leaves(classes: Iterable[type[CoreSettings]]) -> list[type[CoreSettings]]:
    found = list(classes)
    return [cls for cls in found if not any(other is not cls and issubclass(other, cls) for other in found)]
