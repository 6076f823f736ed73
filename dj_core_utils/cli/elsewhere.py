"""Where the project is, for somebody who stands in another folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def project_elsewhere(folder: Path) -> str:
    """The way to the nearest ``manage.py`` above a folder, or else to one just below it; empty where there is none.

    Args:
        folder: Where a command was called that found none.
    """
    above = [parent for parent in folder.parents if os.access(parent / "manage.py", os.R_OK)]
    below = sorted(file.parent for file in folder.glob("*/manage.py"))
    found = [*above, *below]
    return os.path.relpath(found[0], folder) if found else ""
