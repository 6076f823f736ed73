"""What the pages on security claim is held by tests and rules that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "threat-model.md"
# Generated, and compared with the code by a test of its own.
RULES = ROOT / "docs" / "reference" / "rules.md"
LISTED = re.compile(r"^\| `([a-z_.]+)` \|", re.MULTILINE)
TEST = re.compile(r"`(?P<path>tests/[\w/]+\.py)::(?P<name>test_\w+)`")
RULE = re.compile(r"`(?P<id>[a-z_]+\.[a-z_]+)`")
CLAIM = re.compile(r"^- \*\*(?P<claim>.*?)\*\*\n  (?P<held>.*)$", re.MULTILINE)

in_repository = pytest.mark.skipif(
    not (ROOT / ".ci").is_dir(), reason="the pages on top speak of the repository, which is out of reach"
)


def functions_in(path: Path) -> set[str]:
    """Names of the functions in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def broken(page: str) -> set[str]:
    """What a page refers to that does not exist, and claims that nothing holds."""
    rules = set(LISTED.findall(RULES.read_text(encoding="utf-8")))
    missing = {match.group() for match in TEST.finditer(page) if not is_there(match["path"], match["name"])}
    for stated in CLAIM.finditer(page):
        named = {match["id"] for match in RULE.finditer(stated["held"])} if "rule" in stated["held"] else set()
        missing |= named - rules
        if not named and not TEST.search(stated["held"]):
            missing.add(stated["claim"])
    return missing


def is_there(path: str, name: str) -> bool:
    """Whether a test exists."""
    return (ROOT / path).is_file() and name in functions_in(ROOT / path)


def test_every_claim_is_held() -> None:
    """Each claim of the threat model names a test or a rule, and all of them exist."""
    assert broken(PAGE.read_text(encoding="utf-8")) == set()


@in_repository
@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_of_the_pages_on_top_lead_somewhere(name: str) -> None:
    """Sphinx checks the links within the documentation; these pages are read on the page of the repository."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", (ROOT / name).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@in_repository
def test_the_map_shows_rooms_that_are_there() -> None:
    """Every folder and file that CONTRIBUTING names exists, but for its examples and what commands make."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./-]+(?:/|\.(?:py|md|toml|yml)))`", text))
    homes = [ROOT, ROOT / "dj_core_utils", ROOT / "dj_core_utils" / "settings", ROOT / ".ci", ROOT / "tests"]
    missing = {path for path in named if not any((home / path).exists() for home in homes)}
    assert missing - {"dist/", "settings/search.py", "simple/", "tests/settings/test_search.py"} == set()


def test_the_readme_compares_with_what_was_measured() -> None:
    """The cost of a start in the README is the one in the benchmarks, for each variant."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| CPU time of a start.*\|$", readme, re.MULTILINE)
    measured = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    ratios = dict(re.findall(r"^\| ([\w-]+) \| \d+ ms \| (\d\.\d\d) \|", measured, re.MULTILINE))
    variants = ("dj_core_utils", "pydjantic", "django-environ", "dynaconf")
    assert re.findall(r"\d\.\d\d", row) == [ratios[variant] for variant in variants]


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        (
            "- **a claim**\n  `tests/test_claims.py::test_that_is_nowhere`",
            "`tests/test_claims.py::test_that_is_nowhere`",
        ),
        (
            "- **a claim**\n  `tests/nowhere.py::test_every_claim_is_held`",
            "`tests/nowhere.py::test_every_claim_is_held`",
        ),
        ("- **a claim**\n  rule `security.nonsense`", "security.nonsense"),
        ("- **a claim**\n  somebody's word", "a claim"),
    ],
)
def test_a_claim_that_nothing_holds_is_found(claim: str, found: str) -> None:
    """A test or rule that does not exist, and a claim with neither, are reported."""
    assert broken(claim) == {found}
