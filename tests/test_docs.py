"""Every example of the README and of the documentation, executed page by page as a reader would.

A page has a folder of its own. Its code blocks are worked through from top to bottom:

- A block whose first line is a comment with a file name (``# users/settings.py``, ``# .env``) is written to that file.
- Any other ``python`` block is run by an interpreter of its own and has to succeed.
- A ``console`` block is a session: lines after ``$ `` are run, the lines below them are what has to be printed, where
  ``...`` stands for anything. A command that shows no output has to succeed. ``export``, ``unset`` and ``cd`` last for
  the page. The folder is called ``/srv/shop`` on every page; how many variables there are, how long something took and
  the version of SQLite are not compared.
- ``<!-- skip: next "reason" -->`` leaves the next block out; ``<!-- invisible-code: console`` up to ``-->`` holds a
  block that readers do not see.

After a change of what the program prints, ``TAKE_OUTPUTS=1 python -m pytest tests/test_docs.py -k page_is_true`` writes
what it prints now into the pages; look at the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from difflib import unified_diff
from doctest import ELLIPSIS, OutputChecker
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING
from unittest import SkipTest

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, SkipParser

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sybil import Document, Example

    from tests.warm_python import WarmPython

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)]
WRITTEN = ("dotenv", "ini", "json", "toml", "yaml")
SHOWN = ("css", "diff", "dockerfile", "html", "http", "makefile", "mermaid", "nginx", "sql", "text")
FILE_NAME = re.compile(r"# (?P<path>(?!/)[\w-]*[./][\w./-]*)\n")
SKIP = re.compile(r"<!--+ *;? *skip: *(?:next|start).*")
FENCE = re.compile(r"^ *(?:```+|~~~+)(?P<language>[^`\n{]+)$", re.MULTILINE)
VARYING = re.compile(r"\b\d+(?= (?:variables|ms)\b)|(?<=SQLite )[\d.]+")
COMMAND_SECONDS = 60
FOLDER = "/srv/shop"
TAKES_OUTPUTS = bool(os.environ.get("TAKE_OUTPUTS"))


class Reader:
    """Somebody who follows one page on a machine just installed.

    Args:
        folder: Where they work.
        python: What ``python`` is for them.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder
        self.python = python
        self.said_before: list[str] = []

    def evaluate(self, example: Example) -> None:
        """Do what one code block of the page says."""
        text, language = str(example.parsed), example.region.lexemes["arguments"]
        if name := FILE_NAME.match(text):
            path = self.folder / name["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text[name.end() :].lstrip("\n"), encoding="utf-8")
        elif language == "python":
            output, status = self.run("python -", stdin=text)
            assert status == 0, f"{example.path}:{example.line} fails:\n{output}"
        elif language == "console":
            for command, expected in session(text):
                self.type(command, expected, example)

    def type(self, command: str, expected: str, example: Example) -> None:
        """Enter one command and compare what it prints."""
        where = f"{example.path}:{example.line}"
        output, status = self.run(command)
        if not expected:
            assert status == 0, f"{where}: $ {command}\n{indent(output, '  ')}"
        elif not matches(expected, output):
            diff = "\n".join(unified_diff(expected.splitlines(), output.splitlines(), "the page", "the program", n=99))
            assert TAKES_OUTPUTS, f"{where}: $ {command}\n{indent(diff, '  ')}"
            page = Path(example.path)
            before, shown = f"$ {command}\n{expected}", f"$ {command}\n{output}"
            page.write_text(page.read_text(encoding="utf-8").replace(before, shown, 1), encoding="utf-8")
        if command.startswith(("export ", "unset ", "cd ")):
            self.said_before.append(command)

    def run(self, command: str, stdin: str = "") -> tuple[str, int]:
        """Run a command of the shell; its output, errors included, and its exit status."""
        environment = clean_environment()
        folders = (str(self.python.parent), str(Path(sys.executable).parent), environment["PATH"])
        environment["PATH"] = os.pathsep.join(folders)
        environment["HOME"] = str(self.folder)
        done = subprocess.run(
            ["/bin/sh", "-c", "\n".join([*self.said_before, command])],
            env=environment,
            cwd=self.folder,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        lines = done.stdout.replace(str(self.folder), FOLDER).strip("\n").splitlines()
        return "".join(f"{line.rstrip()}\n" for line in lines), done.returncode


def matches(expected: str, output: str) -> bool:
    """Whether a command prints what the page shows."""
    wanted, got = (VARYING.sub("0", text) for text in (expected, output))
    return OutputChecker().check_output(wanted, got, ELLIPSIS)


def session(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output that the block shows."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = next((number for number, line in enumerate(lines, 1) if not line.endswith("\\\n")), len(lines))
        output = "".join(lines[end:]).rstrip("\n")
        yield "".join(lines[:end]).strip(), output and f"{output}\n"


def parse(page: Path, reader: Reader) -> Document:
    """The code blocks of a page, for a reader."""
    languages = ("python", "console", *WRITTEN)
    parsers = [CodeBlockParser(language=language, evaluator=reader.evaluate) for language in languages]
    return Sybil([*parsers, SkipParser()], path=str(ROOT)).parse(page)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_page_is_true(page: Path, tmp_path: Path, python: WarmPython) -> None:
    """A reader who follows the page from top to bottom sees what it shows."""
    for example in parse(page, Reader(tmp_path, python.program)).examples():
        with suppress(SkipTest):
            example.evaluate()


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_no_code_block_escapes(page: Path) -> None:
    """Each code block is of a language that is run, written or known to be shown only; one left out says why."""
    text = page.read_text(encoding="utf-8")
    known = {"python", "console", *WRITTEN, *SHOWN}
    assert {match["language"].strip() for match in FENCE.finditer(text)} - known == set()
    assert [match.group() for match in SKIP.finditer(text) if '"' not in match.group()] == []


GUIDES = [page for page in PAGES if page.parent.name in {"how-to", "explanation"} and page.name != "index.md"]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in GUIDES])
def test_page_says_whom_it_is_for(page: Path) -> None:
    """A guide or an explanation begins with whom it is for, so that others can leave at once."""
    first = next(line for line in page.read_text(encoding="utf-8").splitlines()[1:] if line)
    assert first.startswith("For "), f"begin with  For ...  (whom?), below the title: {first}"


@pytest.mark.parametrize("folder", ["how-to", "reference", "explanation"])
def test_no_page_is_forgotten_by_its_index(folder: str) -> None:
    """Each index shows every page of its folder, not only in the navigation."""
    index = (ROOT / "docs" / folder / "index.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs" / folder).glob("*.md")} - {"index.md"}
    assert {name for name in pages if f"]({name}" not in index} == set()


