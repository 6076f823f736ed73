"""From sources to histories: what every layer offers for every variable, highest first."""

from __future__ import annotations

from functools import lru_cache
from inspect import get_annotations
from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.extra_sources import extra_candidates
from dj_core_utils.settings.origins import Candidate, Layer, Origin, Trace
from dj_core_utils.settings.profiles import profile_candidates
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import section_class, variable_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.profiles import ActiveProfiles
    from dj_core_utils.settings.sources import Sources
    from dj_core_utils.settings.variables import Variable, VariableTable

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
    defaults = _class_defaults(settings_class, table.service_name)
    for name, row in table.items():
        # A secret file may be named in .env, so the layers are put in order here; within one layer the order stays.
        offers[name].sort(key=lambda candidate: _RANK[candidate.origin.layer])
        merged.traces[name] = Trace(row, (*offers[name], defaults[name]))
    unreadable = {problem.variable for problem in sources.problems if problem.severity == "error"}
    merged.failed |= {row.path for row in table.values() if unreadable & {row.name, row.file_name}}
    return merged


def _structured(
    settings_class: type[CoreSettings], table: VariableTable, profiles: ActiveProfiles
) -> Iterator[tuple[Variable, Candidate] | Problem]:
    yield from extra_candidates(settings_class, table)
    for profile in reversed(profiles.layers):
        yield from profile_candidates(profile, table)


@lru_cache(maxsize=8)
def _class_defaults(settings_class: type[CoreSettings], service_name: str) -> dict[str, Candidate]:
    """The lowest layer of a class, which does not change while the process lives."""
    table = variable_table(settings_class, service_name)
    return {name: _class_default(settings_class, row) for name, row in table.items()}


def _class_default(settings_class: type[BaseModel], row: Variable) -> Candidate:
    """The lowest layer: an instance given in a class body if it sets the leaf, else the field's own default."""
    model: type[BaseModel] = settings_class
    for depth, name in enumerate(row.path[:-1], start=1):
        given = model.model_fields[name].default
        if isinstance(given, Section) and (found := _set_in(given, row.path[depth:])):
            declared_by = _declaring(model, name)
            return Candidate(Origin(Layer.CLASS, declared_by), found[0], f"{declared_by}.{name}")
        model = section_class(model.model_fields[name].annotation) or model
    leaf = model.model_fields[row.path[-1]]
    takes_nothing = not leaf.default_factory_takes_validated_data
    default = leaf.get_default(call_default_factory=True) if takes_nothing else leaf.get_default()
    # A field without a default gets None in its place, and is reported when nothing stands above that.
    return Candidate(Origin(Layer.CLASS, row.owner), None if leaf.is_required() else default, row.name)


def _set_in(given: Section, path: tuple[str, ...]) -> tuple[object] | tuple[()]:
    """The value at a path below a section, in a tuple, if whoever wrote the instance has set it."""
    for name in path[:-1]:
        if name not in given.model_fields_set:
            return ()
        given = getattr(given, name)
    return (getattr(given, path[-1]),) if path[-1] in given.model_fields_set else ()


def _declaring(model: type[BaseModel], name: str) -> str:
    bases = (base for base in model.__mro__ if name in get_annotations(base))
    return next(bases, model).__name__
