"""The rules of the house that no linter knows, held over every file of the repository."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "dj_core_utils"
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
MODULE_LINES = 400
FUNCTION_LINES = 50
WITH_CONTENT = {"dj_core_utils/__init__.py", "dj_core_utils/settings/__init__.py", "dj_core_utils/testing/__init__.py"}
DRAWERS = {"utils.py", "helpers.py", "common.py", "misc.py"}
DOCUMENTED_DRAWERS = {"dj_core_utils/fastapi/utils.py"}
# Written in parts, so that this file passes its own test.
FORBIDDEN = {
    "address of a package registry": re.compile(r"py" + r"pi\.org|python" + r"hosted|npm" + r"js\.|debian\.o" + r"rg"),
    "path of one machine": re.compile(r"/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/(?!(?:app|user)/)\w+|Us" + r"ers/\w+)/"),
    "unfinished business": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b"),
}

pytestmark = pytest.mark.skipif(not PACKAGE.is_dir(), reason="the sources are out of reach: the rules are about them")


def repository_files() -> list[Path]:
    """Every text file that is, or will be, part of the repository."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone: which files belong to the repository cannot be told")
    command = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file() and b"\0" not in path.read_bytes()]


@pytest.mark.parametrize("module", MODULES)
def test_module_is_small(module: str) -> None:
    """A module fits in the head: no more than 400 lines."""
    assert len((ROOT / module).read_text(encoding="utf-8").splitlines()) <= MODULE_LINES


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_small(module: str) -> None:
    """A function fits on a screen: no more than 50 lines beside its docstring."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lines = {
        node.name: (node.end_lineno or 0) - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines())
        for node in functions
    }
    assert {name: count for name, count in lines.items() if count > FUNCTION_LINES} == {}


def test_packages_hand_nothing_on() -> None:
    """An ``__init__`` is empty; only the root, the settings and the helpers for tests hand on a few names."""
    packages = [module for module in MODULES if module.endswith("/__init__.py") and module not in WITH_CONTENT]
    assert [module for module in packages if (ROOT / module).read_text(encoding="utf-8").strip()] == []


def test_no_drawer_for_odds_and_ends() -> None:
    """A module is named after what it holds."""
    assert [module for module in MODULES if Path(module).name in DRAWERS and module not in DOCUMENTED_DRAWERS] == []


def test_every_ignored_finding_has_a_reason() -> None:
    """A silenced linter or type checker says which finding it is and why."""
    silenced = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma: no (?:cover|branch))(?P<rest>.*)")
    reasoned = re.compile(r"(?::\s*[A-Z][A-Z0-9, ]+|\[[\w,\- ]+\])?\s*# \S+|\s*[-:] \S+")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in repository_files()
        if path.suffix == ".py" and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := silenced.search(line)) and not reasoned.match(match["rest"])
    ]
    assert found == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_repository_speaks_of_the_product_alone(what: str) -> None:
    """No file names the machine or the registry that it was written with, or leaves something for later."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in repository_files()
        for match in FORBIDDEN[what].finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []
