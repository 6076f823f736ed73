"""``config diff``: two sets of profiles side by side."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.inspection import Inspection
from dj_core_utils.settings.errors import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Inspect, Run

BEFORE, AFTER = "monolith,development", "microservice,production"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command reads the environment of its process."""
    monkeypatch.delenv("DJANGO_PROFILE", raising=False)


def test_two_sets_with_nothing_set(inspect: Inspect, run: Run) -> None:
    """Values that differ, what feeds a setting, what has to be set, which rules apply; nothing missing stops it."""
    output = run(inspect(profiles=["monolith"]), "diff", BEFORE, AFTER)
    assert (output.status, output.complaints) == (1, "")
    lines = output.text.splitlines()
    assert re.fullmatch(
        r"UsersSettings · monolith, development -> microservice, production · \d+ values differ", lines[0]
    )
    for line in (
        r"DEBUG +True +-> False",
        r"SECURE_HSTS_SECONDS +0 +-> 3600",
        r"SECRET_KEY from +DJANGO_SECRET_KEY +-> USERS_SECRET_KEY",
        r"\+ requires +DATABASE_URL, USERS_SECRET_KEY, .*ALLOWED_HOSTS.*",
        r"\+ policy +hardened",
        r"- policy +local",
        r"\+ waives +security\.hsts_include_subdomains, security\.hsts_preload",
        r"\+ rules +\d\d \(hardened\): they stop a start, and only warn elsewhere",
    ):
        assert re.search(rf"\n  {line}\n", output.text), line
    assert "PAGE_SIZE" not in output.text
    assert "FALLBACKS" not in output.text


def test_it_can_be_turned_round(inspect: Inspect, run: Run) -> None:
    """The other way round everything that was added is taken away."""
    text = run(inspect(), "diff", AFTER, BEFORE).text
    assert re.search(r"\n  DEBUG +False +-> True\n", text)
    assert re.search(r"\n  SECRET_KEY from +USERS_SECRET_KEY +-> DJANGO_SECRET_KEY\n", text)
    assert re.search(r"\n  - requires +DATABASE_URL, ", text)
    assert re.search(r"\n  - rules +\d\d ", text)


def test_equal_sets(inspect: Inspect, run: Run) -> None:
    """Status 0, as of ``diff``; an empty set has no profile at all."""
    output = run(inspect(), "diff", "monolith", "monolith")
    assert (output.status, output.complaints) == (0, "")
    assert output.text == "UsersSettings · monolith -> monolith · 0 values differ\n\n  no difference\n"
    assert run(inspect(), "diff", "", "").text.startswith("UsersSettings · no profile -> no profile · ")


def test_the_present_profiles(inspect: Inspect, run: Run) -> None:
    """With one set, the present one is compared with it."""
    text = run(inspect(profiles=["test"]), "diff", "development").text
    assert text.startswith("UsersSettings · test -> development · ")
    assert re.search(r"\n  DEBUG +False +-> True\n", text)


