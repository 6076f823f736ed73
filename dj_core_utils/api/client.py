"""The client for other services: ``APIClient("orders").get("orders/7/")``.

Where the service is, the settings say: at an address, or in this process, with the same URLs, authentication and errors
and without a socket. The calling code is the same.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, overload

from dj_core_utils.api.call import Options, prepare
from dj_core_utils.api.exceptions import SyncCallError
from dj_core_utils.api.pagination import page_of
from dj_core_utils.api.response import parsed
from dj_core_utils.api.transports import aperform, astream, perform, stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from dj_core_utils.api.call import Call
    from dj_core_utils.api.response import APIResponse
    from dj_core_utils.api.streams import AsyncStreamedResponse, StreamedResponse

T = TypeVar("T")


class _Client:
    """What both clients have.

    Args:
        service: Name of the service.
        timeout: Seconds that each call may take in all; by default ``API_CLIENT_DEADLINE``.
        headers: Headers of each call.
    """

    def __init__(self, service: str, *, timeout: float | None = None, headers: Mapping[str, str] | None = None) -> None:
        if not isinstance(service, str):
            raise TypeError(f"The name of a service is a text, not {type(service).__name__}.")
        self.service = service
        self._timeout = timeout
        self._headers = dict(headers or {})

    def __repr__(self) -> str:
        """Without its headers."""
        return f"{type(self).__name__}({self.service!r})"

    def _prepare(self, method: str, path: str, options: Options) -> Call:
        if options.get("timeout") is None:
            options = {**options, "timeout": self._timeout}
        return prepare(self.service, method, path, options, self._headers)


class APIClient(_Client):
    """Calls another service from sync code.

    It holds no connection: make one where you need it, and share it as you like.

    Args:
        service: Name of the service.
        timeout: Seconds that each call may take in all; by default ``API_CLIENT_DEADLINE``.
        headers: Headers of each call.
    """

    @overload
    def get(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    def get(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    def get(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Read something.

        Args:
            path: The path below the service's address, with a query or without.
            model: What the body of the answer has to be.
            **options: ``Options``.

        Returns:
            The body of the answer: what its JSON holds, or an instance of the model.

        Raises:
            APIClientError: It did not succeed.
        """
        return parsed(self.request("GET", path, **options), model)

    @overload
    def post(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    def post(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    def post(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Make something, or let something be done.

        Args:
            path: The path below the service's address, with a query or without.
            model: What the body of the answer has to be.
            **options: ``Options``.

        Returns:
            The body of the answer: what its JSON holds, or an instance of the model.

        Raises:
            APIClientError: It did not succeed.
        """
        return parsed(self.request("POST", path, **options), model)

    @overload
    def put(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    def put(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    def put(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Replace something; arguments, result and errors are those of ``post``."""
        return parsed(self.request("PUT", path, **options), model)

    @overload
    def patch(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    def patch(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    def patch(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Change something; arguments, result and errors are those of ``post``."""
        return parsed(self.request("PATCH", path, **options), model)

    @overload
    def delete(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    def delete(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    def delete(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Delete something; arguments, result and errors are those of ``post``."""
        return parsed(self.request("DELETE", path, **options), model)

    def head(self, path: str, **options: Unpack[Options]) -> Mapping[str, str]:
        """Read what is known about something.

        Args:
            path: The path below the service's address, with a query or without.
            **options: ``Options``.

        Returns:
            The headers of the answer; the case of a name does not matter.

        Raises:
            APIClientError: It did not succeed.
        """
        return self.request("HEAD", path, **options).headers

    def request(self, method: str, path: str, **options: Unpack[Options]) -> APIResponse:
        """Make any call.

        Args:
            method: The method.
            path: The path below the service's address, with a query or without.
            **options: ``Options``.

        Returns:
            The answer, with its status and headers.

        Raises:
            APIClientError: It did not succeed.
        """
        return perform(self._prepare_sync(method, path, options))

    @contextmanager
    def stream(self, path: str, *, method: str = "GET", **options: Unpack[Options]) -> Iterator[StreamedResponse]:
        """Read an answer in pieces, in a ``with`` block.

        Args:
            path: The path below the service's address, with a query or without.
            method: The method.
            **options: ``Options``; the timeout ends with the headers.

        Raises:
            APIClientError: It did not succeed.
        """
        call = self._prepare_sync(method, path, options)
        with stream(call) as streamed:
            yield streamed

    def paginate(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Iterator[Any]:
        """Every item of a list that comes in pages; a page is fetched when its first item is asked for.

        Args:
            path: The path below the service's address, with a query or without.
            model: What each item has to be.
            **options: ``Options``; ``params`` are those of the first page.

        Raises:
            APIClientError: It did not succeed.
        """
        seen: set[str] = set()
        while path:
            call = self._prepare_sync("GET", path, options)
            page = page_of(perform(call), call.target, seen, model)
            yield from page.items
            path, options = page.next_path, {**options, "params": None}

    def _prepare_sync(self, method: str, path: str, options: Options) -> Call:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._prepare(method, path, options)
        raise SyncCallError(
            f"APIClient({self.service!r}) would stop the event loop that runs here. On a loop use "
            f"`await AsyncAPIClient({self.service!r}).{method.lower()}(...)`.",
            service=self.service,
            method=method,
            code="running_loop",
        )


class AsyncAPIClient(_Client):
    """Calls another service from async code.

    It holds no connection: make one where you need it, and share it as you like, also between event loops.

    Args:
        service: Name of the service.
        timeout: Seconds that each call may take in all; by default ``API_CLIENT_DEADLINE``.
        headers: Headers of each call.
    """

    @overload
    async def get(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    async def get(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    async def get(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Read something.

        Args:
            path: The path below the service's address, with a query or without.
            model: What the body of the answer has to be.
            **options: ``Options``.

        Returns:
            The body of the answer: what its JSON holds, or an instance of the model.

        Raises:
            APIClientError: It did not succeed.
        """
        return parsed(await self.request("GET", path, **options), model)

    @overload
    async def post(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    async def post(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    async def post(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Make something, or let something be done.

        Args:
            path: The path below the service's address, with a query or without.
            model: What the body of the answer has to be.
            **options: ``Options``.

        Returns:
            The body of the answer: what its JSON holds, or an instance of the model.

        Raises:
            APIClientError: It did not succeed.
        """
        return parsed(await self.request("POST", path, **options), model)

    @overload
    async def put(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    async def put(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    async def put(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Replace something; arguments, result and errors are those of ``post``."""
        return parsed(await self.request("PUT", path, **options), model)

    @overload
    async def patch(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    async def patch(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    async def patch(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Change something; arguments, result and errors are those of ``post``."""
        return parsed(await self.request("PATCH", path, **options), model)

    @overload
    async def delete(self, path: str, *, model: None = None, **options: Unpack[Options]) -> Any: ...  # noqa: ANN401  # see body
    @overload
    async def delete(self, path: str, *, model: type[T], **options: Unpack[Options]) -> T: ...
    async def delete(self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]) -> Any:
        """Delete something; arguments, result and errors are those of ``post``."""
        return parsed(await self.request("DELETE", path, **options), model)

    async def head(self, path: str, **options: Unpack[Options]) -> Mapping[str, str]:
        """Read what is known about something.

        Args:
            path: The path below the service's address, with a query or without.
            **options: ``Options``.

        Returns:
            The headers of the answer; the case of a name does not matter.

        Raises:
            APIClientError: It did not succeed.
        """
        return (await self.request("HEAD", path, **options)).headers

    async def request(self, method: str, path: str, **options: Unpack[Options]) -> APIResponse:
        """Make any call.

        Args:
            method: The method.
            path: The path below the service's address, with a query or without.
            **options: ``Options``.

        Returns:
            The answer, with its status and headers.

        Raises:
            APIClientError: It did not succeed.
        """
        return await aperform(self._prepare(method, path, options))

    @asynccontextmanager
    async def stream(
        self, path: str, *, method: str = "GET", **options: Unpack[Options]
    ) -> AsyncIterator[AsyncStreamedResponse]:
        """Read an answer in pieces, in an ``async with`` block.

        Args:
            path: The path below the service's address, with a query or without.
            method: The method.
            **options: ``Options``; the timeout ends with the headers.

        Raises:
            APIClientError: It did not succeed.
        """
        async with astream(self._prepare(method, path, options)) as streamed:
            yield streamed

    async def paginate(
        self, path: str, *, model: type[T] | None = None, **options: Unpack[Options]
    ) -> AsyncIterator[Any]:
        """Every item of a list that comes in pages; a page is fetched when its first item is asked for.

        Args:
            path: The path below the service's address, with a query or without.
            model: What each item has to be.
            **options: ``Options``; ``params`` are those of the first page.

        Raises:
            APIClientError: It did not succeed.
        """
        seen: set[str] = set()
        while path:
            call = self._prepare("GET", path, options)
            page = page_of(await aperform(call), call.target, seen, model)
            for item in page.items:
                yield item
            path, options = page.next_path, {**options, "params": None}
