"""The reference against the code: generated pages are current, and nothing that a user can meet is left out."""

from __future__ import annotations

import ast
import re
import runpy
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

import dj_core_utils.settings
from dj_core_utils.cli.commands import COMMANDS
from dj_core_utils.management.commands.auditlog import Command as Auditlog

DOCS = Path(__file__).parents[1] / "docs"
PACKAGE = Path(dj_core_utils.settings.__file__).parents[1]
PROBLEM_ID = re.compile(r"[a-z_]+\.[a-z_]+")
# Texts of the code that look like ids of problems: loggers, files, and modules in examples.
NO_IDS = {"gunicorn.access", "gunicorn.error", "uvicorn.access", "uvicorn.error", "manage.py", "pyproject.toml"}
NO_IDS |= {"users.urls", "rule.id", "users.settings", "configurations.importer"}
FILES = (".py", ".pyi")
# Attributes of OpenTelemetry, and keys of a WSGI environ
NO_IDS |= {"error.type", "peer.service", "server.address", "server.port", "url.full"}
FOREIGN = ("corsheaders.", "dj_core_utils.", "django.", "pydantic.", "opentelemetry.", "rest_framework", "wsgi.")


def generated_pages() -> dict[Path, str]:
    """What the script of the documentation makes of the code."""
    pages: dict[Path, str] = runpy.run_path(str(DOCS / "generate_reference.py"))["generated_pages"]()
    return pages


def page(name: str) -> str:
    """The text of a page of the reference."""
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["settings.md", "profiles.md", "rules.md"])
def test_generated_page_is_current(name: str) -> None:
    """A page that comes from the code says what the code says now; ``make reference`` writes it."""
    assert page(name) == generated_pages()[DOCS / "reference" / name]


def test_every_problem_is_described() -> None:
    """Each id that a problem can have stands on the page of rules or on the page of the other problems."""
    constants = {
        node.value
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and PROBLEM_ID.fullmatch(node.value)
    }
    in_code = {text for text in constants - NO_IDS if not (text.startswith(FOREIGN) or text.endswith(FILES))}
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", page("rules.md") + page("problems.md"), re.MULTILINE)
    assert in_code - set(rows) == set()
    assert set(rows) - in_code == set()


def test_every_public_name_is_described() -> None:
    """Each name that ``dj_core_utils.settings`` hands on has a heading on the page of the Python API."""
    headings = set(re.findall(r"^#+ `(\w+)", page("python-api.md"), re.MULTILINE))
    assert set(dj_core_utils.settings.__all__) - headings == set()


def test_every_command_is_described() -> None:
    """Each command has a heading on the page of the commands."""
    headings = set(re.findall(r"^## `config (\w+)`", page("commands.md"), re.MULTILINE))
    assert {command.NAME for command in COMMANDS} == headings


def test_every_option_of_the_audit_commands_is_described() -> None:
    """Each of them stands in the section of ``auditlog``."""
    text = page("commands.md").partition("\n## `auditlog`")[2].partition("\n## ")[0]
    help_texts = StringIO()
    parser = Auditlog().create_parser("manage.py", "auditlog")
    for name in re.findall(r"^`auditlog (\w+)`", text, re.MULTILINE):
        with redirect_stdout(help_texts), pytest.raises(SystemExit):
            parser.parse_args([name, "--help"])
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_texts.getvalue()))
    known = set(re.findall(r"--[a-z]+", Auditlog().create_parser("manage.py", "other").format_help()))
    commands = re.findall(r"^    (\w+)  ", parser.format_help(), re.MULTILINE)
    assert set(re.findall(r"^`auditlog (\w+)`", text, re.MULTILINE)) == set(commands)
    assert {option for option in options - known if f"`{option}" not in text} == set()
