"""JSON of the operation log: the same text for the same value, whichever database or trigger writes it.

==============  ====================================================
value           text
==============  ====================================================
datetime        UTC, six digits, ``+00:00``; a naive one without zone
time            six digits
timedelta       an integer, microseconds
Decimal, UUID   a string
bytes           lower-case hex; beyond 1 KiB ``{"bytes", "sha256"}``
==============  ====================================================

Django's own encoder cuts to milliseconds.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from django.utils.functional import Promise

_MOST_BYTES = 1024
_MICROSECOND = timedelta(microseconds=1)


class ChangesEncoder(json.JSONEncoder):
    """Encodes what fields hold; see the table of this module."""

    def default(self, o: object) -> object:  # noqa: PLR0911  # one line a type
        """A value that JSON has no form for.

        Args:
            o: The value.

        Raises:
            TypeError: There is no form for it here, either.
        """
        if isinstance(o, datetime):
            return (o if o.tzinfo is None else o.astimezone(UTC)).isoformat(timespec="microseconds")
        if isinstance(o, date):
            return o.isoformat()
        if isinstance(o, time):
            return o.isoformat(timespec="microseconds")
        if isinstance(o, timedelta):
            return o // _MICROSECOND
        if isinstance(o, Decimal | UUID | Promise):
            return str(o)
        if isinstance(o, bytes | bytearray | memoryview):
            return _binary(bytes(o))
        return super().default(o)


def _binary(content: bytes) -> object:
    if len(content) <= _MOST_BYTES:
        return content.hex()
    return {"bytes": len(content), "sha256": sha256(content).hexdigest()}
