"""The answer of another service, whole: status, headers, and a body that is parsed when it is asked for."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from django.utils.datastructures import CaseInsensitiveMapping

from dj_core_utils.api.exceptions import InvalidResponseError
from dj_core_utils.api.problem_details import presentable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from pydantic import TypeAdapter

T = TypeVar("T")

_SHOWN_ERRORS = 3


class APIResponse:
    """An answer.

    Attributes:
        service: Who has answered.
        method: The method that it was asked with.
        path: The path that it was asked for, without the query.
        status_code: The status.
        headers: The headers; the case of a name does not matter.
        content: The body as it came, decompressed.
    """

    __slots__ = ("content", "headers", "method", "path", "service", "status_code")

    def __init__(  # noqa: PLR0917  # made for each answer, in one place
        self,
        service: str,
        method: str,
        path: str,
        status_code: int,
        headers: Iterable[tuple[str, str]],
        content: bytes,
    ) -> None:
        self.service = service
        self.method = method
        self.path = path
        self.status_code = status_code
        self.headers: CaseInsensitiveMapping[str] = CaseInsensitiveMapping(headers)
        self.content = content

    def __repr__(self) -> str:
        """Without the body."""
        return f"<APIResponse {self.status_code} of {self.service}, {len(self.content)} bytes>"

    @property
    def content_type(self) -> str:
        """What the body is, without parameters: ``application/json``."""
        return (self.headers.get("content-type") or "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, of the charset that the answer names, else UTF-8."""
        parameters = (self.headers.get("content-type") or "").lower().partition("charset=")[2]
        charset = parameters.partition(";")[0].strip(" \"'") or "utf-8"
        try:
            return self.content.decode(charset, errors="replace")
        except LookupError:
            return self.content.decode(errors="replace")

    @property
    def body(self) -> Any:  # noqa: ANN401  # whatever the service sends
        """The body by its content type: what JSON holds, a text, or bytes; None for no body.

        Raises:
            InvalidResponseError: It says that it is JSON, and is not.
        """
        kind = self.content_type
        if not self.content:
            return None
        if kind == "application/json" or kind.endswith("+json"):
            return self.json()
        return self.text if kind.startswith("text/") else self.content

    @overload
    def json(self, model: type[T]) -> T: ...
    @overload
    def json(self, model: None = None) -> Any: ...  # noqa: ANN401  # whatever the service sends
    def json(self, model: type[T] | None = None) -> Any:
        """The body as JSON, whatever its content type.

        Args:
            model: What it has to be: a model of Pydantic, ``list[Order]``, or any other type that Pydantic knows.

        Returns:
            An instance of the model, or what the JSON holds.

        Raises:
            InvalidResponseError: It is no JSON, or not of the model.
        """
        try:
            if model is None:
                return json.loads(self.content)
            return _adapter(cast("Hashable", model)).validate_json(self.content)
        except (ValueError, RecursionError) as error:
            reason = _reason(error)
        raise self._invalid(reason)

    def checked(self, items: list[Any], model: type[T]) -> list[T]:
        """Items of the body as instances of a model.

        Args:
            items: The items.
            model: What each has to be.

        Raises:
            InvalidResponseError: One is something else.
        """
        try:
            return [_adapter(cast("Hashable", model)).validate_python(item) for item in items]
        except ValueError as error:
            reason = _reason(error)
        raise self._invalid(reason)

    def _invalid(self, reason: str) -> InvalidResponseError:
        return InvalidResponseError(
            f"{self.service} answered {self.method} {self.path} with {reason}.",
            detail=reason,
            service=self.service,
            method=self.method,
            path=self.path,
            request_id=self.headers.get("x-request-id"),
            response=self,
        )


def parsed(answer: APIResponse, model: type[T] | None) -> Any:  # noqa: ANN401  # whatever the service sends
    """The body of an answer.

    Args:
        answer: The answer.
        model: What it has to be; None for whatever it is.

    Raises:
        InvalidResponseError: It is something else.
    """
    return answer.body if model is None else answer.json(model)


@lru_cache(maxsize=256)
def _adapter(model: Hashable) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415  # only those who name a model need it

    return TypeAdapter(cast("Any", model))


def _reason(error: Exception) -> str:
    from pydantic import ValidationError  # noqa: PLC0415  # only where something is wrong

    if not isinstance(error, ValidationError):
        return f"malformed JSON ({presentable(str(error))})"
    found = error.errors(include_url=False, include_context=False, include_input=False)
    places = [f"{'.'.join(map(str, item['loc'])) or 'the body'}: {item['msg']}" for item in found[:_SHOWN_ERRORS]]
    more = f", and {len(found) - _SHOWN_ERRORS} more" if len(found) > _SHOWN_ERRORS else ""
    return f"something else than {error.title} ({presentable('; '.join(places))}{more})"
