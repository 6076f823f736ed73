"""One load: every source read, merged, typed and judged; all problems collected, nothing raised.

``load`` hands back a result instead of raising, because an exception would keep the frames of this module, and the
values in them, alive in a traceback.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretBytes, SecretStr

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.extra_sources import extra_candidates
from dj_core_utils.settings.origins import Candidate, Layer, Origin, Trace
from dj_core_utils.settings.profiles import (
    DEFAULT_PROFILE,
    PROFILE_VARIABLE,
    ActiveProfiles,
    ProfileLibrary,
    builtin_folder,
    profile_candidates,
    split_names,
)
from dj_core_utils.settings.rendering import RenderContext, render
from dj_core_utils.settings.rules import RuleContext, guarded, rules_of, run_rules
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.sources import EnvFile, Sources
from dj_core_utils.settings.spelling import nearest
from dj_core_utils.settings.unknown_names import unknown_names
from dj_core_utils.settings.validation import (
    decode_used,
    explain_whole,
    validate_leaf,
    validate_section,
    validate_whole,
)
from dj_core_utils.settings.variables import VariableTable, section_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from dj_core_utils.settings.base import CoreSettings

_LAYERS = list(Layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The result of one load.

    Attributes:
        settings_class: What was loaded.
        settings: The typed settings; what failed stands at its default.
        problems: Everything wrong, errors and warnings, in the order of the report.
        waived: Problems that a profile or the class waives with a reason.
        traces: The history of every variable, by name.
        rendered: The Django settings; empty when there is an error.
        profiles: The active profiles.
        table: The name table.
        project_dir: What relative paths are relative to.
    """

    settings_class: type[CoreSettings]
    settings: CoreSettings | None = None
    problems: tuple[Problem, ...] = ()
    waived: tuple[Problem, ...] = ()
    traces: Mapping[str, Trace]
    rendered: Mapping[str, object]
    profiles: ActiveProfiles
    table: VariableTable | None = None
    project_dir: Path

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
        return _Load(settings_class, environ, project_dir, env_file, profiles).run()
    except Exception as error:  # noqa: BLE001  # an exception's text and frames may hold secrets; only its place is kept
        problem = _internal(error)
    empty = ActiveProfiles((), ())
    return Loaded(
        settings_class=settings_class,
        problems=(problem,),
        traces={},
        rendered={},
        profiles=empty,
        project_dir=project_dir,
    )


