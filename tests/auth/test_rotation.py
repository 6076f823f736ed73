"""A key of tokens is replaced under load, and its signer goes away: services on loopback, and no failed request."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import jwt
import pytest
from django.test import override_settings

from dj_core_utils.auth.errors import AuthUnavailableError, CredentialError
from dj_core_utils.auth.jwks import STALE_FOR, JWKSClient
from dj_core_utils.auth.verify import Verifier
from dj_core_utils.testing import access_token
from tests.api.conftest import serving
from tests.auth.conftest import JWT_KEYS
from tests.settings.key_pairs import key_pair

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("issuer")
FOLLOWING = {"key": key_pair("P-256", 22)[0], "kid": "2026-12"}
ELEVEN_MINUTES = 660
TEN_MINUTES = 600
CALLERS = 3


@contextmanager
def verifying(keys: JWKSClient) -> Iterator[int]:
    """A service that verifies tokens with fetched keys.

    Yields:
        Its port.
    """
    verifier = Verifier(keys=keys, issuer="users", audience=("orders",))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                verifier.verify(self.headers["Authorization"].encode())
                status = 200
            except CredentialError:
                status = 401
            except AuthUnavailableError:
                status = 503
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def ask(port: int, token: str) -> int:
    """What the service answers to a token."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/", headers={"Authorization": token})
        return connection.getresponse().status
    finally:
        connection.close()


class Load:
    """Requests of several callers at once, each with a token that was just made.

    Args:
        port: Of the service.
    """

    def __init__(self, port: int) -> None:
        self.answers: list[tuple[str, int]] = []
        self._port = port
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(CALLERS)]

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, whatever has happened."""
        self.stop()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self) -> None:
        while not self._stopped.is_set():
            token = access_token()
            self.answers.append((jwt.get_unverified_header(token)["kid"], ask(self._port, token)))

    def more(self, kid: str) -> None:
        """Wait until each caller has been answered, several times, to tokens of a key that were made from now on."""
        seen, end = len(self.answers), time.monotonic() + 60
        while sum(key == kid for key, _ in self.answers[seen:]) < 5 * CALLERS:
            assert time.monotonic() < end, "nobody is answered"
            time.sleep(0.005)


def wait_for(known: JWKSClient, kid: str) -> None:
    """Wait until a fetch in the background has brought a key."""
    end = time.monotonic() + 60
    while not known.named(kid):
        assert time.monotonic() < end, f"{kid} is not published"
        time.sleep(0.005)


def keys(**moment: float) -> dict[str, Any]:
    """Settings with a key that signs from a moment on."""
    return {"JWT_KEYS": {**JWT_KEYS, "next": {**FOLLOWING, "from": datetime.now(UTC) + timedelta(**moment)}}}


def test_a_key_is_replaced_under_load_and_the_signer_goes_away() -> None:
    """Published, promoted, retired, then an outage of ten minutes: every request is answered with 200."""
    with ExitStack() as signer:
        url = signer.enter_context(serving())
        known = JWKSClient(f"{url}/auth/.well-known/jwks.json", "ES256")
        with verifying(known) as port, Load(port) as load:
            load.more("2026-11")
            before = access_token()
            with override_settings(**keys(hours=1)):
                known.grow_older(ELEVEN_MINUTES)  # as long as the directions ask to wait
                load.more("2026-11")
                wait_for(known, "2026-12")
                with override_settings(**keys(seconds=-1)):
                    load.more("2026-12")
                    assert ask(port, before) == 200
                    with override_settings(**keys(days=-1)):
                        known.grow_older(ELEVEN_MINUTES)
                        load.more("2026-12")
                        signer.close()
                        known.grow_older(TEN_MINUTES)
                        load.more("2026-12")
                        load.stop()
                        token = access_token()
            assert {status for _, status in load.answers} == {200}
            assert ask(port, token) == 200
            known.grow_older(STALE_FOR)
            assert ask(port, token) == 503
