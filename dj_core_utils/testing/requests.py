"""What a played service was asked, and what it waits for."""

from __future__ import annotations

import json as json_
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote

from django.utils.datastructures import CaseInsensitiveMapping

if TYPE_CHECKING:
    import httpcore2

    from dj_core_utils.api.call import Call


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One attempt of a call, as a service receives it.

    Attributes:
        method: The method.
        path: The path below the address of the service, decoded.
        params: The query, decoded; all values of each name.
        headers: The headers; the case of a name does not matter. They hold the credential.
        content: The body.
    """

    method: str
    path: str
    params: dict[str, list[str]]
    headers: CaseInsensitiveMapping[str] = field(repr=False)
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        """Method, path and query."""
        return str(Wanted(self.method, self.path, self.params or None))

    @classmethod
    def of(cls, call: Call, request: httpcore2.Request, prefix: str) -> ReceivedRequest:
        """What a request says.

        Args:
            call: The call.
            request: What the client would send.
            prefix: The path of the address.
        """
        path, params = split_path(call.target.removeprefix(prefix))
        headers: CaseInsensitiveMapping[str] = CaseInsensitiveMapping(
            (name.decode(), value.decode()) for name, value in request.headers
        )
        return cls(call.method, path, params, headers, call.content)

    def json(self) -> Any:  # noqa: ANN401  # whatever was sent
        """The body as data; None for none.

        Raises:
            ValueError: It is no JSON.
        """
        return json_.loads(self.content) if self.content else None


class Wanted(NamedTuple):
    """What a stub is for.

    Attributes:
        method: The method.
        path: The path, decoded, without a slash at the front.
        params: The whole query; None for any.
    """

    method: str
    path: str
    params: dict[str, list[str]] | None

    def __str__(self) -> str:
        """As one would write it: ``GET orders/?page=2``."""
        pairs = [f"{name}={value}" for name, values in (self.params or {}).items() for value in values]
        return f"{self.method} {self.path}{'?' if pairs else ''}{'&'.join(pairs)}"

    def fits(self, request: ReceivedRequest) -> bool:
        """Whether a request is the one.

        Args:
            request: What came.
        """
        is_asked = (request.method, request.path) == (self.method, self.path)
        return is_asked and (self.params is None or request.params == self.params)


def split_path(path: str) -> tuple[str, dict[str, list[str]]]:
    """A path and the query in it, both decoded.

    Args:
        path: As the client is given it.
    """
    bare, _, query = path.partition("?")
    return unquote(bare.removeprefix("/")), parse_qs(query, keep_blank_values=True)
