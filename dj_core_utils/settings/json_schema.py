"""JSON Schema (draft 2020-12) of a profile and of the environment, from the name table.

A profile is described with the types that TOML has: the loader also reads ``"yes"`` where a boolean belongs, an editor
says that ``true`` is meant.
"""

from __future__ import annotations

import inspect
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.decoding import decode
from dj_core_utils.settings.env_template import LOADING
from dj_core_utils.settings.merging import class_defaults
from dj_core_utils.settings.profiles import POLICY_FLAGS, project_library
from dj_core_utils.settings.reference import class_table
from dj_core_utils.settings.rule_reading import read_rules
from dj_core_utils.settings.value_text import env_value, json_value, show_duration
from dj_core_utils.settings.variables import unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic_core import core_schema

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.variables import Variable, VariableTable

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_Schema = dict[str, Any]
_DURATION = r"^\s*[+-]?(P|[0-9])"
_NAME = r"[A-Z][A-Z0-9_]*|\{SERVICE\}_[A-Z0-9_]+"
_ALTERNATIVES = rf"^\s*({_NAME})(\s*\|\s*({_NAME}))+\s*$"
_TEXTS: dict[object, _Schema] = {
    # Texts that the loader reads; an empty one means that the variable is not set.
    bool: {
        "pattern": r"^\s*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[01]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])?\s*$"
    },
    int: {"pattern": r"^\s*([+-]?[0-9]+)?\s*$"},
    float: {"pattern": r"^\s*([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?)?\s*$"},
    timedelta: {"pattern": rf"{_DURATION}|^$"},
}


def profile_schema(settings_class: type[CoreSettings], project_dir: Path) -> _Schema:
    """The schema of a profile file.

    Args:
        settings_class: The class whose fields a profile may set.
        project_dir: The folder that holds the project's ``profiles``, whose names are known.
    """
    table = class_table(settings_class)
    leaves, definitions = _leaves(table)
    defaults = class_defaults(settings_class, table.service_name).candidates
    for row in table.values():
        leaves[row.name] |= _annotations(row, defaults[row.name].value)
    names = project_library(project_dir).names
    schema: _Schema = {
        "$schema": DIALECT,
        "title": f"Profile of {settings_class.__name__}",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "description": "One sentence for people."},
            "extends": _profiles(names, "Profiles that are applied before this one."),
            "conflicts": _profiles(names, "Profiles that cannot be active together with this one."),
            "require": _requirements(table),
            "settings": _tree(settings_class, table, (), leaves),
            "policy": _policy(settings_class, table),
        },
    }
    return schema | ({"$defs": definitions} if definitions else {})


def environment_schema(settings_class: type[CoreSettings]) -> _Schema:
    """The schema of the environment as one object of texts, for what is checked before it is deployed.

    Args:
        settings_class: The class whose variables are described. Other names are allowed, as in any environment.
    """
    table = class_table(settings_class)
    properties: dict[str, _Schema] = {
        entry.name: {"type": "string", "description": entry.description} for entry in LOADING
    }
    exclusive = []
    for row in table.values():
        properties[row.name] = {"type": "string", "description": _description(row), **_text(row.annotation)}
        if row.file_name not in table:
            properties[row.file_name] = {"type": "string", "description": f"Path of a file that holds {row.name}."}
            exclusive.append({"not": {"required": [row.name, row.file_name]}})
    return {
        "$schema": DIALECT,
        "title": f"Environment of {settings_class.__name__}",
        "type": "object",
        "properties": properties,
        "allOf": exclusive,
    }


class _TomlSchema(GenerateJsonSchema):
    """What Pydantic knows of a type, in the form that TOML can write."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:  # noqa: ARG002  # Pydantic's signature
        """Seconds or a text, as in the environment."""
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DURATION}]}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """There is no null in TOML; what is not set is left out."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default inside of a value may be a secret."""
        return self.generate_inner(schema["schema"])

    def handle_invalid_for_json_schema(self, schema: core_schema.CoreSchema, error_info: str) -> JsonSchemaValue:  # noqa: ARG002  # the same
        """What JSON Schema has no words for is left to the loader."""
        return {}


