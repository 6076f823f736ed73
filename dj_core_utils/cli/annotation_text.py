"""Types as a stub writes them: from the annotation of a field to the type of the setting that it becomes.

What is exported is plain data, so a ``SecretStr`` is a ``str`` here, an enumeration its values, and a model a mapping.
"""

from __future__ import annotations

import json
import re
import sys
from enum import Enum
from itertools import takewhile
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr

from dj_core_utils.settings.secret_url import SecretURL

_ANY = "Any"
_ADDRESSES = {
    "IPvAnyAddress": "ipaddress.IPv4Address | ipaddress.IPv6Address",
    "IPvAnyInterface": "ipaddress.IPv4Interface | ipaddress.IPv6Interface",
    "IPvAnyNetwork": "ipaddress.IPv4Network | ipaddress.IPv6Network",
}
_SECRETS: dict[type, str] = {SecretStr: "str", SecretURL: "str", SecretBytes: "bytes"}
_BARE: dict[type, str] = {
    list: "list[Any]",
    dict: "dict[Any, Any]",
    set: "set[Any]",
    frozenset: "frozenset[Any]",
    tuple: "tuple[Any, ...]",
}


class TypeWriter:
    """Writes types, and remembers what they need at the head of the file.

    Attributes:
        modules: Modules to import.
        names: Names to import from ``typing``.
        models: The mappings that models become, by the name of their class in the stub.
    """

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.names: set[str] = set()
        self.models: dict[str, dict[str, str]] = {}
        self._model_names: dict[type[BaseModel], str] = {}
        self._open: list[object] = []

    def plain(self, text: str) -> str:
        """A type that is already text, such as ``dict[str, Any]``."""
        self.names |= {name for name in (_ANY, "Literal") if re.search(rf"\b{name}\b", text)}
        return text

    def write(self, annotation: object) -> str:
        """The type of the setting that a field with this annotation becomes.

        Args:
            annotation: The annotation; a part of it that cannot be written is ``Any``.
        """
        origin = get_origin(annotation)
        named = getattr(annotation, "__value__", getattr(annotation, "__supertype__", None))
        if named is not None:
            return self._alias(annotation, named)
        if origin is Annotated:
            return self.write(get_args(annotation)[0])
        if origin in (Union, UnionType):
            return " | ".join(dict.fromkeys(self.write(part) for part in get_args(annotation)))
        if origin is Literal:
            return self._literal(get_args(annotation))
        return self._generic(origin, get_args(annotation)) if isinstance(origin, type) else self._bare(annotation)

    def _alias(self, alias: object, meant: object) -> str:
        if any(alias is known for known in self._open):
            return self.plain(_ANY)  # one that contains itself
        self._open.append(alias)
        text = self.write(meant)
        self._open.pop()
        return text

    def _generic(self, origin: type, arguments: tuple[object, ...]) -> str:
        if any(isinstance(part, list) for part in arguments):
            return self._bare(origin)  # the arguments of a Callable
        parts = ["..." if part is Ellipsis else self.write(part) for part in arguments]
        if issubclass(origin, (set, frozenset)) and parts[0] in self.models:
            return f"list[{parts[0]}]"  # a mapping cannot stand in a set
        return f"{self._class(origin)}[{', '.join(parts) or '()'}]"

    def _bare(self, annotation: object) -> str:
        if annotation in (None, NoneType):
            return "None"
        if not isinstance(annotation, type):
            return self.plain(_ANY)
        return self.plain(_BARE[annotation]) if annotation in _BARE else self._class(annotation)

    def _class(self, cls: type) -> str:
        plain = next((text for base, text in _SECRETS.items() if issubclass(cls, base)), "")
        if plain:
            return plain
        if issubclass(cls, Enum):
            return self._literal(tuple(cls))
        if issubclass(cls, BaseModel):
            return self._model(cls)
        if cls.__module__ == "pydantic.networks":
            self.modules |= {"ipaddress"} if cls.__name__ in _ADDRESSES else set()
            return _ADDRESSES.get(cls.__name__, "str")
        return cls.__name__ if cls.__module__ == "builtins" else self._imported(cls)

    def _imported(self, cls: type) -> str:
        # A class that a package keeps in a private module is imported from the package: pathlib._local.Path is one.
        public = ".".join(takewhile(lambda part: not part.startswith("_"), cls.__module__.split(".")))
        module = next((name for name in (public, cls.__module__) if _holds(name, cls)), "")
        # What was made in a function, replaced, or is not of plain modules has no name that others could import.
        if not module or module.startswith(("typing", "pydantic")):
            return self.plain(_ANY)
        self.modules.add(module)
        return f"{module}.{cls.__qualname__}"

    def _literal(self, values: tuple[object, ...]) -> str:
        plain = [value.value if isinstance(value, Enum) else value for value in values]
        if not plain or not all(isinstance(value, (str, int, bytes, NoneType)) for value in plain):
            return self.plain(_ANY)
        texts = [json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value) for value in plain]
        return self.plain(f"Literal[{', '.join(dict.fromkeys(texts))}]")

    def _model(self, model: type[BaseModel]) -> str:
        if model in self._model_names:
            return self._model_names[model]
        name = base = "_" + re.sub(r"\W+", "_", model.__name__).strip("_")
        number = 2
        while name in self.models:
            name, number = f"{base}{number}", number + 1
        self._model_names[model] = name
        self.models[name] = {}  # before its fields: one of them may be of the same model
        self.models[name] |= {key: self.write(field.annotation) for key, field in model.model_fields.items()}
        self.names.add("TypedDict")
        return name

    def head(self) -> str:
        """The imports of the file and its mappings."""
        imports = [f"import {module}" for module in sorted(self.modules)]
        if self.names:
            imports.append(f"from typing import {', '.join(sorted(self.names))}")
        blocks = ["\n".join(imports)] if imports else []
        for name, fields in self.models.items():
            lines = [f"    {key}: {text}" for key, text in fields.items()] or ["    pass"]
            blocks.append("\n".join([f"class {name}(TypedDict):", *lines]))
        return "\n\n".join(blocks)


def _holds(module: str, cls: type) -> bool:
    """Whether a class is what its name means in a module that others can import."""
    found: object = sys.modules.get(module) if module != "__main__" else None
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is cls
