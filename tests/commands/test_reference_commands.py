"""``config docs`` and ``config schema``: what is said of the project's class, whatever is set."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, SecretStr

from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.json_schema import environment_schema, profile_schema
from dj_core_utils.settings.profiles import builtin_folder
from dj_core_utils.settings.reference import reference, sections
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.static import StaticSettings

if TYPE_CHECKING:
    from tests.commands.conftest import Inspect, Run
    from tests.conftest import RunPython

SHOP = Path(__file__).parents[2] / "examples" / "shop"

NOWHERE = Inspection(module="", loaded=None, namespace={})
FAULT = Problem(id="settings.import", variable="users.settings", origin="users/settings.py:3", message="No.")


class Colour(Enum):
    """A choice of the project."""

    RED = "red"
    BLUE = "blue"


class Account(BaseModel):
    """Something with a shape of its own."""

    name: str
    token: str = "canary-in-a-model"


class PaymentSettings(Section):
    """How customers pay.

    Attributes:
        currency: This list is not shown.
    """

    currency: Literal["EUR", "USD"] = Field(default="EUR", description="Currency of all prices.")
    api_key: SecretStr = Field(default=SecretStr("canary-default"), description="Key of the provider.")
    provider_password: str = "canary-plain"
    patience: timedelta = timedelta(seconds=90)


class SilentSettings(Section):  # noqa: D101  # what a class without words looks like
    word: str = ""


class ShopSettings(CoreSettings):
    """Settings of the shop."""

    service_name: str = "shop"
    static: StaticSettings = StaticSettings(static_server="whitenoise")
    page_size: int = Field(default=50, ge=1, le=500, description="Rows on a page.")
    steps: list[int] = Field(default=[1, 2], max_length=5, examples=["1,2,3"])
    code: str = Field(default="ab", pattern="^[a-z]+$", min_length=1, max_length=8)
    ratio: float = Field(default=0.5, gt=0, lt=1)
    colour: Colour = Colour.RED
    colours: set[Colour] = set()
    accounts: dict[str, Account] = {}
    anything: object = None
    hook: Callable[[], None] | None = None
    token: str = ""
    token_file: str = "token.txt"
    needed: int
    doubled: int = Field(default_factory=lambda data: 2 * data["page_size"], examples=["<twice the size>"])
    payment: PaymentSettings = PaymentSettings()
    silent: SilentSettings = SilentSettings()


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema of a profile of the shop."""
    return profile_schema(ShopSettings, builtin_folder())


def errors(schema: dict[str, Any], text: str) -> list[str]:
    """What is wrong with a profile."""
    return [error.message for error in Draft202012Validator(schema).iter_errors(tomllib.loads(text))]


def test_the_reference_of_a_project(inspect: Inspect, run: Run) -> None:
    """Its own fields come first, then the sections of the framework."""
    output = run(inspect(), "docs")
    assert (output.status, output.complaints) == (0, "")
    assert output.text.startswith(
        "# UsersSettings\n\nThe class of a project.\n\n## Fields of the project\n\n"
        "Declared by `UsersSettings` itself.\n\n### `PAGE_SIZE`\n\nRows on a page.\n\n"
        "integer, at least 1, at most 500 · default `50` · in code `page_size`\n\n## The service itself\n"
    )
    assert "\n## Section `jwt`\n\nWhat simplejwt is told.\n" in output.text
    assert "### `USERS_SECRET_KEY`" in output.text


def test_the_reference_does_not_depend_on_what_is_set(inspect: Inspect, run: Run) -> None:
    """The same class gives the same text."""
    environ = {"SERVICE_NAME": "orders", "PAGE_SIZE": "7", "DJANGO_SECRET_KEY": "canary"}
    assert run(inspect(environ), "docs").text == run(inspect(), "docs").text


def test_one_section_of_the_reference(inspect: Inspect, run: Run) -> None:
    """``--section`` prints one; a wrong name is answered with the nearest one and the list."""
    text = run(inspect(), "docs", "--section", "cors").text
    assert text.startswith("## Section `cors`\n")
    assert text.count("\n## ") == 0
    output = run(inspect(), "docs", "--section", "corss")
    assert (output.status, output.text) == (2, "")
    assert 'no section "corss". Did you mean cors?\nThere are: own, core, ' in output.complaints
    assert "Did you mean" not in run(inspect(), "docs", "--section", "zzz").complaints


