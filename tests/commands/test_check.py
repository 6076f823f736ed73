"""``config check``: every problem, without starting."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.settings.errors import Problem

if TYPE_CHECKING:
    from tests.commands.conftest import Inspect, Run

WAIVED = Problem(
    id="security.hsts_preload", variable="SECURE_HSTS_PRELOAD", message="not preloaded.", hint="not our domain"
)
WARNING = Problem(
    id="jwt.lifetime",
    variable="JWT_ACCESS_TOKEN_LIFETIME",
    origin=".env:12",
    message="access tokens live long.",
    hint="15 minutes are advised\nor fewer",
    severity="warning",
)


def test_all_is_well(inspect: Inspect, run: Run) -> None:
    """A configuration that can be used is one line, and status 0."""
    output = run(inspect(), "check")
    assert output.status == 0
    assert re.fullmatch(r"ok +configuration +\d+ variables, 0 problems, 0 warnings\n", output.text)


def test_warnings_and_waivers(inspect: Inspect, run: Run) -> None:
    """Warnings stand below with their hints, and waived rules with their reasons; neither stops a start."""
    inspection = inspect(problems=[WARNING])
    assert inspection.loaded is not None
    inspection = Inspection(
        module="m", loaded=inspection.loaded._replace(waived=(WAIVED,)), problems=(WARNING,), namespace={}
    )
    output = run(inspection, "check")
    assert output.status == 0
    assert output.text.splitlines()[0].endswith("0 problems, 1 warning, 1 waived")
    assert output.text.splitlines()[1:] == [
        "warn    jwt.lifetime           access tokens live long. (JWT_ACCESS_TOKEN_LIFETIME, .env:12)",
        "                               15 minutes are advised",
        "                               or fewer",
        "waived  security.hsts_preload  not preloaded. (SECURE_HSTS_PRELOAD)",
        "                               reason: not our domain",
    ]


@pytest.mark.parametrize("columns", [40, 80])
def test_a_command_in_a_hint_stays_in_one_piece(inspect: Inspect, run: Run, columns: int) -> None:
    """It stands on a line of its own where the terminal has no room for it beside its introduction."""
    command = "python -m dj_core_utils config keygen es256 --out keys"
    warning = WARNING._replace(hint=f"where users sign in, make a pair:  {command}\n{command}")
    lines = run(inspect(problems=[warning]), "check", columns=columns, colour=False).text.splitlines()
    assert [line.strip() for line in lines[-3:]] == ["where users sign in, make a pair:", command, command]


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_a_terminal_is_not_exceeded(inspect: Inspect, run: Run, columns: int) -> None:
    """Texts are wrapped into the terminal, under their own column."""
    text = run(inspect(problems=[WARNING]), "check", columns=columns, colour=False).text
    assert " ".join(text.split()).endswith("15 minutes are advised or fewer")
    assert max(map(len, text.splitlines())) <= max(columns, 50)


def test_a_broken_configuration(inspect: Inspect, run: Run) -> None:
    """What cannot be used is the report, on standard output, with status 1."""
    output = run(inspect({"DEBUG": "Flase"}), "check")
    assert output.status == 1
    assert output.complaints == ""
    assert output.text.startswith("Configuration of UsersSettings is not usable: 1 problem (profiles: monolith, dev")
    assert "[value.boolean]" in output.text
    assert output.text.rstrip().endswith("python -m dj_core_utils config show --settings users.settings")


def test_a_report_in_colour(inspect: Inspect, run: Run) -> None:
    """A terminal gets the report in colour, a pipe when it is asked for."""
    broken = inspect({"DEBUG": "Flase"})
    assert "\x1b[" in run(broken, "check", columns=100).text
    assert "\x1b[" not in run(broken, "check", columns=100, colour=False).text
    assert "\x1b[" in run(broken, "check", colour=True).text


def test_for_machines(inspect: Inspect, run: Run) -> None:
    """``--json`` lists the problems with the promised keys; an empty list says that there are none."""
    assert json.loads(run(inspect(), "check", "--json").text) == []
    output = run(inspect({"DEBUG": "Flase"}, problems=[WARNING]), "check", "--json")
    assert output.status == 1
    first, second = json.loads(output.text)
    assert first == {
        "id": "jwt.lifetime",
        "variable": "JWT_ACCESS_TOKEN_LIFETIME",
        "origin": ".env:12",
        "message": "access tokens live long.",
        "hint": "15 minutes are advised\nor fewer",
        "severity": "warning",
    }
    assert (second["id"], second["variable"], second["origin"]) == ("value.boolean", "DEBUG", "environment")
    assert second["severity"] == "error"


def test_no_settings_class(run: Run) -> None:
    """Without a settings class the module itself is what is not usable."""
    fault = Problem(id="settings.module", variable="DJANGO_SETTINGS_MODULE", origin="nope", message="there is none.")
    output = run(Inspection(module="nope", loaded=None, problems=(fault,), namespace={}), "check")
    assert output.status == 1
    assert output.text.startswith("Configuration of nope is not usable: 1 problem\n")
