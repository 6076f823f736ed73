"""Lists that a service gives page by page: where the items are, and where the next page is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from dj_core_utils.api.call import below
from dj_core_utils.api.exceptions import InvalidResponseError
from dj_core_utils.api.resolution import locate

if TYPE_CHECKING:
    from dj_core_utils.api.response import APIResponse

# https://www.rfc-editor.org/rfc/rfc8288#section-3
_NEXT_LINK = re.compile(r"<(?P<target>[^<>]*)>(?P<parameters>[^<]*)")
_REL_NEXT = re.compile(r";\s*rel\s*=\s*\"?(?:[^\";,]*\s)?next(?=[\s\";,]|$)", re.IGNORECASE)
_ITEMS = ("results", "items", "data")


class Page(NamedTuple):
    """One page.

    Attributes:
        items: What is on it.
        next_path: Path and query of the next one, below the address of the service; empty on the last one.
    """

    items: list[Any]
    next_path: str


def page_of(answer: APIResponse, target: str, seen: set[str], model: type[Any] | None) -> Page:
    """Read a page: a list with a header ``Link`` (RFC 8288), or an object with ``results`` or ``items`` and ``next``.

    Args:
        answer: The answer.
        target: Path and query that it was asked with, prefix included.
        seen: The pages that were read until now; the next one is added.
        model: What each item has to be.

    Raises:
        InvalidResponseError: It is no page, or the next one was read already.
        InvalidCallError: The next one is somewhere else than at this service.
    """
    body = answer.body
    items, link = body, ""
    if isinstance(body, dict):
        items = next((body[name] for name in _ITEMS if isinstance(body.get(name), list)), None)
        link = body.get("next") or ""
    if not isinstance(items, list) or not isinstance(link, str):
        raise _error(answer, "something else than a page of a list")
    link = link or next(
        (
            found["target"]
            for found in _NEXT_LINK.finditer(answer.headers.get("link") or "")
            if _REL_NEXT.search(found["parameters"])
        ),
        "",
    )
    if model is not None:
        items = answer.checked(items, model)
    if not link:
        return Page(items, "")
    path = below(link, target, locate(answer.service))
    if path in seen:
        raise _error(answer, "a next page that was read already")
    seen.add(path)
    return Page(items, path)


def _error(answer: APIResponse, what: str) -> InvalidResponseError:
    return InvalidResponseError(
        f"{answer.service} answered {answer.method} {answer.path} with {what}.",
        service=answer.service,
        method=answer.method,
        path=answer.path,
        request_id=answer.headers.get("x-request-id"),
        code="page",
        response=answer,
    )
