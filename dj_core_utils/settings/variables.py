"""The name table: one flat, listed environment variable for every leaf of a settings class.

Sources, error messages, unknown-name detection, ``.env.example``, the reference and the commands all read this table,
so a name is spelled once: where its field is declared.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Field, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from dj_core_utils.secret_forms import has_known_form, is_secret_name
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section, own_annotations

T = TypeVar("T")

_SECRET_TYPES = (SecretStr, SecretBytes, SecretURL)
_NAME = r"[A-Z][A-Z0-9_]*"
_MARK = "x-variable"
_SHOWN = 3
_MODEL_ATTRIBUTES = frozenset(dir(BaseModel))


class Variable(NamedTuple):
    """One row of the table.

    Attributes:
        name: The environment variable, ``JWT_ACCESS_TOKEN_LIFETIME``.
        path: Where the leaf stands in the settings object, ``("jwt", "access_token_lifetime")``.
        annotation: The leaf's type.
        field: Pydantic's description of the leaf.
        metadata: Constraints and validators of its field; a redeclared field of the same type keeps those of its base.
        owner: Name of the class that declares it, the origin of its default.
        is_ours: Whether that class is one of this package.
        setting: The setting it is exported as without change, if any.
        feeds: The settings that it takes part in.
        example: A value as one would write it in ``.env``.
        description: What it is for, as its field says, or the field of a base class that it redeclares.
        is_secret: Whether its value must never be shown.
        other_names: Names that people know from elsewhere and that are *not* read; setting one is reported.
    """

    name: str
    path: tuple[str, ...]
    annotation: object
    field: FieldInfo
    metadata: tuple[object, ...]
    owner: str
    is_ours: bool
    setting: str | None
    feeds: tuple[str, ...]
    example: str
    description: str
    is_secret: bool
    other_names: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """The variable that names a file holding the value."""
        return f"{self.name}_FILE"

    @property
    def dotted(self) -> str:
        """The leaf as Python code reaches it: ``jwt.access_token_lifetime``."""
        return ".".join(self.path)


def variable(
    default: T,
    *,
    description: str,
    name: str | None = None,
    setting: str | None = None,
    feeds: str | tuple[str, ...] = (),
    example: str = "",
    is_secret: bool | None = None,
    other_names: tuple[str, ...] = (),
    **constraints: Any,
) -> T:
    """Declare a leaf with what ``pydantic.Field`` has no place for.

    A leaf declared with plain ``Field`` is named after its field and exported under that name; use this when the
    variable or the Django setting is called otherwise, or when the leaf only takes part in a setting.

    Args:
        default: The value when no source sets it.
        description: What it is for: one sentence, shown by every command and in ``.env.example``.
        name: The environment variable; by default ``setting``, else the section's prefix and the field's name.
            ``{SERVICE}`` in it stands for the service's name in capitals.
        setting: The Django setting it becomes, unchanged.
        feeds: The settings that it takes part in, when it is not exported by itself.
        example: A value as one would write it in ``.env``.
        is_secret: Mask the value everywhere. Types such as ``SecretStr`` need no saying, nor do names such as
            ``stripe_key``; False for a text that only has such a name.
        other_names: Names known from elsewhere that are not read but answered with this one.
        **constraints: Passed to ``pydantic.Field``: ``ge``, ``le``, ``min_length``, ``max_length``, ``pattern``.

    Returns:
        To Python a Pydantic field, to a type checker the default.
    """
    mark = {
        "name": name,
        "setting": setting,
        "feeds": (feeds,) if isinstance(feeds, str) else feeds,
        "example": example,
        "is_secret": is_secret,
        "other_names": other_names,
    }
    # A mutable default is copied by Pydantic for each instance, as everywhere in Pydantic.
    return Field(default=default, description=description, json_schema_extra={_MARK: mark}, **constraints)  # type: ignore[no-any-return,dict-item]  # a field is what Pydantic wants here


class VariableTable(Mapping[str, Variable]):
    """All variables of one settings class, by name and in the order of declaration.

    Args:
        settings_class: The class whose leaves are listed.
        service_name: What ``{SERVICE}`` in a name stands for.
    """

    def __init__(self, settings_class: type[BaseModel], service_name: str) -> None:
        """Walk the class once."""
        self.service_name = service_name
        self.service = _env_name(service_name)
        self.problems: list[Problem] = []
        self._by_name: dict[str, Variable] = {}
        self._by_path: dict[tuple[str, ...], Variable] = {}
        self._makers: dict[str, list[str]] = {}
        self._sections: dict[tuple[str, ...], type[BaseModel]] = {}
        self._retired: Mapping[str, str] = getattr(settings_class, "retired_names", {})
        self._add_fields(settings_class, (), "")

    def __getitem__(self, name: str) -> Variable:
        """The variable of that name."""
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        """Names in the order of declaration."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """How many variables there are."""
        return len(self._by_name)

    def at(self, path: tuple[str, ...]) -> Variable | None:
        """The variable of the leaf at a path, if that is a leaf."""
        return self._by_path.get(path)

    def fields_at(self, path: tuple[str, ...]) -> list[str]:
        """Names of the fields below a path; empty for a leaf and for what does not exist."""
        depth = len(path)
        return list(dict.fromkeys(leaf[depth] for leaf in self._by_path if len(leaf) > depth and leaf[:depth] == path))

    def expand(self, name: str) -> str:
        """Fill the service's name into a name that depends on it."""
        return name.replace("{SERVICE}", self.service)

    def retired_names(self, name: str) -> list[str]:
        """Names that a variable had earlier and that are still read for it, unless a field has them now."""
        return [old for old, new in self._retired.items() if new == name and old not in self._by_name]

    @cached_property
    def other_names(self) -> dict[str, Variable]:
        """Names that are not read, and the variable that each one should be."""
        return {other: known for known in self.values() for other in known.other_names if other not in self._by_name}

    @cached_property
    def secrets(self) -> tuple[Variable, ...]:
        """The variables whose values must never be shown."""
        return tuple(row for row in self.values() if row.is_secret)

    def _add_fields(self, model: type[BaseModel], path: tuple[str, ...], prefix: str) -> None:
        owners = _owners(model)
        for field_name, field in model.model_fields.items():
            here = (*path, field_name)
            if section := section_class(field.annotation):
                self._sections[here] = section
                self._add_fields(section, here, section.prefix or f"{prefix}{field_name.upper()}_")
            else:
                owner = owners.get(field_name, model)
                self._add(self._variable(_Declaration.of(model, field_name, field), field, here, prefix, owner))

    def _variable(
        self, declared: "_Declaration", field: FieldInfo, path: tuple[str, ...], prefix: str, owner: type
    ) -> Variable:
        mark = declared.mark
        own_name = f"{prefix}{path[-1].upper()}"
        name = self.expand(mark.get("name") or mark.get("setting") or own_name)
        setting = mark.get("setting") or (None if mark.get("feeds") else name)
        examples = field.examples or ()
        return Variable(
            name=name,
            path=path,
            annotation=field.annotation,
            field=field,
            metadata=declared.metadata,
            owner=owner.__name__,
            is_ours=_is_ours(owner),
            setting=setting,
            feeds=mark.get("feeds") or ((setting,) if setting else ()),
            example=mark.get("example") or (str(examples[0]) if examples else ""),
            description=declared.description,
            is_secret=is_secret_type(field.annotation)
            or _is_plain_secret(mark, (name, setting or "", path[-1]), field),
            other_names=tuple(mark.get("other_names", ())),
        )

    def _add(self, new: Variable) -> None:
        known = self._by_name.get(new.name)
        if known is not None:
            message = f"{new.dotted} and {known.dotted} would both be read from {new.name}."
            self._refuse(new, message, self._instead_of(new, known))
        elif new.setting and (makers := self._makers.get(new.setting)):
            message = f"{new.setting} is made from {some_of(makers)}, so the field {new.dotted} would be ignored."
            hint = f"remove it and set those; what they cannot say, assign to {new.setting} below export_settings()"
            self._refuse(new, message, hint)
        elif not re.fullmatch(_NAME, new.name):
            self._refuse(new, f'"{new.name}" cannot be the name of a variable.', "use letters, digits and underscores")
        elif new.path[-1] in _MODEL_ATTRIBUTES:
            self._refuse(
                new, f"the field {new.dotted} hides an attribute of every Pydantic model.", "choose another field name"
            )
        else:
            self._by_name[new.name] = new
            self._by_path[new.path] = new
            if new.setting is None:
                for made in new.feeds:
                    self._makers.setdefault(made, []).append(new.name)

    def _instead_of(self, new: Variable, known: Variable) -> str:
        """What to write in place of a field whose variable another field has."""
        *above, leaf = known.path
        section = self._sections.get(tuple(above))
        if section is not None and len(above) == 1 and _is_ours(section):
            return f"for another default write  {above[0]}: {section.__name__} = {section.__name__}({leaf}=...)"
        return f"write  {known.dotted}  for it" if new.dotted == known.setting else "rename one field"

    def _refuse(self, new: Variable, message: str, hint: str) -> None:
        self.problems.append(Problem(id="class.field", variable=new.name, origin=new.owner, message=message, hint=hint))


