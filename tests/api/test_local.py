"""What a call in this process leaves alone: the caller's context, connections and transaction."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, cast

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.cache import caches
from django.core.signals import request_finished, request_started
from django.db import connection, transaction
from django.test import RequestFactory, override_settings
from django.urls import set_script_prefix
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from dj_core_utils import _context
from dj_core_utils.api import exceptions
from dj_core_utils.api.call import prepare
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.api.local.asending import acall_local
from dj_core_utils.api.local.finishing import to_the_end
from dj_core_utils.auth.principal import LOCAL_CALLER, LocalCaller
from dj_core_utils.middleware.context import acting_as, get_current_user
from tests.api.conftest import JSON, SERVICE, noted
from tests.api.urls import HOOKS, MEETINGS
from tests.library.models import Author

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from django.contrib.auth.models import User

    from dj_core_utils.actor import Actor

ORDERS = APIClient("orders")


@pytest.fixture(autouse=True)
def _service() -> Iterator[None]:
    with override_settings(**SERVICE):
        yield


def call(path: str, method: str = "POST", **options: JSON) -> JSON:
    """A call to the service."""
    return ORDERS.request(method, path, **options).body


@pytest.mark.parametrize("path", ["context/", "echo/", "aecho/"])
def test_context_of_the_caller_is_untouched(path: str) -> None:
    """Language, zone, user and correlation id are the caller's again, with the sync and the async client."""
    with translation.override("de"), timezone.override("Europe/Berlin"), acting_as("nightly import"):
        ORDERS.get(path)
        asyncio.run(AsyncAPIClient("orders").get(path))
        assert translation.get_language() == "de"
        assert timezone.get_current_timezone_name() == "Europe/Berlin"
        assert _context.correlation_id.get() is None
        assert _context.call_depth.get() == 0


def test_callee_begins_as_a_request_does() -> None:
    """The language of the caller is not that of the called view."""
    with translation.override("de"):
        assert ORDERS.get("echo/")["language"] == "en-us"


def test_no_signal_of_a_request_is_sent() -> None:
    """``request_started`` and ``request_finished`` would close the caller's connections."""
    sent: list[object] = []

    def note(sender: object, **_: object) -> None:
        sent.append(sender)

    for signal in (request_started, request_finished):
        signal.connect(note)
    try:
        ORDERS.get("echo/")
        ORDERS.get("file/")
        asyncio.run(AsyncAPIClient("orders").get("aecho/"))
    finally:
        for signal in (request_started, request_finished):
            signal.disconnect(note)
    assert sent == []


def test_caches_are_not_opened_anew() -> None:
    """A cache that the called view uses is the caller's, not one more for each call."""
    before = caches["default"]
    with noted(lambda _: caches["default"]) as seen:
        ORDERS.get("echo/")
        ORDERS.get("echo/")
    assert seen == [before, before]


def test_links_lead_to_the_host_of_the_outer_request() -> None:
    """Absolute links in an answer are those that the browser can follow; no proxy and no redirect gets in between."""
    outer = RequestFactory().get("/", headers={"host": "testserver"})
    token = _context.current_request.set(outer)
    try:
        assert ORDERS.get("echo/", headers={"X-Forwarded-Host": "evil"})["link"] == "http://testserver/x/"
        with override_settings(SECURE_SSL_REDIRECT=True):
            assert ORDERS.get("echo/")["link"] == "https://testserver/x/"
        with override_settings(ALLOWED_HOSTS=["*", ".shop.example"]):
            outer = RequestFactory().get("/", headers={"host": "other.shop.example:8443"}, secure=True)
            _context.current_request.set(outer)
            assert ORDERS.get("echo/")["link"] == "https://other.shop.example:8443/x/"
        with override_settings(ALLOWED_HOSTS=[".shop.example"]):
            _context.current_request.set(RequestFactory().get("/", headers={"host": "evil"}))
            assert ORDERS.get("echo/")["link"] == "https://shop.example/x/"
    finally:
        _context.current_request.reset(token)
    with override_settings(ALLOWED_HOSTS=["*"], DEBUG=True):
        assert ORDERS.get("echo/")["link"] == "https://localhost/x/"


def test_script_prefix_is_kept() -> None:
    """A project that a server has mounted below a path writes its links with it."""
    set_script_prefix("/app/")
    try:
        assert ORDERS.get("echo/")["path"] == "/app/echo/"
    finally:
        set_script_prefix("/")


