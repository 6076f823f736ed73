"""One line of the record, before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

Operation = Literal[
    "create", "update", "delete", "m2m_post_add", "m2m_post_remove", "m2m_post_clear", "unaudited", "prune", "erase"
]


class Context(NamedTuple):
    """What all entries of one operation have in common."""

    date: datetime
    user_id: object
    actor: str
    on_behalf_of: str
    reason: str
    service: str
    correlation_id: str


class Entry(NamedTuple):
    """What changed in one object: the columns of ``OperationLog``, which says what each one means.

    Attributes:
        context: The columns that all entries of the operation share.
    """

    context: Context
    transaction_id: UUID
    model_changed: str
    operation_type: Operation
    id_instance: str
    changes: str
