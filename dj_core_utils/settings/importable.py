"""Whether everything that Django's settings name by a dotted path can be imported.

Django imports most of it at first use: the first request, password, upload or session. A settings module cannot try,
because the apps are not there yet; a system check can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_LISTS = ("MIDDLEWARE", "PASSWORD_HASHERS", "AUTHENTICATION_BACKENDS", "FILE_UPLOAD_HANDLERS")
_BACKENDS = ("STORAGES", "CACHES", "TASKS")
_SINGLE = ("TEST_RUNNER", "CSRF_FAILURE_VIEW", "MESSAGE_STORAGE")


def unimportable(settings: object) -> Iterator[Problem]:
    """Every entry that cannot be imported.

    Args:
        settings: ``django.conf.settings``, with the apps loaded.

    Yields:
        An error for each, with Python's reason.
    """
    from django.utils.module_loading import import_string  # noqa: PLC0415  # the settings must not load it

    is_overridden: Callable[[str], bool] = getattr(settings, "is_overridden", lambda _: True)
    for name, path in _paths(settings):
        if not is_overridden(name):  # Django's own default may name an app that is not installed, and is then not used
            continue
        try:
            import_string(path)
        except (ImportError, RuntimeError) as error:  # the second for models of an app that is not installed
            yield Problem(
                id="apps.unimportable",
                variable=name,
                origin="settings",
                message=f"{path} cannot be imported: {error}",
                hint="correct the path, or install the package that has it",
            )


def _paths(settings: object) -> Iterator[tuple[str, str]]:
    for name in _LISTS:
        yield from ((name, path) for path in _strings(getattr(settings, name, ())))
    for name in _BACKENDS:
        entries = getattr(settings, name, {})
        yield from ((name, path) for path in _strings(entry.get("BACKEND") for entry in entries.values()))
    for name in _SINGLE:
        yield from ((name, path) for path in _strings([getattr(settings, name, None)]))
    validators = getattr(settings, "AUTH_PASSWORD_VALIDATORS", ())
    yield from (("AUTH_PASSWORD_VALIDATORS", path) for path in _strings(item.get("NAME") for item in validators))
    yield "SESSION_ENGINE", f"{getattr(settings, 'SESSION_ENGINE', '')}.SessionStore"
    for engine in getattr(settings, "TEMPLATES", ()):
        processors = engine.get("OPTIONS", {}).get("context_processors", ())
        yield from (("TEMPLATES", path) for path in _strings(processors))


def _strings(values: Iterable[object]) -> Iterator[str]:
    return (str(value) for value in values if value)
