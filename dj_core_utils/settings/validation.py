"""From merged values to typed sections: decode text, validate section by section, explain what does not fit.

Every value is judged, also after the first failure. A leaf that fails is left out and remembered, so that the rest of
its section is still known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticErrorMixin
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.decoding import decode
from dj_core_utils.settings.defects import failure
from dj_core_utils.settings.errors import NOT_SET, Problem
from dj_core_utils.settings.origins import Layer
from dj_core_utils.settings.quoting import quoted
from dj_core_utils.settings.schemaless import ASK, outcome
from dj_core_utils.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from dj_core_utils.settings.origins import Trace
    from dj_core_utils.settings.variables import Variable

Path_ = tuple[str, ...]

_UNDECODED = object()
_MOST_ADAPTERS = 2000
_adapters: dict[int, tuple[FieldInfo, TypeAdapter[object]]] = {}
# Pydantic's own texts for these hold numbers and words of ours, never the value; for a secret nothing else is shown.
_SAFE_FOR_SECRETS = frozenset(
    {"string_too_short", "string_too_long", "too_short", "too_long", "string_type", "missing"}
)
_IDS = {
    "greater_than": "value.range",
    "greater_than_equal": "value.range",
    "less_than": "value.range",
    "less_than_equal": "value.range",
    "string_too_short": "value.length",
    "string_too_long": "value.length",
    "too_short": "value.length",
    "too_long": "value.length",
    "string_pattern_mismatch": "value.pattern",
    "literal_error": "value.choice",
    "enum": "value.choice",
}


def decode_used(trace: Trace) -> tuple[object, Problem | None]:
    """The value of the winning candidate, decoded when it is text; what a class says is meant as it stands there.

    Returns:
        The value and no problem, or anything and the problem.
    """
    candidate, variable = trace.used, trace.variable
    if trace.is_missing:
        hint = "" if variable.example else f"set {variable.name}, or give the field {variable.dotted} a default"
        problem = _problem(trace, "variable.required", "required, and nothing sets it.", hint)
        return _UNDECODED, problem._replace(origin=NOT_SET)
    if candidate.origin.layer is Layer.CLASS or not isinstance(candidate.value, str):
        return candidate.value, None
    try:
        return decode(candidate.value, variable.annotation, is_secret=variable.is_secret), None
    except PydanticCustomError as error:
        message, _, hint = error.message().partition("\n")
        return _UNDECODED, _problem(trace, error.type, message, hint)


def validate_section(
    section: type[Section], values: dict[str, object], traces: Mapping[str, Trace]
) -> tuple[Section, set[str], list[Problem]]:
    """Build a section from what the sources set, without the leaves that fail.

    Args:
        section: The class.
        values: Values by field name; empty when everything is at its default.
        traces: The history by field name, for the problems.

    Returns:
        The section, the names of the failed leaves, and their problems.
    """
    if _is_plain(section):
        return _leaf_by_leaf(section, values, traces)
    failed: set[str] = set()
    problems: list[Problem] = []
    while values:
        errors = _errors(section, values)
        if isinstance(errors, BaseModel):
            return errors, failed, problems  # type: ignore[return-value]  # an instance of section
        if isinstance(errors, Problem):
            return section.model_construct(), failed | values.keys(), [*problems, errors]
        by_leaf = _by_leaf(errors)
        if not by_leaf.keys() & values.keys():
            # What is missing and has no default was reported when it was decoded.
            problems += [_of_class(section.__name__, error) for error in errors if error["type"] != "missing"]
            break
        for name, details in by_leaf.items():
            values.pop(name, None)
            failed.add(name)
            if name in traces:
                problems.append(_explain(traces[name], details))
            else:  # a section within this one, refused as a whole
                problems += [_of_class(f"{section.__name__}.{name}", error) for error in details]
    return section.model_construct(None, **values), failed, problems


def _is_plain(section: type[Section]) -> bool:
    """Whether its leaves are all that there is to judge; then the schema of the whole section need not be built."""
    found = section.__pydantic_decorators__
    return not (found.field_validators or found.model_validators) and section.model_config == Section.model_config


def _leaf_by_leaf(
    section: type[Section], values: dict[str, object], traces: Mapping[str, Trace]
) -> tuple[Section, set[str], list[Problem]]:
    failed: set[str] = set()
    problems: list[Problem] = []
    for name in [name for name in values if name in traces]:
        value, problem = validate_leaf(traces[name], values.pop(name))
        if problem is None:
            values[name] = value
        else:
            failed.add(name)
            problems.append(problem)
    return section.model_construct(None, **values), failed, problems


def validate_leaf(trace: Trace, value: object) -> tuple[object, Problem | None]:
    """Validate one leaf by itself."""
    variable = trace.variable
    if (found := outcome(value, variable.annotation, variable.metadata)) is not ASK:
        return found, None
    try:
        return _adapter(variable).validate_python(value), None
    except ValidationError as error:
        return None, _explain(trace, _details(error))
    except Exception as error:  # noqa: BLE001  # what a validator of the project raises says nothing about the others
        return None, _defect(error, variable.name, "its type")


def _adapter(variable: Variable) -> TypeAdapter[object]:
    """The schema of a leaf; to build it takes longer than anything else in a load, and the next load needs it again."""
    field = variable.field
    # By identity, because annotations that compare equal may differ: int | str and str | int.
    kept = _adapters.get(id(field))
    if kept is None:
        metadata = (field,) if field.discriminator is not None else variable.metadata
        annotation: Any = Annotated[variable.annotation, *metadata] if metadata else variable.annotation
        if len(_adapters) >= _MOST_ADAPTERS:
            _adapters.clear()
        # With the field, so that no other one gets its identity.
        kept = _adapters[id(field)] = (field, TypeAdapter(annotation))
    return kept[1]


def validate_whole(
    settings_class: type[BaseModel], values: Mapping[str, object]
) -> BaseModel | list[ErrorDetails] | Problem:
    """Run the validators that a project declared on its own settings class, over values that are valid by themselves.

    Returns:
        The validated instance, or the errors, or what broke.
    """
    instance = settings_class.__new__(settings_class)
    try:
        BaseModel.__init__(instance, **values)
    except ValidationError as error:
        return _details(error)
    except Exception as error:  # noqa: BLE001  # the same
        return _defect(error, settings_class.__name__, "it")
    return instance


def explain_whole(errors: Iterable[ErrorDetails], traces: Mapping[str, Trace], class_name: str) -> list[Problem]:
    """Problems of ``validate_whole``: by leaf where one is named, by class otherwise."""
    return [
        _explain(traces[str(error["loc"][0])], [{**error, "loc": error["loc"][1:]}])
        if error["loc"] and str(error["loc"][0]) in traces
        else _of_class(class_name, error)
        for error in errors
    ]


def _errors(model: type[BaseModel], values: Mapping[str, object]) -> BaseModel | list[ErrorDetails] | Problem:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        return _details(error)
    except Exception as error:  # noqa: BLE001  # the same
        return _defect(error, model.__name__, "it")


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_input=False, include_context=False, include_url=False)


def _defect(error: Exception, name: str, subject: str) -> Problem:
    """What is wrong with the class, and not with a value."""
    if not isinstance(error, PydanticErrorMixin):
        return failure(error, f"a validator of {name}", variable=name)
    if error.code == "decorator-missing-field":
        message, hint = "a validator is for a field that is not there.", "give it the name of a field, in small letters"
    else:
        message = f"{subject} cannot be used: {error.message.partition(chr(10))[0]}"
        hint = "choose another type, or take the value as text"
    return Problem(id="class.field", variable=name, origin="settings class", message=message, hint=hint)


def _by_leaf(errors: Iterable[ErrorDetails]) -> dict[str, list[ErrorDetails]]:
    leaves: dict[str, list[ErrorDetails]] = {}
    for error in errors:
        if error["loc"]:
            name, *rest = error["loc"]
            leaves.setdefault(str(name), []).append({**error, "loc": tuple(rest)})
    return leaves


def _explain(trace: Trace, details: list[ErrorDetails]) -> Problem:
    first = details[0]
    custom = "." in first["type"]
    problem_id = first["type"] if custom else _IDS.get(first["type"], "value.type")
    message, _, hint = first["msg"].partition("\n")
    value = trace.used.value
    if trace.variable.is_secret:
        if not custom:
            message = (
                f"the value {message.removeprefix('Input ').removeprefix('String ')}"
                if first["type"] in _SAFE_FOR_SECRETS
                else "the value is not usable."
            )
        return _problem(trace, problem_id, message, hint)
    place = _place(first["loc"], value)
    if not custom:
        message = message.removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
        message = message.partition(", unable to ")[0]  # of a text that is none: the first half says it
        message = (
            f"{place or quoted(value)} {message}"
            if message.startswith(("should ", "is "))
            else f"{place or quoted(value)}: {message}"
        )
        message = message if message.endswith(".") else f"{message}."
    elif place:
        message = f"{place}: {message}"
    if isinstance(value, tuple) and len(value) == 1 and not first["loc"]:
        hint = hint or "a comma at the end of the line makes a tuple of one"
    return _problem(trace, problem_id, message, hint)


def _place(loc: tuple[int | str, ...], value: object) -> str:
    """``item 2, "shop.example.com"`` for a value inside a list or mapping."""
    if not loc:
        return ""
    key = loc[0]
    if isinstance(key, int):
        item = _item(value, key)
        return f"item {key + 1}" + (f", {quoted(item)}" if item is not None else "")
    return f"{quoted(key)}" if isinstance(value, (dict, str)) else ""


def _item(value: object, index: int) -> object:
    if isinstance(value, str):
        value = decode(value, list[str])
    return value[index] if isinstance(value, (list, tuple)) and index < len(value) else None


def _problem(trace: Trace, problem_id: str, message: str, hint: str = "") -> Problem:
    hint = hint or (f"for example  {trace.variable.example}" if trace.variable.example else "")
    return Problem(
        id=problem_id,
        variable=trace.used.name,
        origin=trace.origin.label,
        message=message,
        hint=hint,
    )


def _of_class(class_name: str, error: ErrorDetails) -> Problem:
    message, _, hint = error["msg"].removeprefix("Value error, ").partition("\n")
    problem_id = error["type"] if "." in error["type"] else "class.validator"
    return Problem(id=problem_id, variable=class_name, origin=class_name, message=message, hint=hint)
