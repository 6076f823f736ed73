"""What another service says of its refusal: RFC 9457, and the bodies of Django REST Framework and FastAPI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dj_core_utils.conf import conf
from dj_core_utils.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LONGEST = 300
_MOST_FIELDS = 20
_NO_TYPE = "about:blank"
# What RFC 9457, section 3.1, defines beside "errors", which its examples use for fields.
_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "code", "error", "message"})


class ProblemDetails(NamedTuple):
    """What an answer says of a refusal.

    Attributes:
        detail: A sentence for people, shortened, without secrets.
        code: A word for programs.
        fields: Sentences by field of what was sent; under an empty name what concerns all of it.
    """

    detail: str = ""
    code: str = ""
    fields: Mapping[str, Sequence[str]] = {}


def problem_details(body: object) -> ProblemDetails:
    """Read them from the parsed body of an answer.

    Args:
        body: A dictionary or list from JSON, or a text. A page of HTML says nothing.
    """
    if isinstance(body, str):
        return ProblemDetails("" if body.lstrip().startswith("<") else presentable(body))
    fields = dict(list(_fields(body))[:_MOST_FIELDS])
    detail = code = ""
    if isinstance(body, dict):
        detail = next((text for name in ("detail", "title", "message", "error") if (text := _text(body.get(name)))), "")
        code = next((text for name in ("code", "type") if (text := _text(body.get(name)))), "")
    if not detail:
        detail = "; ".join(f"{name}: {' '.join(texts)}" if name else " ".join(texts) for name, texts in fields.items())
    return ProblemDetails(presentable(detail), "" if code == _NO_TYPE else presentable(code), fields)


def presentable(text: str) -> str:
    """A text of another service as it may stand in a message: on one line, short, without secrets.

    Args:
        text: Whatever the service has sent.
    """
    # Cut before it is searched for secrets, which takes its time, and again behind that.
    shown = redact_text(" ".join(re.sub(r"[^\w\s!-~]+", "?", text[: 4 * _LONGEST]).split()), conf.secrets)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _fields(body: object) -> Iterator[tuple[str, Sequence[str]]]:
    if isinstance(body, list):  # of Django REST Framework: ["Not valid."]
        yield from _grouped(body)
    elif isinstance(body, dict):
        for name in ("detail", "errors"):  # of FastAPI, and of most that follow RFC 9457
            found = body.get(name)
            if isinstance(found, dict):
                yield from _named(found)
            elif isinstance(found, list):
                yield from _grouped(found)
        yield from _named({name: value for name, value in body.items() if name not in {*_MEMBERS, "errors"}})


def _named(found: Mapping[object, object]) -> Iterator[tuple[str, Sequence[str]]]:
    """``{"name": ["Too long."]}``, as Django REST Framework writes it."""
    for name, value in found.items():
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts):
            field = "" if name == "non_field_errors" else presentable(str(name))
            yield field, [presentable(text) for text in texts]


def _grouped(found: Sequence[object]) -> Iterator[tuple[str, Sequence[str]]]:
    """``[{"loc": ["body", "name"], "msg": "Too long."}]``, as FastAPI writes it, or plain sentences."""
    grouped: dict[str, list[str]] = {}
    for item in found[:_MOST_FIELDS]:
        if isinstance(item, str):
            grouped.setdefault("", []).append(presentable(item))
        elif isinstance(item, dict):
            text = _text(item.get("msg")) or _text(item.get("detail")) or _text(item.get("message"))
            place = item.get("loc") or item.get("pointer") or item.get("field") or item.get("name") or ""
            parts = place[1:] if isinstance(place, list) and len(place) > 1 else [place]
            grouped.setdefault(presentable(".".join(map(str, parts))), []).append(presentable(text))
    yield from grouped.items()
