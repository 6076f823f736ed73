"""The class statement of a settings class or section: what Pydantic refuses there is reported like everything else.

``DEBUG = True`` without a type is how settings were always written. Pydantic answers with a traceback that quotes the
value, which may be a secret.
"""

import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from dj_core_utils.settings.errors import ConfigurationError, Problem

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

_LAZY = (3, 14)
_WITHOUT_TYPE = ("model-field-missing-annotation", "model-field-overridden")
_QUOTED_NAME = r"[`'](\w+)"


class SettingsClass(ModelMetaclass):
    """The class of settings classes and sections; it only speaks when Pydantic refuses to make one."""

    def __new__(
        mcs,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        **options: Any,
    ) -> type:
        """Make the class.

        Raises:
            ConfigurationError: Something in its body has no type.
        """
        try:
            return super().__new__(mcs, name, bases, namespace, **options)
        except PydanticUserError as error:
            if error.code not in _WITHOUT_TYPE:
                raise
            first = re.search(_QUOTED_NAME, error.message)
            names = _without_type(bases, namespace, first.group(1) if first else "")
            problems = [_problem(name, attribute, bases, type(namespace.get(attribute))) for attribute in names]
        module = str(namespace.get("__module__", ""))
        # A traceback keeps this frame, and the values in the class body must not be in it.
        del namespace
        raise _error(name, problems, module)


def _without_type(bases: tuple[type, ...], namespace: dict[str, Any], first: str) -> Iterator[str]:
    """The name that Pydantic stumbled over, and the others that look like settings and have no type either."""
    yield first
    # From Python 3.14 on the annotations of a class are a function, which may not run yet.
    annotated = namespace.get("__annotations__", None if sys.version_info >= _LAZY else {})
    if annotated is not None:
        fields = _fields(bases)
        others = (name for name in namespace if name != first and name not in annotated and name[:1] != "_")
        yield from (name for name in others if name.isupper() or name in fields)


def _fields(bases: tuple[type, ...]) -> dict[str, object]:
    models = [base for base in reversed(bases) if issubclass(base, BaseModel)]
    return {name: field.annotation for model in models for name, field in model.model_fields.items()}


def _problem(class_name: str, name: str, bases: tuple[type, ...], given: type) -> Problem:
    fields = _fields(bases)
    known = name if name in fields else name.lower()
    if known in fields:
        annotation = fields[known]
        shown = annotation.__name__ if isinstance(annotation, type) else str(annotation)
        hint = f"write  {known}: {shown} = ..."
    else:
        hint = f"write  {name}: {given.__name__} = ...\nor, for a constant,  {name}: ClassVar[{given.__name__}] = ..."
    message = "no type is given, so this is no field."
    return Problem(id="class.annotation", variable=name, origin=class_name, message=message, hint=hint)


def _error(class_name: str, problems: list[Problem], module: str) -> ConfigurationError:
    from dj_core_utils.settings.report import install_hook, module_error  # noqa: PLC0415  # only a failed start pays

    install_hook()
    return module_error(f"The class {class_name} cannot be made", problems, module)
