"""The request's context: who asks, and under which id, for all code that a request runs."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SynchronousOnlyOperation
from django.http import FileResponse, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.utils.asyncio import async_unsafe
from django.utils.functional import SimpleLazyObject

from dj_core_utils import _context
from dj_core_utils._context import RequestContext
from dj_core_utils.actor import acting
from dj_core_utils.middleware.context import CurrentUserMiddleware, aget_current_user, get_current_user
from dj_core_utils.settings import middleware_order as order
from tests.middleware import urls

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import StreamingHttpResponse
    from pytest_django import DjangoAssertNumQueries, Settings

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize("given", ["req-1", "a" * 128, "8f14e45f/ceea:167a=5a36~dedd.4bea+25_43"])
def test_a_correlation_id_goes_through(client: Client, given: str) -> None:
    """It is in the context, on the request and in the answer."""
    response = client.get("/context/", headers={"X-Request-ID": given})
    assert response.json() == {"correlation_id": given, "traceparent": None, "on_request": given}
    assert response["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a" * 129, "two words", "a\tb", "<script>", "nämlich", '"quoted"', "a,b", "a;b"])
def test_an_unfit_correlation_id_is_replaced(client: Client, given: str) -> None:
    """What could forge a log line, break a header or fill a disk does not come in."""
    response = client.get("/context/", headers={"X-Request-ID": given})
    made = response["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert response.json()["correlation_id"] == made


def test_each_request_without_an_id_gets_its_own(client: Client) -> None:
    """Two requests are two."""
    assert client.get("/context/")["X-Request-ID"] != client.get("/context/")["X-Request-ID"]


def test_a_trace_is_kept_and_names_the_request(client: Client) -> None:
    """Without an id of its own the request goes under its trace, so that logs and traces meet."""
    alone = client.get("/context/", headers={"traceparent": TRACEPARENT})
    both = client.get("/context/", headers={"traceparent": TRACEPARENT, "X-Request-ID": "req-1"})
    assert alone.json() == {"correlation_id": TRACE, "traceparent": TRACEPARENT, "on_request": TRACE}
    assert both.json() == {"correlation_id": "req-1", "traceparent": TRACEPARENT, "on_request": "req-1"}


@pytest.mark.parametrize(
    "given",
    [
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"{TRACEPARENT}-extra",
        "nonsense",
    ],
)
def test_an_invalid_trace_is_dropped(client: Client, given: str) -> None:
    """The specification says so: such a header is as good as none."""
    assert client.get("/context/", headers={"traceparent": given}).json()["traceparent"] is None


def test_nothing_is_left_behind(client: Client) -> None:
    """Not after an answer, and not after a view that failed."""
    client.get("/context/", headers={"X-Request-ID": "req-1", "traceparent": TRACEPARENT})
    with pytest.raises(RuntimeError, match="a view failed"):
        client.get("/broken/")
    variables = (_context.correlation_id, _context.traceparent, _context.current_request, acting)
    assert [variable.get() for variable in variables] == [None, None, None, None]
    assert get_current_user() is None
    assert async_to_sync(aget_current_user)() is None


def test_a_request_inside_a_request_gives_the_context_back() -> None:
    """A call that stays in the process has its own id, and the outer one returns."""
    outer = RequestContext(HttpRequest(), "outer", TRACEPARENT)
    inner = RequestContext(HttpRequest(), "inner", None)
    with outer.entered():
        with inner.entered():
            assert (_context.correlation_id.get(), _context.traceparent.get()) == ("inner", None)
        assert (_context.correlation_id.get(), _context.traceparent.get()) == ("outer", TRACEPARENT)


def test_refusals_and_redirects_have_an_id_too(client: Client, settings: Settings) -> None:
    """It stands before SecurityMiddleware."""
    settings.SECURE_SSL_REDIRECT = True
    redirect = client.get("/context/", headers={"X-Request-ID": "req-1"})
    refused = client.get("/context/", headers={"X-Request-ID": "req-2", "Host": "evil.example"})
    assert (redirect.status_code, redirect["X-Request-ID"]) == (301, "req-1")
    assert (refused.status_code, refused["X-Request-ID"]) == (400, "req-2")


@pytest.mark.django_db
def test_the_user_of_the_session_is_found(client: Client) -> None:
    """Deep down, without the request."""
    assert client.get("/whoami/").json() == {"user": None}
    client.force_login(get_user_model().objects.create(username="ada"))
    assert client.get("/whoami/").json() == {"user": "ada"}


@pytest.mark.django_db
def test_nobody_asks_nobody_pays(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """A view that does not want the user costs no query."""
    client.force_login(get_user_model().objects.create(username="ada"))
    with django_assert_num_queries(0):
        client.get("/context/")
    with django_assert_num_queries(1):
        client.get("/whoami/")


def test_the_user_of_rest_framework_is_seen(client: Client) -> None:
    """Although it is found after all middleware, and only while the view runs."""
    assert client.get("/drf/", headers={"X-User": "ada"}).json() == {"user": "ada", "own": "ada"}
    assert client.get("/drf/").json() == {"user": None, "own": ""}


def test_rest_framework_works_without_sessions(client: Client, settings: Settings) -> None:
    """A stateless service has no user until a view finds one."""
    settings.MIDDLEWARE = [order.CONTEXT, order.COMMON]
    assert client.get("/drf/", headers={"X-User": "ada"}).json() == {"user": "ada", "own": "ada"}
    assert client.get("/whoami/").json() == {"user": None}


def test_an_anonymous_user_is_nobody() -> None:
    """Whoever stamps rows with a user wants NULL then."""
    request = HttpRequest()
    request.user = AnonymousUser()
    with RequestContext(request, "req-1", None).entered():
        assert get_current_user() is None
        assert async_to_sync(aget_current_user)() is None


@pytest.mark.django_db(transaction=True)
def test_the_user_is_found_on_the_event_loop() -> None:
    """By awaiting it, or when the view has awaited it in Django's own way; else the answer is Django's, not None."""
    client = AsyncClient()
    async_to_sync(client.aforce_login)(get_user_model().objects.create(username="ada"))
    get = async_to_sync(client.get)
    assert get("/awhoami/").json() == {"user": "ada"}
    assert get("/after-auser/").json() == {"user": "ada"}
    assert get("/whoami/").json() == {"user": "ada"}
    with pytest.raises(SynchronousOnlyOperation):
        get("/too-early/")


@pytest.mark.parametrize("by", ["auser", "user"])
def test_a_lazy_user_of_any_middleware_is_found_on_the_event_loop(by: str) -> None:
    """By its own awaited form, or, where there is none, in a thread."""
    ada = get_user_model()(username="ada")
    request = HttpRequest()

    @async_unsafe
    def load() -> User:
        return ada

    async def auser() -> User:
        return ada

    async def ask() -> object:
        with RequestContext(request, "req-1", None).entered():
            return await aget_current_user()

    request.user = SimpleLazyObject(load)  # type: ignore[assignment]  # as a middleware does
    if by == "auser":
        request.auser = auser
    assert asyncio.run(ask()) == ada


def test_the_same_class_serves_the_event_loop() -> None:
    """Header and context are as in a thread."""
    response = async_to_sync(AsyncClient().get)("/acontext/", headers={"X-Request-ID": "req-1"})
    assert response.json() == {"correlation_id": "req-1", "traceparent": None, "on_request": "req-1"}
    assert response["X-Request-ID"] == "req-1"


def test_on_the_event_loop_no_thread_is_entered() -> None:
    """Its async form never calls its sync form: what only runs off the loop would complain."""

    @async_unsafe
    def never_on_a_loop() -> None:
        """Django's own guard."""

    async def answer(_: HttpRequest) -> HttpResponse:
        with pytest.raises(SynchronousOnlyOperation):
            never_on_a_loop()
        return HttpResponse(_context.correlation_id.get() or "")

    async def call() -> HttpResponse:
        middleware = CurrentUserMiddleware(answer)
        response = middleware(RequestFactory().get("/", headers={"X-Request-ID": "req-1"}))
        return cast("HttpResponse", await response)  # type: ignore[misc]  # its async form

    assert asyncio.run(call()).content == b"req-1"


