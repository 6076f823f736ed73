"""The Merkle tree over entries: a change of any byte of any entry changes its root.

A leaf is the SHA-256 digest of a zero byte, the version of this form and all columns, each with its length in front, so
that no two entries have the same text; ``changes`` as JSON with sorted keys, because databases order them differently.
A node is the digest of a one byte and its two children. The tree has the shape of RFC 6962, section 2.1.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEAF, _NODE = b"\x00\x01", b"\x01"  # the second byte of a leaf is the version
_NULL = b"\xff\xff\xff\xff"

COLUMNS = [field.attname for field in OperationLog._meta.concrete_fields]


class Tree:
    """Takes leaves one after the other and keeps a digest for each level alone."""

    def __init__(self) -> None:
        """No leaf."""
        self.count = 0
        self._open: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Take one more leaf.

        Args:
            leaf: Its digest.
        """
        self.count += 1
        height, digest = 0, leaf
        while self._open and self._open[-1][0] == height:
            digest = sha256(_NODE + self._open.pop()[1] + digest).digest()
            height += 1
        self._open.append((height, digest))

    @property
    def root(self) -> str:
        """The root of what was taken, in hexadecimal."""
        if not self._open:
            return sha256().hexdigest()
        *rest, (_, digest) = self._open
        for _, left in reversed(rest):
            digest = sha256(_NODE + left + digest).digest()
        return digest.hex()


def leaf(row: Sequence[object]) -> bytes:
    """The digest of one entry.

    Args:
        row: Its values, in the order of ``COLUMNS``.
    """
    return sha256(_LEAF + joined(map(_text, row))).digest()


def joined(texts: Iterable[str | None]) -> bytes:
    """Texts with their lengths in front, so that none can pass for a part of another.

    Args:
        texts: None is not the empty text.
    """
    encoded = (None if text is None else text.encode("utf-8", "surrogatepass") for text in texts)
    return b"".join(_NULL if part is None else len(part).to_bytes(4) + part for part in encoded)


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat(timespec="microseconds")
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return str(value)
