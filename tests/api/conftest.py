"""One service, reached in two ways: in this process, and over HTTP on loopback."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.test import override_settings

from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.api.pools import pools
from dj_core_utils.api.protection import reset_protections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from dj_core_utils.api.response import APIResponse

JSON = Any
"""Whatever a service sends, or is sent."""

MIDDLEWARE = [
    "dj_core_utils.middleware.context.CurrentUserMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
SERVICE = {
    "ROOT_URLCONF": "tests.api.urls",
    "MIDDLEWARE": MIDDLEWARE,
    "ALLOWED_HOSTS": ["testserver", "127.0.0.1"],
    "SERVICE_NAME": "shop",
    "REST_FRAMEWORK": {"UNAUTHENTICATED_USER": None},
}
# A machine that is busy with other tests is no failure.
PATIENT = {"connect_timeout": 10.0, "read_timeout": 10.0, "deadline": 20.0}


class QuietHandler(WSGIRequestHandler):
    """Says nothing; the tests look at what the client says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """The URLs of the settings, served by Django's own server on loopback.

    Yields:
        The address.
    """
    import_module(settings.ROOT_URLCONF)  # or the first request would take its time
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _fresh_client() -> Iterator[None]:
    """Each test has breakers, budgets and connections of its own."""
    reset_protections()
    yield
    pools.close()
    reset_protections()


@pytest.fixture(params=["local", "http"])
def transport(request: pytest.FixtureRequest) -> Iterator[str]:
    """The service ``orders``, in this process or over HTTP."""
    with override_settings(**SERVICE, API_CLIENT=PATIENT):
        if request.param == "local":
            yield "local"
            return
        with serving() as url, override_settings(SERVICE_URLS={"orders": url}):
            yield "http"


class Caller(Protocol):
    """Makes a call with the one client or the other."""

    def __call__(self, method: str, path: str, **options: JSON) -> APIResponse:
        """The answer."""


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest, transport: str) -> Caller:  # noqa: ARG001  # the service has to be there
    """Call the service ``orders`` with each client."""

    def sync(method: str, path: str, **options: JSON) -> APIResponse:
        return APIClient("orders").request(method, path, **options)

    def on_a_loop(method: str, path: str, **options: JSON) -> APIResponse:
        return asyncio.run(AsyncAPIClient("orders").request(method, path, **options))

    return sync if request.param == "sync" else on_a_loop


NOTES: list[object] = []
"""What the middleware ``noting`` has noted."""

WHAT: list[Callable[[HttpRequest], object]] = []
"""What it notes of each request."""


def noting(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware that looks at each request."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        NOTES.append(WHAT[0](request))
        return get_response(request)

    return handle


@contextmanager
def noted(what: Callable[[HttpRequest], object]) -> Iterator[list[object]]:
    """Look at each request that is answered in this process.

    Args:
        what: What to look at.

    Yields:
        What was seen.
    """
    NOTES.clear()
    WHAT[:] = [what]
    with override_settings(MIDDLEWARE=[f"{__name__}.noting"]):
        yield NOTES
