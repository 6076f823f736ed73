"""The import paths that the documentation promises."""

from __future__ import annotations

from importlib import import_module

import pytest

PATHS = [
    "dj_core_utils.settings.CoreSettings",
    "dj_core_utils.settings.export_settings",
    "dj_core_utils.settings.get_settings",
    "dj_core_utils.settings.base.CoreSettings",
    "dj_core_utils.settings.cors.get_cors_settings",
    "dj_core_utils.asgi.get_asgi_application",
    "dj_core_utils.wsgi.get_wsgi_application",
    "dj_core_utils.middleware.context.CurrentUserMiddleware",
    "dj_core_utils.middleware.context.get_current_user",
]


@pytest.mark.parametrize("path", PATHS)
def test_documented_path_exists(path: str) -> None:
    """Each documented name can be imported from where the documentation says."""
    module, _, name = path.rpartition(".")
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize("module_name", ["dj_core_utils", "dj_core_utils.settings"])
def test_public_names_are_listed_sorted_and_there(module_name: str) -> None:
    """What a package hands on is one sorted list, and every name in it exists."""
    module = import_module(module_name)
    assert list(module.__all__) == sorted(module.__all__)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
