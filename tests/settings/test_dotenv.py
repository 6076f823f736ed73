"""What a ``.env`` file says, and how its bad lines are reported."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from dj_core_utils.settings.dotenv import MAX_BYTES, Dotenv, Entry, parse_dotenv, read_dotenv

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "c4n4ry53cr3t"

NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\0\r", codec="utf-8"))


def parse(text: str) -> Dotenv:
    """What a file of that text says."""
    return parse_dotenv(text.encode(), label=".env")


def values(text: str) -> dict[str, str]:
    """The values of a file that has no problems."""
    dotenv = parse(text)
    assert dotenv.problems == ()
    return {name: entry.value for name, entry in dotenv.entries.items()}


def problems(text: str) -> list[tuple[str, str]]:
    """The id and origin of each problem of a file."""
    return [(problem.id, problem.origin) for problem in parse(text).problems]


def single_quoted(value: str) -> str:
    """A value as it is written in single quotes."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def double_quoted(value: str) -> str:
    """A value as it is written in double quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A = b", "b"),
        ("  A=b  ", "b"),
        ("export A=b", "b"),
        ("'A'=b", "b"),
        ("A=", ""),
        ("A=''", ""),
        ("A= # nothing", ""),
        ("A=b c", "b c"),
        ("A=b # comment", "b"),
        ("A=b\t# comment", "b"),
        ("A=b#c", "b#c"),
        ("A=#b", "#b"),
        ("A='b # c' # comment", "b # c"),
        ("A=' b '", " b "),
        ('A=" b "', " b "),
        ("A=b=c", "b=c"),
        ("A=b'c\"d", "b'c\"d"),
        (r"A=b\nc", r"b\nc"),
        (r"A='b\nc'", r"b\nc"),
        (r"A='it\'s \\ done'", r"it's \ done"),
        (r"A='ends with \\'", "ends with \\"),
        (r'A="b\nc\td"', "b\nc\td"),
        (r'A="say \"b\""', 'say "b"'),
        ("A='b\nc'", "b\nc"),
        ('A="b\n\n# c\nD=e"', "b\n\n# c\nD=e"),
        ("A=$abc", "$abc"),
        ("A=${HOME}", "${HOME}"),
        ("A='${HOME}'", "${HOME}"),
        ('A="$$ ${B:-c}"', "$$ ${B:-c}"),
        ("A=пароль", "пароль"),
        ("A='-----BEGIN KEY'", "-----BEGIN KEY"),
        ("A=b\x0bc\u2028d", "b\x0bc\u2028d"),
        ("A=-----BEGIN KEY-----\\nabc\\n-----END KEY-----", "-----BEGIN KEY-----\\nabc\\n-----END KEY-----"),
        ("A='-----BEGIN KEY-----\nabc==\n-----END KEY-----'", "-----BEGIN KEY-----\nabc==\n-----END KEY-----"),
    ],
)
def test_lines(line: str, value: str) -> None:
    """A line is read by python-dotenv's grammar, without expansion, whatever comes after it."""
    assert values(line) == {"A": value}
    assert values(f"{line}\nB='x'\n") == {"A": value, "B": "x"}


@pytest.mark.parametrize("text", ["", "\n", " \n\t\n", "# A=b", "  # A=b\n", "export # A=b"])
def test_blank_lines_and_comments(text: str) -> None:
    """Blank lines and comments say nothing."""
    assert values(text) == {}


def test_positions() -> None:
    """Each entry knows the line of its name, past blank lines, comments and values of several lines."""
    dotenv = parse("# one\n\nA=1\nB='x\ny'\n\n\n  # c\nexport C=3\nD=\n")
    assert dotenv.entries == {"A": ("1", 3), "B": ("x\ny", 4), "C": ("3", 9), "D": ("", 10)}
    assert dotenv.label == ".env"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    """Any kind of line end ends a line, and is a plain newline inside of quotes."""
    dotenv = parse_dotenv(end.join(["A=1", "bad", "", "B='x", "y'", ""]).encode(), label="f")
    assert dotenv.entries == {"A": ("1", 1), "B": ("x\ny", 4)}
    assert [problem.origin for problem in dotenv.problems] == ["f:2"]


def test_byte_order_mark() -> None:
    """The mark that some editors put at the beginning is no part of the first name."""
    assert parse_dotenv(b"\xef\xbb\xbfA=1", label="f").entries == {"A": ("1", 1)}


