"""Typed settings for Django services: one class, composable profiles, one export."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.errors import ConfigurationError, Problem
    from dj_core_utils.settings.export import export_settings, get_settings
    from dj_core_utils.settings.rendering import RenderContext
    from dj_core_utils.settings.rules import RuleContext, rule
    from dj_core_utils.settings.section import Section
    from dj_core_utils.settings.variables import variable

__all__ = [
    "ConfigurationError",
    "CoreSettings",
    "Problem",
    "RenderContext",
    "RuleContext",
    "Section",
    "export_settings",
    "get_settings",
    "rule",
    "variable",
]

_HOMES = {
    "ConfigurationError": "errors",
    "CoreSettings": "base",
    "Problem": "errors",
    "RenderContext": "rendering",
    "RuleContext": "rules",
    "Section": "section",
    "export_settings": "export",
    "get_settings": "export",
    "rule": "rules",
    "variable": "variables",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415  # only used here

    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
