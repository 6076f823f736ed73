"""The report: one screen for people, at any width, with colour only on a terminal."""

from __future__ import annotations

import io

import pytest

from dj_core_utils.settings.errors import ConfigurationError, Problem
from dj_core_utils.settings.report import print_report, write_report

PROBLEMS = (
    Problem(id="variable.unknown", variable="CORS_ALOWED", origin=".env:9", message="unknown.", severity="warning"),
    Problem(
        id="database.url",
        variable="DATABASE_URL",
        origin=".env:3",
        message="the port is not a number: postgres://shop:***@db:54x2/shop",
        hint="expected  postgres://USER:PASSWORD@HOST:5432/NAME",
    ),
    Problem(id="value.boolean", variable="A_VARIABLE_WITH_A_NAME_THAT_IS_VERY_LONG_INDEED", message="no boolean."),
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_errors_come_before_warnings() -> None:
    """The most important problem is on top."""
    report = write_report("Head", PROBLEMS, "Foot")
    assert report.startswith("Head\n\n")
    assert report.endswith("\n\nFoot")
    assert report.index("DATABASE_URL") < report.index("CORS_ALOWED")


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160])
def test_every_width_holds_every_word(width: int) -> None:
    """No width loses text, and lines that can be broken fit."""
    report = write_report("Head", PROBLEMS, "Foot", width=width)
    words = " ".join(report.split())
    for problem in PROBLEMS:
        assert problem.variable in words
        assert f"[{problem.id}" in words
        assert " ".join(problem.message.split()) in words or width < 100
    breakable = [line for line in report.splitlines() if "://" not in line]
    assert max(len(line) for line in breakable) <= max(width, 60)


@pytest.mark.parametrize("width", [60, 120])
def test_a_command_stays_whole(width: int) -> None:
    """A command that does not fit stands on a line of its own, unbroken, so that it can be copied."""
    command = f"python -c {'x' * 30} {'y' * 30} {'z' * 30}"
    hints = (f"make one:  {command}", command)
    report = write_report(
        "Head", [Problem(id="a.b", message="none.", hint=hint) for hint in hints], "Foot", width=width
    )
    assert [line.strip() for line in report.splitlines()].count(command) == 2
    assert "make one:\n" in report


@pytest.mark.parametrize("width", [60, 120])
def test_first_and_last_line_fit(width: int) -> None:
    """On a narrow terminal the headline goes on in a second line, and the last command stands in one of its own."""
    command = f"python {'x' * 40}"
    report = write_report(
        f"a long headline{' and more' * 9}", (), f"See it there:  {command}", width=width
    ).splitlines()
    assert max(map(len, report)) <= width
    assert (len(report), report[-1].startswith("  python")) == ((5, True) if width == 60 else (3, False))


def test_colour_and_width_follow_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colour; a pipe, and NO_COLOR, get plain text."""
    error = ConfigurationError(write_report("Head", PROBLEMS, "Foot"), PROBLEMS)
    terminal, pipe, plain = Terminal(), io.StringIO(), Terminal()
    print_report(error, terminal)
    print_report(error, pipe)
    monkeypatch.setenv("NO_COLOR", "1")
    print_report(error, plain)
    assert "\033[" in terminal.getvalue()
    assert "\033[" not in pipe.getvalue()
    assert "\033[" not in plain.getvalue()
    assert pipe.getvalue() == f"{error.args[0]}\n"


def test_an_error_without_problems_is_its_text() -> None:
    """An error of ``get_settings`` is printed as it is."""
    stream = Terminal()
    print_report(ConfigurationError("nothing exported"), stream)
    assert "nothing exported" in stream.getvalue()


def test_what_is_wrong_with_profiles_comes_first() -> None:
    """A profile that is missing or misspelt explains the rest, so it leads, whatever its severity."""
    unset = Problem(id="profile.unset", variable="DJANGO_PROFILE", message="none chosen.", severity="warning")
    report = write_report("Head", (*PROBLEMS, unset), "Foot")
    assert report.index("DJANGO_PROFILE") < report.index("DATABASE_URL") < report.index("CORS_ALOWED")


@pytest.mark.parametrize(("number", "rest"), [(20, ""), (21, "1 more"), (10000, "9980 more")])
def test_many_problems_of_one_kind_do_not_hide_the_others(number: int, rest: str) -> None:
    """The first ones stand for all of them, and say how many there are and how to see them."""
    many = [Problem(id="variable.unknown", message="nothing reads it.", variable=f"OLD_{n}") for n in range(number)]
    report = write_report("Broken", [*many, Problem(id="database.missing", message="no database.")], "See  this")
    assert report.count("nothing reads it.") == min(number, 20)
    assert "database.missing" in report
    assert (f"  {rest}" in report and "config check --json lists them all" in report) if rest else "more" not in report
