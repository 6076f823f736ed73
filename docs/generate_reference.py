"""Write the pages of the reference that come from the code: ``python docs/generate_reference.py``.

Settings, profiles and rules are described where they are declared, once; ``tests/test_reference.py`` holds the pages to
what this script makes of them.
"""

from __future__ import annotations

import tomllib
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.env_template import LOADING
from dj_core_utils.settings.profiles import builtin_folder
from dj_core_utils.settings.reference import codes, section_lines, sections
from dj_core_utils.settings.rule_reading import read_rules

PAGES = Path(__file__).parent / "reference"
# Sections whose settings nothing reads before the parts of the package that they are for.
PLANNED = ("events", "fastapi")
SERVICE = "app"

_GENERATED = "<!-- Written by docs/generate_reference.py from the code. Change it there. -->"


def settings_page() -> str:
    """Every variable by section."""
    lines = [
        "# Settings",
        "",
        _GENERATED,
        "",
        "Every variable that the framework knows, by section. A project's own fields come on top: the complete list,",
        "with the values in use, is printed by `python manage.py config show --all`.",
        "",
        "- Each variable can also be given as a file: `NAME_FILE` holds the path ([secrets](../how-to/secrets.md)).",
        "- How values are written: [Values](values.md). Which source wins: [Precedence](../explanation/precedence.md).",
        f"- `{SERVICE.upper()}_` at the beginning of a name stands for the service's name in capitals: the service",
        "  `users` reads `USERS_SECRET_KEY`.",
        "- A variable becomes the Django setting of the same name, unless other settings are named.",
        "",
        "## Loading",
        "",
        "These steer the load itself. `DJANGO_PROFILE` and `DJANGO_SECRETS_DIR` are read from the environment or",
        "`.env`, `DJANGO_ENV_FILE` from the environment alone.",
    ]
    for entry in LOADING:
        lines += ["", f"### `{entry.name}`", "", entry.description, "", f"Example: `{entry.text}`"]
    for section in sections(CoreSettings):
        heading, _, *rest = section_lines(CoreSettings, section)
        about = next(index for index, line in enumerate(rest) if line.startswith("###"))
        planned = ["*Read, checked and exported; the part of this package that uses it is planned.*", ""]
        lines += ["", heading, "", *rest[:about], *(planned if section in PLANNED else []), *rest[about:]]
    return "\n".join(lines) + "\n"


def profiles_page() -> str:
    """The built-in profiles, as they stand in their files."""
    lines = [
        "# Profiles",
        "",
        _GENERATED,
        "",
        "The built-in profiles. `DJANGO_PROFILE` lists the active ones; without it, `monolith` alone is active.",
        "What the keys of a file mean, and how to add a profile: [Add a profile](../how-to/profiles.md).",
    ]
    for path in sorted(builtin_folder().glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
        lines += ["", f"## `{path.stem}`", "", str(data.pop("description")), "", "```toml"]
        lines += [text.partition("\n")[2].strip() or "# no settings of its own", "```"]
    return "\n".join(lines) + "\n"


def rules_page() -> str:
    """Every rule by section, with its strength and the checks of Django that it stands for."""
    lines = [
        "# Rules",
        "",
        _GENERATED,
        "",
        "What is judged after everything has been read. The id stands at the end of each problem.",
        "",
        "- **error**: stops every start.",
        "- **policy**: an error under a hardened profile (`production`), a warning elsewhere. It can be",
        "  [waived](../how-to/waivers.md) with a reason; the checks of Django beside it are then silenced, too.",
        "- **strict**: the same, and cannot be waived.",
        "- **warning**: never stops a start.",
        "",
        "*Locally* means under a profile with `[policy] local`: `development` and `test`.",
    ]
    for section, readings in groupby(read_rules(CoreSettings, SERVICE), attrgetter("section")):
        lines += ["", f"## Section `{section}`" if section else "## The service itself", ""]
        lines += ["| Rule | Strength | About | Django's checks |", "|---|---|---|---|"]
        lines += [f"| `{found.id}` | {found.strength} | {found.about} | {codes(found.checks)} |" for found in readings]
    return "\n".join(lines) + "\n"


def generated_pages() -> dict[Path, str]:
    """Every generated page with its text."""
    return {
        PAGES / "settings.md": settings_page(),
        PAGES / "profiles.md": profiles_page(),
        PAGES / "rules.md": rules_page(),
    }


if __name__ == "__main__":
    for page, text in generated_pages().items():
        page.write_text(text, encoding="utf-8")
