"""Writes several files so that a process killed half-way leaves a project that works."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPEN = 0o644
_PRIVATE = 0o600


class NewFile(NamedTuple):
    """A file to write.

    Attributes:
        path: Where.
        text: What.
        is_secret: Whether only its owner may read it.
    """

    path: Path
    text: str
    is_secret: bool = False


class Written:
    """Files that are written, and how to take that back.

    Args:
        files: In the order in which they take their places; one may come several times.
    """

    def __init__(self, files: Sequence[NewFile]) -> None:
        """Remember what is there now."""
        # What a link points to is written, and the link stays.
        self._files = [file._replace(path=file.path.resolve()) for file in files]
        self._steps: list[tuple[Path, tuple[bytes, int] | None]] = []
        now: dict[Path, tuple[bytes, int] | None] = {file.path: _present(file.path) for file in self._files}
        for file in self._files:
            before = now[file.path]
            self._steps.append((file.path, before))
            now[file.path] = file.text.encode("utf-8"), _mode(file, before)

    def write(self) -> None:
        """Write every file beside its place first, then put each one there in one step.

        Raises:
            OSError: One cannot be written, ``filename`` says which; the others are as they were.
        """
        ready: list[tuple[Path, Path]] = []
        try:
            try:
                for file, (path, before) in zip(self._files, self._steps, strict=True):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    ready += [(_temporary(path, file.text.encode("utf-8"), _mode(file, before)), path)]
                for temporary, path in ready:
                    temporary.replace(path)
            except OSError as error:
                error.filename = str(path)  # and not the temporary one beside it
                raise
        except BaseException:
            for temporary, _ in ready:
                temporary.unlink(missing_ok=True)
            self.undo()
            raise

    def undo(self) -> None:
        """Take one step after the other back, so that this may be cut off, too."""
        for path, before in reversed(self._steps):
            if before is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != before[0]:
                data, mode = before
                _put(path, data, mode)


def _present(path: Path) -> tuple[bytes, int] | None:
    """What a file holds now and who may read it; None when there is none."""
    return (path.read_bytes(), path.stat().st_mode & 0o777) if path.exists() else None


def _mode(file: NewFile, before: tuple[bytes, int] | None) -> int:
    return _PRIVATE if file.is_secret else before[1] if before is not None else _OPEN


def _put(path: Path, data: bytes, mode: int) -> None:
    _temporary(path, data, mode).replace(path)


def _temporary(path: Path, data: bytes, mode: int) -> Path:
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
        name = Path(stream.name)
        try:
            name.chmod(mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        except BaseException:
            with suppress(OSError):
                name.unlink()
            raise
    return name


def free_name(path: Path) -> Path:
    """A name beside a file under which the file can be kept: ``settings_before.py``, ``settings_before_2.py``.

    Args:
        path: The file.
    """
    number = 1
    while True:
        found = path.with_name(f"{path.stem}_before{'' if number == 1 else f'_{number}'}{path.suffix}")
        if not found.exists() and not found.is_symlink():
            return found
        number += 1