PAGE = """\
# A page

```python
# shop/numbers.py
ANSWER = 42
```

```dotenv
# .env
DEBUG=true
```

```console
$ export GREETING=hello
$ python -c "from shop.numbers import ANSWER; import os; print(os.environ['GREETING'], ANSWER)"
hello 42
$ cat .env \\
    | head -n 1
DEBUG=...
```

<!-- skip: next "it would take for ever" -->

```console
$ sleep 1000
```

```python
from shop.numbers import ANSWER

assert ANSWER == 42
```
"""


@pytest.mark.parametrize(
    ("true", "false"),
    [
        pytest.param("hello 42", "hello 43", id="output"),
        pytest.param("assert ANSWER == 42", "assert ANSWER == 43", id="python"),
        pytest.param("# .env", "# .env.other", id="file"),
        pytest.param("    | head -n 1\nDEBUG=...", "    | grep missing", id="status"),
    ],
)
def test_a_page_that_lies_is_found_out(true: str, false: str, tmp_path: Path, python: WarmPython) -> None:
    """A page passes when all it says is so, and fails for each thing that is not."""
    page = tmp_path / "page.md"
    for text, name in ((PAGE, "honest"), (PAGE.replace(true, false), "lying")):
        page.write_text(text, encoding="utf-8")
        folder = tmp_path / name
        folder.mkdir()
        check = partial(test_page_is_true, page, folder, python)
        if name == "honest":
            check()
        else:
            with pytest.raises(AssertionError):
                check()
