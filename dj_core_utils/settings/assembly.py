"""From histories to the typed settings object, section by section, with the failed leaves left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic import BaseModel

from dj_core_utils.settings.defects import failure
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.origins import Layer
from dj_core_utils.settings.validation import (
    decode_used,
    explain_whole,
    validate_leaf,
    validate_section,
    validate_whole,
)
from dj_core_utils.settings.variables import section_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.origins import Trace
    from dj_core_utils.settings.section import Section
    from dj_core_utils.settings.variables import VariableTable

_OURS = "dj_core_utils."


class Assembly:
    """Builds the settings object of one load.

    Attributes:
        settings_class: The class to build.
        table: The variables.
        traces: The history of every variable, by name.
        failed: Paths of leaves that have no valid value; they stand at their default and rules may not read them.
        problems: What did not fit.
    """

    def __init__(
        self,
        settings_class: type[CoreSettings],
        table: VariableTable,
        traces: Mapping[str, Trace],
        failed: set[tuple[str, ...]],
    ) -> None:
        self.settings_class = settings_class
        self.table = table
        self.traces = traces
        self.failed = failed
        self.problems: list[Problem] = []

    def build(self) -> CoreSettings:
        """Decode and validate everything; a failure never hides another one."""
        values: dict[str, object] = {}
        for name, info in self.settings_class.model_fields.items():
            if (section := section_class(info.annotation)) is not None:
                values[name] = self._section(section, (name,))
            elif (row := self.table.at((name,))) is not None:
                self._leaf(self.traces[row.name], values)
        return self._with_own_validators(self._construct(values), values)

    def _construct(self, values: dict[str, object]) -> CoreSettings:
        try:
            return self.settings_class.model_construct(**values)  # type: ignore[arg-type]  # validated one by one
        except Exception as error:  # noqa: BLE001  # a default that is computed from other fields
            problem = failure(error, "a default", variable=self.settings_class.__name__)
        if not self.failed:
            self.problems.append(problem)
        self.failed.update(trace.variable.path for trace in self.traces.values() if trace.is_computed)
        without = {path[0]: None for path in self.failed if len(path) == 1 and path[0] not in values}
        return self.settings_class.model_construct(**values, **without)  # type: ignore[arg-type]  # the same

    def _section(self, section: type[Section], path: tuple[str, ...]) -> Section:
        values: dict[str, object] = {}
        traces: dict[str, Trace] = {}
        for name, info in section.model_fields.items():
            if (inner := section_class(info.annotation)) is not None:
                values[name] = self._section(inner, (*path, name))
            elif (row := self.table.at((*path, name))) is not None and self._needs_validation(row.name, section):
                traces[name] = self.traces[row.name]
                self._decode(traces[name], values)
        built, failed, problems = validate_section(section, values, traces)
        self.failed |= {(*path, name) for name in failed}
        self.problems += problems
        return built

    def _needs_validation(self, name: str, section: type[Section]) -> bool:
        """Everything but the defaults of our own sections, which tests have seen valid."""
        trace = self.traces[name]
        is_field_default = trace.origin.layer is Layer.CLASS and trace.used.name == name
        return not (trace.is_computed or (is_field_default and section.__module__.startswith(_OURS)))

    def _leaf(self, trace: Trace, values: dict[str, object]) -> None:
        name = trace.variable.path[-1]
        if trace.is_computed or (trace.origin.layer is Layer.CLASS and trace.variable.is_ours):
            return  # Pydantic fills it in, with a copy where the value could be changed
        if self._decode(trace, values):
            value, problem = validate_leaf(trace, values.pop(name))
            if problem is None:
                values[name] = value
            else:
                self._fail(trace, problem)

    def _decode(self, trace: Trace, values: dict[str, object]) -> bool:
        value, problem = decode_used(trace)
        if problem is not None:
            self._fail(trace, problem)
            return False
        values[trace.variable.path[-1]] = value
        return True

    def _fail(self, trace: Trace, problem: Problem) -> None:
        self.failed.add(trace.variable.path)
        self.problems.append(problem)

    def _with_own_validators(self, settings: CoreSettings, values: Mapping[str, object]) -> CoreSettings:
        decorators = self.settings_class.__pydantic_decorators__
        if self.failed or not (decorators.field_validators or decorators.model_validators):
            return settings  # building the schema of the whole class is only worth it for validators of the project
        found = validate_whole(self.settings_class, values)
        if isinstance(found, BaseModel):
            return cast("CoreSettings", found)
        if isinstance(found, Problem):
            self.problems.append(found)
            return settings
        leaves = {name: self.traces[row.name] for name in values if (row := self.table.at((name,))) is not None}
        self.problems += explain_whole(found, leaves, self.settings_class.__name__)
        self.failed |= {(str(error["loc"][0]),) for error in found if error["loc"]}
        return settings
