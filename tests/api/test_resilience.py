"""Services that are down, slow, overrun or hostile: real servers on loopback, both clients."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
import socket
import ssl
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import httpcore2
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import RequestFactory, override_settings
from django.utils.functional import SimpleLazyObject

from dj_core_utils import _context
from dj_core_utils.api import exceptions, pools, protection
from dj_core_utils.api.call import prepare
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.api.faults import failure_of
from dj_core_utils.conf import APIConf
from tests import servers
from tests.api import peers
from tests.listeners import Authority
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from django.contrib.auth.models import User

    from tests.api.conftest import JSON

LIMITS = {"connect_timeout": 5.0, "read_timeout": 5.0, "deadline": 20.0, "attempts": 1}
KEY = "obviously-fake-key-of-shop-000000000000000"


@contextmanager
def configured(url: str, **limits: JSON) -> Iterator[None]:
    """The service ``orders`` at an address."""
    with override_settings(
        SERVICE_URLS={"orders": url}, SERVICE_NAME="shop", SERVICE_API_KEY=KEY, API_CLIENT={**LIMITS, **limits}
    ):
        yield


@contextmanager
def orders(behave: Callable[[socket.socket, str], None], **limits: JSON) -> Iterator[peers.Peer]:
    """The service ``orders``, which does this."""
    with peers.peer(behave) as peer, configured(peer.url, **limits):
        yield peer


@pytest.fixture(params=["sync", "async"])
def get(request: pytest.FixtureRequest) -> Callable[..., JSON]:
    """``GET``, with each client."""
    return getter(request.param)


@pytest.fixture(params=["sync", "async"])
def post(request: pytest.FixtureRequest) -> Callable[..., JSON]:
    """``POST``, with each client."""
    return getter(request.param, "POST")


def getter(kind: str, method: str = "GET") -> Callable[..., JSON]:
    """A function that calls the service ``orders``."""

    def on_a_loop(path: str = "x/", **options: JSON) -> JSON:
        return asyncio.run(AsyncAPIClient("orders").request(method, path, **options)).body

    def plainly(path: str = "x/", **options: JSON) -> JSON:
        return APIClient("orders").request(method, path, **options).body

    return plainly if kind == "sync" else on_a_loop


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses before another attempt are as short as chance can make them."""
    monkeypatch.setattr(random, "uniform", lambda low, high: low or min(high, 0.001))


def test_nobody_listens(get: Callable[..., JSON]) -> None:
    """A service that is down is unavailable, and is tried as often as the settings say, whatever the method."""
    with configured(f"http://127.0.0.1:{servers.free_port()}", attempts=3):
        with pytest.raises(exceptions.ServiceUnavailableError) as caught:
            get()
        assert (caught.value.code, caught.value.status_code, caught.value.attempts) == ("refused", 503, 3)
        assert str(caught.value) == "orders cannot be reached for GET x/: nobody listens there."
        with pytest.raises(exceptions.ServiceUnavailableError) as caught:
            APIClient("orders").post("x/")
        assert caught.value.attempts == 3
        assert caught.value.response is None


def test_host_is_not_known(get: Callable[..., JSON]) -> None:
    """A name that nobody knows is told as that."""
    with configured("http://orders.invalid"), pytest.raises(exceptions.ServiceUnavailableError) as caught:
        get()
    assert caught.value.code == "dns"


def test_service_is_silent(get: Callable[..., JSON]) -> None:
    """A service that accepts and says nothing is given up, and by a POST not asked again."""
    with orders(peers.silence(), read_timeout=0.03, attempts=2) as peer:
        with pytest.raises(exceptions.ServiceTimeoutError) as caught:
            get()
        assert (caught.value.code, caught.value.attempts, len(peer.requests)) == ("silent", 2, 2)
        assert str(caught.value) == "orders was silent for too long after GET x/."
        with pytest.raises(exceptions.ServiceTimeoutError) as caught:
            APIClient("orders").post("x/")
        assert caught.value.attempts == 1


