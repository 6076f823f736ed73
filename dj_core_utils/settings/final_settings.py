"""What became of the exported settings in their module: plain Django lets any line before or after change them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from django.conf import global_settings

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.origins import Layer
from dj_core_utils.settings.spelling import NearMisses
from dj_core_utils.settings.value_text import show_value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from dj_core_utils.settings.loading import Loaded

# Settings that rules give guarantees about; the others are a project's to change.
_GUARDED = (
    r"DEBUG|ALLOWED_HOSTS|SECRET_KEY(_FALLBACKS)?|X_FRAME_OPTIONS|SIMPLE_JWT|MIDDLEWARE|PASSWORD_HASHERS"
    r"|AUTH_PASSWORD_VALIDATORS|(SECURE|SESSION|CSRF|CORS)_\w+"
)
# Lists that a project may add to, as long as what was exported still stands there in its order.
_EXTENSIBLE = frozenset({"AUTH_PASSWORD_VALIDATORS", "MIDDLEWARE", "PASSWORD_HASHERS"})
_HARMLESS = (bool, int, type(None))


def reassigned(loaded: Loaded, namespace: Mapping[str, object]) -> list[str]:
    """Names of the exported settings that have another value in the module now, sorted.

    Args:
        loaded: What was exported.
        namespace: The globals of the finished settings module.
    """
    return sorted(
        name
        for name, value in loaded.rendered.items()
        if name in namespace and not _is_same(name, value, namespace[name])
    )


def undone(
    loaded: Loaded, namespace: Mapping[str, object], *, module: str, kept: Collection[str] = ()
) -> Iterator[Problem]:
    """Settings whose final value undoes what a rule guarantees.

    Adding middleware, a hasher or a validator undoes nothing, nor does adding a key to a mapping.

    Args:
        loaded: What was exported.
        namespace: The globals of the finished settings module.
        module: Its name.
        kept: Settings that the module assigned before the export.

    Yields:
        An error for each under a hardened profile, else a warning.
    """
    for name in reassigned(loaded, namespace):
        before, after = loaded.rendered[name], namespace[name]
        if not re.fullmatch(_GUARDED, name) or _stands(before, after, may_grow=name in _EXTENSIBLE):
            continue
        when = "before the export, which leaves it so" if name in kept else "after the export"
        yield Problem(
            id="setting.reassigned",
            variable=name,
            origin=module,
            message=f"{_change(name, before, after)} by the settings module {when}; no rule has seen that.",
            hint=_remedy(loaded, name),
            severity="error" if loaded.profiles.is_hardened else "warning",
        )


def misspelt(loaded: Loaded, namespace: Mapping[str, object], *, module: str) -> Iterator[Problem]:
    """Settings of the module that nobody reads, one letter away from one that is read.

    Args:
        loaded: What was exported.
        namespace: The globals of the finished settings module.
        module: Its name.

    Yields:
        A warning for each; names in ``allowed_variables`` are left alone.
    """
    own = {row.setting for row in (loaded.table or {}).values() if row.path[0] not in CoreSettings.model_fields}
    known = {name for name in dir(global_settings) if name.isupper()} | (loaded.rendered.keys() - own)
    names = NearMisses(known)
    for name in namespace:
        if not name.isupper() or any(fnmatchcase(name, pattern) for pattern in loaded.settings_class.allowed_variables):
            continue
        if (near := names.lookup(name)) in known:
            yield Problem(
                id="setting.unknown",
                variable=name,
                origin=module,
                message=f"nothing reads this setting. Did you mean {near}?",
                hint="a name that is right as it stands belongs in allowed_variables of the settings class",
                severity="warning",
            )


def _remedy(loaded: Loaded, name: str) -> str:
    trace = next((trace for trace in loaded.traces.values() if trace.variable.setting == name), None)
    if trace is None:
        return (
            f"take the assignment out, and set the fields of {loaded.settings_class.__name__} that {name} is made from"
        )
    variable = trace.variable
    source = "" if trace.origin.layer is Layer.CLASS else f", which {trace.origin} sets now"
    return f"take the assignment out, and set {variable.name}{source}, or the field {variable.dotted}"


def _is_same(name: str, before: object, after: object) -> bool:
    if name == "DATABASES" and isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        return _stands(before, after, may_grow=False)  # Django completes each entry in place at the first connection
    return before == after


def _change(name: str, before: object, after: object) -> str:
    """What happened to a setting, without values that may be secret."""
    if isinstance(before, _HARMLESS) and isinstance(after, _HARMLESS):
        return f"changed from {show_value(before)} to {show_value(after)}"
    if name in _EXTENSIBLE and isinstance(before, list) and isinstance(after, list):
        gone = [item["NAME"] if isinstance(item, dict) else item for item in before if item not in after]
        return f"changed, and left without {gone[0]}," if gone else "put in another order"
    return "changed"


def _stands(before: object, after: object, *, may_grow: bool) -> bool:
    """Whether everything that was exported still holds."""
    if isinstance(before, dict) and isinstance(after, dict):
        return all(key in after and _stands(item, after[key], may_grow=False) for key, item in before.items())
    if may_grow and isinstance(before, list) and isinstance(after, (list, tuple)):
        rest = iter(after)
        return all(item in rest for item in before)  # each one found behind the one before
    return before == after
