"""Public keys that are fetched: by one for all, again in time, and never more than is good for the signer."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from django.test import override_settings
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from dj_core_utils.auth import published_keys
from dj_core_utils.auth.drf import StatelessUserAuthentication
from dj_core_utils.auth.errors import AuthUnavailableError, CredentialError
from dj_core_utils.auth.jwks import COOL_DOWN, RENEW_AFTER, STALE_FOR, TTL, JWKSClient
from dj_core_utils.auth.keys import KeyRing, TokenKey, token_key
from dj_core_utils.auth.published_keys import fetch_keys
from dj_core_utils.auth.verify import Verifier
from tests.auth.test_verify import RING, VERIFIER, token
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEYS = json.dumps(RING.jwks()).encode()
KID = "2026-11"
CANARY = "p4ssw0rd-c4n4ry"


class Signer:
    """A service that publishes keys.

    Args:
        url: Where.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked = 0
        self.status = 200
        self.body = KEYS
        self.before: Callable[[], object] = lambda: None


@pytest.fixture
def signer() -> Iterator[Signer]:
    """A signer on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked += 1
            publisher.before()
            self.send_response(publisher.status)
            self.send_header("Content-Length", str(len(publisher.body)))
            self.send_header("Location", publisher.url)
            self.end_headers()
            self.wfile.write(publisher.body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        publisher = Signer(f"http://127.0.0.1:{server.server_port}/jwks.json?key={CANARY}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield publisher
        server.shutdown()


class Clock:
    """Time that a test makes go by."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Now."""
        return self.now


class Publisher:
    """What is fetched, without a network: counts, fails, and waits when it is told to."""

    def __init__(self) -> None:
        self.fetched = 0
        self.keys: dict[str, TokenKey] = {key.kid: key for key in RING.keys}
        self.error: Exception | None = None
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, url: str, algorithm: str) -> dict[str, TokenKey]:
        """As ``fetch_keys``."""
        assert (url, algorithm) == ("https://users.internal/jwks", "ES256")
        self.fetched += 1
        self.go_on.wait(5)
        if self.error is not None:
            raise self.error
        return dict(self.keys)


def client(fetch: Publisher, clock: Clock, **given: Any) -> JWKSClient:
    """A client of a signer in this process."""
    return JWKSClient("https://users.internal/jwks", "ES256", fetch=fetch, clock=clock, **given)


def settle() -> None:
    """Wait until fetches in the background have ended."""
    for thread in threading.enumerate():
        if thread.name == "dj_core_utils.jwks":
            thread.join(5)


def test_a_token_is_verified_with_fetched_keys(signer: Signer) -> None:
    """The keys come once for many tokens, in threads and on event loops alike."""
    verifier = Verifier(keys=JWKSClient(signer.url, "ES256"), issuer="users", audience=("orders",))
    assert verifier.verify(token())["sub"] == "7"
    assert asyncio.run(verifier.averify(token()))["sub"] == "7"
    assert asyncio.run(VERIFIER.averify(token()))["sub"] == "7"
    assert signer.asked == 1
    with pytest.raises(CredentialError, match="key"):
        verifier.verify(token(headers={"kid": "nobody's"}))
    with pytest.raises(CredentialError, match="type"):
        asyncio.run(verifier.averify(token(headers={"typ": "JWT"})))
    assert signer.asked == 1


def test_many_wait_for_one_fetch() -> None:
    """Threads and coroutines that come at the same moment cause one fetch, and the loop goes on meanwhile."""
    fetch, clock = Publisher(), Clock()
    keys = client(fetch, clock)
    fetch.go_on.clear()
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(keys.named(KID))) for _ in range(8)]
    for thread in threads:
        thread.start()

    async def ask() -> list[object]:
        asked = [asyncio.ensure_future(keys.anamed(KID)) for _ in range(20)]
        await asyncio.sleep(0.01)
        assert not any(each.done() for each in asked)
        asked.pop().cancel()  # one who gives up leaves the fetch to the others
        fetch.go_on.set()
        return list(await asyncio.gather(*asked))

    answers = asyncio.run(ask())
    for thread in threads:
        thread.join(5)
    assert fetch.fetched == 1
    assert [*found, *answers] == [(RING.keys[0],)] * 27


