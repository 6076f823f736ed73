"""Middleware that answers health checks before anything can redirect or refuse them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpResponse

from dj_core_utils.conf import conf

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_BODY = b"ok\n"


class HealthMiddleware:
    """Answer GET and HEAD on ``HEALTH_PATH`` with 200, for every host and without TLS.

    An orchestrator asks over plain HTTP and names the address of the pod, which neither ``SECURE_SSL_REDIRECT`` nor
    ``ALLOWED_HOSTS`` would let pass; so this stands before ``SecurityMiddleware``. The answer says that the process
    serves requests; it touches no database.

    Args:
        get_response: The next handler, sync or async.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """The answer to a health check, or what the next handler says."""
        if self._is_async:
            return self._acall(request)
        return _answer(request) or self._get_response(request)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        return _answer(request) or await cast("Awaitable[HttpResponseBase]", self._get_response(request))


def _answer(request: HttpRequest) -> HttpResponse | None:
    path = conf.health_path
    if not path or request.path_info != path or request.method not in ("GET", "HEAD"):
        return None
    # The length is otherwise added by CommonMiddleware, which is never reached.
    headers = {"Cache-Control": "no-store", "Content-Length": str(len(_BODY))}
    body = _BODY if request.method == "GET" else b""
    return HttpResponse(body, content_type="text/plain; charset=utf-8", headers=headers)
