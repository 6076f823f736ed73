"""The example shop as a real server on loopback, and how the tests talk to it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.warm_python import WarmPython

START_SECONDS = 90


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: HTTPMessage
    text: str

    def json(self) -> dict[str, object]:
        """The body, when it is an object."""
        found = json.loads(self.text)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Served:
    """A server that runs, and what it has printed so far."""

    port: int
    output: Path

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        data: object = None,
    ) -> Answer:
        """Send one request, with a form or with JSON, and follow no redirect."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        body = urlencode(form) if form else json.dumps(data) if data is not None else None
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        content_type = {"Content-Type": kind} if body else {}
        connection.request("POST" if body else method, path, body, {**content_type, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return Answer(answer.status, answer.headers, text)

    def printed(self) -> str:
        """Everything on standard output and standard error."""
        return self.output.read_text(encoding="utf-8")


@contextmanager
def serving(
    python: WarmPython, arguments: list[str], environment: Mapping[str, str], *, shop: Path, port: int
) -> Iterator[Served]:
    """Run a server until the block ends, then end it as Ctrl-C does; it has to go by itself and without complaint."""
    output = shop.parent / f"output-{port}"
    with output.open("w", encoding="utf-8") as stream:
        server = subprocess.Popen(
            [python.program, *arguments],
            cwd=shop,
            env={**clean_environment(), **environment},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            preexec_fn=_listen_to_interrupts,  # noqa: PLW1509  # no thread runs that could hold a lock
        )
    served = Served(port, output)
    try:
        wait_for(served, server)
        yield served
        server.send_signal(signal.SIGINT)
        assert server.wait(START_SECONDS) == 0, served.printed()
    finally:
        server.terminate()  # handed on, which a kill is not
        server.wait(START_SECONDS)


def _listen_to_interrupts() -> None:
    """A test run in the background ignores Ctrl-C, and what it starts would, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(served: Served, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers anything at all."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert server.poll() is None, served.printed()
        try:
            served.request("/healthz")
        except OSError:
            assert time.monotonic() < deadline, served.printed()
            time.sleep(0.05)
        else:
            return


def sign_in(shop: Served, credentials: Mapping[str, str], headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Get tokens; the headers of somebody who has them."""
    answer = shop.request("/api/token/", form=credentials, headers=headers)
    assert answer.status == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access']}"}


def sign_in_to_admin(
    shop: Served, user: str, password: str, headers: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Sign in through the form of the admin; the headers of somebody who has."""
    asked = dict(headers or {})
    page = shop.request("/admin/login/", headers=asked)
    assert page.status == 200
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    form = {"username": user, "password": password, "csrfmiddlewaretoken": token[1], "next": "/admin/"}
    referrer = {"Referer": f"https://{asked['Host']}/admin/login/"} if "Host" in asked else {}
    answer = shop.request("/admin/login/", form=form, headers={**asked, **referrer, "Cookie": cookie})
    assert (answer.status, answer.headers["Location"]) == (302, "/admin/"), answer.text
    cookies = "; ".join(value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", []))
    return {**asked, "Cookie": cookies}
