"""Views that tell what they see of the context that the middleware makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView

from dj_core_utils import _context
from dj_core_utils.actor import current_actor
from dj_core_utils.middleware.context import aget_current_user, get_current_user

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser, User
    from django.http import HttpRequest
    from rest_framework.request import Request


def name_of(user: AbstractBaseUser | AnonymousUser | None) -> str | None:
    """What a user is called."""
    return user.get_username() if user is not None else None


def seen() -> dict[str, str | None]:
    """The context, as any code deep down sees it."""
    return {"correlation_id": _context.correlation_id.get(), "traceparent": _context.traceparent.get()}


def context(request: HttpRequest) -> HttpResponse:
    """What the context holds, and what the request carries itself."""
    return JsonResponse({**seen(), "on_request": request.correlation_id})  # type: ignore[attr-defined]  # the middleware's


def whoami(_: HttpRequest) -> HttpResponse:
    """The user, asked for without the request."""
    return JsonResponse({"user": name_of(get_current_user())})


async def acontext(request: HttpRequest) -> HttpResponse:
    """The same as ``context``, on the event loop."""
    return context(request)


async def awhoami(_: HttpRequest) -> HttpResponse:
    """The user, loaded on the event loop."""
    return JsonResponse({"user": name_of(await aget_current_user())})


async def after_auser(request: HttpRequest) -> HttpResponse:
    """The user, after the view has loaded it in Django's own way."""
    await request.auser()
    return JsonResponse({"user": name_of(get_current_user())})


async def too_early(_: HttpRequest) -> HttpResponse:
    """The user, asked for on the event loop before anybody loaded it."""
    return JsonResponse({"user": name_of(get_current_user())})


def broken(_: HttpRequest) -> HttpResponse:
    """A view that fails."""
    raise RuntimeError("a view failed")


class ByHeader(BaseAuthentication):
    """Believes a header; only tests are so credulous."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, None] | None:
        """The user that the header names, not even saved."""
        name = request.headers.get("X-User")
        return (get_user_model()(username=name), None) if name else None


class ThroughRestFramework(APIView):
    """A view whose user Django REST Framework finds, after all middleware."""

    authentication_classes = (ByHeader,)
    permission_classes = ()

    def get(self, request: Request) -> Response:
        """The user, asked for without the request."""
        return Response({"user": name_of(get_current_user()), "own": name_of(request.user)})


class SavingBackend(ModelBackend):
    """Writes a row, and so asks who acts, while it finds out who acts."""

    def get_user(self, user_id: object) -> User | None:
        """The user; what was known of them meanwhile is their first name."""
        user = get_user_model().objects.filter(pk=str(user_id)).first()
        if user is not None:
            user.first_name = f"found by {name_of(get_current_user())}"
        return user


def first_name(_: HttpRequest) -> HttpResponse:
    """What ``SavingBackend`` left behind."""
    user = get_current_user()
    return JsonResponse({"user": user.first_name if isinstance(user, get_user_model()) else None})


def leave(request: HttpRequest) -> HttpResponse:
    """A user who deletes their own account, and is still the one who acts."""
    before = current_actor()
    request.user.delete()
    return JsonResponse({"same": current_actor() == before, "label": before.label})


def closing() -> Iterator[str]:
    """A body that its reader gives up on."""
    try:
        yield "first"
        yield "second"
    finally:
        CLOSED_BY.append(_context.correlation_id.get())


CLOSED_BY: list[str | None] = []


def closed(_: HttpRequest) -> StreamingHttpResponse:
    """A streamed answer that is given up on."""
    return StreamingHttpResponse(closing())


def chunks() -> Iterator[str]:
    """A body that is made while it is sent."""
    for _ in range(2):
        yield f"{_context.correlation_id.get()} "


async def achunks() -> AsyncIterator[str]:
    """The same, on the event loop."""
    for _ in range(2):
        yield f"{_context.correlation_id.get()} "


def stream(_: HttpRequest) -> StreamingHttpResponse:
    """A streamed answer."""
    return StreamingHttpResponse(chunks())


async def astream(_: HttpRequest) -> StreamingHttpResponse:
    """A streamed answer of the event loop."""
    return StreamingHttpResponse(achunks())


urlpatterns = [
    path("context/", context),
    path("whoami/", whoami),
    path("acontext/", acontext),
    path("awhoami/", awhoami),
    path("after-auser/", after_auser),
    path("too-early/", too_early),
    path("broken/", broken),
    path("first-name/", first_name),
    path("leave/", leave),
    path("closed/", closed),
    path("drf/", ThroughRestFramework.as_view()),
    path("stream/", stream),
    path("astream/", astream),
    path("healthz/", context),
]
