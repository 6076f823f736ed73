"""Lists that come in pages, and answers that are read while they come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.test import override_settings
from django.urls import set_script_prefix
from pydantic import BaseModel

from dj_core_utils import _context
from dj_core_utils.api import exceptions
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from tests.api import peers
from tests.api.conftest import SERVICE
from tests.api.test_resilience import orders
from tests.library.models import Author

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import JSON

ORDERS = APIClient("orders")


class Named(BaseModel):
    """What the list is made of."""

    id: int
    name: str


@pytest.fixture(params=["sync", "async"])
def items(request: pytest.FixtureRequest) -> JSON:
    """All items of a list, with each client."""

    async def on_a_loop(path: str, **options: JSON) -> list[JSON]:
        return [item async for item in AsyncAPIClient("orders").paginate(path, **options)]

    def plainly(path: str, **options: JSON) -> list[JSON]:
        return list(ORDERS.paginate(path, **options))

    return plainly if request.param == "sync" else async_to_sync(on_a_loop)


@pytest.fixture
def authors() -> Iterator[None]:
    """Five of them, in this process."""
    with override_settings(**SERVICE):
        Author.objects.bulk_create(Author(name=f"author {number}") for number in range(5))
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("authors")
@pytest.mark.parametrize("prefix", ["/", "/app/"])
def test_pages_of_rest_framework(items: JSON, prefix: str) -> None:
    """``next`` is followed, which names the host and whatever path the project is mounted under."""
    set_script_prefix(prefix)
    try:
        found = items("authors/", params={"format": "json"})
    finally:
        set_script_prefix("/")
    assert [item["name"] for item in found] == [f"author {number}" for number in range(5)]


@pytest.mark.django_db
@pytest.mark.usefixtures("authors")
def test_items_as_models(items: JSON) -> None:
    """Each item is checked, and a page is fetched when it is needed."""
    assert {type(item) for item in items("authors/", model=Named)} == {Named}
    with pytest.raises(exceptions.InvalidResponseError, match="something else than"):
        items("names/", model=Named)
    first = next(ORDERS.paginate("authors/"))
    assert first["name"] == "author 0"


@pytest.mark.parametrize(
    ("bodies", "link"),
    [
        ((b'{"items": [1], "next": "?page=2"}', b'{"items": [2], "next": null}'), ""),
        ((b'{"data": [1], "next": "/api/x/?page=2"}', b'{"data": [2]}'), ""),
        ((b"[1]", b"[2]"), '</api/y/?a=1>; rel="prev", </api/x/?page=2>; rel="last next"; title="a, b"'),
    ],
)
def test_pages_of_other_kinds(items: JSON, bodies: tuple[bytes, bytes], link: str) -> None:
    """Objects with ``items`` or ``data``, relative addresses, and the header ``Link``."""
    first = peers.answer(body=bodies[0], Link=link)
    with peers.peer(peers.in_turn(first, peers.answer(body=bodies[1]))) as peer:
        with override_settings(SERVICE_URLS={"orders": f"{peer.url}/api"}):
            assert items("x/?page=1") == [1, 2]
        assert [line.split()[1] for line in peer.requests] == ["/api/x/?page=1", "/api/x/?page=2"]


@pytest.mark.parametrize("body", [b'{"results": 1}', b"3", b'{"items": [], "next": 5}', b'{"a": []}'])
def test_what_is_no_page(items: JSON, body: bytes) -> None:
    """Something else than a list is not taken for an empty one."""
    with orders(peers.answer(body=body)), pytest.raises(exceptions.InvalidResponseError) as caught:
        items("x/")
    assert str(caught.value) == "orders answered GET x/ with something else than a page of a list."


def test_pages_in_a_circle(items: JSON) -> None:
    """A next page that was there before ends it with an error."""
    with (
        orders(peers.answer(body=b'{"items": [1], "next": "?page=2"}')),
        pytest.raises(exceptions.InvalidResponseError, match="a next page that was read already"),
    ):
        items("x/")


def test_next_page_elsewhere(items: JSON) -> None:
    """A page on another server is not fetched."""
    with (
        orders(peers.answer(body=b'{"items": [1], "next": "http://evil.example/x/"}')),
        pytest.raises(exceptions.InvalidCallError, match="points outside"),
    ):
        items("x/")


# --- Streams ---


def pieces(path: str, *, is_async: bool, by_line: bool = False, **options: JSON) -> tuple[int, list[JSON]]:
    """Status and pieces of an answer."""

    async def on_a_loop() -> tuple[int, list[JSON]]:
        async with AsyncAPIClient("orders").stream(path, **options) as streamed:
            return streamed.status_code, [piece async for piece in (streamed.lines() if by_line else streamed)]

    if is_async:
        return async_to_sync(on_a_loop)()
    with ORDERS.stream(path, **options) as streamed:
        return streamed.status_code, list(streamed.lines() if by_line else streamed)


@pytest.mark.usefixtures("transport")
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # of the server, which is no async one
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("path", ["streamed/", "astreamed/", "file/", "echo/", "aecho/", "astreamed-sync/"])
def test_stream(path: str, is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """The pieces are the body, whatever kind of view makes it."""
    whole = ORDERS.request("GET", path, headers={"X-Request-ID": "q"})
    status, found = pieces(path, is_async=is_async, headers={"X-Request-ID": "q"})
    assert status == 200
    if path.endswith("echo/"):
        assert len(found) == 1
    else:
        assert b"".join(found) == whole.content


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("is_async", [False, True])
def test_lines_of_a_stream(is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """Lines are whole, wherever the body was cut."""
    _, found = pieces("streamed/", is_async=is_async, by_line=True, headers={"X-Request-ID": "q"})
    assert found == ["0 q", "1 q", "2 q"]


@pytest.mark.parametrize("is_async", [False, True])
def test_lines_that_are_cut_anywhere(is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """A letter of several bytes and a line end may lie on a border; the last line needs no end."""

    def behave(connection: JSON, _line: str) -> None:
        body = "é\r\nlast".encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for number in range(len(body)):
            connection.sendall(body[number : number + 1])

    with orders(behave):
        assert pieces("x/", is_async=is_async, by_line=True) == (200, ["é", "last"])


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("path", ["status/404/", "absent/", "aecho"])
def test_stream_that_is_an_error(path: str, is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """An error is raised at the beginning, with its body."""
    with pytest.raises(exceptions.APIClientError) as caught:
        pieces(path, is_async=is_async)
    assert caught.value.response is not None


@pytest.mark.parametrize("is_async", [False, True])
def test_view_of_a_stream_fails(is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """In this process its exception is the cause, of an async view, too."""
    with override_settings(**SERVICE):
        for path in ("broken/", "abroken/"):
            with pytest.raises(exceptions.ServerFailureError) as caught:
                pieces(path, is_async=is_async)
            assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("is_async", [False, True])
def test_stream_breaks_off(is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """A body that ends too early is an error where it ends, an answer that never begins is one at once."""
    with orders(peers.half), pytest.raises(exceptions.ServiceUnavailableError, match="broke off"):
        pieces("x/", is_async=is_async)
    with orders(peers.hang_up), pytest.raises(exceptions.ServiceUnavailableError, match="broke off"):
        pieces("x/", is_async=is_async)
    with orders(peers.silence()), pytest.raises(exceptions.ServiceTimeoutError):
        pieces("x/", is_async=is_async, timeout=0.05)
    with orders(peers.answer(500, b"x" * 2000), largest_answer=1000), pytest.raises(exceptions.InvalidResponseError):
        pieces("x/", is_async=is_async)


@pytest.mark.parametrize("is_async", [False, True])
def test_stream_is_begun_again(is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """Until the headers are there, a stream is tried again like any other call."""
    with orders(peers.in_turn(peers.answer(503), peers.hang_up, peers.answer(body=b"abc")), attempts=3) as peer:
        assert b"".join(pieces("x/", is_async=is_async)[1]) == b"abc"
        assert len(peer.requests) == 3


def test_pieces_are_made_in_the_context_of_the_call() -> None:
    """Between two pieces the caller has its own context."""
    with override_settings(**SERVICE), ORDERS.stream("streamed/", headers={"X-Request-ID": "inner"}) as streamed:
        for piece in streamed:
            assert b"inner" in piece
            assert _context.correlation_id.get() is None


@pytest.mark.django_db
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("path", ["add/", "aadd/"])
def test_stream_inside_of_a_transaction(path: str, is_async: bool) -> None:  # noqa: FBT001  # of pytest
    """The caller's transaction goes on after a failure, and keeps what went well."""
    with override_settings(**SERVICE), transaction.atomic():
        with pytest.raises(exceptions.ServerFailureError):
            pieces(f"{path}?name=a&then=fail", is_async=is_async, method="POST")
        assert pieces(f"{path}?name=b", is_async=is_async, method="POST")[0] == 201
        assert [author.name for author in Author.objects.all()] == ["b"]


def test_stream_that_is_given_up() -> None:
    """Whoever leaves the block early leaves no connection behind."""
    with peers.peer(peers.drip) as peer, override_settings(SERVICE_URLS={"orders": peer.url}):
        with ORDERS.stream("x/") as streamed:
            assert next(iter(streamed)) == b" "

        async def main() -> None:
            async with AsyncAPIClient("orders").stream("x/") as other:
                async for piece in other:
                    assert piece
                    break

        asyncio.run(main())
        assert peer.connections == 2