def test_local_path_of_a_service() -> None:
    """Where the parts of a monolith are mounted below their names, the paths of a service stay its own."""
    with override_settings(API_CLIENT={"local_path": "/{service}/"}):
        assert APIClient("echo").get("x/")["path"] == "/echo/x/"


def test_circle_of_calls_ends() -> None:
    """Services that call each other for ever get an error and no full stack."""
    with pytest.raises(exceptions.ServerFailureError) as caught:
        ORDERS.get("again/")
    error: BaseException | None = caught.value
    depth = 0
    while isinstance(error, exceptions.ServerFailureError):
        error, depth = error.__cause__, depth + 1
    assert isinstance(error, exceptions.CallLoopError)
    assert depth == 8
    assert "8 services have called each other before" in str(error)


@pytest.mark.parametrize("path", ["relay/", "arelay/"])
def test_views_call_views(path: str) -> None:
    """A called view calls on, sync or async, from a sync and from an async caller."""
    assert ORDERS.get(path)["depth"] == 2
    assert asyncio.run(AsyncAPIClient("orders").get(path))["depth"] == 2


def test_sync_client_on_a_loop_is_an_error() -> None:
    """It would stop the loop; the message names the other client."""

    async def main() -> None:
        ORDERS.get("echo/")

    with pytest.raises(exceptions.SyncCallError, match=r"await AsyncAPIClient\('orders'\).get"):
        asyncio.run(main())
    with pytest.raises(exceptions.ServerFailureError) as caught:
        asyncio.run(AsyncAPIClient("orders").get("sync-call/"))
    assert isinstance(caught.value.__cause__, exceptions.SyncCallError)


def test_deadline_of_the_caller_is_that_of_the_callee() -> None:
    """A view in this process cannot be interrupted, but knows when it is over; an async one is cancelled."""
    with pytest.raises(exceptions.ServiceTimeoutError, match="before the deadline of the call"):
        ORDERS.get("slow/?seconds=0.03", timeout=0.02)

    async def main() -> int:
        with pytest.raises(exceptions.ServiceTimeoutError):
            await AsyncAPIClient("orders", timeout=0.02).get("slow/?seconds=5")
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1
    token = _context.deadline.set(0.0)
    try:
        with pytest.raises(exceptions.ServiceTimeoutError, match="the caller's deadline") as caught:
            ORDERS.get("echo/")
    finally:
        _context.deadline.reset(token)
    assert caught.value.code == "caller_deadline"


def test_time_that_is_up_before_the_view_begins() -> None:
    """The task of an async view is ended, and the error is that of the deadline."""

    async def main() -> int:
        call = prepare("orders", "GET", "aecho/", {}, {})
        call.deadline = 0.0
        with pytest.raises(exceptions.ServiceTimeoutError, match="before the deadline"):
            await acall_local(call)
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1


def test_time_of_a_view_is_its_own_error() -> None:
    """A TimeoutError that a view raises, where exceptions are let through, stays what it is."""
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True), pytest.raises(ZeroDivisionError):
        ORDERS.get("broken/")
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True), pytest.raises(ZeroDivisionError):
        asyncio.run(AsyncAPIClient("orders").get("abroken/"))
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True), pytest.raises(TimeoutError, match="of the view"):
        asyncio.run(AsyncAPIClient("orders").get("late/"))


def test_resource_that_cannot_be_closed(caplog: pytest.LogCaptureFixture) -> None:
    """The answer is given, as a server gives it, and the fault is logged."""
    assert ORDERS.get("unclean/") == "clean"
    assert "A resource of a response could not be closed." in caplog.text


def test_handler_follows_the_settings() -> None:
    """Another list of middleware is taken over."""
    assert "x-request-id" in ORDERS.head("echo/")
    with override_settings(MIDDLEWARE=[]):
        assert "x-request-id" not in ORDERS.head("echo/")
    with override_settings(TIME_ZONE="UTC"):
        assert "x-request-id" in ORDERS.head("echo/")


def test_many_threads_at_once() -> None:
    """One handler serves all threads."""
    found: list[int] = []

    def work(number: int) -> None:
        found.extend(int(ORDERS.get("echo/", params={"n": number})["params"]["n"][0]) == number for _ in range(20))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 160


