"""What to write instead of ``DEBUG = True`` and ``CoreSettings.INSTALLED_APPS``, as settings were always written.

Only a start that fails imports this.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import sys
import textwrap
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dj_core_utils.secret_forms import is_secret_name
from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.report import write_report
from dj_core_utils.settings.variables import section_class, some_of, variable_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.base import CoreSettings

# Values of these types are shown; a text, or a list of them, may hold a password.
_SHOWN = (bool, int, float)
# Stands for the service's name in variables such as USERS_SECRET_KEY, which are not named here.
_SERVICE = "app"
_INIT = "Bring the whole module over, and see that nothing changes:  python -m dj_core_utils init"


def untyped_line(settings_class: type[CoreSettings], model: type[BaseModel], name: str) -> Problem:
    """The problem of a line in a class body that has no type.

    Args:
        settings_class: The class that is loaded.
        model: The class with the line: the same, a base, a section.
        name: What the line assigns to.
    """
    value = vars(model)["__untyped__"][name]
    place = _place(model, name)
    if isinstance(value, type):
        message, hint = (
            "a class is given, and no instance of it.",
            f"write  {name}: {value.__name__} = {value.__name__}()",
        )
        return Problem(id="class.annotation", variable=name, origin=place, message=message, hint=hint)
    shown = repr(value) if type(value) in _SHOWN and not _is_hidden(name) else "..."
    kind = _kind(value)
    hint = (
        _field(settings_class, model.__mro__[1:], name, shown)
        or _of_section(settings_class, name, shown)
        or f"write  {name}: {kind} = {shown}\nor, for a constant,  {name}: ClassVar[{kind}] = {shown}"
    )
    message = "no type is given, so this is no field."
    return Problem(id="class.annotation", variable=name, origin=place, message=message, hint=hint)


def unknown_type(model: type[BaseModel], name: str, annotation: str) -> Problem:
    """The problem of a field whose type cannot be found.

    Args:
        model: The class that has the field.
        name: The field.
        annotation: What is not known, as it was written.
    """
    names = {node.id for node in ast.walk(ast.parse(annotation)) if isinstance(node, ast.Name)}
    known = {*vars(builtins), *getattr(sys.modules.get(model.__module__), "__dict__", ())}
    missing = "its type" if _is_hidden(name) else ", ".join(sorted(names - known)) or annotation
    return Problem(
        id="class.field",
        variable=f"{model.__name__}.{name}",
        origin=_place(model, name),
        message=f"{missing} is not known where the class is made.",
        hint="import or define it above the class, and not only under  if TYPE_CHECKING",
    )


def value_for_type(model: type[BaseModel], name: str, value: object) -> Problem:
    """The problem of ``page_size: 50``.

    Args:
        model: The class that has the field.
        name: The field.
        value: What stands for its type.
    """
    return Problem(
        id="class.annotation",
        variable=f"{model.__name__}.{name}",
        origin=_place(model, name),
        message="a value stands where its type belongs.",
        hint=f"write  {name}: {_kind(value)} = ...",
    )


class NoAttributeError(ConfigurationError, AttributeError):
    """Settings are read from the class, as attributes that it does not have; a report, and no traceback."""


def instead_of_attribute(settings_class: type[CoreSettings], name: str) -> NoAttributeError | None:
    """The error for ``CoreSettings.INSTALLED_APPS``; None for what is no setting of ours.

    Args:
        settings_class: The class that has no such attribute.
        name: The attribute.
    """
    hint = _field(settings_class, settings_class.__mro__, name, "...") or _of_section(settings_class, name, "...")
    if not hint:
        return None
    reader = traceback.extract_stack(limit=3)[0]  # this function, the class that asks, and who asks it
    problem = Problem(
        id="class.attribute",
        variable=f"{settings_class.__name__}.{name}",
        origin=f"{_relative(Path(reader.filename))}:{reader.lineno}",
        message=f"{settings_class.__name__} has no {name}: settings are made when it is exported.",
        hint=hint,
    )
    headline = "These settings are written as attributes of a class, which CoreSettings does not have."
    return NoAttributeError(write_report(headline, [problem], _INIT), [problem])


def _field(settings_class: type[CoreSettings], bases: tuple[type, ...], name: str, shown: str) -> str:
    """The line for a field of a base class: ``debug`` for ``DEBUG``."""
    models = [base for base in bases if issubclass(base, BaseModel)]
    for field in (name, name.lower()):
        for model in models:
            if field in model.model_fields:
                kind = inspect.formatannotation(model.model_fields[field].annotation)
                row = variable_table(settings_class, _SERVICE).at((field,))
                note = f"\n{row.description}" if row and row.setting is None and name != field else ""
                return f"write  {field}: {re.sub(r'[a-z_.]+[.]', '', kind)} = {shown}{note}"
    return ""


def _of_section(settings_class: type[CoreSettings], name: str, shown: str) -> str:
    """What to do about a setting that a section makes."""
    rows = variable_table(settings_class, _SERVICE).values()
    for row in rows:
        if row.setting == name:
            field, *_, leaf = row.path
            section = section_class(settings_class.model_fields[field].annotation)
            return f"write  {field}: {section.__name__} = {section.__name__}({leaf}={shown})" if section else ""
    makers = [row.name for row in rows if name in row.feeds and not row.name.startswith(_SERVICE.upper())]
    below = f"what they cannot say, assign to {name} below export_settings()"
    return f"{name} is made from {some_of(makers)}: set those; {below}" if makers else ""


def _is_hidden(name: str) -> bool:
    return is_secret_name(name)


def _kind(value: object) -> str:
    """A type to start from."""
    if isinstance(value, FieldInfo):
        value = value.default
    if value is None:
        return "str | None"
    kinds = {type(item).__name__ for item in value} if isinstance(value, (list, tuple)) else set()
    inner = kinds.pop() if len(kinds) == 1 else "str"
    endings: dict[type, str] = {list: f"[{inner}]", tuple: f"[{inner}, ...]", dict: "[str, object]"}
    return type(value).__name__ + endings.get(type(value), "")


def _place(model: type[BaseModel], name: str) -> str:
    """File and line; the class where its source is not at hand."""
    line = next((number for target, number in _assignments(model) if target == name), None)
    if line is None:
        return model.__name__
    return f"{_relative(Path(inspect.getfile(model)))}:{line}"


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _assignments(model: type[BaseModel]) -> Iterator[tuple[str, int]]:
    try:
        lines, first = inspect.getsourcelines(model)
        found = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):  # typed at a prompt, or made by a call of type()
        return
    for node in ast.walk(found):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for part in ast.walk(target):  # of several: LEFT, RIGHT = 1, 2
                    if isinstance(part, ast.Name):
                        yield part.id, first + node.lineno - 1
