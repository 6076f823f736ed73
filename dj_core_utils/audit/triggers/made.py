"""The triggers of one table: as they should be, and as a database has them."""

from __future__ import annotations

from typing import NamedTuple


class Made(NamedTuple):
    """Triggers as they should be.

    Attributes:
        name: What they are found by in the database.
        table: The table that they stand on.
        label: The model of the table.
        signature: The same for the same triggers.
        create: Statements that make them, where there are none of this name.
    """

    name: str
    table: str
    label: str
    signature: str
    create: tuple[str, ...]


class Installed(NamedTuple):
    """Triggers as a database has them.

    Attributes:
        name: What they are found by.
        table: The table that they stand on; None when it is gone and they are left over.
        signature: The same for the same triggers.
        is_complete: Whether every insert, update and delete of the table is recorded.
    """

    name: str
    table: str | None
    signature: str
    is_complete: bool
