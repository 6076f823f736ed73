"""Entries as JSON lines in a file, which is there whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from dj_core_utils.audit.errors import ExportError
from dj_core_utils.db.encoding import ChangesEncoder
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_COLUMNS = [field.attname for field in OperationLog._meta.concrete_fields]


def export(entries: Iterable[OperationLog], target: Path) -> int:
    """Write entries to a new file, and let it reach the disk.

    It is written beside its name with ``.part`` at the end, readable for its owner alone, and gets its name when it is
    complete.

    Args:
        entries: What to write, read one after the other.
        target: A file that does not exist; one that ends with ``.gz`` is compressed.

    Returns:
        How many entries were written.

    Raises:
        ExportError: The file exists, or cannot be written.
    """
    part = target.with_name(f"{target.name}.part")
    if target.exists():
        raise ExportError(f"{target} exists; nothing is overwritten. Name another file.")
    try:
        count = _write(entries, part, target)
    except FileExistsError as error:
        raise ExportError(
            f"{error.filename} exists: another run writes it, or was interrupted. Remove it if no run is going on."
        ) from error
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}. Nothing was deleted.") from error
    return count


def exported_keys(source: Path) -> Iterator[int]:
    """The primary keys of the entries in a file, in their order.

    Args:
        source: What ``export`` has written.
    """
    with source.open("rb") as file, _packed(file, source, "rb") as lines:
        for line in lines:
            yield json.loads(line)["id"]


def _write(entries: Iterable[OperationLog], part: Path, target: Path) -> int:
    count = 0
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            with _packed(file, target, "wb") as lines:
                for entry in entries:
                    row = {name: getattr(entry, name) for name in _COLUMNS}
                    lines.write(json.dumps(row, cls=ChangesEncoder, ensure_ascii=False).encode() + b"\n")
                    count += 1
            file.flush()
            os.fsync(file.fileno())
            os.link(part, target)  # a rename would overwrite
        finally:
            part.unlink()
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return count


@contextmanager
def _packed(file: IO[bytes], name: Path, mode: str) -> Iterator[IO[bytes]]:
    if name.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(filename="", fileobj=file, mode=mode, mtime=0) as packed:
        yield cast("IO[bytes]", packed)