def test_keys_are_renewed_before_they_are_old() -> None:
    """After four fifths of their time a fetch begins in the background, and nobody waits for it."""
    fetch, clock = Publisher(), Clock()
    keys = client(fetch, clock)
    keys.named(KID)
    clock.now += RENEW_AFTER - 1
    keys.named(KID)
    assert fetch.fetched == 1
    clock.now += 2
    fetch.go_on.clear()
    assert keys.named(KID) == (RING.keys[0],)
    assert keys.named(KID) == (RING.keys[0],)
    fetch.go_on.set()
    settle()
    assert fetch.fetched == 2
    del fetch.keys[KID]
    clock.now += TTL
    fetch.go_on.clear()
    assert keys.named(KID) == (RING.keys[0],)
    fetch.go_on.set()
    settle()
    assert keys.named(KID) == ()


def test_an_outage_is_survived_for_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """The known keys stay good, the signer is asked now and then, and after an hour nobody can tell any more."""
    fetch, clock = Publisher(), Clock()
    keys = client(fetch, clock)
    keys.named(KID)
    fetch.error = AuthUnavailableError("users.internal cannot be asked.")
    with caplog.at_level(logging.WARNING):
        for _ in range(600):  # ten minutes, a token each second
            clock.now += 1
            assert keys.named(KID) == (RING.keys[0],)
            settle()
    assert 10 <= fetch.fetched <= 80
    assert "users.internal cannot be asked. The keys that are known stay in use" in caplog.text
    clock.now += STALE_FOR
    with pytest.raises(AuthUnavailableError):
        keys.named(KID)
    with pytest.raises(AuthUnavailableError):
        asyncio.run(keys.anamed(KID))
    fetch.error = None
    clock.now += 6
    assert keys.named(KID) == (RING.keys[0],)


def test_invented_names_cause_no_storm() -> None:
    """A thousand names that nobody has cause one fetch in half a minute; a key that was just published is found."""
    fetch, clock = Publisher(), Clock()
    keys = client(fetch, clock)
    keys.named(KID)
    clock.now += COOL_DOWN
    for number in range(1000):
        assert keys.named(f"invented {number}") == ()
    assert fetch.fetched == 2
    new = token_key(key_pair("P-256", 5)[1], "ES256", kid="2026-12")
    fetch.keys["2026-12"] = new
    assert keys.named("2026-12") == ()
    clock.now += COOL_DOWN
    assert keys.named("2026-12") == (new,)
    assert fetch.fetched == 3


def test_a_revoked_key_is_refused_whatever_is_published() -> None:
    """The list of one's own settings wins over the signer's."""
    assert client(Publisher(), Clock(), revoked=[KID]).named(KID) == ()


