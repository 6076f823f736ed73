"""Turns the record off for a block of code, and records that."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, cast

from asgiref.sync import sync_to_async
from django.apps import apps
from django.db import connections, router
from django.utils.asyncio import async_unsafe

from dj_core_utils.audit.gap import Gap, gaps
from dj_core_utils.audit.recorder import buffer_of, record_about_log, recording
from dj_core_utils.db.entries import require_table
from dj_core_utils.db.keys import model_label
from dj_core_utils.db.models import OperationLog

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextvars import Token

    from django.db.models import Model


logger = logging.getLogger("dj_core_utils.audit")


class unaudited:  # noqa: N801  # it is called, as contextlib.suppress is
    """Do not record changes of some models inside a ``with`` or ``async with`` block.

    At its end one entry, of the type ``unaudited``, says who did so, why, and how many changes of each model that were
    not rolled back are missing from the log; one for each database that was changed. It is written when the block
    fails, too, and inside of a transaction it is part of that. The innermost block for a model counts. SQL by hand that
    writes a table of these models is counted by the statement, and is not complained about.

    A process that is killed inside of the block leaves no entry; the logger ``dj_core_utils.audit`` has named the block
    when it began.

    Args:
        reason: Why nothing is recorded.
        models: Which models: classes, or labels such as ``shop.Order``.

    Raises:
        ValueError: There is no reason, or no model.
        LookupError: There is no such model.
    """

    def __init__(self, *, reason: str, models: Iterable[type[Model] | str]) -> None:
        self._reason = reason.strip()
        given = [models] if isinstance(models, str) else list(models)
        self._labels = {model_label(apps.get_model(each) if isinstance(each, str) else each) for each in given}
        if not self._reason:
            raise ValueError("unaudited() needs a reason: the log says why something is missing from it.")
        if not self._labels:
            raise ValueError('unaudited() needs models, such as models=[Order] or models=["shop.Order"].')
        self._gap = Gap(self._labels)
        self._token: Token[tuple[Gap, ...]] | None = None

    @async_unsafe("Write `async with unaudited(...)` here: at its end it writes to the database.")
    def __enter__(self) -> None:
        """Record no more.

        Raises:
            RuntimeError: The block is entered already.
            MissingTableError: ``dj_core_utils.db`` is not installed.
        """
        self._begin()

    def __exit__(self, *_: object) -> None:
        """Record again, and that there was nothing before.

        Raises:
            AuditNotWrittenError: The entry could not be written.
        """
        self._end()
        self._write()

    async def __aenter__(self) -> None:
        """As ``__enter__``."""
        self._begin()

    async def __aexit__(self, *_: object) -> None:
        """As ``__exit__``."""
        self._end()
        await sync_to_async(self._write)()

    def _begin(self) -> None:
        require_table(OperationLog)
        if self._token is not None:
            raise RuntimeError("This unaudited block is entered already; write unaudited(...) at each `with`.")
        self._gap = Gap(self._labels)
        self._gap.is_open = True
        self._token = gaps.set((*gaps.get(), self._gap))
        logger.warning("changes of %s are not recorded: %s", ", ".join(sorted(self._labels)), self._reason)

    def _end(self) -> None:
        token, self._token = cast("Token[tuple[Gap, ...]]", self._token), None
        self._gap.is_open = False
        gaps.reset(token)

    def _write(self) -> None:
        counts = {using: self._gap.counted(using) for using in self._gap.databases}
        for connection in connections.all(initialized_only=True):
            if pending := buffer_of(connection.alias).skipped_in(self._gap):
                counts[connection.alias] = counts.get(connection.alias, Counter()) + pending
        for using, found in (counts or {router.db_for_write(OperationLog): Counter()}).items():
            if connections[using].needs_rollback:
                continue  # what was changed here will not stay, either
            changes = {label: {"unrecorded": found[label, "unrecorded"]} for label in sorted(self._labels)}
            for label in self._labels:
                if statements := found[label, "statements"]:
                    changes[label]["statements"] = statements
            with recording(using) as buffer:
                record_about_log(buffer, "unaudited", changes, self._reason)