@lru_cache(maxsize=8)
def variable_table(settings_class: type[BaseModel], service_name: str) -> VariableTable:
    """The table of a class, built once for each name that its service has had in this process."""
    return VariableTable(settings_class, service_name)


class _Declaration(NamedTuple):
    """What a class says of a leaf, or else the nearest of its bases: a new default changes nothing but the default."""

    mark: Mapping[str, Any]
    description: str
    metadata: tuple[object, ...]

    @classmethod
    def of(cls, model: type[BaseModel], name: str, field: FieldInfo) -> "_Declaration":
        own = cls.from_field(field)
        if own.mark and own.description:
            return own
        bases = [base for base in model.__mro__[1:] if issubclass(base, BaseModel) and name in base.model_fields]
        known = [own, *(cls.from_field(base.model_fields[name]) for base in bases)]
        alike = (base.model_fields[name] for base in bases)
        inherited = next((one.metadata for one in alike if one.metadata and one.annotation == field.annotation), ())
        return cls(
            next((one.mark for one in known if one.mark), own.mark),
            next((one.description for one in known if one.description), ""),
            own.metadata or tuple(inherited),
        )

    @classmethod
    def from_field(cls, field: FieldInfo) -> "_Declaration":
        extra = field.json_schema_extra
        mark: Any = extra.get(_MARK, {}) if isinstance(extra, dict) else {}
        return cls(mark, field.description or "", tuple(field.metadata))


