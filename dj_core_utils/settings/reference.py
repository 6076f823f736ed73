"""The reference of a settings class, as Markdown and as JSON: its sections, and every variable with what is known."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.describe import TOP_SECTION, section_of
from dj_core_utils.settings.env_template import OWN_SECTION, is_own
from dj_core_utils.settings.merging import class_defaults
from dj_core_utils.settings.type_words import default_words, plain, type_words
from dj_core_utils.settings.value_text import env_value
from dj_core_utils.settings.variables import section_class, variable_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from dj_core_utils.settings.variables import Variable, VariableTable


def class_table(settings_class: type[CoreSettings]) -> VariableTable:
    """The variables of a class as it stands, whatever the environment calls the service.

    Args:
        settings_class: The class.
    """
    return variable_table(settings_class, str(settings_class.model_fields["service_name"].default))


def reference(settings_class: type[CoreSettings], *, section: str = "") -> str:
    """The whole page.

    Args:
        settings_class: The class.
        section: One of its sections alone; see ``sections``.
    """
    about = _docstring(settings_class)
    lines = [] if section else [f"# {settings_class.__name__}", *(["", about] if about else [])]
    for name in [section] if section else sections(settings_class):
        lines += ["", *section_lines(settings_class, name)]
    return "\n".join(lines).strip("\n") + "\n"


def sections(settings_class: type[CoreSettings]) -> list[str]:
    """Names of the sections: what the project adds comes first, ``own`` are fields of its class itself.

    Args:
        settings_class: The class.
    """
    found = dict.fromkeys(_section(row) for row in class_table(settings_class).values())
    return sorted(
        found, key=lambda name: (name != OWN_SECTION, name in CoreSettings.model_fields or name == TOP_SECTION)
    )


def section_lines(settings_class: type[CoreSettings], section: str) -> Iterator[str]:
    """The lines of one section.

    Args:
        settings_class: The class.
        section: Its name.
    """
    title, about = _heading(settings_class, section)
    yield f"## {title}"
    if about:
        yield from ("", about)
    for one in _entries(settings_class, section):
        yield from ("", *_variable_lines(one))


def reference_json(settings_class: type[CoreSettings], *, section: str = "") -> list[dict[str, object]]:
    """The same page for ``config docs --json``: an object for each section.

    Args:
        settings_class: The class.
        section: One of its sections alone; see ``sections``.
    """
    found: list[dict[str, object]] = []
    for name in [section] if section else sections(settings_class):
        title, about = _heading(settings_class, name)
        variables = [_as_json(one) for one in _entries(settings_class, name)]
        found.append({"section": name, "title": plain(title), "about": about, "variables": variables})
    return found


def codes(names: Iterable[str]) -> str:
    """Names as code, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


class _Entry(NamedTuple):
    """A variable with what is known of it, whatever is set."""

    row: Variable
    default: object
    retired: Collection[str]

    @property
    def others(self) -> list[str]:
        """Names that are not read, but answered with this one."""
        return [name for name in self.row.other_names if name not in self.retired]


def _heading(settings_class: type[CoreSettings], section: str) -> tuple[str, str]:
    """The title of a section, and what it is about."""
    field = settings_class.model_fields.get(section)
    model = section_class(field.annotation) if field else None
    if model is not None:
        return f"Section `{section}`", _docstring(model)
    if section == OWN_SECTION:
        return "Fields of the project", f"Declared by `{settings_class.__name__}` itself."
    return "The service itself", "Fields of `CoreSettings`."


def _entries(settings_class: type[CoreSettings], section: str) -> Iterator[_Entry]:
    table = class_table(settings_class)
    defaults = class_defaults(settings_class, table.service_name).candidates
    for row in table.values():
        if _section(row) == section:
            yield _Entry(row, defaults[row.name].value, table.retired_names(row.name))


def _variable_lines(one: _Entry) -> Iterator[str]:
    row = one.row
    facts = [type_words(row), default_words(row, one.default)]
    facts += ["secret"] if row.is_secret else []
    facts += [f"sets {codes(row.feeds)}"] if row.feeds != (row.name,) else []
    facts += [f"in code `{row.dotted}`"]
    facts += [f"for example `{row.example}`"] if row.example and row.example != env_value(one.default) else []
    yield f"### `{row.name}`"
    if row.description:
        yield from ("", row.description)
    yield from ("", " · ".join(facts))
    if one.retired:
        yield from ("", f"Still read under an earlier name: {codes(one.retired)}.")
    if one.others:
        yield from ("", f"Not read, but answered with this name: {codes(one.others)}.")


def _as_json(one: _Entry) -> dict[str, object]:
    """What ``config explain --json`` says of a variable, without anything that is set."""
    row = one.row
    return {
        "variable": row.name,
        "settings": list(row.feeds),
        "secret": row.is_secret,
        "field": row.dotted,
        "description": row.description,
        "type": plain(type_words(row)),
        "default": plain(default_words(row, one.default)),
        "example": row.example,
        "retired_names": list(one.retired),
        "not_read": one.others,
    }


def _section(row: Variable) -> str:
    return OWN_SECTION if is_own(row) else section_of(row)


def _docstring(model: type) -> str:
    """The docstring of a class as Markdown, without its list of attributes; empty when it inherits it."""
    text = inspect.cleandoc(model.__doc__ or "")
    text = re.split(r"\n\n(?:Attributes|Args):\n", text)[0]
    return text.replace("``", "`")
