"""Files of new secrets: each made once, for its owner alone, and never in the place of another file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FOLDER_MODE = 0o700
SECRET_MODE = 0o600
PUBLIC_MODE = 0o644


def write_new(files: Sequence[tuple[Path, str, int]]) -> None:
    """Write new files, all of them or none.

    Their folder is made, readable to its owner alone, where it is missing. A link that stands in the place of a file is
    not followed, because it stands there.

    Args:
        files: Path, text and mode of each, in the same folder.

    Raises:
        OSError: One of them exists, or cannot be written; ``filename`` says which. Those that were made are gone.
    """
    folder = files[0][0].parent
    if not folder.exists():
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    made: list[Path] = []
    try:
        for path, text, mode in files:
            # With O_EXCL nobody else has made it, and with the mode given here it was never open to others.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            made.append(path)
            with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
                file.write(text if text.endswith("\n") else f"{text}\n")
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
