"""``export_settings``: the one call that turns a settings class into Django's settings module."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast, overload

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.discovery import find_project_dir, find_settings_class
from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.loading import Loaded, load
from dj_core_utils.settings.profiles import split_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


class _Failure(NamedTuple):
    """A load that failed, kept because Django runs a broken settings module up to three times.

    Attributes:
        error: What was raised.
        files: What the load has read or looked for, and the modules of the class.
        state: What ``_state`` was of all that.
    """

    error: ConfigurationError
    files: frozenset[Path]
    state: int


class _Exports:
    """What this process has exported; one settings module as a rule."""

    def __init__(self) -> None:
        self.last: Export | None = None
        self.failed: dict[tuple[str, str, Path], _Failure] = {}
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
        profiles: Profile names to use instead of those that ``DJANGO_PROFILE`` lists; a text is split at its commas.
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
        from dj_core_utils.settings.uncaught import install_hook  # noqa: PLC0415  # only a failed start pays for it

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


def replace_export(export: Export | None) -> Export | None:
    """Let ``get_settings`` answer with another export from now on; for tests.

    Args:
        export: The other one.

    Returns:
        The one before.
    """
    before, _exports.last = _exports.last, export
    return before


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
    if mistakes := tuple(_mistakes(namespace, settings_class, profiles, env_file)):
        return _refused("export_settings cannot do what it is asked for", mistakes, "")
    module = str(namespace.get("__name__", ""))
    chosen = settings_class or find_settings_class(namespace)
    if isinstance(chosen, list):
        problem = Problem(
            id="class.several",
            variable="export_settings",
            origin=module,
            message=f"{module} has several settings classes and only one can be exported: {', '.join(chosen)}.",
            hint=f"name the one that is meant, such as  export_settings(globals(), {chosen[-1]})",
        )
        return _refused("The settings class is not clear", (problem,), module)
    if isinstance(profiles, str):  # which to a type checker is a sequence of texts, too
        profiles = split_names(profiles)
    project_dir = find_project_dir(namespace)
    key = (module, chosen.__qualname__, project_dir)
    failure = _exports.failed.get(key) if _exports.observer is None else None
    if failure is not None and failure.state == _state(failure.files, env_file, profiles):
        return failure.error.with_traceback(None)
    loaded = load(chosen, environ=os.environ, project_dir=project_dir, env_file=env_file, profiles=profiles)
    if _exports.observer is not None:
        _exports.observer(module, loaded)
    if loaded.errors:
        from dj_core_utils.settings.report import configuration_error  # noqa: PLC0415  # only a failed start pays for it

        error = configuration_error(loaded, module=module)
        if loaded.looked_at:  # else it broke off, and what it depends on is not known
            files = loaded.looked_at | _modules(namespace, chosen)
            _exports.failed[key] = _Failure(error, files, _state(files, env_file, profiles))
        return error
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


def _mistakes(namespace: object, settings_class: object, profiles: object, env_file: object) -> Iterator[Problem]:
    """Arguments that would break something deep inside."""
    if not isinstance(namespace, MutableMapping):
        yield _argument("namespace", namespace, "the globals of the settings module", "export_settings(globals())")
    is_class = isinstance(settings_class, type) and issubclass(settings_class, CoreSettings)
    if settings_class is not None and not is_class:
        call = "export_settings(globals(), UsersSettings)"
        yield _argument("settings_class", settings_class, "a class that inherits from CoreSettings", call)
    is_list = isinstance(profiles, (str, list, tuple, set, frozenset)) and all(
        isinstance(name, str) for name in profiles
    )
    if profiles is not None and not is_list:
        call = 'export_settings(globals(), profiles=["monolith", "test"])'
        yield _argument("profiles", profiles, "a list of names, each as text", call)
    if not (env_file is None or env_file is ... or isinstance(env_file, (str, os.PathLike))):
        call = 'export_settings(globals(), env_file="deploy/.env")'
        yield _argument("env_file", env_file, "a path, or None to read no file", call)


def _argument(name: str, given: object, expected: str, call: str) -> Problem:
    what = f"the class {given.__name__}" if isinstance(given, type) else f"something of type {type(given).__name__}"
    message = f"it takes {expected}, and was given {what}."
    return Problem(
        id="class.argument", variable=name, origin="export_settings", message=message, hint=f"for example  {call}"
    )


def _refused(headline: str, problems: Sequence[Problem], module: str) -> ConfigurationError:
    from dj_core_utils.settings.report import count_problems, next_step, write_report  # noqa: PLC0415  # only a failed start pays for it

    return ConfigurationError(
        write_report(f"{headline}: {count_problems(problems)}", problems, next_step(module)), problems
    )


def _modules(namespace: MutableMapping[str, object], settings_class: type[CoreSettings]) -> frozenset[Path]:
    """The files of the settings module and of the classes behind its class."""
    modules = (sys.modules.get(cls.__module__) for cls in settings_class.__mro__)
    names = (namespace.get("__file__"), *(getattr(module, "__file__", None) for module in modules))
    return frozenset(Path(name) for name in names if isinstance(name, str))


def _state(files: frozenset[Path], env_file: EnvFile, profiles: Sequence[str] | None) -> int:
    # Only a hash is kept: the environment holds secrets. Another thread may change it meanwhile.
    variables = frozenset((name, os.environ.get(name)) for name in list(os.environ))
    stamps = frozenset((path, _stamp(path)) for path in files)
    return hash((variables, stamps, str(env_file), tuple(profiles or ())))


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        state = path.stat()
    except (OSError, ValueError):
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


def _same_name(exported: type, asked: type) -> bool:
    """Whether a class is the same one before a reload of its module."""
    return any(_full_name(base) == _full_name(asked) for base in exported.__mro__)


def _full_name(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
