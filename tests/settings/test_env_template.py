"""The template of .env, and the one that the repository shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.dotenv import parse_dotenv
from dj_core_utils.settings.env_template import Entry, entries, env_template
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import VariableTable

ROOT = Path(__file__).parents[2]
TABLE = VariableTable(CoreSettings, "app")


class SilentSettings(Section):
    """To be removed."""

    level: int = 3


SilentSettings.__doc__ = None


class OwnSettings(CoreSettings):
    """A project's class."""

    page_size: int = Field(default=50, description="Rows on a page.")
    api_token: SecretStr = SecretStr("canary-in-code")
    greeting: str = Field(default="", examples=["good morning"])
    silent: SilentSettings = SilentSettings()
    stamp: list[int] = Field(default_factory=lambda data: [data["page_size"]])


OWN = env_template(OwnSettings, VariableTable(OwnSettings, "shop"))


def uncommented(template: str) -> str:
    """The template with every variable set."""
    return re.sub(r"(?m)^#(?=\w+=)", "", template)


def test_every_variable_stands_in_it_once() -> None:
    """What a project can set is in the template, those that steer the load first."""
    names = re.findall(r"(?m)^#(\w+)=", env_template(CoreSettings, TABLE))
    assert names == ["DJANGO_PROFILE", "DJANGO_ENV_FILE", "DJANGO_SECRETS_DIR", *TABLE]


def test_nothing_is_set_until_somebody_does() -> None:
    """Read as it is, the template says nothing."""
    assert parse_dotenv(OWN.encode(), label=".env").entries == {}


def test_our_own_parser_reads_it() -> None:
    """Uncommented, every line comes back with the text that was meant."""
    found = parse_dotenv(uncommented(env_template(CoreSettings, TABLE)).encode(), label=".env")
    assert found.problems == ()
    assert {name: entry.value for name, entry in found.entries.items()} == {
        entry.name: entry.text for entry in entries(TABLE)
    }


def test_a_project_finds_its_own_variables() -> None:
    """Fields of a project stand there with description, example and default; a secret default does not."""
    assert "# Rows on a page.\n#PAGE_SIZE=50\n" in OWN
    assert "#GREETING='good morning'\n" in OWN
    assert "\n#API_TOKEN=\n" in OWN
    assert "\n#STAMP=\n" in OWN
    assert "canary" not in OWN
    assert "#SHOP_SECRET_KEY=" in OWN


@pytest.mark.parametrize("entry", [entry for entry in entries(TABLE) if entry.is_secret and entry.text])
def test_examples_of_secrets_are_obviously_none(entry: Entry) -> None:
    """Nobody can take an example for a key that works, or use it by mistake."""
    assert re.search(r"change-me|PASSWORD|^[^@]+://[^@]*$", entry.text)


def test_sections_have_headings() -> None:
    """Variables stand under their section, with the first line of its docstring if it has one."""
    assert re.search(r"\n\n# ---- silent -+\n\n#SILENT_LEVEL=3\n", OWN)
    assert re.search(r"\n\n# ---- jwt -+\n# \w.*\n\n", OWN)
    assert re.search(r"\n\n# ---- core -+\n# The service itself\.\n\n", OWN)
    assert re.search(r"\n\n# ---- OwnSettings -+\n# A project's class\.\n\n", OWN)


def test_no_line_is_too_long_to_read() -> None:
    """Explanations are wrapped; only values may be longer."""
    assert [line for line in OWN.splitlines() if line.startswith("# ") and len(line) > 110] == []


def test_the_example_of_the_repository_is_current() -> None:
    """``.env.example`` is what ``make env-example`` writes."""
    example = ROOT / ".env.example"
    assert example.read_text(encoding="utf-8") == env_template(CoreSettings, TABLE)
