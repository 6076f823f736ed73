"""The example shop as it stands in the repository, in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "shop"
# What somebody who works with the example has beside it.
LEFT_BEHIND = shutil.ignore_patterns(
    "__pycache__", "var", "staticfiles", "*.sqlite3", ".env", "production.env", "*.pem"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, so that no ``.env`` of a developer counts and no test writes into the repository."""
    folder = tmp_path_factory.mktemp("project") / "shop"
    return shutil.copytree(EXAMPLE, folder, ignore=LEFT_BEHIND)