class _Load:
    """The state of one load, from sources to result."""

    def __init__(
        self,
        settings_class: type[CoreSettings],
        environ: Mapping[str, str],
        project_dir: Path,
        env_file: EnvFile,
        profiles: Sequence[str] | None,
    ) -> None:
        self.settings_class = settings_class
        self.project_dir = project_dir
        self.sources = Sources(environ, project_dir, env_file)
        self.problems: list[Problem] = []
        self.waived: list[Problem] = []
        self.silenced: list[str] = []
        self.failed: set[tuple[str, ...]] = set()
        self.profiles = self._activate(profiles)
        self.table = VariableTable(settings_class, self._service_name())
        self.traces: dict[str, Trace] = {}

    def run(self) -> Loaded:
        self.problems += self.table.problems
        self._trace()
        settings = self._assemble()
        self._judge(settings)
        self._unknown_names()
        problems = tuple(_scrubbed(self.sources.problems + self.problems, self._secrets()))
        is_usable = not any(problem.severity == "error" for problem in problems)
        context = RenderContext(settings, self.project_dir, self.profiles, tuple(self.silenced))
        return Loaded(
            settings_class=self.settings_class,
            settings=settings,
            problems=problems,
            waived=tuple(self.waived),
            traces=self.traces,
            rendered=render(context, self.table) if is_usable else {},
            profiles=self.profiles,
            table=self.table,
            project_dir=self.project_dir,
        )

    def _activate(self, profiles: Sequence[str] | None) -> ActiveProfiles:
        text, origin = self.sources.setting(PROFILE_VARIABLE)
        requested = tuple(profiles) if profiles is not None else split_names(text) or (DEFAULT_PROFILE,)
        library = ProfileLibrary((builtin_folder(), self.project_dir / "profiles"))
        active = library.activate(requested, "export_settings" if profiles is not None else origin)
        self.problems += library.problems
        return active

    def _service_name(self) -> str:
        # Names such as USERS_SECRET_KEY need it before there is a table; it is traced again like any other variable.
        text, _ = self.sources.setting("SERVICE_NAME")
        in_profiles = [name for profile in self.profiles.layers if (name := profile.settings.get("service_name"))]
        default = self.settings_class.model_fields["service_name"].default
        return text or str(in_profiles[-1] if in_profiles else default)

    def _trace(self) -> None:
        offers: dict[str, list[Candidate]] = {
            name: list(self.sources.candidates(variable, self.table)) for name, variable in self.table.items()
        }
        for found in extra_candidates(self.settings_class, self.table):
            self._offer(offers, found)
        for profile in reversed(self.profiles.layers):
            for found in profile_candidates(profile, self.table):
                self._offer(offers, found)
        for name, variable in self.table.items():
            offers[name].append(_class_default(self.settings_class, variable))
            # Files may be named in the environment or in .env, so the layers are put in order here.
            ordered = sorted(offers[name], key=lambda candidate: _LAYERS.index(candidate.origin.layer))
            self.traces[name] = Trace(variable, tuple(ordered))
        unusable = {problem.variable for problem in self.sources.problems if problem.severity == "error"}
        self.failed |= {row.path for row in self.table.values() if unusable & {row.name, row.file_name}}

    def _offer(self, offers: dict[str, list[Candidate]], found: tuple[Any, Candidate] | Problem) -> None:
        if isinstance(found, Problem):
            self.problems.append(found)
        else:
            variable, candidate = found
            offers[variable.name].append(candidate)

    def _assemble(self) -> CoreSettings:
        values: dict[str, object] = {}
        for name, field in self.settings_class.model_fields.items():
            section = section_class(field.annotation)
            if section is not None:
                values[name] = self._section(section, (name,))
            elif (variable := self.table.at((name,))) is not None:
                value, is_valid = self._leaf(self.traces[variable.name])
                if is_valid:
                    values[name] = value
        settings = self.settings_class.model_construct(**values)
        return self._validated_whole(settings, values)

    def _leaf(self, trace: Trace) -> tuple[object, bool]:
        value, problem = self._decoded(trace)
        if problem is None and (trace.origin.layer is not Layer.CLASS or not _is_ours(trace.variable.owner, self.settings_class)):
            value, problem = validate_leaf(trace, value)
            if problem is not None:
                self._fail(trace.variable.path, problem)
        return value, problem is None

    def _section(self, section: type[Section], path: tuple[str, ...]) -> Section:
        values: dict[str, object] = {}
        traces: dict[str, Trace] = {}
        for name, field in section.model_fields.items():
            if (inner := section_class(field.annotation)) is not None:
                values[name] = self._section(inner, (*path, name))
                continue
            variable = self.table.at((*path, name))
            trace = self.traces[variable.name] if variable is not None else None
            if trace is not None and self._is_chosen(trace, section):
                traces[name] = trace
                value, problem = self._decoded(trace)
                if problem is None:
                    values[name] = value
        built, failed, problems = validate_section(section, values, traces)
        self.failed |= {(*path, name) for name in failed}
        self.problems += problems
        return built

    def _is_chosen(self, trace: Trace, section: type[Section]) -> bool:
        """Whether a leaf has to be validated: everything but the defaults of our own sections."""
        is_section_default = trace.origin.layer is Layer.CLASS and trace.used.name == trace.variable.name
        return not (is_section_default and section.__module__.startswith("dj_core_utils."))

    def _decoded(self, trace: Trace) -> tuple[object, Problem | None]:
        value, problem = decode_used(trace)
        if problem is not None:
            self._fail(trace.variable.path, problem)
        return value, problem

    def _fail(self, path: tuple[str, ...], problem: Problem) -> None:
        self.failed.add(path)
        self.problems.append(problem)

    def _validated_whole(self, settings: CoreSettings, values: Mapping[str, object]) -> CoreSettings:
        decorators = self.settings_class.__pydantic_decorators__
        if self.failed or not (decorators.field_validators or decorators.model_validators or decorators.validators):
            return settings
        validated, errors = validate_whole(self.settings_class, values)
        leaves = {name: self.traces[row.name] for name in values if (row := self.table.at((name,))) is not None}
        self.problems += explain_whole(errors, leaves, self.settings_class.__name__)
        self.failed |= {(str(error["loc"][0]),) for error in errors if error["loc"]}
        return settings if errors else validated  # type: ignore[return-value]  # an instance of settings_class

    def _judge(self, settings: CoreSettings) -> None:
        parts: dict[tuple[str, ...], type[BaseModel]] = {(): self.settings_class}
        parts.update(_sections(settings, ()))
        context = RuleContext(
            guarded(settings, self.failed), self.table, self.traces, self.profiles, self.project_dir
        )
        waivers = {**self.settings_class.waivers, **self.profiles.waivers}
        rules = {found.id: found for part in parts.values() for found in rules_of(part).values()}
        self._waivers(waivers, rules)
        for problem in run_rules(context, parts):
            if problem.is_policy and problem.id in waivers:
                self.waived.append(replace(problem, hint=f"waived: {waivers[problem.id]}", severity="warning"))
                self.silenced += rules[problem.id].checks
            elif not (problem.is_policy and self.profiles.is_build and self._is_throw_away(problem)):
                self.problems.append(problem)
        self._requirements(context)

    def _waivers(self, waivers: Mapping[str, str], rules: Iterable[str]) -> None:
        known = list(rules)
        for waived in waivers:
            if waived not in known:
                suggestion = nearest(waived, known)
                self.problems.append(
                    Problem(
                        id="waiver.unknown",
                        variable=waived,
                        origin="policy.waivers",
                        message="there is no such rule to waive." + (f" Did you mean {suggestion}?" if suggestion else ""),
                    )
                )

    def _is_throw_away(self, problem: Problem) -> bool:
        trace = self.traces.get(problem.variable)
        return trace is None or not trace.origin.is_real

    def _requirements(self, context: RuleContext) -> None:
        if self.profiles.is_build:
            return
        known = {problem.variable for problem in self.problems + self.sources.problems}
        for profile in self.profiles.layers:
            for wanted in profile.require:
                names = [self.table.expand(name.strip()) for name in wanted.split("|")]
                if not any(context.is_set(name) or name in known for name in names):
                    known.add(names[0])
                    self.problems.append(self._required(profile.name, names))

    def _required(self, profile: str, names: list[str]) -> Problem:
        variable = self.table.get(names[0])
        hint = f"for example  {variable.example}" if variable is not None and variable.example else ""
        others = f" {' or '.join(names[1:])} will do, too." if names[1:] else ""
        return Problem(
            id="variable.required",
            variable=names[0],
            message=f"required by profile {profile}.{others}",
            hint=hint,
        )

    def _unknown_names(self) -> None:
        self.problems += unknown_names(
            self.table,
            environ=self.sources.environ,
            dotenv=self.sources.dotenv,
            secrets=self.sources.secrets,
            allowed=self.settings_class.allowed_variables,
            is_hardened=self.profiles.is_hardened,
        )

    def _secrets(self) -> set[str]:
        return {
            text
            for trace in self.traces.values()
            if trace.variable.is_secret
            for candidate in trace.candidates
            for text in _texts(candidate.value)
        }