def is_secret_type(annotation: object) -> bool:
    """Whether values of this type hide themselves; unions, containers and models count by their parts."""
    if isinstance(annotation, type) and not issubclass(annotation, BaseModel):
        return issubclass(annotation, _SECRET_TYPES)
    return any(issubclass(part, _SECRET_TYPES) for part in leaf_types(annotation))


def _is_plain_secret(mark: Mapping[str, Any], names: Iterable[str], field: FieldInfo) -> bool:
    """Whether a project keeps a secret in plain text: nobody should have to know of ``SecretStr`` to be safe."""
    if mark.get("is_secret") is not None:
        return bool(mark["is_secret"])
    if isinstance(field.default, str) and has_known_form(field.default):
        return True
    return any(map(is_secret_name, names)) and str in leaf_types(field.annotation)


def leaf_types(annotation: object) -> Iterator[type]:
    """Every class that an annotation mentions, the types of a model's fields included."""
    waiting, seen = [annotation], list[object]()
    while waiting:
        part = waiting.pop()
        if any(part is known for known in seen):  # a type that contains itself
            continue
        seen.append(part)
        bare, _ = unwrap(part)
        kind = get_origin(bare) or bare
        waiting += get_args(bare)
        if isinstance(kind, type):
            yield kind
            if issubclass(kind, BaseModel):
                waiting += [field.annotation for field in kind.model_fields.values()]


def section_class(annotation: object) -> type[Section] | None:
    """The section behind a field's annotation, or None for a leaf."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def unwrap(annotation: object) -> tuple[object, bool]:
    """Take ``Annotated``, ``Optional``, ``NewType`` and ``type`` aliases off a type.

    Returns:
        The bare type, and whether None was allowed. A union of several types stays a union.
    """
    allows_none = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            parts = [part for part in get_args(annotation) if part is not type(None)]
            allows_none = allows_none or len(parts) < len(get_args(annotation))
            if len(parts) != 1:
                return annotation, allows_none
            annotation = parts[0]
        else:
            named = getattr(annotation, "__value__", getattr(annotation, "__supertype__", None))
            if named is None:
                return annotation, allows_none
            annotation = named


def some_of(names: list[str]) -> str:
    """The first names of a list, and whether there are more."""
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _env_name(service_name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", service_name.upper()).strip("_")


def known_as(base: type, model: type[BaseModel]) -> type:
    """The class by which users know a base of a section: one of ours that holds a part of a section is that section.

    Args:
        base: A class in the MRO of ``model``.
        model: The section, or the settings class.
    """
    return next(each for each in model.__mro__ if _is_ours(each)) if _is_ours(base) else base


def _is_ours(model: type) -> bool:
    return model.__module__.startswith("dj_core_utils.")


def _owners(model: type[BaseModel]) -> dict[str, type]:
    """The first class in the MRO that annotates each field."""
    owners: dict[str, type] = {}
    for base in reversed(model.__mro__):
        if annotated := own_annotations(base):
            owners.update(dict.fromkeys(annotated, known_as(base, model)))
    return owners
