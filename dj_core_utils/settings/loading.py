"""One load: every source read, merged, typed and judged; all problems collected, nothing raised.

``load`` hands back a result instead of raising, because an exception would keep the frames of this module, and the
values in them, alive in a traceback.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.assembly import Assembly
from dj_core_utils.settings.class_mistakes import class_mistakes
from dj_core_utils.settings.defects import failure, internal_problem
from dj_core_utils.settings.errors import NOT_SET, Problem
from dj_core_utils.settings.judging import Judge
from dj_core_utils.settings.merging import merge
from dj_core_utils.settings.profiles import (
    DEFAULT_PROFILE,
    PROFILE_VARIABLE,
    ActiveProfiles,
    ProfileLibrary,
    project_library,
    split_names,
)
from dj_core_utils.settings.redacted_problems import redact
from dj_core_utils.settings.rendering import RenderContext, render
from dj_core_utils.settings.service_addresses import addresses_in, with_addresses
from dj_core_utils.settings.service_name import SERVICE_NAME
from dj_core_utils.settings.sources import EnvFile, Sources
from dj_core_utils.settings.unknown_names import unknown_names
from dj_core_utils.settings.variables import variable_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.origins import Trace
    from dj_core_utils.settings.variables import VariableTable


_NO_PROFILE = Problem(
    id="profile.unset",
    variable=PROFILE_VARIABLE,
    message=f"no profile is chosen, so {DEFAULT_PROFILE} applies alone.",
    hint="on your own machine  DJANGO_PROFILE=development  starts with nothing else set\n"
    "where users are served, choose  production",
    severity="warning",
)


# A .env of which nothing was read.
_UNREAD = frozenset({"dotenv.encoding", "dotenv.missing", "dotenv.size", "dotenv.unreadable"})
_NO_PROFILES = ActiveProfiles((), ())


class Loaded(NamedTuple):
    """The result of one load.

    Attributes:
        settings_class: What was loaded.
        project_dir: What relative paths are relative to.
        problems: Everything wrong, errors and warnings, in the order of the report.
        settings: The typed settings, what failed at its default; None when the load itself broke.
        waived: Problems that a profile or the class waives, with the reason as the hint.
        traces: The history of every variable, by name.
        rendered: The Django settings; empty when there is an error.
        profiles: The active profiles.
        table: The name table; None when the load itself broke.
        failed: Paths of leaves whose value is wrong; they stand at their default in ``settings``.
        env_file: The ``.env`` that was read or looked for, if any.
        looked_at: Every file and folder that was read or looked for, beside the settings module.
        secrets_dir: The secrets directory that was read, if any.
    """

    settings_class: type[CoreSettings]
    project_dir: Path
    problems: tuple[Problem, ...]
    settings: CoreSettings | None
    waived: tuple[Problem, ...]
    traces: Mapping[str, Trace]
    rendered: Mapping[str, object]
    profiles: ActiveProfiles
    table: VariableTable | None
    failed: frozenset[tuple[str, ...]] = frozenset()
    env_file: Path | None = None
    looked_at: frozenset[Path] = frozenset()
    secrets_dir: Path | None = None

    def __repr__(self) -> str:
        """Never the values."""
        return f"Loaded({self.settings_class.__name__}, {len(self.problems)} problems)"

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a start."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def load(
    settings_class: type[CoreSettings],
    *,
    environ: Mapping[str, str],
    project_dir: Path,
    env_file: EnvFile = ...,
    profiles: Sequence[str] | None = None,
) -> Loaded:
    """Read, merge, type and judge the configuration of a settings class.

    Args:
        settings_class: The class to fill.
        environ: The process environment; it is not changed.
        project_dir: The folder of ``.env``, ``profiles/`` and relative paths.
        env_file: Another ``.env``; ``...`` for the default one, None for none.
        profiles: Profile names to use instead of those that ``DJANGO_PROFILE`` lists.

    Returns:
        The result with every problem in it. Nothing is raised: what is not foreseen becomes a problem, too.
    """
    try:
        return _load(settings_class, environ, project_dir, env_file, profiles)
    except Exception as error:  # noqa: BLE001  # an exception's text and frames may hold secrets; only its place is kept
        problem = internal_problem(error)
    return _broken(settings_class, project_dir, [problem])


def _broken(
    settings_class: type[CoreSettings],
    project_dir: Path,
    problems: Iterable[Problem],
    profiles: ActiveProfiles = _NO_PROFILES,
    looked_at: frozenset[Path] = frozenset(),
) -> Loaded:
    return Loaded(
        settings_class=settings_class,
        project_dir=project_dir,
        problems=tuple(redact(problems, ())),
        settings=None,
        waived=(),
        traces={},
        rendered={},
        profiles=profiles,
        table=None,
        looked_at=looked_at,
    )


def _load(
    settings_class: type[CoreSettings],
    environ: Mapping[str, str],
    project_dir: Path,
    env_file: EnvFile,
    requested: Sequence[str] | None,
) -> Loaded:
    sources = Sources(environ, project_dir, env_file)
    library, profiles = _activate(sources, requested)
    if mistakes := class_mistakes(settings_class):
        found = [*sources.problems, *library.problems, *mistakes]
        return _broken(settings_class, project_dir, found, profiles, frozenset(sources.looked_at))
    filled, table = _filled(settings_class, sources, profiles)
    merged = merge(filled, table, sources, profiles)
    assembly = Assembly(filled, table, merged.traces, merged.failed)
    settings = assembly.build()
    found = [*sources.problems, *library.problems, *table.problems, *merged.problems, *assembly.problems]
    judge = Judge(settings, assembly.failed, table, merged.traces, profiles, project_dir, sources.names)
    verdict = judge.verdict(problem.variable for problem in found)
    unknown = unknown_names(
        table,
        environ=sources.environ,
        dotenv=sources.dotenv,
        secrets=sources.secrets,
        allowed=(*settings_class.allowed_variables, *settings_class.retired_names),
        services=settings.service.addressable,
        is_hardened=profiles.is_hardened,
    )
    has_profile = requested is not None or bool(sources.setting(PROFILE_VARIABLE)[0])
    problems = _sifted(redact([*found, *verdict.problems, *unknown], merged.traces.values()), has_profile=has_profile)
    is_usable = all(problem.severity != "error" for problem in problems)
    rendered: Mapping[str, object] = {}
    if is_usable:
        rendered, defects = _render(RenderContext(settings, project_dir, profiles, tuple(verdict.silenced)), table)
        problems += defects
    return Loaded(
        settings_class=settings_class,
        project_dir=project_dir,
        problems=problems,
        settings=settings,
        waived=tuple(redact(verdict.waived, merged.traces.values())),
        traces=merged.traces,
        rendered=rendered,
        profiles=profiles,
        table=table,
        failed=frozenset(assembly.failed),
        env_file=sources.env_file,
        looked_at=frozenset(sources.looked_at),
        secrets_dir=sources.secrets.path if sources.secrets else None,
    )


def _filled(
    settings_class: type[CoreSettings], sources: Sources, profiles: ActiveProfiles
) -> tuple[type[CoreSettings], VariableTable]:
    """The class with a field for each address of one service that is set, and its table.

    The services are looked up for that.
    """
    service_name = _service_name(settings_class, sources, profiles)
    table = variable_table(settings_class, service_name)
    given = addresses_in((*sources.names, *(key for profile in profiles.layers for key in profile.settings)))
    if not given:
        return settings_class, table
    # Read apart, for what is wrong in them is told once.
    apart = Sources(sources.environ, sources.project_dir, sources.env_file)
    merged = merge(settings_class, table, apart, profiles)
    first = Assembly(settings_class, table, merged.traces, merged.failed).build()
    filled = with_addresses(settings_class, first.service.addressable, given, table)
    return filled, variable_table(filled, service_name)


def _sifted(found: Iterable[Problem], *, has_profile: bool) -> tuple[Problem, ...]:
    """What is told: nothing that only follows from a file or a profile that is not what was intended."""
    problems = tuple(found)
    is_unread = any(problem.id in _UNREAD for problem in problems)
    if is_unread:  # nobody knows what is set in it, the profile included
        problems = tuple(problem for problem in problems if problem.origin != NOT_SET)
    if is_unread or any(problem.id == "profile.unknown" for problem in problems):
        problems = tuple(problem for problem in problems if not problem.is_policy)
    if not has_profile and not is_unread and any(problem.severity == "error" for problem in problems):
        problems = (_NO_PROFILE, *problems)
    return problems


def _render(context: RenderContext, table: VariableTable) -> tuple[Mapping[str, object], tuple[Problem, ...]]:
    try:
        return render(context, table), ()
    except Exception as error:  # noqa: BLE001  # as a rule a ``render`` of the project
        return {}, (failure(error, "rendering", variable=type(context.settings).__name__),)


def _activate(sources: Sources, requested: Sequence[str] | None) -> tuple[ProfileLibrary, ActiveProfiles]:
    library = project_library(sources.project_dir)
    text, origin = sources.setting(PROFILE_VARIABLE)
    if requested is not None:
        profiles = library.activate(requested, "export_settings")
    else:
        profiles = library.activate(split_names(text) or (DEFAULT_PROFILE,), origin)
    sources.looked_at |= library.looked_at
    return library, profiles


def _service_name(settings_class: type[CoreSettings], sources: Sources, profiles: ActiveProfiles) -> str:
    # Names such as USERS_SECRET_KEY need it before there is a table; it is traced again like any other variable.
    text, _ = sources.setting("SERVICE_NAME")
    in_profiles = (profile.settings.get("service_name") for profile in reversed(profiles.layers))
    names = (text, *in_profiles, settings_class.model_fields["service_name"].default)
    # A name that a rule refuses makes no variables, or each of them would be refused, too.
    return next((name for name in names if isinstance(name, str) and re.fullmatch(SERVICE_NAME, name)), "app")
