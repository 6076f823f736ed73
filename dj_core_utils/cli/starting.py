"""Whether Django starts with a configuration: apps, models and URLs are imported, and nothing is connected to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import django
from django.apps import AppConfig, apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from dj_core_utils.cli.failing_code import what_failed, where_it_failed
from dj_core_utils.cli.inspection import SETTINGS_VARIABLE
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.export import last_export
from dj_core_utils.settings.importable import unimportable
from dj_core_utils.settings.redacted_problems import redact
from dj_core_utils.settings.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.cli.inspection import Inspection


def can_start(inspection: Inspection) -> bool:
    """Whether a start can be tried: the settings are usable, and those that Django has, or would take, in this process.

    Args:
        inspection: The project.
    """
    named = settings.SETTINGS_MODULE if settings.configured else os.environ.get(SETTINGS_VARIABLE)
    return inspection.is_usable and named == inspection.module


def start_problems(inspection: Inspection) -> tuple[Problem, ...]:
    """What keeps Django from starting, or its first requests from being answered.

    Args:
        inspection: The project; ``can_start`` has said yes.
    """
    traces = inspection.loaded.traces if inspection.loaded else {}
    found = (
        problem._replace(origin=traces[problem.variable].origin.label if problem.variable in traces else problem.origin)
        for problem in _problems()
    )
    return tuple(redact(found, traces.values()))


def _problems() -> Iterator[Problem]:
    """The problems of the first step that has some; the later ones would only follow from them."""
    for step in (_apps, _models, _names):
        found = list(step())
        yield from found
        if found:
            return


def _apps() -> Iterator[Problem]:
    for entry in settings.INSTALLED_APPS:
        try:
            AppConfig.create(entry)
        except Exception as error:  # noqa: BLE001  # whatever an app does when it is imported
            yield Problem(
                id="apps.unimportable",
                variable="INSTALLED_APPS",
                origin="settings",
                message=f"{entry} cannot be imported: {what_failed(error)}",
                hint=_hint(error, "correct the name, or install the package that has it"),
            )


def _models() -> Iterator[Problem]:
    try:
        if not apps.ready:
            django.setup(set_prefix=False)
    except Exception as error:  # noqa: BLE001  # whatever the models of a project do when they are imported
        is_user = isinstance(error, ImproperlyConfigured) and "AUTH_USER_MODEL" in str(error)
        yield (
            _no_user_model()
            if is_user
            else Problem(
                id="apps.start",
                variable="INSTALLED_APPS",
                origin="settings",
                message=f"Django cannot start: {what_failed(error)}",
                hint=_hint(error, "this is what manage.py and the server would end with"),
            )
        )


def _no_user_model() -> Problem:
    named = settings.AUTH_USER_MODEL
    models = [model for config in apps.get_app_configs() for model in config.get_models(include_swapped=True)]
    known = [model._meta.label for model in models]  # documented: Django's Model _meta API
    near = nearest(named, known)
    return Problem(
        id="apps.user_model",
        variable="AUTH_USER_MODEL",
        origin="settings",
        message=f'there is no model "{named}".',
        hint=f"did you mean {near}?" if near else "write it as app_label.Model, and list its app in INSTALLED_APPS",
    )


def _names() -> Iterator[Problem]:
    try:
        _ = get_resolver().url_patterns
    except Exception as error:  # noqa: BLE001  # whatever views do when they are imported
        yield Problem(
            id="apps.urlconf",
            variable="ROOT_URLCONF",
            origin="settings",
            message=f"the addresses of {settings.ROOT_URLCONF} cannot be read: {what_failed(error)}",
            hint=_hint(error, "every request would be answered with 500") + _without_admin(error),
        )
    yield from unimportable(settings)


def _hint(error: Exception, otherwise: str) -> str:
    """Where it failed, when that is code of the project; else what to do."""
    place = where_it_failed(error)
    return otherwise if place.startswith("/") else f"it fails at {place}"


def _without_admin(error: Exception) -> str:
    """What to do about addresses of the admin, which ``startproject`` writes, where a profile leaves it out."""
    is_meant = isinstance(error, LookupError) and "'admin'" in str(error)
    if not is_meant or apps.is_installed("django.contrib.admin"):
        return ""
    export = last_export()
    exported = export.loaded.settings if export else None
    is_enabled = exported is not None and exported.apps.enable_admin  # and the module took it out again
    way = "put django.contrib.admin back into INSTALLED_APPS" if is_enabled else "set ENABLE_ADMIN=true"
    return f"\n{way}, or take the admin out of the addresses"
