"""Django system checks: what the load warned of, and what became of the settings since.

====================  =================================================================================================
``dj_core_utils.``    says
====================  =================================================================================================
``W001``              a warning of the load; the id of its rule stands in the message
``E002``, ``W002``    a setting is assigned outside of the settings class and undoes what a rule guarantees
``W003``              a setting that nothing reads resembles one that is read
``E004``              a dotted path in the settings cannot be imported
``E005``, ``W005``    middleware that was added or moved outside of the settings class breaks something where it stands
``W006``              the manager of a model that stamps writes without stamps; see ``dj_core_utils.db.stamped``
``W007``              ``SILENCED_SYSTEM_CHECKS`` names a check of this package that does not exist
``W008``              triggers that record changes are missing, stale or left over; asked with ``--database`` alone
====================  =================================================================================================
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import checks

from dj_core_utils.settings.export import last_export

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.errors import Problem

TAG = "dj_core_utils"
_NUMBERS = ("W001", "E002", "W002", "W003", "E004", "E005", "W005", "W006", "W007", "W008")
_BELOW_HINT = "\n\t      "  # where Django's own text of a hint begins
_IDS = frozenset(f"{TAG}.{number}" for number in _NUMBERS)


def register_checks() -> None:
    """Register every check under the tag ``dj_core_utils``."""
    for check in (load_warnings, final_settings, dotted_paths, middleware_order, silenced_checks):
        checks.register(check, TAG)


def load_warnings(**_: object) -> list[checks.CheckMessage]:
    """What the load of the settings warned of."""
    export = last_export()
    return [_message(problem, 1) for problem in export.loaded.problems] if export else []


def final_settings(**_: object) -> list[checks.CheckMessage]:
    """The settings module as it stands now, against what was exported into it."""
    from dj_core_utils.settings.final_settings import misspelt, undone  # noqa: PLC0415  # a server runs no checks

    export = last_export()
    if export is None:
        return []
    module, namespace = _settings_module(export.module)
    changed = undone(export.loaded, namespace, module=module, kept=export.kept)
    unknown = misspelt(export.loaded, namespace, module=module)
    return [*(_message(problem, 2) for problem in changed), *(_message(problem, 3) for problem in unknown)]


def dotted_paths(**_: object) -> list[checks.CheckMessage]:
    """Everything that Django would import at its first use, and fail."""
    from dj_core_utils.settings.importable import unimportable  # noqa: PLC0415  # a server runs no checks

    return [_message(problem, 4) for problem in unimportable(settings)]


def middleware_order(**_: object) -> list[checks.CheckMessage]:
    """The order of ``MIDDLEWARE`` as it stands now, beside what the load has said of it."""
    from dj_core_utils.settings.middleware_order import order_problems  # noqa: PLC0415  # a server runs no checks

    export = last_export()
    known = {problem.message for problem in export.loaded.problems} if export else set()
    return [_message(problem, 5) for problem in order_problems(settings) if problem.message not in known]


def silenced_checks(**_: object) -> list[checks.CheckMessage]:
    """What is silenced exists, so that nobody believes in a silence that is none."""
    from dj_core_utils.settings.errors import Problem  # noqa: PLC0415  # a server runs no checks

    unknown = [name for name in settings.SILENCED_SYSTEM_CHECKS if name.startswith(f"{TAG}.") and name not in _IDS]
    return [
        _message(
            Problem(
                id="check.unknown",
                variable="SILENCED_SYSTEM_CHECKS",
                origin="settings",
                message=f"there is no check {name}.",
                hint=f"known: {', '.join(sorted(_IDS))}; a rule is waived by its own id, in the settings class",
                severity="warning",
            ),
            7,
        )
        for name in unknown
    ]


def _settings_module(exported: str) -> tuple[str, Mapping[str, object]]:
    # The module and not django.conf.settings, which a test run changes on purpose.
    named = getattr(settings, "SETTINGS_MODULE", None)
    module = named if isinstance(named, str) and named in sys.modules else exported
    return module, vars(sys.modules[module]) if module in sys.modules else {}


def _message(problem: Problem, number: int) -> checks.CheckMessage:
    is_error = problem.severity == "error"
    kind = checks.Error if is_error else checks.Warning
    text = str(problem._replace(hint=""))
    hint = problem.hint.replace("\n", _BELOW_HINT) or None
    return kind(text, hint=hint, id=f"dj_core_utils.{'E' if is_error else 'W'}{number:03}")
