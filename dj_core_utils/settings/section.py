"""The base of every section: a typed part of the settings that knows its variables, its rules and its rendering."""

import sys
from collections.abc import Collection, Iterator, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from dj_core_utils.secret_forms import has_known_form, is_secret_name
from dj_core_utils.settings.secret_text import SecretText

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.rendering import RenderContext

if sys.version_info >= (3, 14):
    from annotationlib import Format, get_annotations

    def own_annotations(cls: type) -> Mapping[str, object]:
        """What a class itself annotates, not its bases; a name that only type checkers know does no harm."""
        return get_annotations(cls, format=Format.FORWARDREF)
else:

    def own_annotations(cls: type) -> Mapping[str, object]:
        """What a class itself annotates, not its bases; a name that only type checkers know does no harm."""
        found: Mapping[str, object] = vars(cls).get("__annotations__", {})
        return found


# What Pydantic takes for something else than a field: methods, classes, and what decorators of these modules make.
_NO_FIELDS = (FunctionType, property, classmethod, staticmethod, type)
_NO_FIELDS_OF = ("pydantic._internal", "functools", "typing")


class UntypedLines:
    """Lets a class body pass that has a line without a type, ``DEBUG = True``, for the report of the start to name it.

    Pydantic alone refuses the class at once, in a traceback that quotes the value, which may be a secret. So the line
    is made a constant before Pydantic looks. (Before version 2.14 it looks earlier than this, and its own error stays.)
    A constant of a base class, such as ``waivers``, stays one when it is annotated without ``ClassVar``.
    """

    __untyped__: ClassVar[Mapping[str, object]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Remember the lines; called when the class exists and Pydantic has not yet looked for its fields."""
        super().__init_subclass__(**options)
        if cls.__module__.startswith("dj_core_utils."):
            return
        untyped = {name: value for name, value in vars(cls).items() if _is_untyped(cls, name, value)}  # type: ignore[arg-type]  # the class is a Pydantic model, too
        cls.__untyped__ = untyped
        # ``waivers: dict[str, str]`` is meant as the base class has it, and never read from the environment.
        constants = (*untyped, *(own_annotations(cls).keys() & cls.__class_vars__))  # type: ignore[attr-defined]  # of the Pydantic model
        if constants:
            cls.__annotations__ = {**own_annotations(cls), **dict.fromkeys(constants, ClassVar[object])}

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Take the lines from the class when Pydantic is done: nobody shall use what no rule has seen."""
        super().__pydantic_init_subclass__(**options)  # type: ignore[misc]  # of the Pydantic model beside it
        for name in vars(cls).get("__untyped__", ()):
            delattr(cls, name)


def _is_untyped(cls: type[BaseModel], name: str, value: object) -> bool:
    annotated = own_annotations(cls)
    if name in annotated:  # ``jwt: JWTSettings = JWTSettings``, a type and no value
        return isinstance(value, type) and annotated[name] in (value, value.__name__)
    return not (
        name.startswith("_")
        or name == "model_config"
        or name in cls.__class_vars__
        or isinstance(value, (*_NO_FIELDS, *cls.model_config.get("ignored_types", ())))
        or type(value).__module__.startswith(_NO_FIELDS_OF)
    )


class HidingRepr:
    """Lets a model hide what is secret by its name; ``SecretStr`` hides by itself."""

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """What ``repr`` and ``str`` show of each field."""
        shown = super().__repr_args__()  # type: ignore[misc]  # of the Pydantic model beside it
        for name, value in shown:
            is_plain = type(value) is str and value and name is not None
            is_secret = is_plain and (is_secret_name(name) or has_known_form(value))
            yield name, SecretText(value) if is_secret else value


class Section(HidingRepr, UntypedLines, BaseModel):
    """A frozen group of leaves, such as ``JWTSettings``.

    Every leaf has a default, so that an instance can be written in a class body; what must be set, and what does not
    fit together, is said by methods marked with ``@rule``, which run when everything is known.

    Attributes:
        prefix: What the names of its variables begin with; by default the section's field name.
    """

    # Schemas are built for the sections that get data, not for all of them at import.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)

    prefix: ClassVar[str] = ""

    def idle(self, settings: "CoreSettings") -> Collection[str]:  # noqa: ARG002  # for those who override it
        """Leaves that have a value and no effect, such as the key of the other topology; ``config show`` skips them.

        Args:
            settings: The whole settings.

        Returns:
            Names of fields.
        """
        return ()

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # for those who override it
        """The Django settings that follow from this section, beside those that a leaf is exported as.

        Args:
            context: What else is known: the whole settings, the service, the project folder, Django's version.

        Returns:
            Plain data by the name of the setting; secrets as plain strings, because Django reads them.
        """
        return {}
