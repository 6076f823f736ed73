"""Write the pages of the reference that come from the code: ``python docs/generate_reference.py``.

Settings, profiles and rules are described where they are declared, once; ``tests/test_reference.py`` holds the pages to
what this script makes of them.
"""

from __future__ import annotations

import ast
import inspect
import tomllib
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from types import FunctionType, UnionType
from typing import TYPE_CHECKING, Literal, Union, get_args, get_origin

from pydantic import SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.env_template import LOADING
from dj_core_utils.settings.profiles import builtin_folder
from dj_core_utils.settings.rules import Rule, rules_of
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.value_text import env_value
from dj_core_utils.settings.variables import Variable, VariableTable, section_class, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

PAGES = Path(__file__).parent / "reference"
# Sections whose settings nothing reads before the parts of the package that they are for.
PLANNED = ("events", "fastapi", "api", "audit")
SERVICE = "app"

_GENERATED = "<!-- Written by docs/generate_reference.py from the code. Change it there. -->"
_STRENGTHS = {"problem": "error", "policy": "policy", "warning": "warning"}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_NOUNS: dict[object, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    timedelta: "duration",
    Path: "path",
    SecretURL: "URL",
    object: "any value",
}


def settings_page() -> str:
    """Every variable by section."""
    table = VariableTable(CoreSettings, SERVICE)
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
    for section, rows in _by_section(table).items():
        model = section_class(CoreSettings.model_fields[section].annotation) if section else None
        title = f"Section `{section}`" if section else "The service itself"
        lines += ["", f"## {title}", "", inspect.getdoc(model) or "" if model else "Fields of `CoreSettings`."]
        if section in PLANNED:
            lines += ["", "*Read, checked and exported; the part of this package that uses it is planned.*"]
        for row in rows:
            lines += ["", *_variable(row)]
    return "\n".join(lines).replace("``", "`") + "\n"


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
        "- **warning**: never stops a start.",
        "",
        "*Locally* means under a profile with `[policy] local`: `development` and `test`.",
    ]
    for section, model in _models().items():
        found = [(rule, getattr(model, name)) for name, rule in rules_of(model).items()]
        if not found:
            continue
        lines += ["", f"## Section `{section}`" if section else "## The service itself", ""]
        lines += ["| Rule | Strength | About | Django's checks |", "|---|---|---|---|"]
        lines += [_rule(rule, method, model) for rule, method in sorted(found, key=lambda pair: pair[0].id)]
    return "\n".join(lines).replace("``", "`") + "\n"


def generated_pages() -> dict[Path, str]:
    """Every generated page with its text."""
    return {
        PAGES / "settings.md": settings_page(),
        PAGES / "profiles.md": profiles_page(),
        PAGES / "rules.md": rules_page(),
    }


def _by_section(table: VariableTable) -> dict[str, list[Variable]]:
    sections: dict[str, list[Variable]] = {}
    for row in table.values():
        sections.setdefault(row.path[0] if len(row.path) > 1 else "", []).append(row)
    return sections


def _variable(row: Variable) -> Iterator[str]:
    default = row.field.get_default(call_default_factory=True)
    facts = [_type(row), _default(default)]
    facts += ["secret"] if row.is_secret else []
    facts += [f"sets {_codes(row.feeds)}"] if row.feeds != (row.name,) else []
    facts += [f"in code `{row.dotted}`"]
    facts += [f"for example `{row.example}`"] if row.example and row.example != env_value(default) else []
    yield from (f"### `{row.name}`", "", row.description, "", " · ".join(facts))
    if row.other_names:
        yield from ("", f"Not read, but answered with this name: {_codes(row.other_names)}.")


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _default(value: object) -> str:
    if isinstance(value, (SecretStr, SecretURL)):
        value = value.get_secret_value()
    text = env_value(value)
    return f"default `{text}`" if text else "not set by default" if value is None else "default empty"


def _type(row: Variable) -> str:
    bounds = [
        f"{words} {_number(getattr(item, name))}"
        for item in row.field.metadata
        for name, words in _BOUNDS.items()
        if hasattr(item, name)
    ]
    return ", ".join([_noun(row.annotation), *bounds])


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) else env_value(value)


def _noun(annotation: object) -> str:
    """What a value is, in words."""
    bare, _ = unwrap(annotation)
    kind, parts = get_origin(bare) or bare, get_args(bare)
    if kind is Literal:
        return f"one of {_codes(map(env_value, parts))}"
    if kind is list:
        return f"list of {_noun(parts[0])}" if _noun(parts[0]) != "text" else "list"
    if kind is dict:
        return f"mapping from name to {_noun(parts[1])}"
    if kind in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(_noun, parts)))
    return _NOUNS.get(kind, "text")


def _models() -> dict[str, type[BaseModel]]:
    """The settings class and its sections, by the name of the section."""
    fields = CoreSettings.model_fields.items()
    return {"": CoreSettings} | {name: model for name, field in fields if (model := section_class(field.annotation))}


def _rule(rule: Rule, method: FunctionType, model: type[BaseModel]) -> str:
    why = (inspect.getdoc(method) or "").partition("\n")[0]
    return f"| `{rule.id}` | {_strength(method, model)} | {why} | {_codes(rule.checks)} |"


def _strength(method: FunctionType, model: type[BaseModel]) -> str:
    """How a rule reports, by what it calls on its context: the same method may warn of one thing and refuse another."""
    found = set(_uses(method, model, set()))
    if "severity" in found:
        return "error, a warning locally"
    return " or ".join(word for name, word in _STRENGTHS.items() if name in found)


def _uses(function: FunctionType, model: type[BaseModel], seen: set[FunctionType]) -> Iterator[str]:
    """Names that a function and those which it calls use on ``context``, and ``severity`` where that is chosen."""
    if function in seen:
        return
    seen.add(function)
    for node in ast.walk(ast.parse(dedent(inspect.getsource(function)))):
        if isinstance(node, ast.keyword) and node.arg == "severity":
            yield "severity"
        if isinstance(node, ast.Name):
            called = function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "context":
                yield node.attr
            owner = model if node.value.id == "self" else function.__globals__.get(node.value.id)
            called = inspect.getattr_static(owner, node.attr, None)
        else:
            continue
        if isinstance(called, FunctionType) and called.__module__.startswith("dj_core_utils."):
            yield from _uses(called, model, seen)


if __name__ == "__main__":
    for page, text in generated_pages().items():
        page.write_text(text, encoding="utf-8")