@pytest.mark.parametrize("behave", [peers.drip, peers.hang_in_body])
def test_body_that_never_ends(get: Callable[..., JSON], behave: Callable[[socket.socket, str], None]) -> None:
    """The deadline counts for the whole answer, byte by byte or silent."""
    with orders(behave, deadline=0.1, read_timeout=0.1, attempts=3):
        begun = time.monotonic()
        with pytest.raises(exceptions.ServiceTimeoutError):
            get()
        assert time.monotonic() - begun < 1


@pytest.mark.parametrize("behave", [peers.drip_headers, peers.late_silence])
def test_no_read_outlives_the_deadline(get: Callable[..., JSON], behave: Callable[[socket.socket, str], None]) -> None:
    """A timeout that began when there was more time left ends with the call, in the headers, too."""
    with orders(behave, deadline=0.4, read_timeout=30, attempts=3):
        begun = time.monotonic()
        with pytest.raises(exceptions.ServiceTimeoutError) as caught:
            get()
        assert time.monotonic() - begun < 8
    assert caught.value.code == "deadline"


def test_a_stream_is_read_for_longer_than_the_deadline() -> None:
    """The deadline of a stream ends with its headers; a socket that was bounded by it is free again."""

    def slowly(connection: socket.socket, _line: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        time.sleep(0.5)
        connection.sendall(b"b")

    with orders(slowly, deadline=0.4, read_timeout=10), APIClient("orders").stream("x/") as answer:
        assert b"".join(answer) == b"ab"


def test_deadline_ends_before_the_timeout(get: Callable[..., JSON]) -> None:
    """No attempt may take longer than what is left."""
    with orders(peers.silence(), attempts=3) as peer:
        with pytest.raises(exceptions.ServiceTimeoutError, match="before the deadline of the call"):
            get(timeout=0.05)
        assert len(peer.requests) == 1


def test_impatient_caller_is_no_failure_of_the_service() -> None:
    """A deadline that came from outside says nothing of the service, so the breaker stays closed."""
    token = _context.deadline.set(time.monotonic() + 0.05)
    try:
        with orders(peers.silence(), breaker_calls=1, deadline=5.0) as peer:
            with pytest.raises(exceptions.ServiceTimeoutError) as caught:
                APIClient("orders").get("x/")
            assert caught.value.code == "caller_deadline"
            assert 0 < int(peer.header("x-deadline-ms") or 0) <= 50
            _context.deadline.set(time.monotonic() + 0.4)
            with (
                pytest.raises(exceptions.ServiceTimeoutError) as caught,
                override_settings(API_CLIENT={**LIMITS, "read_timeout": 0.03, "breaker_calls": 1}),
            ):
                APIClient("orders").get("x/")
            assert caught.value.code == "silent"
    finally:
        _context.deadline.reset(token)


@pytest.mark.parametrize("behave", [peers.hang_up, peers.half])
def test_connection_breaks_off(get: Callable[..., JSON], behave: Callable[[socket.socket, str], None]) -> None:
    """An answer that ends too early is none; what may be repeated is."""
    with orders(peers.in_turn(behave, peers.answer(body=b"1")), attempts=2) as peer:
        assert get() == 1
        assert len(peer.requests) == 2
    with orders(behave, attempts=2) as peer:
        with pytest.raises(exceptions.ServiceUnavailableError) as caught:
            APIClient("orders").post("x/")
        assert (caught.value.code, caught.value.attempts) == ("broken_off", 1)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_service_is_asked_again(get: Callable[..., JSON], status: int) -> None:
    """What says that it will pass is tried again."""
    behave = peers.in_turn(peers.answer(status), peers.answer(status), peers.answer(body=b"[7]"))
    with orders(behave, attempts=3) as peer:
        assert get() == [7]
        assert len(peer.requests) == 3


def test_post_is_repeated_with_a_key_alone(post: Callable[..., JSON]) -> None:
    """What is not to be done twice is repeated only where the other side can tell, under the same key."""
    with orders(peers.in_turn(peers.answer(503), peers.answer(body=b"1")), attempts=3) as peer:
        with pytest.raises(exceptions.ServiceUnavailableError):
            post(json={"a": 1})
        assert len(peer.requests) == 1
    with orders(peers.in_turn(peers.answer(503), peers.answer(body=b"1")), attempts=3) as peer:
        assert post(json={"a": 1}, idempotency_key="k-1") == 1
        assert [peer.header("idempotency-key", number) for number in (0, 1)] == ["k-1", "k-1"]
        assert peer.bodies == [b'{"a":1}', b'{"a":1}']


def test_faults_are_not_repeated(get: Callable[..., JSON]) -> None:
    """A 500 or a 400 would come again."""
    for status in (400, 404, 500, 501):
        with orders(peers.answer(status), attempts=3) as peer:
            with pytest.raises(exceptions.APIClientError):
                get()
            assert len(peer.requests) == 1


def test_retry_after_is_obeyed(get: Callable[..., JSON]) -> None:
    """The next attempt comes as late as the service asks for, and never where that is too late."""
    behave = peers.in_turn(peers.answer(429, Retry_After="1"), peers.answer(body=b"1"))
    with orders(behave, attempts=2, deadline=0.5):
        begun = time.monotonic()
        with pytest.raises(exceptions.RateLimitedError) as caught:
            get()
        assert caught.value.retry_after == 1
        assert time.monotonic() - begun < 0.5
    slept: list[float] = []
    behave = peers.in_turn(peers.answer(503, Retry_After="2"), peers.answer(body=b"1"))
    with orders(behave, attempts=2), pytest.MonkeyPatch.context() as patch:
        patch.setattr("dj_core_utils.api.retrying.time.sleep", slept.append)
        assert APIClient("orders").get("x/") == 1
    assert [2 <= pause < 2.1 for pause in slept] == [True]


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (TimeoutError(), "connect_timeout"),
        (OSError(113, "No route to host"), "unreachable"),
        (ConnectionRefusedError(), "refused"),
        (socket.gaierror(), "dns"),
        (ssl.SSLError(1, "handshake"), "tls"),
    ],
)
def test_reasons_why_a_service_is_not_reached(cause: OSError, code: str) -> None:
    """Each has a word of its own, wherever in the chain it stands."""
    error = httpcore2.ConnectError("no")
    error.__cause__ = cause
    found = failure_of(prepare("orders", "GET", "x/", {}, {}), error)
    assert (type(found), found.code, found.__cause__) == (exceptions.ServiceUnavailableError, code, error)


