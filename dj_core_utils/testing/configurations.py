"""Loads that touch nothing of the process, and what a test claims of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar, cast

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.discovery import find_project_dir
from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.report import configuration_error
from dj_core_utils.testing.isolated_load import Given, folder_with, load_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from dj_core_utils.settings.loading import Loaded

S = TypeVar("S", bound=CoreSettings)


def load_settings(
    settings_class: type[S],
    environ: Mapping[str, str] | None = None,
    *,
    files: Mapping[str, str | bytes] | None = None,
    profiles: Sequence[str] | None = None,
    project_dir: Path | None = None,
) -> S:
    """The typed settings that a process with this environment would have.

    Nothing else counts: no variable of this process and no ``.env`` of a developer. Nothing is changed: neither
    ``os.environ`` nor Django's settings nor ``get_settings()``.

    Args:
        settings_class: The class to load.
        environ: The variables of the process.
        files: Files of the project folder by relative path, such as ``.env`` and secret files.
        profiles: Names of profiles in place of those in ``DJANGO_PROFILE``.
        project_dir: The folder of the project, for its profiles; by default that of the module of the class.

    Raises:
        ConfigurationError: The process would not start; its report and ``problems`` say why.
    """
    outcome = _outcome(settings_class, Given.of(environ, files, profiles), project_dir)
    del environ, files  # a traceback keeps this frame, and they may hold secrets
    if isinstance(outcome, ConfigurationError):
        raise outcome
    return outcome


def assert_problems(
    settings_class: type[CoreSettings],
    ids: Collection[str],
    environ: Mapping[str, str] | None = None,
    *,
    files: Mapping[str, str | bytes] | None = None,
    profiles: Sequence[str] | None = None,
    project_dir: Path | None = None,
) -> tuple[Problem, ...]:
    """Claim that a process with this environment would report just these problems.

    Each id has to be reported, as an error or as a warning, and no other error may be. Other warnings do not count.

    Args:
        settings_class: The class to load.
        ids: The ids, such as ``{"value.range"}``; an empty set claims that the process would start.
        environ: As for ``load_settings``.
        files: As for ``load_settings``.
        profiles: As for ``load_settings``.
        project_dir: As for ``load_settings``.

    Returns:
        The problems with these ids, for claims about their variables and messages.

    Raises:
        AssertionError: It is not so; the text lists what is reported.
    """
    __tracebackhide__ = True  # what pytest shows is the line of the test
    expected = {ids} if isinstance(ids, str) else set(ids)
    problems = _load(settings_class, Given.of(environ, files, profiles), project_dir).problems
    missing = expected - {problem.id for problem in problems}
    surplus = {problem.id for problem in problems if problem.severity == "error"} - expected
    if missing or surplus:
        lines = [f"Not reported: {', '.join(sorted(missing))}."] if missing else []
        lines += [f"Reported, and not expected: {', '.join(sorted(surplus))}."] if surplus else []
        raise AssertionError("\n".join([*lines, *(f"  {problem}" for problem in problems)]))
    return tuple(problem for problem in problems if problem.id in expected)


def assert_configuration_usable(
    settings_class: type[CoreSettings],
    *,
    env_file: Path | str | None = None,
    profiles: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    project_dir: Path | None = None,
) -> None:
    """Claim that a deployment would start: that its ``.env`` is complete, for instance.

    Args:
        settings_class: The class to load.
        env_file: The file that the deployment has as its ``.env``; a relative path starts at the project folder.
        profiles: As for ``load_settings``.
        environ: What the deployment gets from elsewhere, such as stand-ins for the secrets of a secret store.
        files: As for ``load_settings``.
        project_dir: As for ``load_settings``.

    Raises:
        AssertionError: It would not start; the text is the whole report.
    """
    __tracebackhide__ = True  # the same
    found = _load(settings_class, Given.of(environ, files, profiles), project_dir, env_file)
    report = str(configuration_error(found)) if found.errors else ""
    del found, environ, files
    if report:
        raise AssertionError(report)


def _load(
    settings_class: type[CoreSettings], given: Given, project_dir: Path | None, env_file: Path | str | None = None
) -> Loaded:
    project = project_dir or find_project_dir(vars(sys.modules[settings_class.__module__]))
    path = project.absolute() / env_file if env_file else None
    with folder_with(given.files, project) as folder:
        return load_in(folder, settings_class, given, project, path)


def _outcome(settings_class: type[S], given: Given, project_dir: Path | None) -> S | ConfigurationError:
    found = _load(settings_class, given, project_dir)
    return configuration_error(found) if found.errors else cast("S", found.settings)
