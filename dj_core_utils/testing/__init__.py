"""For the tests of a project: environments that end with their block, claims about configurations and the log."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dj_core_utils.testing.configurations import assert_configuration_usable, assert_problems, load_settings
    from dj_core_utils.testing.environment import Environment, isolated_environment
    from dj_core_utils.testing.recorded import RecordedEntries, recorded_entries

__all__ = [
    "Environment",
    "RecordedEntries",
    "assert_configuration_usable",
    "assert_problems",
    "isolated_environment",
    "load_settings",
    "recorded_entries",
]

_HOMES = {
    "Environment": "environment",
    "RecordedEntries": "recorded",
    "assert_configuration_usable": "configurations",
    "assert_problems": "configurations",
    "isolated_environment": "environment",
    "load_settings": "configurations",
    "recorded_entries": "recorded",
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