@pytest.mark.parametrize(
    "line",
    [
        "bad",
        "export A",
        "A B=c",
        "=c",
        "A-B=c",
        "1A=c",
        "a.b=c",
        "'A B'=c",
        "'A\nB'=c",
        "postgres://user:pass@host/db?sslmode=require",
        "A='b' c",
        "A='b'c",
        "A='b",
        'A="b',
        "A='it's'",
        'A="b\\"',
        "A=-----BEGIN KEY-----",
        "B#C=d",
    ],
)
def test_bad_lines(line: str) -> None:
    """A line that is no assignment is one problem with its number, and what stands around it is read."""
    text = f"FIRST=1\n{line}\nLAST=2\n"
    assert problems(text) == [("dotenv.syntax", ".env:2")]
    assert {name: entry.value for name, entry in parse(text).entries.items()} == {"FIRST": "1", "LAST": "2"}


def test_messages() -> None:
    """Each kind of bad line says what to do."""
    found = {
        line: parse(line).problems[0] for line in ("bad", "A='b", "a-b=c", "A=-----BEGIN KEY-----", "A=1\nA=2", "\0")
    }
    assert [(problem.message, problem.hint) for problem in found.values()] == [
        ("this line is not NAME=value.", "a comment begins with #; a value of several lines stands in quotes"),
        (
            "the quote that opens here is not closed, or more text follows the one that closes it.",
            "a quote inside of quotes is written with a backslash before it",
        ),
        ("what stands before the = is not a name.", "a name has letters, digits and underscores only"),
        ("a key begins here and does not end on the same line.", "a value of several lines stands in quotes"),
        ("A is set twice, on lines 1 and 2.", "remove one of them"),
        ("the line holds a NUL byte.", "save it as UTF-8 text"),
    ]
    assert str(found["bad"]).startswith(".env:1: this line is not NAME=value.")


def test_a_quote_left_open_costs_one_line() -> None:
    """A quote that is never closed swallows neither the lines up to the next quote nor those after it."""
    dotenv = parse("A='x\nB=1\nC='y'\nD=\"z\nE=2\n")
    assert {name: entry.value for name, entry in dotenv.entries.items()} == {"B": "1", "C": "y", "E": "2"}
    assert [problem.origin for problem in dotenv.problems] == [".env:1", ".env:4"]
    assert parse("A='x\nB=1\nC='y'\n").entries["C"].line == 3


@pytest.mark.parametrize("opening", ["", "'", '"'])
def test_a_key_without_quotes_is_one_problem(opening: str) -> None:
    """The lines of a private key that lost its quotes, or one of them, are one problem and never names."""
    body = f"MIIE{CANARY}/+x\n{CANARY}=\n\nABCDEFGH==\nabc{CANARY}=x"
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"
    dotenv = parse(f"A=1\nKEY={opening}{key}\nB=2\n")
    assert set(dotenv.entries) == {"A", "B"}
    assert [problem.origin for problem in dotenv.problems] == [".env:2"]
    assert "up to line 8" in dotenv.problems[0].message


def test_names_in_small_letters_are_read() -> None:
    """A name in small letters is an entry, so that a near-miss can be reported, but not right after a broken line."""
    assert set(parse("debug=1\nOther=2").entries) == {"debug", "Other"}
    assert set(parse("bad\ndebug=1\n\n# c\nEMPTY=\nDEBUG=1\ndebug=2").entries) == {"DEBUG", "debug"}


def test_a_name_that_is_set_twice() -> None:
    """A second value is a problem that names both lines; each further one names the line before it."""
    dotenv = parse("A=1\nB=2\nA=1\nexport A='3'\n")
    assert [(problem.id, problem.variable, problem.origin) for problem in dotenv.problems] == [
        ("dotenv.duplicate", "A", ".env:3"),
        ("dotenv.duplicate", "A", ".env:4"),
    ]
    assert "lines 1 and 3" in dotenv.problems[0].message
    assert "lines 3 and 4" in dotenv.problems[1].message
    assert dotenv.entries["A"] == ("3", 4)


@pytest.mark.parametrize(
    ("data", "problem", "origin"),
    [
        (b"A=1\nB=\xff\n", "dotenv.encoding", "f:2"),
        (b"A=1\r\n\r\n# caf\xe9\r\n", "dotenv.encoding", "f:3"),
        (b"A=1\nB=\0\n", "dotenv.encoding", "f:2"),
        ("A=1".encode("utf-16"), "dotenv.encoding", "f"),
        ("A=1".encode("utf-16-le"), "dotenv.encoding", "f:1"),
        (b"A=" + b"1" * MAX_BYTES, "dotenv.size", "f"),
    ],
)
def test_files_that_are_refused_whole(data: bytes, problem: str, origin: str) -> None:
    """A file that is not UTF-8 text of a sane size has one problem and no entries."""
    dotenv = parse_dotenv(data, label="f")
    assert dotenv.entries == {}
    assert [(found.id, found.origin) for found in dotenv.problems] == [(problem, origin)]
    assert dotenv.label == "f"


def test_the_largest_file() -> None:
    """A file of exactly 1 MiB is read."""
    assert len(parse_dotenv(b"A=" + b"1" * (MAX_BYTES - 2), label="f").entries["A"].value) == MAX_BYTES - 2


