"""The called side of a call in this process: Django's own handler, without what belongs to a connection of HTTP."""

from __future__ import annotations

import logging
import sys
import threading
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import got_request_exception, setting_changed
from django.urls import get_script_prefix

from dj_core_utils import _context
from dj_core_utils.auth.principal import LOCAL_CALLER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from dj_core_utils.api.call import Call
    from dj_core_utils.auth.principal import LocalCaller

_logger = logging.getLogger(__name__)


class LocalRequest(WSGIRequest):
    """A request from this process.

    Attributes:
        failure: The exception that its answer, a 500, stands for.
    """

    failure: BaseException | None = None

    def get_host(self) -> str:
        """The host of the request that this one serves, else the first of ``ALLOWED_HOSTS``.

        Links are then those that a browser can follow, and no host is refused.
        """
        host: str = self.META["HTTP_HOST"]
        return host

    def _get_scheme(self) -> str:
        scheme: str = self.META["wsgi.url_scheme"]
        return scheme

    @property
    def scheme(self) -> str:
        """That of the request that this one serves, whatever the header of a proxy would say."""
        return self._get_scheme()


class LocalHandler(BaseHandler):
    """Middleware, URLs and views as a server runs them, but no ``request_started`` and no ``request_finished``.

    Those would close the caller's database connections.
    """

    def __init__(self, *, is_async: bool) -> None:
        super().__init__()
        self.load_middleware(is_async=is_async)


class _Handlers:
    """One handler for sync and one for async views, made when they are needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[bool, LocalHandler] = {}
        got_request_exception.connect(_remember_failure, dispatch_uid="dj_core_utils.api.local")
        setting_changed.connect(self._forget, dispatch_uid="dj_core_utils.api.local")

    def get(self, *, is_async: bool) -> LocalHandler:
        """The handler.

        Args:
            is_async: Whether it runs on an event loop.
        """
        with self._lock:
            if is_async not in self._made:
                self._made[is_async] = LocalHandler(is_async=is_async)
            return self._made[is_async]

    def _forget(self, *, setting: str, **_: object) -> None:
        if setting == "MIDDLEWARE":
            self._made = {}


def _remember_failure(request: HttpRequest | None = None, **_: object) -> None:
    if isinstance(request, LocalRequest):
        request.failure = sys.exc_info()[1]


handlers = _Handlers()


def request_of(call: Call, headers: Mapping[str, str], caller: LocalCaller) -> LocalRequest:
    """The request that a call is.

    Args:
        call: The call.
        headers: Its headers.
        caller: Who calls.
    """
    scheme, host = _outer_address()
    name, _, port = host.rpartition(":") if ":" in host.rpartition("]")[2] else (host, "", "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": get_script_prefix().rstrip("/"),
        "PATH_INFO": unquote_to_bytes(f"{call.location.prefix}{call.path}").decode("latin-1"),
        "QUERY_STRING": call.query,
        "SERVER_NAME": name,
        "SERVER_PORT": port or ("443" if scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(call.content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        LOCAL_CALLER: caller,
    }
    for header, value in headers.items():
        key = header.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    if call.content:
        environ["CONTENT_LENGTH"] = str(len(call.content))
    return LocalRequest(environ)


def _outer_address() -> tuple[str, str]:
    outer = _context.current_request.get()
    if outer is not None:
        try:
            return "https" if settings.SECURE_SSL_REDIRECT else outer.scheme or "https", outer.get_host()
        except DisallowedHost:
            _logger.debug("The host of the request is not allowed; the first one of ALLOWED_HOSTS takes its place.")
    hosts = (host.removeprefix(".") for host in settings.ALLOWED_HOSTS if "*" not in host)
    return "https", next(hosts, "localhost")


def end(response: HttpResponseBase) -> None:
    """Close an answer as a server does, without the signal that would close database connections.

    Args:
        response: The answer.
    """
    # There is no public way to the closers but close(), which sends the signal.
    closers = vars(response)["_resource_closers"]
    for closer in closers:
        try:
            closer()
        except Exception:
            _logger.exception("A resource of a response could not be closed.")
    closers.clear()
    response.closed = True