def test_the_reference_for_machines(inspect: Inspect, run: Run) -> None:
    """Every section with its variables, as ``config explain`` has them, and none of what is set."""
    found = json.loads(run(inspect({"PAGE_SIZE": "7"}), "docs", "--json").text)
    assert (found[0]["section"], found[0]["title"]) == ("own", "Fields of the project")
    assert found[0]["variables"] == [
        {
            "variable": "PAGE_SIZE",
            "settings": ["PAGE_SIZE"],
            "secret": False,
            "field": "page_size",
            "description": "Rows on a page.",
            "type": "integer, at least 1, at most 500",
            "default": "50",
            "example": "",
            "retired_names": [],
            "not_read": [],
        }
    ]
    (jwt,) = json.loads(run(inspect(), "docs", "--json", "--section", "jwt").text)
    assert (jwt["section"], jwt["title"]) == ("jwt", "Section jwt")


def test_the_reference_of_no_project(run: Run) -> None:
    """Anywhere else the class of the framework is described."""
    assert run(NOWHERE, "docs").text.startswith("# CoreSettings\n\n")


@pytest.mark.parametrize("command", ["docs", "schema"])
def test_a_module_that_cannot_be_imported(inspect: Inspect, run: Run, command: str) -> None:
    """What may not be about the project's class is not passed off as that."""
    output = run(inspect(problems=[FAULT]), command)
    assert output.status == 1
    assert "No. [settings.import]" in output.complaints


def test_what_is_said_of_a_field() -> None:
    """Type, bounds, lengths, patterns, choices, defaults given in the class, and nothing that is secret."""
    text = reference(ShopSettings)
    assert sections(ShopSettings)[:3] == ["own", "payment", "silent"]
    for line in (
        "list of integer, at most 5 items · default `1,2` · in code `steps` · for example `1,2,3`",
        "text, at least 1 character, at most 8 characters, matches `^[a-z]+$` · default `ab` · in code `code`",
        "number, more than 0, less than 1 · default `0.5` · in code `ratio`",
        "one of `red`, `blue` · default `red` · in code `colour`",
        "set of one of `red`, `blue` · default empty · in code `colours`",
        "mapping from name to text · default empty · in code `accounts`",
        "any value · not set by default · in code `anything`",
        "integer · required · in code `needed`",
        "integer · default made from other fields · in code `doubled` · for example `<twice the size>`",
        "text · default *** · secret · in code `payment.api_key`",
        "text · default *** · secret · in code `payment.provider_password`",
        "duration · default `1m30s` · in code `payment.patience`",
        "text · default empty · in code `silent.word`",
    ):
        assert f"\n{line}\n" in text, line
    assert "· default `whitenoise` · sets `MIDDLEWARE`, `STORAGES` · in code `static.static_server`" in text
    assert "\nHow customers pay.\n" in text
    assert "\n## Section `silent`\n\n### `SILENT_WORD`\n\ntext" in text
    assert "This list is not shown" not in text
    assert "canary" not in text


def test_the_schema_is_one(inspect: Inspect, run: Run) -> None:
    """It is valid, says which dialect it is in, and does not depend on what is set."""
    output = run(inspect({"SERVICE_NAME": "orders"}), "schema")
    found = json.loads(output.text)
    assert (output.status, found["title"]) == (0, "Profile of UsersSettings")
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(found)
    assert output.text == run(inspect(), "schema").text
    assert json.loads(run(NOWHERE, "schema").text)["title"] == "Profile of CoreSettings"


@pytest.mark.parametrize("path", sorted(builtin_folder().glob("*.toml")), ids=lambda path: path.stem)
def test_built_in_profiles_are_valid(schema: dict[str, Any], path: Path) -> None:
    """Every profile that ships with the package fits the schema of any project."""
    assert errors(schema, path.read_text(encoding="utf-8")) == []


GOOD = """
description = "Everything."
extends = ["production"]
conflicts = ["monolith"]
require = ["DATABASE_URL | DB_NAME", "{SERVICE}_SECRET_KEY", "SHOP_SECRET_KEY"]

[settings]
page_size = 500
steps = [1, 2, 3]
colour = "blue"
anything = { whatever = [1, "two"] }
hook = "any text"
accounts = { main = { name = "x" } }

[settings.payment]
currency = "USD"
patience = "1m30s"

[settings.security]
hsts_seconds = 3600

[policy]
hardened = true
waivers = { "security.hsts_preload" = "not ours to decide" }
"""


