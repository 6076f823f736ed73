"""``config env``: a template of .env."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.env_template import env_template
from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.variables import variable_table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Inspect, Run

NOWHERE = Inspection(module="", loaded=None, namespace={})


def test_the_template_of_a_project(inspect: Inspect, run: Run) -> None:
    """The project's own class and the name of its service are in it."""
    output = run(inspect(), "env")
    assert output.status == 0
    assert output.text.startswith("# Variables of UsersSettings.\n")
    assert output.text.endswith("\n")
    assert not output.text.endswith("\n\n")
    assert "#PAGE_SIZE=50" in output.text
    assert "#USERS_SECRET_KEY=" in output.text


def test_the_template_of_no_project(run: Run) -> None:
    """Anywhere else the variables of every project are listed."""
    output = run(NOWHERE, "env")
    assert (output.status, output.complaints) == (0, "")
    assert output.text.startswith("# Variables of CoreSettings.\n")


def test_values_are_not_written(inspect: Inspect, run: Run) -> None:
    """The template knows defaults and examples, never what is set."""
    assert "canary" not in run(inspect({"DB_PASSWORD": "canary", "ROOT_URLCONF": "canary.urls"}), "env").text


def test_for_machines(inspect: Inspect, run: Run) -> None:
    """``--json`` lists every variable with what the template says of it."""
    found = {entry["variable"]: entry for entry in json.loads(run(inspect(), "env", "--json").text)}
    assert found["DJANGO_PROFILE"]["section"] == "loading"
    assert found["PAGE_SIZE"] == {
        "variable": "PAGE_SIZE",
        "section": "own",
        "settings": ["PAGE_SIZE"],
        "description": "Rows on a page.",
        "example": "50",
        "secret": False,
    }


def test_a_file_is_written_once(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """``--output`` makes a new file, and never touches one that is there."""
    path = tmp_path / "env.template"
    output = run(inspect(), "env", "--output", str(path))
    assert (output.status, output.complaints) == (0, "")
    assert output.text.startswith(f"wrote  {path}  ")
    assert path.read_text(encoding="utf-8") == run(inspect(), "env").text
    path.write_text("mine", encoding="utf-8")
    output = run(inspect(), "env", "--output", str(path))
    assert (output.status, output.text) == (1, "")
    assert "exists and is kept" in output.complaints
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_file_that_cannot_be_written(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """A wrong path is said in words."""
    output = run(inspect(), "env", "--output", str(tmp_path / "missing" / "env"))
    assert output.status == 1
    assert "cannot be written: no such file or directory." in output.complaints


def test_a_module_that_cannot_be_imported(inspect: Inspect, run: Run) -> None:
    """A template that may not be the project's is not passed off as that."""
    fault = Problem(id="settings.import", variable="users.settings", origin="users/settings.py:3", message="No.")
    output = run(inspect(problems=[fault]), "env")
    assert output.status == 1
    assert "No. [settings.import]" in output.complaints


def test_the_document_is_in_the_file(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """With --json and --output a program reads the file, and nothing else is printed."""
    path = tmp_path / "variables.json"
    output = run(inspect({}), "env", "--json", "--output", str(path))
    assert (output.status, output.text, output.complaints) == (0, "", "")
    assert "PAGE_SIZE" in {entry["variable"] for entry in json.loads(path.read_text("utf-8"))}


def test_the_projects_own_fields_come_first(inspect: Inspect, run: Run) -> None:
    """What the project's class adds stands on top, under its name."""
    text = run(inspect({}), "env").text
    headings = [line for line in text.splitlines() if line.startswith("# ---- ")]
    assert [heading.split()[2] for heading in headings[:3]] == ["loading", "UsersSettings", "core"]
    assert text.index("#PAGE_SIZE=") < text.index("#SERVICE_NAME=")


def test_what_the_project_declares_beats_an_example() -> None:
    """Uncommenting a line of the core does not rename the service or move its URLs."""

    class ShopSettings(CoreSettings):
        service_name: str = "shop"
        root_urlconf: str = "shop.urls"

    lines = env_template(ShopSettings, variable_table(ShopSettings, "shop")).splitlines()
    assert "#SERVICE_NAME=shop" in lines
    assert "#ROOT_URLCONF=shop.urls" in lines
    assert "#ALLOWED_HOSTS=shop.example.com,www.shop.example.com" in lines


def test_addresses_of_a_machine_are_not_in_it(inspect: Inspect, run: Run) -> None:
    """A template that is kept in a repository is the same wherever it is written."""
    here = inspect({"SERVICES": "orders", "ORDERS_SERVICE_URL": "https://orders.internal"})
    assert "ORDERS_SERVICE_URL" in here.loaded.table  # type: ignore[union-attr,operator]  # it was loaded
    assert run(here, "env").text == run(inspect(), "env").text
