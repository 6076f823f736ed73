"""The whole history of one variable: what every layer says of it, who requires it, which rules look at it."""

from __future__ import annotations

from inspect import get_annotations
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.describe import describe, show_candidate
from dj_core_utils.settings.origins import ENVIRONMENT, Layer
from dj_core_utils.settings.requirements import required_by_profile
from dj_core_utils.settings.rule_reading import read_rules
from dj_core_utils.settings.type_words import default_words, plain, type_words
from dj_core_utils.settings.value_text import show_value
from dj_core_utils.settings.variables import known_as, section_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from pydantic import BaseModel

    from dj_core_utils.settings.describe import Row
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from dj_core_utils.settings.origins import Candidate, Trace
    from dj_core_utils.settings.rule_reading import RuleReading
    from dj_core_utils.settings.variables import Variable, VariableTable


# Where a value stands under a name, which may be an earlier one.
_NAMED = (Layer.ENVIRONMENT, Layer.DOTENV)


class Says(NamedTuple):
    """What one layer says of a variable.

    Attributes:
        place: Where one would set it there: ``environment``, ``PAGE_SIZE_FILE``, ``.env:12``, ``profile production``.
        text: What it says, masked; None when it says nothing.
        is_used: Whether this is the value in use.
    """

    place: str
    text: str | None
    is_used: bool = False


class History(NamedTuple):
    """All that is known of one variable.

    Attributes:
        row: Its value in use.
        variable: Its row of the name table.
        type: What a value is, in words.
        default: The default of the class, in words.
        layers: What every layer says, highest first.
        required_by: Profiles under which a start fails without it, active or not.
        rules: Rules that read or report it.
        problems: What is wrong with it now.
        retired_names: Earlier names of it that are still read.
    """

    row: Row
    variable: Variable
    type: str
    default: str
    layers: tuple[Says, ...]
    required_by: tuple[str, ...]
    rules: tuple[RuleReading, ...]
    problems: tuple[Problem, ...]
    retired_names: tuple[str, ...]

    @property
    def checks(self) -> tuple[str, ...]:
        """Ids of Django's checks that ask the same as one of its rules."""
        return tuple(dict.fromkeys(check for rule in self.rules for check in rule.checks))

    @property
    def not_read(self) -> tuple[str, ...]:
        """Names known from elsewhere that are answered with this one."""
        return tuple(name for name in self.variable.other_names if name not in self.retired_names)

    def as_json(self) -> dict[str, object]:
        """The history for ``config explain --json``: what ``config show --json`` says, and more."""
        return {
            **self.row.as_json(),
            "field": self.variable.dotted,
            "section": self.row.section,
            "description": self.variable.description,
            "type": self.type,
            "default": self.default,
            "example": self.variable.example,
            "usable": self.row.is_usable,
            "layers": [{"origin": says.place, "value": says.text, "used": says.is_used} for says in self.layers],
            "required_by": list(self.required_by),
            "rules": [
                {"id": rule.id, "strength": rule.strength, "about": rule.about, "checks": list(rule.checks)}
                for rule in self.rules
            ],
            "retired_names": list(self.retired_names),
            "not_read": list(self.not_read),
        }


def histories(
    loaded: Loaded, table: VariableTable, names: Collection[str], *, reveal: bool = False
) -> Iterator[History]:
    """The histories of some variables, in the order of the name table.

    Args:
        loaded: A load, good or bad.
        table: Its name table.
        names: The variables.
        reveal: Show secrets in clear.
    """
    rules = read_rules(loaded.settings_class, table.service_name)
    requirements = required_by_profile(loaded, table)
    for row, trace in zip(describe(loaded, reveal=reveal), loaded.traces.values(), strict=True):
        if row.variable in names:
            variable = trace.variable
            yield History(
                row=row,
                variable=variable,
                type=plain(type_words(variable)),
                default=plain(default_words(variable, trace.candidates[-1].value)),
                layers=tuple(_layers(loaded, table, trace, reveal=reveal)),
                required_by=tuple(name for name, wanted in requirements.items() if variable.name in wanted),
                # Those of its own section first.
                rules=tuple(
                    sorted(
                        (rule for rule in rules if variable.name in rule.variables),
                        key=lambda rule: rule.section != ".".join(variable.path[:-1]),
                    )
                ),
                problems=tuple(
                    problem for problem in loaded.problems if problem.variable in (variable.name, variable.file_name)
                ),
                retired_names=tuple(table.retired_names(variable.name)),
            )


def _layers(loaded: Loaded, table: VariableTable, trace: Trace, *, reveal: bool) -> Iterator[Says]:
    """Every place where the variable could be set, with what stands there."""
    variable = trace.variable
    offers = _Offers(trace, reveal=reveal)
    yield from offers.of(Layer.ENVIRONMENT) or [Says(ENVIRONMENT.label, None)]
    if variable.file_name not in table:
        yield from offers.of(Layer.FILE, name=variable.file_name) or [Says(variable.file_name, None)]
    if loaded.secrets_dir is not None:
        yield from offers.of(Layer.FILE, name=variable.name) or [Says(str(loaded.secrets_dir / variable.name), None)]
    if loaded.env_file is not None:
        yield from offers.of(Layer.DOTENV) or [Says(_label(loaded.env_file, loaded.project_dir), None)]
    yield from offers.of(Layer.SOURCE)
    # A profile of the project on top of a built-in one has its name.
    for label in dict.fromkeys(profile.origin.label for profile in reversed(loaded.profiles.layers)):
        yield from offers.of(Layer.PROFILE, label=label) or [Says(label, None)]
    yield from offers.of(Layer.CLASS)
    yield from _below(loaded.settings_class, trace, reveal=reveal)


class _Offers:
    """The candidates of a trace, by what they come from."""

    def __init__(self, trace: Trace, *, reveal: bool) -> None:
        self.trace = trace
        self.reveal = reveal

    def of(self, layer: Layer, *, name: str = "", label: str = "") -> list[Says]:
        """What a layer says, highest first."""
        return [
            Says(
                self._place(found),
                show_candidate(self.trace.variable, found, reveal=self.reveal),
                is_used=found is self.trace.used,
            )
            for found in self.trace.candidates
            if found.origin.layer is layer and name in ("", found.name) and label in ("", found.origin.label)
        ]

    def _place(self, found: Candidate) -> str:
        is_earlier = found.origin.layer in _NAMED and found.name != self.trace.variable.name
        return f"{found.origin} ({found.name})" if is_earlier else str(found.origin)


def _label(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


def _below(settings_class: type[BaseModel], trace: Trace, *, reveal: bool) -> Iterator[Says]:
    """Defaults that a class in use declares anew: of the section itself, and of the bases of its class."""
    variable, used = trace.variable, trace.candidates[-1]
    holder: type[BaseModel] = settings_class
    for name in variable.path[:-1]:
        holder = section_class(holder.model_fields[name].annotation) or holder
    name = variable.path[-1]
    for base in holder.__mro__:
        field = base.__dict__.get("__pydantic_fields__", {}).get(name)
        label = known_as(base, holder).__name__
        if field is None or name not in get_annotations(base) or label == used.origin.label:
            continue
        if not field.is_required() and not field.default_factory_takes_validated_data:
            default = field.get_default(call_default_factory=True)
            yield Says(label, show_value(default, is_secret=variable.is_secret, reveal=reveal))