def test_caller_is_known_to_the_authentication() -> None:
    """A view for services knows the calling one without a secret; a header of the same spelling does nothing."""
    with noted(lambda request: request.META.get(LOCAL_CALLER)) as seen:
        ORDERS.get("echo/", headers={"dj-core-utils.caller": "users"})
        with override_settings(SERVICE_NAME=None):
            ORDERS.get("echo/")
    assert seen == [LocalCaller(service="shop"), LocalCaller(service="app")]


@pytest.mark.django_db
def test_user_of_the_caller_is_told_on_behalf_of_whom() -> None:
    """The called side knows for whom it works, also where the user is loaded only now, on a loop."""
    ann = get_user_model().objects.create(username="ann")
    for path, is_async in (("echo/", False), ("aecho/", True)):
        request = RequestFactory().get("/")
        request.user = cast("User", SimpleLazyObject(lambda: get_user_model().objects.get(username="ann")))
        with noted(lambda each: each.META[LOCAL_CALLER].on_behalf_of) as seen:
            with _context.RequestContext(request, "c", None).entered():
                if is_async:
                    async_to_sync(AsyncAPIClient("orders").get)(path)
                else:
                    ORDERS.get(path)
            assert [actor.user_id for actor in cast("list[Actor]", seen)] == [ann.pk]


def test_anonymous_user_is_nobody() -> None:
    """Nobody is named where nobody has signed in."""
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with _context.RequestContext(request, "c", None).entered():
        ORDERS.get("echo/")
        assert get_current_user() is None


# --- Transactions ---


@pytest.mark.django_db
def test_callee_sees_what_is_not_committed() -> None:
    """Both use one connection."""
    Author.objects.create(name="Ann")
    assert ORDERS.get("names/") == ["Ann"]
    assert call("add/?name=Bob") == {"names": ["Ann", "Bob"]}
    assert Author.objects.count() == 2


@pytest.mark.parametrize("path", ["add/", "aadd/"])
@pytest.mark.django_db
def test_failure_of_the_callee_is_rolled_back_alone(path: str) -> None:
    """After a 500 the caller's transaction goes on, without the callee's writes."""
    with transaction.atomic():
        Author.objects.create(name="Ann")
        with pytest.raises(exceptions.ServerFailureError):
            call(f"{path}?name=Bob&then=fail")
        with pytest.raises(exceptions.ServerFailureError):
            async_to_sync(AsyncAPIClient("orders").post)(f"{path}?name=Cleo&then=fail")
        async_to_sync(AsyncAPIClient("orders").post)(f"{path}?name=Dora")
        Author.objects.create(name="Eve")
    assert sorted(Author.objects.values_list("name", flat=True)) == ["Ann", "Dora", "Eve"]


@pytest.mark.django_db
def test_swallowed_integrity_error_does_not_doom_the_caller() -> None:
    """An IntegrityError that the callee has made a 500 of leaves a usable transaction."""
    with transaction.atomic():
        with pytest.raises(exceptions.ServerFailureError, match="twice"):
            call("add/?name=Bob&then=integrity")
        Author.objects.create(name="Eve")
    assert Author.objects.get().name == "Eve"


@pytest.mark.django_db(transaction=True)
def test_hooks_wait_for_the_commit_of_the_caller() -> None:
    """``on_commit`` of the callee runs with the caller's commit, and never for what was rolled back."""
    HOOKS.clear()
    with transaction.atomic():
        call("add/?name=kept&then=hook&status=200")
        with pytest.raises(exceptions.ServerFailureError):
            call("add/?name=lost&then=hook&status=500")
        assert HOOKS == []
    assert HOOKS == ["kept"]
    with transaction.atomic():
        call("add/?name=gone&then=hook&status=200")
        transaction.set_rollback(True)
    assert HOOKS == ["kept"]
    Author.objects.all().delete()


@pytest.mark.django_db
def test_calls_side_by_side_inside_of_a_transaction() -> None:
    """Nested transactions of calls that run at the same time do not cross."""

    async def main() -> None:
        client = AsyncAPIClient("orders")
        paths = [f"{view}/?name={number}{then}" for number in range(3) for view, then in (("aadd", ""), ("add", ""))]
        paths += ["aadd/?name=x&then=fail", "add/?name=y&then=fail"]
        found = await asyncio.gather(*(client.post(path) for path in paths), return_exceptions=True)
        assert [type(item) for item in found] == [dict] * 6 + [exceptions.ServerFailureError] * 2

    with transaction.atomic():
        async_to_sync(main)()
        assert not connection.needs_rollback
    assert sorted(Author.objects.values_list("name", flat=True)) == ["0", "0", "1", "1", "2", "2"]


