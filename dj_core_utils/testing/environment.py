"""An environment for one block: variables and files, with the settings that follow from them."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

from django.conf import global_settings
from django.test.signals import COMPLEX_OVERRIDE_SETTINGS
from django.test.utils import TestContextDecorator

from dj_core_utils.settings.errors import ConfigurationError
from dj_core_utils.settings.export import Export, get_settings, last_export, replace_export
from dj_core_utils.settings.final_settings import reassigned
from dj_core_utils.settings.profiles import PROFILE_VARIABLE
from dj_core_utils.settings.report import configuration_error
from dj_core_utils.settings.sources import ENV_FILE_VARIABLE, SECRETS_DIRECTORY_VARIABLE, Sources
from dj_core_utils.testing.changes import changed_settings
from dj_core_utils.testing.isolated_load import Given, folder_with, load_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.loading import Loaded

_STEERING = (PROFILE_VARIABLE, ENV_FILE_VARIABLE, SECRETS_DIRECTORY_VARIABLE)


class Environment(NamedTuple):
    """What a block has.

    Attributes:
        settings: The typed settings, as ``get_settings()`` gives them in the block.
        folder: Where the files are; the project folder when there are none.
    """

    settings: CoreSettings
    folder: Path


class _BlockExport(Export):
    """The export of a block; ``kept`` are all settings that the settings module assigns itself."""


class isolated_environment(TestContextDecorator):  # noqa: N801  # a decorator, as override_settings
    """Run a block, a test or a test case in an environment of its own.

    In the block ``os.environ`` has the given variables and none other that the settings class reads. Django's settings
    and ``get_settings()`` are those that follow, ``setting_changed`` is sent for each one that differs, and afterwards
    everything is as before, whatever happens in the block. What a surrounding ``override_settings`` changes stays
    changed where the environment says nothing else.

    ``DATABASES`` stays as it is, because connections are made from it once. What the settings module assigns beside
    the export stays, too.

    Args:
        environ: The variables. Without ``DJANGO_PROFILE`` the profiles of the process stay active.
        files: Files of the project folder by relative path: ``.env``, ``profiles/staging.toml``, secret files.
        profiles: Names of profiles in place of those in ``DJANGO_PROFILE``.

    Raises:
        ConfigurationError: The environment cannot be used, or this process has exported no settings.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        files: Mapping[str, str | bytes] | None = None,
        profiles: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self._given = Given.of(environ, files, profiles)
        self._open: list[ExitStack] = []

    def enable(self) -> Environment:
        """Enter the environment."""
        with ExitStack() as stack:
            outcome = _enter(self._given, stack)
            if isinstance(outcome, ConfigurationError):
                raise outcome
            self._open.append(stack.pop_all())
        return outcome

    def __enter__(self) -> Environment:  # type: ignore[override]  # the stubs know Django's own decorators only
        """Enter the environment."""
        return self.enable()

    def disable(self) -> None:
        """Leave it."""
        self._open.pop().close()


def _enter(given: Given, stack: ExitStack) -> Environment | ConfigurationError:
    get_settings()  # which says what to do where nothing was exported
    export = cast("Export", last_export())
    before = export.loaded
    folder = stack.enter_context(folder_with(given.files, before.project_dir))
    found = load_in(folder, before.settings_class, _with_profiles(given, export, folder), before.project_dir)
    if found.errors:
        return configuration_error(found, module=export.module)
    own = _own(export)
    stack.enter_context(_variables(given.environ, _names(found) | _names(before)))
    stack.enter_context(_exported(_BlockExport(export.module, found, tuple(sorted(own)))))
    values, removed = _difference(before.rendered, found.rendered, own | COMPLEX_OVERRIDE_SETTINGS)
    stack.enter_context(changed_settings(values, removed, copied=before.rendered.keys() - values.keys()))
    return Environment(get_settings(), folder)


def _with_profiles(given: Given, export: Export, folder: Path) -> Given:
    """The same with the profiles of the process, unless it names some."""
    text, _ = Sources(given.environ, folder, given.env_file).setting(PROFILE_VARIABLE)
    is_named = bool(text) or given.profiles is not None
    return given if is_named else given._replace(profiles=export.loaded.profiles.requested)


def _own(export: Export) -> set[str]:
    if isinstance(export, _BlockExport):
        return set(export.kept)
    namespace = vars(sys.modules[export.module]) if export.module in sys.modules else {}
    return {*export.kept, *reassigned(export.loaded, namespace)}


def _names(loaded: Loaded) -> set[str]:
    """Every variable that counts in a load."""
    rows = (loaded.table or {}).values()
    return {*_STEERING, *(row.name for row in rows), *(row.file_name for row in rows)}


def _difference(
    before: Mapping[str, object], after: Mapping[str, object], kept: Collection[str]
) -> tuple[dict[str, object], list[str]]:
    """What has another value, and what is gone; what Django has a default for gets that."""
    values = {name: value for name, value in after.items() if name not in before or before[name] != value}
    gone = before.keys() - after.keys()
    values |= {name: getattr(global_settings, name) for name in gone if hasattr(global_settings, name)}
    removed = sorted(gone - values.keys() - set(kept))
    return {name: value for name, value in values.items() if name not in kept}, removed


@contextmanager
def _variables(environ: Mapping[str, str], names: Collection[str]) -> Iterator[None]:
    """These variables, and none other of the names."""
    managed = {*environ, *names}
    before = {name: os.environ[name] for name in managed if name in os.environ}
    _replace(managed, environ)
    try:
        yield
    finally:
        _replace(managed, before)


def _replace(names: Collection[str], environ: Mapping[str, str]) -> None:
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(environ)


@contextmanager
def _exported(export: Export) -> Iterator[None]:
    before = replace_export(export)
    try:
        yield
    finally:
        replace_export(before)