def test_a_good_profile(schema: dict[str, Any]) -> None:
    """What the loader reads, an editor accepts; a duration is seconds or a text."""
    assert errors(schema, GOOD) == []
    assert errors(schema, "[settings.payment]\npatience = 90\n") == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("descripton = 'x'", "'descripton' was unexpected"),
        ("extends = ['producton']", "'producton' is not one of"),
        ("require = ['DATABSE_URL']", "'DATABSE_URL' is not valid"),
        ("[settings]\npage_sizes = 1", "'page_sizes' was unexpected"),
        ("[settings]\npage_size = 501", "501 is greater than the maximum of 500"),
        ("[settings]\npage_size = 'many'", "'many' is not of type 'integer'"),
        ("[settings]\ncolour = 'green'", "'green' is not one of ['red', 'blue']"),
        ("[settings]\ncode = 'A'", "'A' does not match"),
        ("[settings.paymnt]\ncurrency = 'EUR'", "'paymnt' was unexpected"),
        ("[settings.payment]\ncurency = 'EUR'", "'curency' was unexpected"),
        ("[settings.payment]\npatience = 'long'", "'long' is not valid"),
        ("[settings.security]\nhsts_second = 1", "'hsts_second' was unexpected"),
        ("[policy]\nhardenend = true", "'hardenend' was unexpected"),
        ("[policy]\nhardened = 'yes'", "'yes' is not of type 'boolean'"),
        ("[policy.waivers]\n'security.hsts' = 'x'", "'security.hsts' is not one of"),
        ("[policy.waivers]\n'security.hsts_preload' = ' '", "does not match"),
    ],
)
def test_a_profile_with_a_mistake(schema: dict[str, Any], text: str, complaint: str) -> None:
    """A misspelt key, an unknown profile and a wrong value are refused where they stand."""
    assert [message for message in errors(schema, text) if complaint in message], errors(schema, text)


def test_what_an_editor_shows(schema: dict[str, Any]) -> None:
    """Descriptions, the defaults of the class and examples; nothing of a secret, nothing that TOML cannot write."""
    fields = schema["properties"]["settings"]["properties"]
    assert fields["page_size"]["description"] == "Rows on a page. Variable: PAGE_SIZE."
    assert (fields["page_size"]["default"], fields["steps"]["examples"]) == (50, [[1, 2, 3]])
    assert fields["static"]["properties"]["static_server"]["default"] == "whitenoise"
    assert fields["payment"]["description"] == "How customers pay."
    assert fields["payment"]["properties"]["patience"]["default"] == "1m30s"
    assert "examples" not in fields["doubled"]
    text = json.dumps(schema)
    assert "canary" not in text
    assert '"null"' not in text


def test_profiles_of_the_project_are_known(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """A profile of its own can be extended."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "small.toml").touch()
    assert errors(json.loads(run(inspect(), "schema").text), "extends = ['small']") == []


def test_the_schema_of_the_environment(inspect: Inspect, run: Run) -> None:
    """An object of texts: choices, booleans and numbers are held to their form, a name is set directly or by file."""
    Draft202012Validator.check_schema(environment_schema(ShopSettings))
    found = Draft202012Validator(environment_schema(ShopSettings))
    good = {
        "DEBUG": "Yes",
        "PAGE_SIZE": "5",
        "RATIO": "1e-3",
        "COLOUR": "red",
        "PAYMENT_CURRENCY": "USD",
        "PAYMENT_PATIENCE": "1m",
        "PATH": "/bin",
        "STEPS": "",
        "DB_PASSWORD_FILE": "/run/secrets/db",
    }
    assert list(found.iter_errors(good)) == []
    for name, text in (
        ("DEBUG", "maybe"),
        ("PAGE_SIZE", "many"),
        ("RATIO", "half"),
        ("COLOUR", "green"),
        ("PAYMENT_CURRENCY", "GBP"),
        ("PAYMENT_PATIENCE", "long"),
    ):
        assert not found.is_valid({name: text}), name
    assert not found.is_valid({"DB_PASSWORD": "x", "DB_PASSWORD_FILE": "y"})
    assert json.loads(run(inspect(), "schema", "--env").text)["title"] == "Environment of UsersSettings"


def test_profiles_of_the_shop_are_valid(run_python: RunPython) -> None:
    """The profiles of the example fit the schema that its own class gives, and a misspelt key of theirs does not."""
    done = run_python(["-m", "dj_core_utils", "config", "schema"], env={"DJANGO_PROFILE": "demo"}, cwd=SHOP)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {path.name: errors(found, path.read_text(encoding="utf-8")) for path in SHOP.glob("profiles/*.toml")} == {
        "demo.toml": [],
        "microservice.toml": [],
    }
    demo = (SHOP / "profiles" / "demo.toml").read_text(encoding="utf-8")
    assert errors(found, demo.replace("show_login", "show_logn"))
