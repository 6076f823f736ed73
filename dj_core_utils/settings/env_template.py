"""The template of ``.env``: every variable of a settings class, commented out, with what it is for."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.describe import TOP_SECTION, section_of
from dj_core_utils.settings.profiles import PROFILE_VARIABLE
from dj_core_utils.settings.sources import ENV_FILE_VARIABLE, SECRETS_DIRECTORY_VARIABLE
from dj_core_utils.settings.value_text import env_line, env_value
from dj_core_utils.settings.variables import section_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from dj_core_utils.settings.variables import Variable, VariableTable

LOADING_SECTION = "loading"
OWN_SECTION = "own"

_WIDTH = 110


class Entry(NamedTuple):
    """One variable of the template.

    Attributes:
        name: The variable.
        description: What it is for.
        text: An example, else the default; empty for a secret without an example.
        section: The section that it belongs to; ``loading`` for those that steer the load itself, ``own`` for fields
            that the project's class adds.
        settings: The Django settings that it feeds.
        is_secret: Whether its value must never be shown, or be written into a repository.
    """

    name: str
    description: str
    text: str
    section: str
    settings: tuple[str, ...] = ()
    is_secret: bool = False

    def as_json(self) -> dict[str, object]:
        """The entry for ``config env --json``."""
        return {
            "variable": self.name,
            "section": self.section,
            "settings": list(self.settings),
            "description": self.description,
            "example": self.text,
            "secret": self.is_secret,
        }


LOADING = (
    Entry(
        PROFILE_VARIABLE,
        "Profiles to apply, comma-separated, the last one wins. A topology (monolith, microservice) and an environment "
        "(development, test, production, build), or the project's own in its profiles folder.",
        "monolith,development",
        LOADING_SECTION,
    ),
    Entry(ENV_FILE_VARIABLE, "Another file to read in place of .env.", ".env.local", LOADING_SECTION),
    Entry(
        SECRETS_DIRECTORY_VARIABLE,
        "Folder with one file for each secret, named like its variable: DB_PASSWORD or db_password.",
        "/run/secrets",
        LOADING_SECTION,
    ),
)


def entries(table: VariableTable) -> Iterator[Entry]:
    """Every variable that can stand in ``.env``, in the order of the template.

    Args:
        table: The name table of a settings class.
    """
    yield from LOADING
    of_project = [row for row in table.values() if is_own(row)]
    yield from (_entry(row, OWN_SECTION) for row in of_project)
    yield from (_entry(row, section_of(row)) for row in table.values() if not is_own(row))


def env_template(settings_class: type[BaseModel], table: VariableTable) -> str:
    """The text of a ``.env`` file that sets nothing yet.

    A line that begins with ``#NAME=`` is a variable to uncomment, one that begins with ``# `` explains.

    Args:
        settings_class: The class, for its name and the descriptions of its sections.
        table: Its name table.
    """
    lines = [
        f"# Variables of {settings_class.__name__}.",
        "#",
        "# Copy this file to .env and remove the # before a name to set it; the rest keeps its default. A value can",
        "# also stand in a file: NAME_FILE=/run/secrets/name instead of NAME=value. Keep .env out of the repository.",
    ]
    section = ""
    for entry in entries(table):
        if entry.section != section:
            section = entry.section
            lines += ["", "", *_heading(settings_class, section)]
        lines += ["", *(f"# {line}" for line in textwrap.wrap(entry.description, _WIDTH - 2))]
        lines.append(f"#{env_line(entry.name, entry.text)}")
    return "\n".join(lines) + "\n"


def _heading(settings_class: type[BaseModel], section: str) -> Iterator[str]:
    if section == LOADING_SECTION:
        name, about = section, "Where the values below come from."
    elif section == OWN_SECTION:
        name, about = settings_class.__name__, (settings_class.__doc__ or "").strip().partition("\n")[0]
    elif section == TOP_SECTION:
        name, about = section, "The service itself."
    else:
        model = section_class(settings_class.model_fields[section].annotation)
        name, about = section, ((model and model.__doc__) or "").strip().partition("\n")[0]
    yield f"# ---- {name} ".ljust(_WIDTH, "-")
    if about:
        yield f"# {about}"


def _entry(variable: Variable, section: str) -> Entry:
    return Entry(
        variable.name,
        variable.description,
        _text(variable),
        section,
        variable.feeds,
        variable.is_secret,
    )


def _text(variable: Variable) -> str:
    """An example, unless the project's class says what the value is."""
    default, ours = _default(variable), CoreSettings.model_fields.get(variable.path[-1])
    is_redeclared = len(variable.path) == 1 and ours is not None and variable.field.default != ours.default
    return default if default and is_redeclared else variable.example or default


def is_own(variable: Variable) -> bool:
    """Whether the project's class adds the field itself, rather than in a section.

    Args:
        variable: The variable of the field.
    """
    return len(variable.path) == 1 and variable.path[0] not in CoreSettings.model_fields


def _default(variable: Variable) -> str:
    # A secret default is worth nothing; one that is computed from other fields is not known here.
    field = variable.field
    if variable.is_secret or field.is_required() or field.default_factory_takes_validated_data:
        return ""
    return env_value(field.get_default(call_default_factory=True))