def test_what_the_environment_holds(
    inspect: Inspect, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a real source sets is equal under both; where that hides a difference, it is said."""
    (tmp_path / ".env").write_text("DEBUG=true\nPAGE_SIZE=25\n")
    monkeypatch.setenv("DJANGO_SECRET_KEY", "canary-" + "k3J9-" * 12)
    text = run(inspect(), "diff", "development", "production").text
    assert not re.search(r"\n  DEBUG ", text)
    assert text.endswith("\nSet here, whatever the profiles say: DEBUG, DJANGO_SECRET_KEY\n")
    assert "canary" not in text


def test_one_value(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """A profile of the project with one value; ``--all`` shows the equal ones beside it."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "small.toml").write_text("[settings]\npage_size = 5\n")
    output = run(inspect(), "diff", "monolith", "monolith,small")
    assert output.text == "UsersSettings · monolith -> monolith, small · 1 value differs\n\n  PAGE_SIZE  50 -> 5\n"
    everything = run(inspect(), "diff", "monolith", "monolith,small", "--all").text
    assert re.search(r"\n  PAGE_SIZE +50 +-> 5\n", everything)
    assert re.search(r"\n  USE_TZ +True\n", everything)


def test_secrets_of_one_length(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """Two secrets that look alike behind their masks are still different."""
    (tmp_path / "profiles").mkdir()
    for name in ("one", "two"):
        (tmp_path / "profiles" / f"{name}.toml").write_text(f'[settings.database]\npassword = "canary-{name}"\n')
    output = run(inspect(), "diff", "one", "two")
    assert re.search(
        r"\n  DB_PASSWORD +\*\*\* \(10 characters\) +-> \*\*\* \(10 characters\) \(another\)\n", output.text
    )
    assert "canary" not in output.text


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("develoment", "production", '"develoment" is not a profile. Did you mean development?\nknown: build, '),
        ("monolith", "production,test", "production and test cannot be active together."),
    ],
)
def test_sets_that_cannot_be(inspect: Inspect, run: Run, before: str, after: str, complaint: str) -> None:
    """A misspelt profile and a conflict are answered with what to do, and with status 2."""
    output = run(inspect(), "diff", before, after)
    assert (output.status, output.text) == (2, "")
    assert output.complaints.startswith(complaint)


def test_a_value_that_is_wrong(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """A value that a profile gets wrong is shown as it stands there."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "odd.toml").write_text('[settings]\npage_size = "many"\n')
    assert re.search(r"\n  PAGE_SIZE +50 +-> many\n", run(inspect(), "diff", "monolith", "odd").text)


def test_a_service_of_another_name(inspect: Inspect, run: Run, tmp_path: Path) -> None:
    """Where a profile renames the service, fields are compared, whatever their variables are called."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "orders.toml").write_text('[settings]\nservice_name = "orders"\n')
    text = run(inspect(), "diff", "monolith", "monolith,orders").text
    assert re.search(r"\n  SERVICE_NAME +users +-> orders\n", text)
    assert "SECRET_KEY" not in text


def test_for_machines(inspect: Inspect, run: Run) -> None:
    """``--json`` says the same by name."""
    output = run(inspect(), "diff", BEFORE, AFTER, "--json")
    found = json.loads(output.text)
    assert output.status == 1
    assert (found["before"], found["after"], found["equal"]) == (
        "monolith, development",
        "microservice, production",
        False,
    )
    changes = {one["variable"]: one for one in found["changes"]}
    assert changes["DEBUG"]["before"] == {"value": True, "origin": "profile development"}
    assert changes["DEBUG"]["after"] == {"value": False, "origin": "profile production"}
    assert found["sources"] == [
        {"setting": "SECRET_KEY", "before": ["DJANGO_SECRET_KEY"], "after": ["USERS_SECRET_KEY"]}
    ]
    assert {"ALLOWED_HOSTS", "DATABASE_URL", "USERS_SECRET_KEY"} <= set(found["requires"]["added"])
    assert found["requires"]["removed"] == []
    assert found["policies"] == {"added": ["hardened"], "removed": ["local"]}
    assert found["rules"]["before"] == 0 < found["rules"]["after"]
    assert run(inspect(), "diff", "test", "test", "--json").status == 0


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(inspect: Inspect, run: Run, columns: int) -> None:
    """Both sides stand beside each other where they fit, else below."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", run(inspect(), "diff", BEFORE, AFTER, columns=columns).text)
    assert max(map(len, text.splitlines())) <= columns
    assert re.search(r"\n  DEBUG +True +-> False\n", text)
    assert (re.search(r"\n  SECURE_CSP_REPORT_ONLY\n +\(empty\)\n +-> default-src", text) is None) == (columns == 200)


def test_nothing_is_known(run: Run) -> None:
    """Without a settings class there is nothing to compare, only the reason."""
    fault = Problem(id="settings.module", variable="DJANGO_SETTINGS_MODULE", origin="nope", message="there is none.")
    output = run(Inspection(module="nope", loaded=None, problems=(fault,), namespace={}), "diff", BEFORE, AFTER)
    assert (output.status, output.text) == (2, "")
    assert "there is none." in output.complaints