def test_counts_of_a_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures count within the window alone, and an answer from before a change of state counts for nothing."""
    now = [100.0]
    monkeypatch.setattr(protection, "monotonic", lambda: now[0])
    limits = APIConf(breaker_window=10, breaker_calls=2, breaker_failures=0.5, breaker_pause=5)
    breaker = protection.Breaker()
    early, _ = breaker.acquire(limits)
    breaker.record(early, limits, failed=True)
    now[0] = 111.0  # the first one is forgotten
    breaker.record(early, limits, failed=False)
    breaker.record(early, limits, failed=False)
    breaker.record(early, limits, failed=True)
    assert breaker.acquire(limits) == (0, 0.0)
    breaker.record(early, limits, failed=True)
    assert breaker.acquire(limits)[1] > 0
    now[0] = 117.0
    probe, rest = breaker.acquire(limits)
    assert rest == 0
    assert breaker.acquire(limits)[1] > 0  # one tries at a time
    breaker.record(early, limits, failed=False)  # late, and says nothing
    assert breaker.acquire(limits)[1] > 0
    breaker.record(probe, limits, failed=True)
    assert breaker.acquire(limits)[1] > 0
    now[0] = 124.0
    probe, rest = breaker.acquire(limits)
    breaker.record(probe, limits, failed=False)
    assert (rest, breaker.acquire(limits)[1]) == (0, 0)


@pytest.mark.django_db
def test_signed_call_of_a_user_whom_nobody_has_loaded() -> None:
    """The token says for whom it is done; on a loop the user is loaded in a thread."""
    ann = get_user_model().objects.create(username="ann")
    request = RequestFactory().get("/")
    request.user = cast("User", SimpleLazyObject(lambda: get_user_model().objects.get(username="ann")))
    private, _ = key_pair("P-256")
    with orders(peers.answer()) as peer, override_settings(SERVICE_TOKENS={"signing_key": private}):
        with _context.RequestContext(request, "c", None).entered():
            async_to_sync(AsyncAPIClient("orders").get)("x/")
        token = (peer.header("authorization") or "").removeprefix("Service ")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert str(ann.pk) in json.dumps(claims)


def test_budget_ends_retries() -> None:
    """Retries stay a share of all calls: an outage is not multiplied."""
    with orders(peers.answer(503), attempts=3, breaker_failures=1.0, breaker_calls=999) as peer:
        for _ in range(50):
            with pytest.raises(exceptions.ServiceUnavailableError):
                APIClient("orders").get("x/")
        # Ten to begin with, and one for each five calls.
        assert 50 + 10 <= len(peer.requests) <= 50 + 10 + 10


def test_breaker_leaves_a_service_alone(get: Callable[..., JSON]) -> None:
    """After too many failures nothing is sent for a while; then one call tries, and decides."""
    behave = peers.in_turn(*[peers.answer(503)] * 4, peers.answer(body=b"1"))
    with orders(behave, breaker_calls=4, breaker_pause=0.05) as peer:
        for _ in range(4):
            with pytest.raises(exceptions.ServiceUnavailableError):
                get()
        with pytest.raises(exceptions.CircuitOpenError) as caught:
            get()
        assert len(peer.requests) == 4
        assert 0 < (caught.value.retry_after or 0) <= 0.06
        assert (caught.value.status_code, caught.value.code) == (503, "circuit_open")
        time.sleep(0.06)
        assert get() == 1
        assert get() == 1


def test_breaker_is_not_impressed_by_one_broken_view() -> None:
    """A 500 or a 429 says nothing of the service as a whole."""
    with orders(peers.in_turn(*[peers.answer(500)] * 5, *[peers.answer(429)] * 5, peers.answer()), breaker_calls=2):
        for _ in range(10):
            with pytest.raises(exceptions.APIClientError):
                APIClient("orders").get("x/")
        assert APIClient("orders").get("x/") == {}


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": 1}}'])
def test_malformed_json_of_a_peer(get: Callable[..., JSON], body: bytes) -> None:
    """An answer that is not what it says is an error of its own."""
    with orders(peers.answer(body=body)), pytest.raises(exceptions.InvalidResponseError) as invalid:
        get()
    assert str(invalid.value).startswith("orders answered GET x/ with malformed JSON (")
    with orders(peers.answer(500, body=body)), pytest.raises(exceptions.ServerFailureError, match="malformed JSON"):
        get()


def test_huge_body(get: Callable[..., JSON]) -> None:
    """It is read up to the limit and no further, compressed or not."""
    bomb = gzip.compress(b"0" * 5_000_000)
    for behave in (peers.answer(body=b"0" * 500_000), peers.answer(body=bomb, Content_Encoding="gzip")):
        with orders(behave, largest_answer=100_000) as peer:
            with pytest.raises(exceptions.InvalidResponseError, match="more than 100000 bytes"):
                get()
            assert peer.header("accept-encoding") == "gzip, deflate"


def test_body_that_cannot_be_decompressed(get: Callable[..., JSON]) -> None:
    """That is told as such."""
    behave = peers.answer(body=b"no", Content_Encoding="gzip")
    with orders(behave), pytest.raises(exceptions.InvalidResponseError) as caught:
        get()
    assert caught.value.code == "encoding"


def test_credential_goes_to_the_configured_address_alone(get: Callable[..., JSON]) -> None:
    """A redirect to another server ends there; that one never hears of us."""
    with peers.peer(peers.answer()) as thief:
        with orders(peers.answer(302, Location=f"{thief.url}/steal")) as peer:
            with pytest.raises(exceptions.RedirectedError):
                get()
            assert peer.header("authorization") == f"Service shop.{KEY}"
        assert thief.connections == 0


def test_own_credential_wins(get: Callable[..., JSON]) -> None:
    """Whoever gives a header means it."""
    with orders(peers.answer()) as peer:
        get(headers={"Authorization": "Bearer mine"})
        assert peer.header("authorization") == "Bearer mine"
        APIClient("orders", headers={"Authorization": "Bearer mine"}).get("x/")
        assert peer.header("authorization") == "Bearer mine"


def test_no_credential_in_what_an_error_shows(get: Callable[..., JSON]) -> None:
    """Neither the text, nor the frames, nor the causes hold what was sent to prove who calls."""
    secrets = {"params": {"token": "hidden-in-the-query"}, "content": b"hidden-in-the-body"}
    for behave in (peers.hang_up, peers.silence(), peers.answer(500)):
        with orders(behave, read_timeout=0.05), pytest.raises(exceptions.APIClientError) as caught:
            get(**secrets)
        found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        shown = "".join(found.format()) + repr(caught.value)
        assert KEY not in shown
        assert "hidden" not in str(caught.value)


def test_environment_has_no_proxy_for_us(get: Callable[..., JSON], monkeypatch: pytest.MonkeyPatch) -> None:
    """``HTTP_PROXY`` is for the internet, not for calls between services."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with orders(peers.answer(body=b"1")):
        assert get() == 1