def _leaves(table: VariableTable) -> tuple[dict[str, _Schema], _Schema]:
    """The schema of each leaf by its variable, and what they refer to."""
    adapters: list[tuple[str, Literal["validation"], TypeAdapter[Any]]] = []
    for row in table.values():
        metadata = (row.field,) if row.field.discriminator is not None else row.metadata
        annotation: Any = Annotated[row.annotation, *metadata] if metadata else row.annotation
        adapters.append((row.name, "validation", TypeAdapter(annotation)))
    found, shared = TypeAdapter.json_schemas(adapters, schema_generator=_TomlSchema, ref_template="#/$defs/{model}")
    return {name: dict(schema) for (name, _), schema in found.items()}, shared.get("$defs", {})


def _tree(
    settings_class: type[CoreSettings], table: VariableTable, path: tuple[str, ...], leaves: Mapping[str, _Schema]
) -> _Schema:
    """The object of a section, with its fields and the sections in it."""
    model: Any = settings_class
    for name in path:
        model = model.model_fields[name].annotation
    properties: dict[str, _Schema] = {}
    for field in table.fields_at(path):
        row = table.at((*path, field))
        properties[field] = leaves[row.name] if row else _tree(settings_class, table, (*path, field), leaves)
    about = inspect.cleandoc(model.__doc__ or "").partition("\n")[0].replace("``", "`")
    return {
        "type": "object",
        **({"description": about} if about else {}),
        "additionalProperties": False,
        "properties": properties,
    }


def _annotations(row: Variable, default: object) -> Iterator[tuple[str, object]]:
    """What an editor shows beside a leaf."""
    yield "description", _description(row)
    if row.is_secret:
        return
    if default is not None:
        yield "default", _written(default)
    if row.example:
        try:
            yield "examples", [_written(decode(row.example, row.annotation))]
        except PydanticCustomError:
            return  # an example for people, such as <your name>


def _written(value: object) -> object:
    """A value as one would write it in TOML."""
    return show_duration(value) if isinstance(value, timedelta) else json_value(value)


def _description(row: Variable) -> str:
    return f"{row.description} Variable: {row.name}.".lstrip()


def _profiles(names: list[str], description: str) -> _Schema:
    return {"type": "array", "description": description, "items": {"type": "string", "enum": names}}


def _requirements(table: VariableTable) -> _Schema:
    own = f"{table.service}_"
    general = [f"{{SERVICE}}_{name.removeprefix(own)}" for name in table if name.startswith(own)]
    return {
        "type": "array",
        "description": "Variables that a real source must set, not a default; A|B is satisfied by either.",
        "items": {"anyOf": [{"enum": [*table, *general]}, {"type": "string", "pattern": _ALTERNATIVES}]},
    }


def _policy(settings_class: type[CoreSettings], table: VariableTable) -> _Schema:
    rules = sorted({rule.id for rule in read_rules(settings_class, table.service_name)})
    flags = {name: {"type": "boolean", "description": about} for name, about in POLICY_FLAGS.items()}
    waivers = {
        "type": "object",
        "description": "Rules that are waived, each with its reason.",
        "propertyNames": {"enum": rules},
        "additionalProperties": {"type": "string", "pattern": r"\S"},
    }
    return {"type": "object", "additionalProperties": False, "properties": {**flags, "waivers": waivers}}


def _text(annotation: object) -> _Schema:
    """What a text of the environment has to look like, as far as a pattern can tell."""
    bare, _ = unwrap(annotation)
    kind = get_origin(bare) or bare
    if kind is Literal:
        choices = get_args(bare)
    elif isinstance(kind, type) and issubclass(kind, Enum):
        choices = tuple(member.value for member in kind)
    else:
        return _TEXTS.get(kind, {})
    return {"enum": ["", *map(env_value, choices)]} if all(isinstance(choice, str) for choice in choices) else {}