def test_an_error_of_ours_is_logged_and_hangs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong in the fetch, those who wait are told."""
    fetch = Publisher()
    fetch.error = RuntimeError("unforeseen")
    with pytest.raises(AuthUnavailableError):
        client(fetch, Clock()).named(KID)
    assert "unforeseen" in caplog.text


def test_a_fork_leaves_the_fetch_behind() -> None:
    """A child of a process that is just fetching fetches by itself, and does not wait for a thread that it has not."""
    fetch, clock = Publisher(), Clock()
    keys = client(fetch, clock)
    fetch.go_on.clear()
    waiting = threading.Thread(target=keys.named, args=(KID,))
    waiting.start()
    while not fetch.fetched:  # the moment to fork at
        time.sleep(0.001)
    clock.now += 10
    before = keys._pid  # noqa: SLF001  # a child has another one; to fork with threads is what Python warns of
    keys._pid = before - 1  # noqa: SLF001  # the same
    fetch.go_on.set()
    assert keys.named(KID) == (RING.keys[0],)
    assert keys._pid == os.getpid()  # noqa: SLF001  # the same
    waiting.join(5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b"<html>",
        b"\xff\xfe",
        b'{"keys": [' + b"1," * 40 + b"1]}",
        b"[" * 20_000,
    ],
)
def test_what_is_no_key_set_is_no_answer(signer: Signer, body: bytes) -> None:
    """A page of a proxy or an empty answer takes no key away; the address is told without its query."""
    signer.body = body
    with pytest.raises(AuthUnavailableError, match=r"127\.0\.0\.1") as caught:
        fetch_keys(signer.url, "ES256")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 404, 500])
def test_only_a_200_counts(signer: Signer, status: int) -> None:
    """Nobody is led to another address, and an error page is none."""
    signer.status = status
    with pytest.raises(AuthUnavailableError, match=str(status)):
        fetch_keys(signer.url, "ES256")
    assert signer.asked == 1


def test_an_answer_without_end_is_cut(signer: Signer) -> None:
    """More than 64 KiB are not read."""
    signer.body = b" " * 70_000
    with pytest.raises(AuthUnavailableError, match="more than 65536 bytes"):
        fetch_keys(signer.url, "ES256")


def test_a_slow_answer_is_cut(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time counts for the whole answer, not for each piece of it."""
    monkeypatch.setattr(published_keys, "SECONDS", 0.05)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while not stop.wait(0.01):
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(AuthUnavailableError, match=r"takes more than 0\.05 seconds"):
            fetch_keys(f"http://127.0.0.1:{server.getsockname()[1]}/", "ES256")
        stop.set()
        thread.join(5)
    del signer


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/jwks", "http://[::bad/jwks"])
def test_nobody_there_is_told(url: str) -> None:
    """A closed port and an address that is none are failures of the same kind."""
    with pytest.raises((AuthUnavailableError, ValueError)):
        fetch_keys(url, "ES256")


def test_keys_that_are_not_for_this_are_left_out(signer: Signer) -> None:
    """Without a name, private, for another use or algorithm, of another kind, or broken: the others still count."""
    good = RING.keys[0].jwk
    other = token_key(key_pair("P-384")[1], "ES384").jwk
    signer.body = json.dumps(
        {
            "keys": [
                "text",
                {**good, "kid": 7},
                {**good, "kid": ""},
                {**good, "kid": "a", "use": "enc"},
                {**good, "kid": "b", "alg": "ES384"},
                {**good, "kid": "c", "d": "private"},
                {**good, "kid": "d", "x": "AA"},
                {**other, "kid": "e", "alg": "ES256"},
                {"kty": "oct", "kid": "f", "k": "c2VjcmV0"},
                {"kty": "oct", "kid": "g"},
                {name: value for name, value in good.items() if name not in {"alg", "use"}},
            ]
        }
    ).encode()
    assert [*fetch_keys(signer.url, "ES256")] == [KID]


@pytest.mark.parametrize(("algorithm", "kind"), [("RS256", "RSA"), ("EdDSA", "Ed25519"), ("ES512", "P-521")])
def test_other_kinds_of_keys_are_read(signer: Signer, algorithm: str, kind: str) -> None:
    """Each kind that a signer may have."""
    key = token_key(key_pair(kind)[0], algorithm, kid="k")
    signer.body = json.dumps(KeyRing(key).jwks()).encode()
    assert fetch_keys(signer.url, algorithm)["k"].public == key.public


def test_a_view_says_that_nobody_can_tell() -> None:
    """It answers 503 with a time to come back, and does not say that the token is bad."""

    class Anybody(APIView):
        authentication_classes = [StatelessUserAuthentication]

        def get(self, _: object) -> Response:
            return Response()

    settings = {"ALGORITHM": "ES256", "ISSUER": "users", "AUDIENCE": "orders", "JWK_URL": "http://127.0.0.1:1/jwks"}
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token()}")
    with override_settings(SIMPLE_JWT=settings, JWT_KEYS={}):
        answer = Anybody.as_view()(request)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