def test_certificates(get: Callable[..., JSON], tmp_path: Path) -> None:
    """HTTPS with an authority of one's own; without trust there is no call, and no second attempt."""
    authority = Authority(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority.sign("orders"))
    with peers.peer(peers.answer(body=b"1"), tls=tls) as peer:
        with configured(peer.url, ca_file=str(authority.path), attempts=3):
            assert get() == 1
        with configured(peer.url, attempts=3), pytest.raises(exceptions.ServiceUnavailableError) as caught:
            get()
        assert (caught.value.code, caught.value.attempts) == ("tls", 1)
        assert "unable to get local issuer certificate" in str(caught.value)
        assert len(peer.requests) == 1


def test_prefix_of_an_address() -> None:
    """Paths are below the one that the address has; links of the service are taken as they are."""
    with peers.peer(peers.answer()) as peer, configured(f"{peer.url}/api/v1/"):
        APIClient("orders").get("/orders/?a=1")
        APIClient("orders").get(f"{peer.url.upper().replace('HTTP', 'https')}/api/v1/orders/?b=é")
        with pytest.raises(exceptions.InvalidCallError, match="points outside of its address"):
            APIClient("orders").get(f"{peer.url}/admin/")
        with pytest.raises(exceptions.InvalidCallError, match="points outside of its address"):
            APIClient("orders").get("http://127.0.0.1:1/api/v1/orders/")
    assert [line.split()[1] for line in peer.requests] == ["/api/v1/orders/?a=1", "/api/v1/orders/?b=%C3%A9"]


