"""How the operation log names a row: the label of its model, and its primary key as text."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from dj_core_utils.db.errors import UnknownValueError

if TYPE_CHECKING:
    from django.db.models import Model

LONGEST_KEY = 255

_CUT = re.compile(r".*~[0-9a-f]{64}", re.DOTALL)


def model_label(model: type[Model]) -> str:
    """The label of a model; of a proxy, that of its concrete model.

    Args:
        model: Any model.
    """
    concrete = model._meta.concrete_model or model
    return concrete._meta.label


def key_text(key: object) -> str:
    """The text of a primary key: of integers, UUIDs, texts and composite keys alike.

    Args:
        key: Its value; a tuple for a composite one, which becomes a JSON list of texts. Beyond 255 characters the end
            is replaced with a digest, the same for the same key.
    """
    text = json.dumps([str(part) for part in key], ensure_ascii=False) if isinstance(key, tuple) else str(key)
    if len(text) <= LONGEST_KEY:
        return text
    digest = sha256(text.encode()).hexdigest()
    return f"{text[: LONGEST_KEY - len(digest) - 1]}~{digest}"


def key_value(model: type[Model], text: str) -> object:
    """The primary key whose text this is.

    Args:
        model: Any model.
        text: What ``key_text`` has made of the key.

    Raises:
        UnknownValueError: The key is too long, only its beginning and a digest were kept.
    """
    if len(text) == LONGEST_KEY and _CUT.fullmatch(text):
        raise UnknownValueError("pk", "the key was too long to be kept, only its beginning and a digest were")
    fields = model._meta.pk_fields  # as above
    if len(fields) == 1:
        return fields[0].to_python(text)
    return tuple(field.to_python(part) for field, part in zip(fields, json.loads(text), strict=True))
