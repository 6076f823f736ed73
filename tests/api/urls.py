"""A service with all that a service may answer."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import path
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers, viewsets
from rest_framework.exceptions import Throttled
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from dj_core_utils import _context
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.auth.drf import IsService, ServiceAuthentication
from dj_core_utils.middleware.context import get_current_user
from tests.library.models import Author

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from rest_framework.request import Request


@csrf_exempt
def echo(request: HttpRequest, name: str = "") -> HttpResponse:
    """What arrived."""
    return JsonResponse(
        {
            "method": request.method,
            "path": request.path,
            "name": name,
            "query": request.META["QUERY_STRING"],
            "params": {name: request.GET.getlist(name) for name in request.GET},
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": request.body.decode(),
            "correlation_id": _context.correlation_id.get(),
            "depth": _context.call_depth.get(),
            "has_deadline": _context.deadline.get() is not None,
            "is_secure": request.is_secure(),
            "link": request.build_absolute_uri("/x/"),
            "language": translation.get_language(),
        }
    )


@csrf_exempt
async def aecho(request: HttpRequest) -> HttpResponse:
    """What arrived, at an async view."""
    await asyncio.sleep(0)
    return echo(request)


def plain(request: HttpRequest) -> HttpResponse:
    """A view as Django has it, with its protection against forged requests."""
    return HttpResponse(f"plain {request.method}", content_type="text/plain; charset=utf-16")


@csrf_exempt
def status(_request: HttpRequest, code: int) -> HttpResponse:
    """Any status, with a body as Django REST Framework writes it."""
    return JsonResponse({"detail": f"this is {code}", "code": f"code_{code}"}, status=code)


def problem(_request: HttpRequest) -> HttpResponse:
    """RFC 9457."""
    return JsonResponse(
        {
            "type": "https://example.com/out-of-credit",
            "title": "Out of credit",
            "errors": [{"pointer": "#/total", "detail": "30 left"}],
        },
        status=403,
        content_type="application/problem+json",
    )


def redirect(request: HttpRequest) -> HttpResponse:
    """Elsewhere."""
    return HttpResponseRedirect(request.GET["to"])


def body(request: HttpRequest) -> HttpResponse:
    """A body of any kind."""
    return HttpResponse(request.GET.get("content", ""), content_type=request.GET.get("type", "application/json"))


def empty(_request: HttpRequest) -> HttpResponse:
    """Nothing."""
    return HttpResponse(status=204)


def large(request: HttpRequest) -> HttpResponse:
    """Many bytes."""
    return HttpResponse(b"x" * int(request.GET["size"]), content_type="application/octet-stream")


def broken(_request: HttpRequest) -> HttpResponse:
    """A view with a fault."""
    raise ZeroDivisionError("password=hunter2-and-more")


async def abroken(_request: HttpRequest) -> HttpResponse:
    """An async view with a fault."""
    raise ZeroDivisionError("async")


def absent(_request: HttpRequest) -> HttpResponse:
    """A 404 of Django."""
    raise Http404


def context(_request: HttpRequest) -> HttpResponse:
    """Changes whatever belongs to a context, and leaves it so."""
    translation.activate("fr")
    timezone.activate("Asia/Tokyo")
    _context.correlation_id.set("changed")
    return JsonResponse({"user": str(get_current_user())})


def streamed(_request: HttpRequest) -> StreamingHttpResponse:
    """Three pieces, made in the request's context."""

    def chunks() -> Iterator[bytes]:
        for number in range(3):
            yield f"{number} {_context.correlation_id.get()}\r\n".encode()

    return StreamingHttpResponse(chunks(), content_type="text/plain")


async def astreamed(_request: HttpRequest) -> StreamingHttpResponse:
    """Three pieces of an async view."""

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            await asyncio.sleep(0)
            yield f"{number} {_context.correlation_id.get()}\n".encode()

    return StreamingHttpResponse(chunks(), content_type="text/plain")


async def astreamed_sync(_request: HttpRequest) -> StreamingHttpResponse:
    """Pieces of a plain iterator, from an async view."""
    return StreamingHttpResponse(iter([b"a", b"b"]), content_type="text/plain")


def file(_request: HttpRequest) -> FileResponse:
    """A file."""
    return FileResponse(io.BytesIO(b"y" * 100_000), content_type="application/octet-stream")


@csrf_exempt
def add(request: HttpRequest) -> HttpResponse:
    """Write a row, then do what the query says."""
    Author.objects.create(name=request.GET["name"])
    if request.GET.get("then") == "fail":
        raise ZeroDivisionError("after the write")
    if request.GET.get("then") == "integrity":
        try:
            Author.objects.create(pk=Author.objects.get(name=request.GET["name"]).pk, name="twice")
        except IntegrityError:
            return JsonResponse({"detail": "twice"}, status=500)
    if request.GET.get("then") == "hook":
        transaction.on_commit(lambda: HOOKS.append(request.GET["name"]))
        return JsonResponse({}, status=int(request.GET["status"]))
    return JsonResponse({"names": sorted(Author.objects.values_list("name", flat=True))}, status=201)


