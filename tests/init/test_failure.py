"""What ``init`` says when it writes nothing: what is wrong, why that is likely, and what to do."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from dj_core_utils.cli.init import command
from dj_core_utils.cli.init.comparison import Comparison, Difference
from dj_core_utils.cli.init.failure import failure_lines
from dj_core_utils.cli.init.migration import Attempt, migrate
from dj_core_utils.cli.init.report import Line, write_lines
from dj_core_utils.cli.init.starting import NotStarted, Refusal
from dj_core_utils.cli.init.terms import Term, term
from dj_core_utils.cli.screen import Screen
from tests.init import layouts
from tests.init.conftest import planner_of, run_init

if TYPE_CHECKING:
    from pathlib import Path

    from dj_core_utils.cli.init.planner import Planner
    from tests.init.conftest import WriteLayout

KEY = "w3ne2rd4vxu5h7k8s2vYm1j7abt5u0ks9f8pc6zqhh3n9a1b"
PROJECT = {
    "manage.py": layouts.MANAGE.format(module="shop.settings"),
    "shop/__init__.py": "",
    "shop/settings.py": f'SECRET_KEY = "{KEY}"\nSTRIPE_KEY = "canary-stripe"\nROOT_URLCONF = "shop.urls"\n',
}
TEXT = """
PAGES = 7
HOME = BASE_DIR / "home"


def now():
    return 1


NOW = now
class Parts:
    A = 1

class Ours(Parts):
    OTHER = Parts.A

for name in dir(Ours):
    if name.isupper():
        globals()[name] = getattr(Ours, name)
"""


def _told(planner: Planner, after: object, comparison: Comparison | None = None) -> str:
    attempt = Attempt(planner.plan(), "", "", after, comparison)  # type: ignore[arg-type]  # what is told depends on its kind
    return "\n".join(" ".join(line) for line in failure_lines(attempt, planner))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("PAGES", "it is computed when the module runs"),
        ("HOME", "it is computed from BASE_DIR"),
        ("NOW", "depends on the line, the moment or the file"),
        ("OTHER", "needs the class around it"),
        ("ELSEWHERE", "no statement of the old module gives it"),
    ],
)
def test_a_difference_comes_with_its_likely_reason(name: str, reason: str, tmp_path: Path) -> None:
    """And with the line that gives the setting, where there is one."""
    planner = planner_of(tmp_path, TEXT)
    before = planner.before.values.get(name, term(1))
    differences = (Difference(name, before, Term("int", 8), ""),)
    told = _told(planner, planner.before, Comparison(3, differences, ()))
    assert "1 setting would differ" in told
    assert reason in told
    assert ("at  settings.py:" in told) == (name != "ELSEWHERE")


def test_many_differences_are_counted(tmp_path: Path) -> None:
    """The next step names the first ones."""
    planner = planner_of(tmp_path, TEXT)
    differences = tuple(Difference(f"A{number}", term(1), None, "") for number in range(5))
    told = _told(planner, planner.before, Comparison(3, differences, ()))
    assert "5 settings would differ" in told
    assert "A0 and A1 and A2, ..." in told


def test_a_refusal_names_the_line_of_the_old_settings(tmp_path: Path) -> None:
    """The hint is that of the rule; a problem of no setting has its id in place of a name."""
    planner = planner_of(tmp_path, TEXT)
    refusals = (Refusal("own.pages", "PAGES", "7 is odd.", "take an even one"), Refusal("class.field", "", "no."))
    told = _told(planner, NotStarted("", refusals))
    assert "2 values would be refused" in told
    assert "refused PAGES 7 is odd.\ntake an even one\nat  settings.py:7  [own.pages]" in told
    assert "refused class.field no.  [class.field]" in told


def test_a_start_that_raises(tmp_path: Path) -> None:
    """The reason is that of Python."""
    told = _told(planner_of(tmp_path, TEXT), NotStarted("ValueError. shop/settings.py:7"))
    assert "raised  ValueError. shop/settings.py:7" in told


def test_machines_are_told_what_is_refused(layout: WriteLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    """And people see, with ``--dry-run``, the module that came closest, without its secrets."""
    folder = layout(PROJECT)
    refused = NotStarted("", (Refusal("own.rule", "STRIPE_KEY", "no.", ""),))
    monkeypatch.setattr(command, "migrate", lambda *given: migrate(*given)._replace(after=refused, comparison=None))
    found = json.loads(run_init(folder, "--json").stdout)
    assert found["error"] == "the new settings would not start: 1 value would be refused"
    assert found["refused"] == [{"id": "own.rule", "variable": "STRIPE_KEY", "message": "no.", "hint": ""}]
    shown = run_init(folder, "--dry-run").stdout
    assert "+class ShopSettings(CoreSettings):" in shown
    assert '-STRIPE_KEY = "***"' in shown
    assert KEY not in shown
    assert "canary" not in shown


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_no_line_of_a_terminal_is_too_long(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts stand beside their subjects where there is room, and below them where there is none."""
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = StringIO()
    screen = Screen(stream, stream, is_terminal=True, has_colour=False, has_signs=True)
    lines = [
        Line("noted", "DEFAULT_EXCEPTION_REPORTER_FILTER", "debug pages hide more " * 5),
        Line("LOOK", "A_NAME_THAT_IS_LONGER_THAN_ITS_COLUMN_IS", "holds a secret\nin two lines"),
        Line("", "to see the module that came closest: " * 3),
    ]
    write_lines(screen, lines)
    shown = stream.getvalue().splitlines()
    assert max(map(len, shown)) <= columns
    assert ("debug pages" in shown[0]) == (columns > 60)
    assert " ".join(" ".join(shown).split()).count("debug pages hide more") == 5
    assert shown[-1].startswith("        ")
