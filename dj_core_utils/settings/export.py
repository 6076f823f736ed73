"""``export_settings``: the one call that turns a settings class into Django's settings module."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast, overload

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.discovery import find_project_dir, find_settings_class
from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.loading import Loaded, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping, Sequence
    from pathlib import Path

    from dj_core_utils.settings.sources import EnvFile

S = TypeVar("S", bound=CoreSettings)


class Export(NamedTuple):
    """One finished export, kept for ``get_settings`` and for Django's checks.

    Attributes:
        module: Name of the settings module.
        loaded: What was exported.
        kept: Settings that the module had assigned itself before the call, and that therefore stand.
    """

    module: str
    loaded: Loaded
    kept: tuple[str, ...]


class _Exports:
    """What this process has exported; one settings module as a rule."""

    def __init__(self) -> None:
        self.last: Export | None = None
        self.failed: dict[tuple[object, ...], ConfigurationError] = {}
        self.written: dict[str, object] = {}
        self.observer: Callable[[str, Loaded], None] | None = None


_exports = _Exports()


def export_settings(
    namespace: MutableMapping[str, object],
    settings_class: type[S] | None = None,
    *,
    profiles: Sequence[str] | None = None,
    env_file: EnvFile = ...,
) -> S:
    """Load, judge and render the settings, and write them into a settings module.

    Args:
        namespace: The module's globals: ``export_settings(globals())``.
        settings_class: The class to export; by default the one that the module defines or imports.
        profiles: Profile names to use instead of those that ``DJANGO_PROFILE`` lists.
        env_file: Another ``.env`` than the one in the project folder; None reads none.

    Returns:
        The typed, frozen settings.

    Raises:
        ConfigurationError: Something cannot be used. The error holds every problem of this start, and no value.
    """
    outcome = _export(namespace, settings_class, profiles, env_file)
    # A traceback keeps this frame and its locals: nothing that holds a value may be among them.
    del namespace
    if isinstance(outcome, ConfigurationError):
        from dj_core_utils.settings.report import install_hook  # noqa: PLC0415  # only a failed start pays for it

        install_hook()
        raise outcome
    return cast("S", outcome)


@overload
def get_settings() -> CoreSettings: ...


@overload
def get_settings(settings_class: type[S]) -> S: ...


def get_settings(settings_class: type[CoreSettings] = CoreSettings) -> CoreSettings:
    """The exported settings, typed.

    Args:
        settings_class: The class that was exported, or one of its bases.

    Raises:
        ConfigurationError: Nothing was exported yet, or something of another class.
    """
    last = _exports.last
    if last is None:
        message = (
            "No settings have been exported in this process. Import the settings module first "
            "(DJANGO_SETTINGS_MODULE); it must call export_settings(globals())."
        )
        raise ConfigurationError(message)
    settings = last.loaded.settings
    if isinstance(settings, settings_class) or _same_name(type(settings), settings_class):
        return cast("CoreSettings", settings)
    message = f"{last.module} exported {type(settings).__name__}, which is not a {settings_class.__name__}."
    raise ConfigurationError(message)


def last_export() -> Export | None:
    """The export of this process, for Django's checks and the commands."""
    return _exports.last


@contextmanager
def observing(observer: Callable[[str, Loaded], None]) -> Iterator[None]:
    """Show every load of a settings module to an observer, also one that fails.

    For commands that look at a configuration which cannot be used: what is raised holds no values.

    Args:
        observer: Called with the name of the settings module and the load, before anything is raised or written.
    """
    _exports.observer = observer
    try:
        yield
    finally:
        _exports.observer = None


def _export(
    namespace: MutableMapping[str, object],
    settings_class: type[CoreSettings] | None,
    profiles: Sequence[str] | None,
    env_file: EnvFile,
) -> CoreSettings | ConfigurationError:
    module = str(namespace.get("__name__", ""))
    chosen = settings_class or find_settings_class(namespace)
    if isinstance(chosen, str):
        return _ambiguous(module, chosen)
    project_dir = find_project_dir(namespace)
    key = (module, chosen.__qualname__, _fingerprint(project_dir, env_file, profiles))
    if key in _exports.failed and _exports.observer is None:  # Django runs a broken settings module up to three times
        return _exports.failed[key].with_traceback(None)
    loaded = load(chosen, environ=os.environ, project_dir=project_dir, env_file=env_file, profiles=profiles)
    if _exports.observer is not None:
        _exports.observer(module, loaded)
    if loaded.errors:
        from dj_core_utils.settings.report import configuration_error  # noqa: PLC0415  # only a failed start pays for it

        return _exports.failed.setdefault(key, configuration_error(loaded, module=module))
    _warn_of_second(module, chosen)
    kept = _write(namespace, loaded)
    _exports.last = Export(module, loaded, kept)
    return cast("CoreSettings", loaded.settings)


def _write(namespace: MutableMapping[str, object], loaded: Loaded) -> tuple[str, ...]:
    """Write the settings; a name that the module assigned itself is the project's own word and stands."""
    kept = []
    for name, value in loaded.rendered.items():
        before = _exports.written.get(name)
        if name in namespace and namespace[name] is not before and namespace[name] != value:
            kept.append(name)
        else:
            # A copy, so that what the module does to a list afterwards can be told from what was exported.
            namespace[name] = _exports.written[name] = _copied(value)
    return tuple(kept)


def _copied(value: object) -> object:
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if type(value) is list else value


def _warn_of_second(module: str, settings_class: type[CoreSettings]) -> None:
    last = _exports.last
    if last is None or last.module == module or issubclass(settings_class, last.loaded.settings_class):
        return  # a module that star-imports its base exports once more, on purpose
    message = f"{module} exports settings although {last.module} has done so in this process; the later export counts."
    warnings.warn(message, stacklevel=4)


def _ambiguous(module: str, message: str) -> ConfigurationError:
    problem = Problem(
        id="class.several",
        variable="export_settings",
        origin=module,
        message=message,
        hint="name it: export_settings(globals(), UsersSettings)",
    )
    from dj_core_utils.settings.report import next_step, write_report  # noqa: PLC0415  # only a failed start pays for it

    report = write_report("The settings class is not clear: 1 problem", [problem], next_step(module))
    return ConfigurationError(report, [problem])


def _fingerprint(project_dir: Path, env_file: EnvFile, profiles: Sequence[str] | None) -> int:
    named = os.environ.get("DJANGO_ENV_FILE", "") if env_file is ... else env_file
    path = project_dir / (named or ".env")
    try:
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size)
    except (OSError, ValueError):
        stamp = (0, 0)
    # Only a hash is kept: the environment holds secrets. Another thread may change it meanwhile.
    variables = frozenset((name, os.environ.get(name)) for name in list(os.environ))
    return hash((variables, str(path), stamp, tuple(profiles or ())))


def _same_name(exported: type, asked: type) -> bool:
    """Whether a class is the same one before a reload of its module."""
    return any(_full_name(base) == _full_name(asked) for base in exported.__mro__)


def _full_name(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
