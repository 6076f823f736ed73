"""From sources to histories: what every layer offers for every variable, highest first."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel

from dj_core_utils.settings.defects import failure
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.extra_sources import extra_candidates
from dj_core_utils.settings.origins import Candidate, Layer, Origin, Trace
from dj_core_utils.settings.profiles import profile_candidates
from dj_core_utils.settings.section import Section, own_annotations
from dj_core_utils.settings.variables import section_class, variable_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.profiles import ActiveProfiles
    from dj_core_utils.settings.sources import Sources
    from dj_core_utils.settings.variables import Variable, VariableTable

_EMPTY = BaseModel.model_construct.__func__  # type: ignore[attr-defined]  # a class method, which has one
_RANK = {layer: rank for rank, layer in enumerate(Layer)}


class Merged:
    """What the layers say.

    Attributes:
        traces: The history of every variable, by name.
        failed: Paths of leaves whose source could not be read.
        problems: Keys of profiles and extra sources that no field has.
    """

    def __init__(self) -> None:
        self.traces: dict[str, Trace] = {}
        self.failed: set[tuple[str, ...]] = set()
        self.problems: list[Problem] = []


def merge(
    settings_class: type[CoreSettings], table: VariableTable, sources: Sources, profiles: ActiveProfiles
) -> Merged:
    """Ask every layer for every variable.

    A value replaces the one below it whole; lists and mappings are never mixed from two layers.

    Args:
        settings_class: The class, for its defaults and extra sources.
        table: The variables.
        sources: Environment, files and ``.env``.
        profiles: The active profiles.
    """
    merged = Merged()
    offers = {name: list(sources.candidates(row, table)) for name, row in table.items()}
    for found in _structured(settings_class, table, profiles):
        if isinstance(found, Problem):
            merged.problems.append(found)
        else:
            row, candidate = found
            offers[row.name].append(candidate)
    defaults = class_defaults(settings_class, table.service_name)
    merged.problems += defaults.problems
    merged.failed |= defaults.failed
    for name, row in table.items():
        # A secret file may be named in .env, so the layers are put in order here; within one layer the order stays.
        offers[name].sort(key=lambda candidate: _RANK[candidate.origin.layer])
        merged.traces[name] = Trace(row, (*offers[name], defaults.candidates[name]))
    unreadable = {problem.variable for problem in sources.problems if problem.severity == "error"}
    merged.failed |= {row.path for row in table.values() if unreadable & {row.name, row.file_name}}
    return merged


def _structured(
    settings_class: type[CoreSettings], table: VariableTable, profiles: ActiveProfiles
) -> Iterator[tuple[Variable, Candidate] | Problem]:
    yield from extra_candidates(settings_class, table)
    for profile in reversed(profiles.layers):
        yield from profile_candidates(profile, table)


class _Defaults(NamedTuple):
    """The lowest layer of a class, which does not change while the process lives."""

    candidates: dict[str, Candidate]
    problems: list[Problem]
    failed: set[tuple[str, ...]]


@lru_cache(maxsize=8)
def class_defaults(settings_class: type[CoreSettings], service_name: str) -> _Defaults:
    """What a class says of every leaf: a section given in its body, or else the field's own default.

    Args:
        settings_class: The class.
        service_name: What ``{SERVICE}`` in a name stands for.
    """
    found = _Defaults({}, [], set())
    for name, row in variable_table(settings_class, service_name).items():
        try:
            found.candidates[name] = _class_default(settings_class, row)
        except Exception as error:  # noqa: BLE001  # a factory of the project; the other defaults are known
            found.candidates[name] = Candidate(Origin(Layer.CLASS, row.owner), None, row.name)
            found.problems.append(failure(error, f"the default of {row.dotted}", variable=row.name))
            found.failed.add(row.path)
    return found


def _class_default(settings_class: type[BaseModel], row: Variable) -> Candidate:
    """An instance given in a class body if it sets the leaf, else the field's own default."""
    model: type[BaseModel] = settings_class
    for depth, name in enumerate(row.path[:-1], start=1):
        given, below = _step(model, name)
        if given is not None and (found := _set_in(given, row.path[depth:])):
            declared_by = _declaring(model, name)
            return Candidate(Origin(Layer.CLASS, declared_by), found[0], f"{declared_by}.{name}")
        model = below
    leaf = row.field
    # A field without a default gets None in its place, and is reported when nothing stands above that; one whose
    # default is made from other fields gets it when those are known.
    has_none = leaf.is_required() or leaf.default_factory_takes_validated_data
    return Candidate(
        Origin(Layer.CLASS, row.owner), None if has_none else leaf.get_default(call_default_factory=True), row.name
    )


@lru_cache(maxsize=64)
def _step(model: type[BaseModel], name: str) -> tuple[Section | None, type[BaseModel]]:
    """What a class body gives for a section, as it is or through a factory that makes no empty one; and its class."""
    field = model.model_fields[name]
    factory = field.default_factory
    if factory is None or getattr(factory, "__func__", None) is _EMPTY or field.default_factory_takes_validated_data:
        given = field.default
    else:
        given = field.get_default(call_default_factory=True)
    return given if isinstance(given, Section) else None, section_class(field.annotation) or model


def _set_in(given: Section, path: tuple[str, ...]) -> tuple[object] | tuple[()]:
    """The value at a path below a section, in a tuple, if whoever wrote the instance has set it."""
    for name in path[:-1]:
        if name not in given.model_fields_set:
            return ()
        given = getattr(given, name)
    return (getattr(given, path[-1]),) if path[-1] in given.model_fields_set else ()


def _declaring(model: type[BaseModel], name: str) -> str:
    bases = (base for base in model.__mro__ if name in own_annotations(base))
    return next(bases, model).__name__
