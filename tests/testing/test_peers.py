"""Other services that a test plays: through the real client, in a monolith and in a microservice."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.test import override_settings

from dj_core_utils import _context
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.api.exceptions import (
    APIClientError,
    CircuitOpenError,
    InvalidResponseError,
    NotFoundError,
    RateLimitedError,
    ServiceTimeoutError,
    ServiceUnavailableError,
    UnknownServiceError,
)
from dj_core_utils.api.protection import protection_of, reset_protections
from dj_core_utils.testing import FakePeer, UnexpectedCallError, fake_peer
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MONOLITH = {"SERVICE_NAME": "shop", "IS_MICROSERVICE": False, "SERVICES": [], "SERVICE_URLS": {}}
MICROSERVICE = {
    "SERVICE_NAME": "users",
    "IS_MICROSERVICE": True,
    "SERVICES": ["orders", "products"],
    "SERVICE_URLS": {"orders": "https://orders.internal/api"},
    "SERVICE_API_KEY": "a-made-up-key-that-opens-nothing-at-all",
}

Ask = Any
"""Makes a call with the one client or the other."""


@pytest.fixture(params=[MONOLITH, MICROSERVICE], ids=["monolith", "microservice"])
def mode(request: pytest.FixtureRequest) -> Iterator[None]:
    """The settings of the calling code."""
    with override_settings(**request.param):
        yield


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Each client."""

    def sync(method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # whatever a service sends
        return getattr(APIClient("orders"), method)(path, **options)

    def on_a_loop(method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # the same
        return asyncio.run(getattr(AsyncAPIClient("orders"), method)(path, **options))

    return sync if request.param == "sync" else on_a_loop


@pytest.mark.usefixtures("mode")
def test_a_service_answers_what_the_test_says(ask: Ask) -> None:
    """Each method, data and statuses; what was sent can be claimed, the correlation id included."""
    token = _context.correlation_id.set("r-1")
    with fake_peer("orders") as orders:
        listed = orders.get("orders/").returns([{"id": 1}])
        made = orders.post("/orders/").returns({"id": 2}, status=201)
        orders.put("orders/2/").returns(None)
        orders.patch("orders/2/").returns({"ok": True})
        orders.delete("orders/2/").returns(status=204)
        orders.head("orders/").returns(headers={"X-Total": "2"})
        assert ask("get", "orders/", params={"page": 2, "tag": ["a", "b"]}) == [{"id": 1}]
        assert ask("post", "orders/", json={"name": "x"}) == {"id": 2}
        assert ask("put", "orders/2/", json={}) is None
        assert ask("patch", "orders/2/") == {"ok": True}
        assert ask("delete", "orders/2/") is None
        assert ask("head", "orders/")["x-total"] == "2"
    _context.correlation_id.reset(token)
    assert listed.called
    listed.assert_called_once_with(params={"page": "2", "tag": ["a", "b"]}, headers={"X-Request-ID": "r-1"})
    request = made.assert_called_once_with(json={"name": "x"})
    assert (request.method, request.path, request.params, request.json()) == ("POST", "orders/", {}, {"name": "x"})
    assert [str(call) for call in orders.calls][:2] == ["GET orders/?page=2&tag=a&tag=b", "POST orders/"]
    assert orders.calls[3].json() is None
    assert "r-1" not in repr(orders.calls)


def test_credentials_go_to_a_played_service_too() -> None:
    """What proves who calls is made by the real code."""
    with override_settings(**MICROSERVICE), fake_peer("orders") as orders:
        stub = orders.get("orders/").returns([])
        APIClient("orders").get("orders/")
    stub.assert_called_once_with(headers={"Authorization": f"Service users.{MICROSERVICE['SERVICE_API_KEY']}"})


@pytest.mark.usefixtures("mode")
def test_failures_are_those_of_the_client(ask: Ask) -> None:
    """Each failure is the error, with as many attempts, that it would be in production; and nobody waits."""
    begun = time.monotonic()
    with fake_peer("orders") as orders, override_settings(API_CLIENT={"breaker_calls": 1000, "retry_ratio": 1}):
        cases: list[tuple[Any, type[APIClientError], str, int]] = [
            (orders.get("down/").is_down(), ServiceUnavailableError, "refused", 3),
            (orders.get("broken/").breaks_off(), ServiceUnavailableError, "broken_off", 3),
            (orders.get("silent/").times_out(), ServiceTimeoutError, "deadline", 2),
            (orders.get("slow/").returns([], after=6), ServiceTimeoutError, "deadline", 2),
            (orders.get("gone/").returns({"detail": "No."}, status=404), NotFoundError, "", 1),
            (orders.get("busy/").returns(status=429, headers={"Retry-After": "60"}), RateLimitedError, "", 1),
            (orders.get("again/").returns(status=503, headers={"Retry-After": "4"}), ServiceUnavailableError, "", 3),
            (
                orders.get("bad/").returns(content=b"{", headers={"Content-Type": "application/json"}),
                InvalidResponseError,
                "",
                1,
            ),
        ]
        for stub, kind, code, attempts in cases:
            with pytest.raises(kind) as caught:
                ask("get", str(stub).partition(" ")[2])
            assert (caught.value.code, len(stub.calls)) == (code, attempts), stub
            stub.assert_called(times=attempts)
        orders.get("in/time/").returns([1], after=4)
        assert ask("get", "in/time/") == [1]
    assert time.monotonic() - begun < 30  # by the clock of the calls it was more than a minute


def test_a_service_that_comes_back(ask: Ask) -> None:
    """What it does in turn; the last one goes on. A POST is not sent again."""
    with override_settings(**MONOLITH), fake_peer("orders") as orders:
        stub = orders.get("orders/").is_down().returns(status=503).returns([1])
        assert ask("get", "orders/") == [1]
        assert ask("get", "orders/") == [1]
        stub.assert_called(times=4)
        posted = orders.post("orders/").times_out()
        with pytest.raises(ServiceTimeoutError):
            ask("post", "orders/", json={})
        posted.assert_called(times=1)


def test_the_breaker_opens_and_is_gone_with_the_block() -> None:
    """A played service that fails is left alone, as a real one; the next block begins anew."""
    before = protection_of("orders")
    with override_settings(**MONOLITH, API_CLIENT={"breaker_calls": 2, "attempts": 1}):
        with fake_peer("orders") as orders:
            stub = orders.get("orders/").is_down()
            for _ in range(2):
                with pytest.raises(ServiceUnavailableError):
                    APIClient("orders").get("orders/")
            with pytest.raises(CircuitOpenError):
                APIClient("orders").get("orders/")
            stub.assert_called(times=2)
        with fake_peer("orders") as orders:
            orders.get("orders/").returns([])
            assert APIClient("orders").get("orders/") == []
    assert protection_of("orders") is before
    reset_protections()
    with override_settings(**MONOLITH), fake_peer("orders"):
        assert protection_of("orders") is not before


def test_streams_and_pages() -> None:
    """An answer in pieces, and a list in pages, whose links are those of the real address."""
    with override_settings(**MICROSERVICE), fake_peer("orders") as orders:
        orders.get("export/").returns(content="a\nb")
        orders.get("orders/").returns({"results": [1], "next": "https://orders.internal/api/orders/?page=2"})
        orders.get("orders/?page=2").returns({"results": [2], "next": None})
        with APIClient("orders").stream("export/") as answer:
            assert list(answer.lines()) == ["a", "b"]
        assert list(APIClient("orders").paginate("orders/")) == [1, 2]


async def _all() -> tuple[list[str], list[int]]:
    client = AsyncAPIClient("orders")
    async with client.stream("export/") as answer:
        lines = [line async for line in answer.lines()]
    return lines, [item async for item in client.paginate("orders/")]


def test_streams_and_pages_on_a_loop() -> None:
    """The same with the other client."""
    with override_settings(**MICROSERVICE), fake_peer("orders") as orders:
        orders.get("export/").returns(content="a\nb")
        orders.get("orders/").returns({"results": [1], "next": "/api/orders/?page=2"})
        orders.get("orders/", params={"page": "2"}).returns({"results": [2]})
        assert asyncio.run(_all()) == (["a", "b"], [1, 2])


def test_which_stub_answers() -> None:
    """One that names the query goes first, then the latest one: a test may overrule its fixture."""
    with override_settings(**MONOLITH), fake_peer("orders") as orders:
        client = APIClient("orders")
        orders.get("orders/").returns("fixture")
        orders.get("orders/", params={"page": "2"}).returns("second page")
        orders.get("orders/").returns("test")
        orders.get("orders/caf\u00e9/").returns("decoded")
        assert client.get("orders/") == "test"
        assert client.get("orders/?page=2") == "second page"
        assert client.get("orders/?page=3") == "test"
        assert client.get("orders/caf%C3%A9/") == "decoded"


def test_an_unexpected_call_says_what_is_stubbed() -> None:
    """It fails where it is made, and, if that is swallowed, at the end of the block."""
    message = re.escape("orders was asked for GET order/, and has an answer to:\n  GET orders/\n  POST orders/?x=1")
    client = APIClient("orders")

    def careless(orders: FakePeer) -> None:
        orders.get("orders/").returns([])
        orders.post("orders/?x=1").returns([])
        with pytest.raises(UnexpectedCallError, match=message):
            client.get("order/")

    with override_settings(**MONOLITH):
        with pytest.raises(UnexpectedCallError, match=message), fake_peer("orders") as orders:
            careless(orders)
        with pytest.raises(UnexpectedCallError, match=r"\(nothing\)"), fake_peer("orders"):
            client.get("orders/")
        unready = r"GET orders/ has no answer; add \.returns"
        with pytest.raises(UnexpectedCallError, match=unready), fake_peer("orders") as orders:  # noqa: PT012  # the block
            orders.get("orders/")
            client.get("orders/")
        with pytest.raises(KeyError), fake_peer("orders") as orders:  # noqa: PT012  # the same
            careless(orders)
            raise KeyError  # what the test ends with goes first


def test_claims_that_fail_say_what_was_sent() -> None:
    """Each claim that does not hold is an error with what was found."""
    with override_settings(**MONOLITH), fake_peer("orders") as orders:
        stub = orders.post("orders/").returns({})
        stub.assert_not_called()
        orders.assert_not_called()
        with pytest.raises(AssertionError, match="POST orders/ was asked 0 times and not at least once"):
            stub.assert_called()
        APIClient("orders").post("orders/", json={"id": 1})
        stub.assert_called()
        claims: list[tuple[Callable[[], object], str]] = [
            (stub.assert_not_called, "was asked 1 times and not 0 times"),
            (orders.assert_not_called, "was asked for:\n  POST orders/"),
            (lambda: stub.assert_called_once_with(json={"id": 2}), r"the body \{'id': 1\} and not \{'id': 2\}"),
            (lambda: stub.assert_called_once_with(params={"a": "b"}), r"the query \{\} and not \{'a': \['b'\]\}"),
            (lambda: stub.assert_called_once_with(headers={"X-A": "b"}), "the header X-A None and not 'b'"),
        ]
        for claim, message in claims:
            with pytest.raises(AssertionError, match=message):
                claim()
        with pytest.raises(ValueError, match="one body"):
            stub.returns({}, content="x")


def test_a_service_that_production_would_not_find() -> None:
    """A name that the settings do not know is an error, as it would be there; one without an address is none."""
    with override_settings(**MICROSERVICE):
        with pytest.raises(UnknownServiceError, match="orders"), fake_peer("order"):
            pass
        with pytest.raises(ValueError, match="this service itself"), fake_peer("users"):
            pass
        with fake_peer("products") as products, fake_peer("orders") as orders:
            products.get("products/").returns([1])
            orders.get("orders/").returns([2])
            assert APIClient("products").get("products/") + APIClient("orders").get("orders/") == [1, 2]
            with pytest.raises(ValueError, match="played already"), fake_peer("orders"):
                pass
    with override_settings(IS_MICROSERVICE=True, SERVICE_NAME="users"), fake_peer("anything") as anything:
        anything.get("x/").returns("y")
        assert APIClient("anything").get("x/") == "y"


def test_a_signed_call_is_signed() -> None:
    """The credential of a call is a token where the service has a key."""
    tokens = {"signing_key": key_pair("P-256", 11)[0]}
    with override_settings(**{**MICROSERVICE, "SERVICE_TOKENS": tokens}), fake_peer("orders") as orders:
        stub = orders.get("orders/").is_down().returns([])
        APIClient("orders").get("orders/")
    first, second = (call.headers["authorization"] for call in stub.calls)
    assert first.startswith("Service ey")
    assert first != second
