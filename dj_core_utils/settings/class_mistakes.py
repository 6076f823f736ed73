"""What is wrong with a settings class itself, whatever the sources say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Annotated, ForwardRef, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.section import own_annotations
from dj_core_utils.settings.variables import section_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.section import Section

# Options of pydantic-settings about sources, which are read here by other rules; and what to do instead.
_OF_SOURCES = {
    "env_prefix": 'every variable has one whole name; give another one with variable(name="...")',
    "env_file": 'name the file: export_settings(globals(), env_file="...") or DJANGO_ENV_FILE',
    "env_nested_delimiter": "every leaf of a section has a variable of its own",
    "secrets_dir": "name the directory with DJANGO_SECRETS_DIR",
    "toml_file": "write a profile",
    "yaml_file": "write a profile",
    "json_file": "write a profile",
}

# What may stand for a type by mistake, ``page_size: 50``, and how a type that is still text looks.
_VALUES = (bool, int, float, bytes, list, tuple, dict, set)
_TYPE = r"[\w.\[\], |]*"
_NOT_OF_PROJECT = ("dj_core_utils.", "pydantic")


@lru_cache(maxsize=8)
def class_mistakes(settings_class: type[CoreSettings]) -> tuple[Problem, ...]:
    """Everything in a settings class that would be ignored, or would break something else.

    Args:
        settings_class: The class; it is not filled when there is a mistake in it.
    """
    if unreadable := (*_untyped(settings_class), *_no_types(settings_class)):
        return unreadable  # such a field is missing, or of no type, and the others would be misjudged
    return (
        *_hidden_sections(settings_class),
        *_defaults(settings_class),
        *_aliases(settings_class, ()),
        *_options(settings_class),
    )


def _untyped(settings_class: type[CoreSettings]) -> Iterator[Problem]:
    """Lines without a type, of the class, its bases and its sections."""
    for model in _of_project(settings_class):
        for base in model.__mro__:
            for name in vars(base).get("__untyped__", ()):
                from dj_core_utils.settings.class_body import untyped_line  # noqa: PLC0415  # only a failed start pays

                yield untyped_line(settings_class, base, name)


def _no_types(settings_class: type[CoreSettings]) -> Iterator[Problem]:
    """Types that are values, and those that Python has not found: one that is only imported for type checkers."""
    for model in _of_project(settings_class):
        for name in _declared(model):
            annotation: object = model.model_fields[name].annotation
            unknown = next(_references(annotation), "")
            is_value = isinstance(annotation, _VALUES) or not re.fullmatch(_TYPE, unknown)
            if is_value or unknown:
                from dj_core_utils.settings.class_body import unknown_type, value_for_type  # noqa: PLC0415  # only a failed start pays

                given = unknown or annotation
                yield value_for_type(model, name, given) if is_value else unknown_type(model, name, unknown)


def _declared(model: type[BaseModel]) -> list[str]:
    """Names of the fields that a project declares in a class or its bases, also those that we had declared before."""
    bases = (base for base in model.__mro__ if not base.__module__.startswith(_NOT_OF_PROJECT))
    declared = {name for base in bases for name in own_annotations(base)}
    return [name for name in model.model_fields if name in declared]


def _of_project(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The class, and the sections in it that are not ours."""
    yield model
    for field in model.model_fields.values():
        section = section_class(field.annotation)
        if section is not None and not section.__module__.startswith("dj_core_utils."):
            yield from _of_project(section)


def _references(annotation: object) -> Iterator[str]:
    """What is still text in an annotation."""
    if isinstance(annotation, ForwardRef):
        yield annotation.__forward_arg__
    elif isinstance(annotation, str):
        yield annotation
    elif (kind := get_origin(annotation)) is not Literal:
        for part in get_args(annotation)[: 1 if kind is Annotated else None]:
            yield from _references(part)


def _hidden_sections(settings_class: type[CoreSettings]) -> Iterator[Problem]:
    for name in _declared(settings_class):
        field = settings_class.model_fields[name]
        expected = _first_declared(settings_class, name)
        given = section_class(field.annotation)
        if expected is not None and (given is None or not issubclass(given, expected)):
            yield _mistake(
                settings_class,
                name,
                f"the field {name} hides the section {expected.__name__}.",
                f"choose another name, or a subclass of {expected.__name__}",
            )


def _defaults(settings_class: type[CoreSettings]) -> Iterator[Problem]:
    """A section's default that would be passed over: ``jwt: JWTSettings = {"issuer": "shop"}``."""
    for model in _of_project(settings_class):
        for name, field in model.model_fields.items():
            section = section_class(field.annotation)
            if section and not isinstance(field.default, (section, NoneType, type(PydanticUndefined))):
                kind = section.__name__
                message = f"the default of {name} is not an instance of {kind}."
                yield _mistake(model, name, message, f"write  {name}: {kind} = {kind}(...)")


def _first_declared(model: type[BaseModel], name: str) -> type[Section] | None:
    """The section that a field was when the first class declared it; None for a leaf."""
    first = next(base for base in reversed(model.__mro__) if issubclass(base, BaseModel) and name in base.model_fields)
    return section_class(first.model_fields[name].annotation)


def _aliases(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Problem]:
    for name, field in model.model_fields.items():
        here = (*path, name)
        if (section := section_class(field.annotation)) is not None:
            yield from _aliases(section, here)
        elif alias := field.validation_alias or field.alias:
            meant = alias.upper() if isinstance(alias, str) else name.upper()
            hint = f'name the variable: {name} = variable(..., name="{meant}")'
            yield _mistake(model, ".".join(here), f"the alias of {name} is not read.", hint)


def _options(settings_class: type[CoreSettings]) -> Iterator[Problem]:
    for option, instead in _OF_SOURCES.items():
        if settings_class.model_config.get(option):
            yield _option(settings_class, f"model_config.{option}", "this option has no effect.", instead)
    waivers: object = settings_class.waivers
    if not isinstance(waivers, Mapping) or not all(_is_text(part) for pair in waivers.items() for part in pair):
        message = "a waiver is the id of a rule with the reason."
        yield _option(settings_class, "waivers", message, 'for example  waivers = {"cache.local": "one process"}')
    allowed: object = settings_class.allowed_variables
    if not isinstance(allowed, (tuple, list, set, frozenset)):
        message = "allowed_variables takes a tuple of names."
        yield _option(settings_class, "allowed_variables", message, 'for example  allowed_variables = ("OTHER_*",)')


def _option(settings_class: type[CoreSettings], name: str, message: str, hint: str) -> Problem:
    return _mistake(settings_class, name, message, hint, problem_id="class.option")


def _is_text(reason: object) -> bool:
    return isinstance(reason, str) and bool(reason.strip())


def _mistake(model: type[BaseModel], name: str, message: str, hint: str, *, problem_id: str = "class.field") -> Problem:
    return Problem(id=problem_id, variable=name, origin=model.__name__, message=message, hint=hint)
