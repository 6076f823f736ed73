"""Whoever decides what may be installed finds every package explained."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "dependencies.md"


def test_every_dependency_is_on_the_page() -> None:
    """What the package, an extra or its development installs is named there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    names = {Requirement(line).name for line in listed} - {project["name"]}
    words = set(re.findall(r"[\w-]+", PAGE.read_text(encoding="utf-8").lower()))
    assert names - words == set()