def test_calls_side_by_side_outside_of_a_transaction() -> None:
    """Async views run at the same time: each of these waits for all others."""

    async def main() -> list[JSON]:
        MEETINGS[:] = [asyncio.Barrier(5)]
        return await asyncio.gather(*(AsyncAPIClient("orders").get("meet/") for _ in range(5)))

    assert asyncio.run(main()) == [{}] * 5


@pytest.mark.django_db(transaction=True)
def test_call_inside_of_a_transaction_can_be_refused() -> None:
    """A switch for tests exposes code that works in one process only, over both transports."""
    with override_settings(API_CLIENT={"transaction": "refuse"}):
        assert ORDERS.get("names/") == []
        with transaction.atomic():
            with pytest.raises(
                exceptions.OpenTransactionError, match=r"inside of a transaction on 'default'\. Over HTTP"
            ):
                ORDERS.get("names/")
            for path in ("echo/", "aecho/"):
                with pytest.raises(exceptions.OpenTransactionError):
                    async_to_sync(AsyncAPIClient("orders").get)(path)
            with pytest.raises(exceptions.OpenTransactionError), ORDERS.stream("echo/"):
                raise AssertionError  # never entered
            with override_settings(SERVICE_URLS={"orders": "http://127.0.0.1:1"}):
                with pytest.raises(exceptions.OpenTransactionError):
                    ORDERS.get("names/")
                with pytest.raises(exceptions.OpenTransactionError), ORDERS.stream("names/"):
                    raise AssertionError  # never entered
                with pytest.raises(exceptions.OpenTransactionError):
                    async_to_sync(AsyncAPIClient("orders").get)("names/")


@pytest.mark.django_db
def test_transaction_of_a_test_case_does_not_count() -> None:
    """The switch can be on for a whole suite whose tests are rolled back."""
    with override_settings(API_CLIENT={"transaction": "refuse"}):
        assert ORDERS.get("names/") == []


@pytest.mark.django_db
def test_async_code_with_a_transaction_of_its_own() -> None:
    """The documented way: one sync function holds the transaction and the sync client."""

    def work() -> list[str]:
        with transaction.atomic():
            Author.objects.create(name="Ann")
            found: list[str] = ORDERS.get("names/")
            return found

    async def main() -> list[str]:
        return await sync_to_async(work)()

    assert async_to_sync(main)() == ["Ann"]


@pytest.mark.django_db
def test_cancelled_calls_leave_the_transaction_as_it_was() -> None:
    """Whenever a call is cancelled, each nested transaction that was begun is ended."""

    async def read(path: str) -> None:
        async with AsyncAPIClient("orders").stream(path, method="POST") as streamed:
            async for _ in streamed:
                await asyncio.sleep(0)

    async def cancelled(work: Coroutine[object, object, object], number: int) -> str:
        task = asyncio.create_task(work)
        for _ in range(number):
            await asyncio.sleep(0.00005)
        task.cancel()
        await asyncio.wait({task})
        return "cancelled" if task.cancelled() else "done"

    async def main() -> set[str]:
        ends = set()
        for number in range(0, 40, 4):
            for path in ("aadd/?name=x", "add/?name=x", "aecho/", "echo/"):
                ends.add(await cancelled(AsyncAPIClient("orders").post(path), number))
                ends.add(await cancelled(read(path), number))
        return ends

    with transaction.atomic():
        before = list(connection.atomic_blocks)
        assert async_to_sync(main)() == {"cancelled", "done"}
        assert connection.atomic_blocks == before
        assert not connection.needs_rollback
        Author.objects.create(name="after")


def test_work_that_comes_to_its_end() -> None:
    """It is waited for through any number of cancellations, and what it raises is heard where nobody cancels."""

    async def fail() -> None:
        await asyncio.sleep(0.01)
        done.append(1)
        raise ValueError

    async def main() -> None:
        with pytest.raises(ValueError):  # noqa: PT011  # it has no message
            await to_the_end(fail())
        task = asyncio.create_task(to_the_end(fail()))
        for _ in range(3):
            await asyncio.sleep(0.001)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    done: list[int] = []
    asyncio.run(main())
    assert done == [1, 1]