def test_requests_side_by_side_do_not_mix() -> None:
    """Neither in threads nor in tasks."""
    ids = [f"req-{number}" for number in range(20)]

    def in_thread(request_id: str) -> str:
        return str(Client().get("/context/", headers={"X-Request-ID": request_id}).json()["correlation_id"])

    async def in_tasks() -> list[str]:
        client = AsyncClient()
        answers = await asyncio.gather(*(client.get("/acontext/", headers={"X-Request-ID": name}) for name in ids))
        return [answer.json()["correlation_id"] for answer in answers]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(in_thread, ids)) == ids
    assert async_to_sync(in_tasks)() == ids


def test_a_streamed_body_is_made_inside_the_context(client: Client) -> None:
    """Although it is made after the middleware has returned; what came before is back between the chunks."""
    response = cast("StreamingHttpResponse", client.get("/stream/", headers={"X-Request-ID": "req-1"}))
    assert response.getvalue() == b"req-1 req-1 "
    assert _context.correlation_id.get() is None


def test_a_body_streamed_on_the_event_loop_is_made_inside_the_context() -> None:
    """The same for an async generator."""

    async def read() -> bytes:
        response = await AsyncClient().get("/astream/", headers={"X-Request-ID": "req-1"})
        return b"".join([chunk async for chunk in cast("StreamingHttpResponse", response)])

    assert async_to_sync(read)() == b"req-1 req-1 "


@pytest.mark.django_db  # Django looks at its connections when a response is closed
def test_a_body_is_closed_inside_the_context(client: Client) -> None:
    """A reader who gives up ends the generator, whose last words still belong to the request."""
    response = cast("StreamingHttpResponse", client.get("/closed/", headers={"X-Request-ID": "req-1"}))
    assert next(iter(response)) == b"first"
    response.close()
    assert urls.CLOSED_BY == ["req-1"]
    urls.CLOSED_BY.clear()


@pytest.mark.django_db
def test_a_backend_that_asks_who_acts_gets_an_answer(client: Client, settings: Settings) -> None:
    """While the user is being found there is none; before, it called itself for ever."""
    settings.AUTHENTICATION_BACKENDS = ["tests.middleware.urls.SavingBackend"]
    client.force_login(get_user_model().objects.create(username="ada"))
    assert client.get("/first-name/").json() == {"user": "found by None"}


@pytest.mark.django_db
def test_a_user_who_deletes_their_account_did_it(client: Client) -> None:
    """Django takes the key from the instance; the actor keeps it."""
    client.force_login(get_user_model().objects.create(username="ada"))
    assert client.get("/leave/").json() == {"same": True, "label": "ada"}


def test_a_file_is_left_to_the_server() -> None:
    """Its content is not wrapped, because a server sends files faster than Python."""
    with Path(__file__).open("rb") as file:
        response = FileResponse(file)
        CurrentUserMiddleware(lambda _: response)(RequestFactory().get("/"))
        handed_to_the_server: object = response.file_to_stream
        assert handed_to_the_server is file
        assert response.getvalue() == Path(__file__).read_bytes()
