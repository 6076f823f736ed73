"""What can be known of a project's configuration, also when it is broken or its settings module cannot be imported."""

from __future__ import annotations

import importlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dj_core_utils.cli.failing_code import what_failed, where_it_failed
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.discovery import find_project_dir, find_settings_class
from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.export import last_export, observing
from dj_core_utils.settings.final_settings import misspelt, undone
from dj_core_utils.settings.loading import Loaded, load
from dj_core_utils.settings.redacted_problems import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

SETTINGS_VARIABLE = "DJANGO_SETTINGS_MODULE"

_APP = "dj_core_utils"
_NO_MODULE = "settings.module"
_IN_MANAGE = re.compile(rf"{SETTINGS_VARIABLE}['\"]\s*,\s*['\"]([\w.]+)['\"]")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Inspection:
    """What a command works on.

    Attributes:
        module: Name of the settings module.
        loaded: The load of its settings class; None when there is no class to load.
        problems: What the module itself has wrong, beside what the load found.
        namespace: The globals of the finished module; empty when it did not finish.
    """

    module: str
    loaded: Loaded | None
    problems: tuple[Problem, ...] = ()
    namespace: Mapping[str, object]

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Those of the module and those of the load."""
        return (*self.problems, *(self.loaded.problems if self.loaded else ()))

    @property
    def is_usable(self) -> bool:
        """Whether Django could start with it."""
        return all(problem.severity != "error" for problem in self.all_problems)


def find_module(folder: Path) -> str:
    """The settings module that a folder's ``manage.py`` would use, or that the environment names; empty for none.

    Args:
        folder: Where ``manage.py`` is looked for.
    """
    if named := os.environ.get(SETTINGS_VARIABLE):
        return named
    try:
        text = (folder / "manage.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = _IN_MANAGE.search(text)
    return found[1] if found else ""


def path_problem(module: str) -> Problem | None:
    """What is wrong with the name of a settings module that is written as the path of its file; None for a name.

    Args:
        module: The name.
    """
    if not re.search(r"[/\\]|\.py$|^\.", module):
        return None
    dotted = re.sub(r"[/\\]+", ".", module.removesuffix(".py")).strip(".")
    return Problem(
        id=_NO_MODULE,
        variable=SETTINGS_VARIABLE,
        origin=module,
        message="a module is named with dots, and without .py.",
        hint=f"for example  {dotted}",
    )


def inspect_module(module: str) -> Inspection:
    """Import a settings module and keep what it loads, whether it can be used or not.

    Args:
        module: Its dotted name.
    """
    if problem := path_problem(module):
        return Inspection(module=module, loaded=None, problems=(problem,), namespace={})
    os.environ[SETTINGS_VARIABLE] = module  # as Django's own --settings does
    loads: list[Loaded] = []
    with observing(lambda _, loaded: loads.append(loaded)):
        namespace, problems = _import(module, loads)
    if any(problem.id == _NO_MODULE for problem in problems):
        return Inspection(module=module, loaded=None, problems=problems, namespace={})
    if not loads:
        return _without_export(module, namespace, problems)
    problems = problems or _afterthoughts(module, loads[-1], namespace)
    return Inspection(module=module, loaded=loads[-1], problems=_masked(problems, loads[-1]), namespace=namespace)


def inspect_process(module: str) -> Inspection:
    """What this process has exported.

    Args:
        module: Name of the settings module that Django has imported.
    """
    last = last_export()
    namespace = vars(sys.modules[module]) if module in sys.modules else {}
    if last is None:
        return _without_export(module, namespace, ())
    return Inspection(
        module=module, loaded=last.loaded, problems=_afterthoughts(module, last.loaded, namespace), namespace=namespace
    )


def _import(module: str, loads: list[Loaded]) -> tuple[Mapping[str, object], tuple[Problem, ...]]:
    """The globals of the module as far as they got, and why they got no further."""
    try:
        return vars(importlib.import_module(module)), ()
    except ConfigurationError as error:
        is_known = bool(loads and loads[-1].errors)
        problems = error.problems or (_import_problem(module, error),)
        return _globals_of(module, error.__traceback__), () if is_known else problems
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever the module does, it is reported, never hidden
        return _globals_of(module, error.__traceback__), (_import_problem(module, error),)


def _import_problem(module: str, error: BaseException) -> Problem:
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
        return Problem(
            id=_NO_MODULE,
            variable=SETTINGS_VARIABLE,
            origin=module,
            message=f"there is no module {error.name}.",
            hint=f"it was looked for from {Path.cwd()}: go to the folder of manage.py, or name another one",
        )
    return Problem(
        id="settings.import",
        variable=module,
        origin=where_it_failed(error),
        message=f"the settings module cannot be imported: {what_failed(error)}",
        hint="everything else shown here was read without it",
    )


def _globals_of(module: str, trace: TracebackType | None) -> Mapping[str, object]:
    """The globals of a module that did not finish; its classes may have been made before it failed."""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == module:
            return trace.tb_frame.f_globals
        trace = trace.tb_next
    return {}


def _without_export(module: str, namespace: Mapping[str, object], problems: tuple[Problem, ...]) -> Inspection:
    """Load the settings class by ourselves, because the module has not come to it."""
    found = find_settings_class(namespace)
    settings_class = found if isinstance(found, type) else CoreSettings
    if not problems:
        problems = (_ordinary(module) if found is CoreSettings else _never_exported(module),)
        if settings_class is CoreSettings:
            return Inspection(module=module, loaded=None, problems=problems, namespace={})
    loaded = load(settings_class, environ=os.environ, project_dir=find_project_dir(namespace))
    return Inspection(module=module, loaded=loaded, problems=_masked(problems, loaded), namespace={})


def _never_exported(module: str) -> Problem:
    return Problem(
        id="export.missing",
        variable="export_settings",
        origin=module,
        message="the module never calls it, so Django does not see the settings class.",
        hint="end the module with  export_settings(globals())",
    )


def _ordinary(module: str) -> Problem:
    return Problem(
        id="export.missing",
        variable="export_settings",
        origin=module,
        message="this is an ordinary settings module: it has no settings class, and nothing is exported into it.",
        hint="python -m dj_core_utils init  writes the class, and proves that no setting changes",
    )


def _not_installed(module: str, namespace: Mapping[str, object]) -> Iterator[Problem]:
    """Where the project lists its apps itself and leaves this one out, it misses what belongs to ``manage.py``."""
    apps = namespace.get("INSTALLED_APPS")
    if isinstance(apps, (list, tuple)) and apps and not any(f"{app}.".startswith(f"{_APP}.") for app in apps):
        yield Problem(
            id="apps.not_installed",
            variable="INSTALLED_APPS",
            origin=module,
            message=f"{_APP} is not listed: manage.py has no command config, and its check tells nothing of this.",
            hint=f'add  "{_APP}"',
            severity="warning",
        )


def _afterthoughts(module: str, loaded: Loaded, namespace: Mapping[str, object]) -> tuple[Problem, ...]:
    last = last_export()
    kept = last.kept if last else ()
    return (
        *undone(loaded, namespace, module=module, kept=kept),
        *misspelt(loaded, namespace, module=module),
        *_not_installed(module, namespace),
    )


def _masked(problems: tuple[Problem, ...], loaded: Loaded) -> tuple[Problem, ...]:
    return tuple(redact(problems, loaded.traces.values()))