def test_values_are_not_shown() -> None:
    """Neither an entry nor the whole file prints a value."""
    dotenv = parse(f"A={CANARY}")
    assert repr(dotenv.entries["A"]) == "Entry(line=1)"
    assert CANARY not in f"{dotenv} {dotenv!r}"


def test_reading(tmp_path: Path) -> None:
    """A file is read from disk under the label that it is shown by."""
    (tmp_path / "x.env").write_bytes(b"A=1\n")
    assert read_dotenv(tmp_path / "x.env", label="x.env") == Dotenv("x.env", {"A": Entry("1", 1)})
    assert read_dotenv(tmp_path / "none.env", label="none.env") is None
    assert Dotenv.empty().entries == {}


def test_the_null_device_is_an_empty_file() -> None:
    """``/dev/null`` stands for no file at all."""
    assert read_dotenv(Path(os.devnull), label="n") == Dotenv("n")


def test_a_pipe_is_waited_for(tmp_path: Path) -> None:
    """A named pipe is read when its writer comes, in as many pieces as it likes."""
    pipe = tmp_path / ".env"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as file:
            file.write(b"A=1\n")
            file.write(b"B=2\n")

    writer = threading.Thread(target=write)
    writer.start()
    dotenv = read_dotenv(pipe, label=".env")
    writer.join()
    assert dotenv == Dotenv(".env", {"A": Entry("1", 1), "B": Entry("2", 2)})


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A directory, a link to itself and a path that no file can have are problems, not errors."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    found = {path: read_dotenv(path, label="f") for path in (tmp_path, tmp_path / "loop", tmp_path / "a\0b")}
    messages = [dotenv.problems[0].message for dotenv in found.values() if dotenv]
    assert {dotenv.problems[0].id for dotenv in found.values() if dotenv} == {"dotenv.unreadable"}
    assert messages[0] == "this is a directory, not a file."
    assert messages[1].startswith("the file cannot be read: too many")
    assert messages[2] == "the file cannot be read: its path is not valid."


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    """A file without end is given up after 1 MiB."""
    (tmp_path / ".env").symlink_to("/dev/zero")
    dotenv = read_dotenv(tmp_path / ".env", label=".env")
    assert dotenv is not None
    assert [problem.id for problem in dotenv.problems] == ["dotenv.size"]


@given(
    st.dictionaries(NAMES, VALUES), st.sampled_from([single_quoted, double_quoted]), st.sampled_from(["", "export "])
)
def test_quoted_values_come_back(entries: dict[str, str], quoted: Callable[[str], str], export: str) -> None:
    """Any value without a NUL survives in quotes with its escapes, exactly."""
    text = "".join(f"{export}{name}={quoted(value)}\n" for name, value in entries.items())
    dotenv = parse(text)
    assert dotenv.problems == ()
    assert {name: entry.value for name, entry in dotenv.entries.items()} == entries
    lines = text.replace("\r", "\n").split("\n")
    assert all(lines[entry.line - 1].startswith(f"{export}{name}=") for name, entry in dotenv.entries.items())


@given(st.dictionaries(NAMES, VALUES.filter(lambda value: "-----BEGIN " not in value)))
def test_it_reads_what_python_dotenv_reads(entries: dict[str, str]) -> None:
    """Where a file has no problems, python-dotenv without expansion reads the same."""
    text = "".join(f"{name}={value}\n" for name, value in entries.items())
    dotenv = parse(text)
    if not dotenv.problems:
        expected = dotenv_values(stream=io.StringIO(text), interpolate=False)
        assert {name: entry.value for name, entry in dotenv.entries.items()} == expected


@given(st.binary() | st.text("A=B'\"\\\n\r #$-x", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_reported(data: bytes) -> None:
    """No content makes anything happen but entries and problems, and each has a line of the file."""
    dotenv = parse_dotenv(data, label="f")
    lines = len(data.splitlines()) + 1
    origins = [problem.origin for problem in dotenv.problems]
    assert all(0 < int(origin.partition(":")[2] or 1) <= lines for origin in origins)
    assert all(0 < entry.line <= lines for entry in dotenv.entries.values())
    assert {problem.id.partition(".")[0] for problem in dotenv.problems} <= {"dotenv"}


@given(
    st.lists(st.sampled_from([CANARY, f"A-{CANARY}=", "='", '="', "\n", " ", "#", "\\", f"{CANARY}\n", "\0", "KEY="]))
)
def test_problems_hold_no_content(parts: list[str]) -> None:
    """Whatever is wrong with a file, no problem quotes it."""
    for problem in parse("".join(parts)).problems:
        if problem.id != "dotenv.duplicate":
            assert CANARY not in f"{problem!r} {problem}"