def _sections(model: BaseModel, path: tuple[str, ...]) -> dict[tuple[str, ...], type[BaseModel]]:
    found: dict[tuple[str, ...], type[BaseModel]] = {}
    for name, field in type(model).model_fields.items():
        if section_class(field.annotation) is not None:
            inner = getattr(model, name)
            found[(*path, name)] = type(inner)
            found.update(_sections(inner, (*path, name)))
    return found


def _class_default(settings_class: type[BaseModel], variable: Any) -> Candidate:
    """The lowest layer: an instance given in a class body if it sets the leaf, else the field's own default."""
    model, owner = settings_class, settings_class
    for depth, name in enumerate(variable.path[:-1], start=1):
        field = model.model_fields[name]
        given = field.default
        if isinstance(given, Section):
            value = _value_set_in(given, variable.path[depth:])
            if value is not None:
                return Candidate(Origin(Layer.CLASS, _declaring(owner, name)), value[0], f"{owner.__name__}.{name}")
        model = section_class(field.annotation) or model
        owner = model
    field = model.model_fields[variable.path[-1]]
    value = field.get_default(call_default_factory=not field.default_factory_takes_validated_data)
    return Candidate(Origin(Layer.CLASS, variable.owner), value, variable.name)


def _value_set_in(given: Section, path: tuple[str, ...]) -> tuple[object] | None:
    for name in path[:-1]:
        if name not in given.model_fields_set:
            return None
        given = getattr(given, name)
    return (getattr(given, path[-1]),) if path[-1] in given.model_fields_set else None


def _declaring(model: type[BaseModel], name: str) -> str:
    bases = (base for base in model.__mro__ if name in base.__dict__.get("__annotations__", {}))
    return next(bases, model).__name__


def _is_ours(owner: str, settings_class: type[BaseModel]) -> bool:
    return any(
        base.__name__ == owner and base.__module__.startswith("dj_core_utils.") for base in settings_class.__mro__
    )


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, (SecretStr, SecretURL)):
        value = value.get_secret_value()
    elif isinstance(value, SecretBytes):
        value = value.get_secret_value().decode(errors="replace")
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)


_SHORTEST_SCRUBBED = 6


def _scrubbed(problems: Iterable[Problem], secrets: set[str]) -> Iterable[Problem]:
    """The last line of defence: a project's own validator may have put a secret into its message."""
    longest_first = sorted((text for text in secrets if len(text) >= _SHORTEST_SCRUBBED), key=len, reverse=True)
    for problem in problems:
        message, hint = problem.message, problem.hint
        for secret in longest_first:
            message, hint = message.replace(secret, "***"), hint.replace(secret, "***")
        yield problem if (message, hint) == (problem.message, problem.hint) else replace(problem, message=message, hint=hint)


def _internal(error: Exception) -> Problem:
    """An error that nobody foresaw, by its type and place alone: its text may quote a value."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
    return Problem(
        id="internal",
        variable="dj_core_utils",
        origin=place,
        message=f"the configuration could not be read: {type(error).__name__}.",
        hint="this is a defect, of a rule or validator at the place named, or of dj_core_utils; please report it",
    )