HOOKS: list[str] = []


@csrf_exempt
async def aadd(request: HttpRequest) -> HttpResponse:
    """Write a row, in an async view."""
    await Author.objects.acreate(name=request.GET["name"])
    if request.GET.get("then") == "fail":
        raise ZeroDivisionError("after the write")
    return JsonResponse({"count": await Author.objects.acount()}, status=201)


def names(_request: HttpRequest) -> HttpResponse:
    """The rows."""
    return JsonResponse(sorted(Author.objects.values_list("name", flat=True)), safe=False)


def again(_request: HttpRequest) -> HttpResponse:
    """Calls itself, for ever."""
    return JsonResponse(APIClient("orders").get("again/"), safe=False)


def relay(_request: HttpRequest) -> HttpResponse:
    """Calls another view of the same service."""
    return JsonResponse(APIClient("orders").get("echo/"), safe=False)


async def arelay(_request: HttpRequest) -> HttpResponse:
    """Calls another view of the same service, from an async view."""
    return JsonResponse(await AsyncAPIClient("orders").get("echo/"), safe=False)


async def sync_call(_request: HttpRequest) -> HttpResponse:
    """The mistake of calling the sync client on a loop."""
    return JsonResponse(APIClient("orders").get("echo/"), safe=False)


MEETINGS: list[asyncio.Barrier] = []


async def meet(_request: HttpRequest) -> HttpResponse:
    """Answers when as many calls are here as the test waits for."""
    await MEETINGS[0].wait()
    return JsonResponse({})


async def late(_request: HttpRequest) -> HttpResponse:
    """Something in the view took too long."""
    raise TimeoutError("of the view")


def unclean(_request: HttpRequest) -> HttpResponse:
    """A resource that cannot be closed."""
    response = HttpResponse("clean", content_type="text/plain")
    vars(response)["_resource_closers"].append(lambda: 1 / 0)
    return response


async def slow(request: HttpRequest) -> HttpResponse:
    """Takes its time."""
    await asyncio.sleep(float(request.GET["seconds"]))
    return JsonResponse({"slept": True})


class AuthorSerializer(serializers.ModelSerializer[Author]):
    """An author."""

    class Meta:
        """Two columns."""

        model = Author
        fields = ("id", "name")


class Pages(PageNumberPagination):
    """Two on a page."""

    page_size = 2


class AuthorViewSet(viewsets.ModelViewSet[Author]):
    """Authors, as Django REST Framework serves them."""

    queryset = Author.objects.order_by("name")
    serializer_class = AuthorSerializer
    pagination_class = Pages
    authentication_classes = ()
    permission_classes = ()


class ForServices(APIView):
    """For services alone."""

    authentication_classes = (ServiceAuthentication,)
    permission_classes = (IsService("orders:read"),)

    def get(self, request: Request) -> Response:
        """Who calls."""
        return Response({"caller": str(request.user)})


class ForUsers(APIView):
    """For users alone."""

    authentication_classes = (ServiceAuthentication,)
    permission_classes = (IsAuthenticated,)

    def get(self, _request: Request) -> Response:
        """Never reached by a service."""
        return Response({})


class Slowed(APIView):
    """Answers 429."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, _request: Request) -> Response:
        """Too many."""
        raise Throttled(wait=7)


router = SimpleRouter()
router.register("authors", AuthorViewSet)

urlpatterns = [
    path("echo/", echo),
    path("echo/<str:name>/", echo),
    path("aecho/", aecho),
    path("plain/", plain),
    path("status/<int:code>/", status),
    path("problem/", problem),
    path("redirect/", redirect),
    path("body/", body),
    path("empty/", empty),
    path("large/", large),
    path("broken/", broken),
    path("abroken/", abroken),
    path("absent/", absent),
    path("context/", context),
    path("streamed/", streamed),
    path("astreamed/", astreamed),
    path("astreamed-sync/", astreamed_sync),
    path("file/", file),
    path("add/", add),
    path("aadd/", aadd),
    path("names/", names),
    path("again/", again),
    path("relay/", relay),
    path("arelay/", arelay),
    path("sync-call/", sync_call),
    path("slow/", slow),
    path("meet/", meet),
    path("late/", late),
    path("unclean/", unclean),
    path("slowed/", Slowed.as_view()),
    path("for-services/", ForServices.as_view()),
    path("for-users/", ForUsers.as_view()),
    *router.urls,
]
