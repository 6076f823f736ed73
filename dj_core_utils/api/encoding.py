"""Bodies of JSON that are sent."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


class _Encoder(DjangoJSONEncoder):
    """Django's, and models of Pydantic."""

    def default(self, o: object) -> Any:  # noqa: ANN401  # the signature of json
        dump = getattr(o, "model_dump", None)
        return super().default(o) if dump is None else dump(mode="json")


def encode(value: object) -> bytes:
    """A value as JSON.

    Args:
        value: Plain data, dates, decimals, UUIDs, models of Pydantic.

    Raises:
        TypeError: It holds something else.
        ValueError: It holds a number that JSON has no word for.
    """
    return json.dumps(value, cls=_Encoder, allow_nan=False, separators=(",", ":")).encode()
