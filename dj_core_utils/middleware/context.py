"""Who acts, and under which correlation id, within reach of all code that a request or an ``acting_as`` block runs."""

from __future__ import annotations

import re
from functools import wraps
from inspect import isasyncgenfunction, isgeneratorfunction
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import uuid4

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.utils.functional import SimpleLazyObject

from dj_core_utils._context import RequestContext
from dj_core_utils.actor import Actor, ActorSource, GivenActor, RequestActor, acting
from dj_core_utils.middleware.streaming import stream_inside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextvars import Token

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.db.models import Manager
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

_Function = TypeVar("_Function", bound="Callable[..., Any]")

CORRELATION_HEADER = "X-Request-ID"
# Set by APIClient: milliseconds after which the caller gives up, and how many services have called each other.
DEADLINE_HEADER = "X-Deadline-Ms"
DEPTH_HEADER = "X-Call-Depth"

# What is safe in a header, a log line and a URL alike; anything else from outside is replaced, not repaired.
_CORRELATION_ID = re.compile(r"[A-Za-z0-9._~:+/=-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_MILLISECONDS = re.compile(r"[0-9]{1,9}")
_DEPTH = re.compile(r"[0-9]{1,3}")


class CurrentUserMiddleware:
    """Let ``get_current_user()``, log records and calls to other services know the request that they belong to.

    The correlation id comes from ``X-Request-ID``, else from the trace of ``traceparent``, else it is made here; it is
    sent back as ``X-Request-ID`` and is ``request.correlation_id``, because Django logs a refused request after all
    middleware has been left. It stands before ``SecurityMiddleware``, so that redirects and refusals have it, too.

    ``X-Deadline-Ms`` and ``X-Call-Depth`` say when the calling service gives up, and how many have called each other;
    both only ever shorten what calls from here may take.

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
        """The response of the next handler, run inside the request's context."""
        if self._is_async:
            return self._acall(request)
        context = _context_of(request)
        with context.entered():
            response = cast("HttpResponseBase", self._get_response(request))
        return _finish(response, context)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        context = _context_of(request)
        with context.entered():
            response = await cast("Awaitable[HttpResponseBase]", self._get_response(request))
        return _finish(response, context)


def get_current_user() -> AbstractBaseUser | None:
    """The user who acts: of the innermost ``acting_as`` block, or of the request that the calling code works for.

    The request is asked only now, so a user that a view or Django REST Framework authenticated is seen. On an event
    loop a user that nobody has loaded yet cannot be: use ``aget_current_user`` there.

    Returns:
        The user, or None when nobody or a program acts, and for an anonymous request.

    Raises:
        django.core.exceptions.SynchronousOnlyOperation: The user would have to be loaded on a running event loop.
    """
    source = acting.get()
    user = None if source is None else source.user()
    if user is None and (wanted := _unloaded(source)) is not None:
        user = _users().filter(pk=wanted.actor().user_id).first()
        wanted.principal = user or wanted.principal
    return _authenticated(user)


async def aget_current_user() -> AbstractBaseUser | None:
    """The user who acts, as ``get_current_user``, loaded on the event loop if need be.

    Returns:
        The user, or None when nobody or a program acts, and for an anonymous request.
    """
    source = acting.get()
    if (wanted := _unloaded(source)) is not None:
        user = await _users().filter(pk=wanted.actor().user_id).afirst()
        wanted.principal = user or wanted.principal
        return _authenticated(user)
    if isinstance(source, RequestActor) and isinstance(getattr(source.request, "user", None), SimpleLazyObject):
        # A middleware that is older than Django's auser() sets a lazy user alone.
        load = getattr(source.request, "auser", None) or sync_to_async(get_current_user)
        return _authenticated(await load())
    return get_current_user()


class acting_as:  # noqa: N801  # it is called, as contextlib.suppress is
    """Let somebody act inside a ``with`` or ``async with`` block, or while a function runs that it decorates.

    Rows are stamped with them, ``get_current_user()`` returns them, and the audit log names them. The innermost block
    counts; afterwards the one around it does again. A request that is answered inside of a block has its own actor.

    Args:
        user: A user; the name of a program (``"nightly import"``); ``Actor(user_id=7)`` for a user that is not loaded;
            None for nobody.
        reason: Why, for the audit log.
        on_behalf_of: The one that it is done for; the same kinds as ``user``.

    Raises:
        TypeError: Nobody of that kind can act, or a generator function is decorated.
        ValueError: The name is empty.
    """

    def __init__(self, user: object, *, reason: str = "", on_behalf_of: object = None) -> None:
        self._arguments = user, reason, on_behalf_of
        self._token: Token[ActorSource | None] | None = None
        self._source = GivenActor(user, reason=reason, on_behalf_of=on_behalf_of)
        if not isinstance(user, SimpleLazyObject) and not isinstance(on_behalf_of, SimpleLazyObject):
            self._source.actor()

    def __enter__(self) -> None:
        """Let them act."""
        if self._token is not None:
            raise RuntimeError("This acting_as block is entered already; write acting_as(...) at each `with`.")
        self._token = acting.set(self._source)

    def __exit__(self, *_: object) -> None:
        """Let act who did before."""
        token, self._token = cast("Token[ActorSource | None]", self._token), None
        acting.reset(token)

    async def __aenter__(self) -> None:
        """Let them act."""
        self.__enter__()

    async def __aexit__(self, *_: object) -> None:
        """Let act who did before."""
        self.__exit__()

    def __call__(self, function: _Function) -> _Function:
        """The function, in which they act, sync or async.

        Args:
            function: Not a generator: its body runs when its caller asks for more, in the caller's context.
        """
        if isgeneratorfunction(function) or isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator: write `with acting_as(...)` inside of it.")
        user, reason, on_behalf_of = self._arguments

        if iscoroutinefunction(function):

            @wraps(function)
            async def arun(*args: object, **kwargs: object) -> object:
                with acting_as(user, reason=reason, on_behalf_of=on_behalf_of):
                    return await function(*args, **kwargs)

            return cast("_Function", arun)

        @wraps(function)
        def run(*args: object, **kwargs: object) -> object:
            with acting_as(user, reason=reason, on_behalf_of=on_behalf_of):
                return function(*args, **kwargs)

        return cast("_Function", run)


def _unloaded(source: ActorSource | None) -> GivenActor | None:
    """The source, if it was given the key of a user alone."""
    if isinstance(source, GivenActor) and isinstance(source.principal, Actor) and source.principal.user_id is not None:
        return source
    return None


def _users() -> Manager[AbstractBaseUser]:
    from django.contrib.auth import get_user_model  # noqa: PLC0415  # a service without users has no such app

    manager: Manager[AbstractBaseUser] = get_user_model()._default_manager  # Django's own, documented name
    return manager


def _authenticated(user: object) -> AbstractBaseUser | None:
    return cast("AbstractBaseUser", user) if getattr(user, "is_authenticated", False) else None


def _context_of(request: HttpRequest) -> RequestContext:
    trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    given = request.headers.get(CORRELATION_HEADER, "")
    if not _CORRELATION_ID.fullmatch(given):
        given = trace["trace"] if trace else uuid4().hex
    rest = _MILLISECONDS.fullmatch(request.headers.get(DEADLINE_HEADER, ""))
    depth = _DEPTH.fullmatch(request.headers.get(DEPTH_HEADER, ""))
    context = RequestContext(
        request,
        given,
        traceparent=trace.group() if trace else None,
        deadline=monotonic() + int(rest.group()) / 1000 if rest else None,
        call_depth=int(depth.group()) if depth else 0,
    )
    request.correlation_id = context.correlation_id  # type: ignore[attr-defined]  # ours, for whoever sees the request alone
    return context


def _finish(response: HttpResponseBase, context: RequestContext) -> HttpResponseBase:
    response.headers[CORRELATION_HEADER] = context.correlation_id
    stream_inside(response, context)
    return response