def test_malicious_server_of_headers(get: Callable[..., JSON]) -> None:
    """Something that is no HTTP is a broken connection."""

    def behave(connection: socket.socket, _line: str) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")

    with orders(behave), pytest.raises(exceptions.ServiceUnavailableError) as caught:
        get()
    assert caught.value.code == "broken_off"


def test_pool_that_is_exhausted(monkeypatch: pytest.MonkeyPatch) -> None:
    """When all connections are taken, that is our own overload: not repeated, and not counted against the service."""
    monkeypatch.setattr(pools, "_LIMITS", {"max_connections": 1})

    async def main() -> exceptions.APIClientError:
        client = AsyncAPIClient("orders")
        first = asyncio.create_task(client.get("x/"))
        await asyncio.to_thread(peer.asked.wait, 10)
        with pytest.raises(exceptions.ServiceUnavailableError) as caught:
            await client.get("x/")
        first.cancel()
        return caught.value

    with orders(peers.silence(), connect_timeout=0.05, attempts=3, breaker_calls=1) as peer:
        error = asyncio.run(main())
        assert (error.code, error.attempts) == ("pool", 1)
        assert "as many calls as may be are waiting" in str(error)


def test_answers_are_whole_json(get: Callable[..., JSON]) -> None:
    """A plain answer, for the sake of comparison."""
    with orders(peers.answer(body=json.dumps({"a": "é"}).encode())):
        assert get() == {"a": "é"}
