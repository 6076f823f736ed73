"""Who acts where there is no request, or in the place of whoever sent it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.management import BaseCommand, call_command
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from dj_core_utils._context import RequestContext
from dj_core_utils.actor import NOBODY, Actor, current_actor, giving_reason
from dj_core_utils.middleware.context import acting_as, aget_current_user, get_current_user
from dj_core_utils.middleware.threads import ContextExecutor, carry_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.contrib.auth.models import User
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries


def user(name: str = "ada", key: int = 7) -> User:
    """Somebody with an account, as far as anybody can tell."""
    return get_user_model()(pk=key, username=name)


def test_nobody_acts_by_default() -> None:
    """Outside of any block there is no user, and an actor without a name."""
    assert get_current_user() is None
    assert current_actor() is NOBODY
    assert str(NOBODY) == ""


def test_a_user_acts_and_blocks_nest() -> None:
    """The innermost counts, and the one around it does again, also after an error."""
    ada, bob = user(), user("bob", 8)
    with acting_as(ada, reason="ticket 4711", on_behalf_of=bob):
        assert get_current_user() is ada
        assert current_actor() == Actor(
            user_id=7, label="ada", reason="ticket 4711", on_behalf_of=Actor(user_id=8, label="bob")
        )
        with suppress(RuntimeError), acting_as(bob):
            assert get_current_user() is bob
            raise RuntimeError("inside")
        with acting_as(None):
            assert (get_current_user(), current_actor()) == (None, NOBODY)
        assert get_current_user() is ada
    assert get_current_user() is None


def test_programs_and_services_act() -> None:
    """By a name, without a user; the principal of a service by the service's."""
    with acting_as("nightly import"):
        assert get_current_user() is None
        assert current_actor() == Actor(label="nightly import")
    with acting_as(SimpleNamespace(is_authenticated=True, service_name="orders")):
        assert (current_actor().service, str(current_actor())) == ("orders", "orders")
    with acting_as(AnonymousUser(), reason="sign-up"):
        assert (get_current_user(), current_actor()) == (None, Actor(reason="sign-up"))


def test_an_actor_acts_as_it_is() -> None:
    """What a message from another process says; the block may add to it."""
    told = Actor(label="cron", reason="from the message", on_behalf_of=Actor(label="x"))
    with acting_as(told):
        assert current_actor() == told
    with acting_as(told, reason="here", on_behalf_of="y"):
        assert current_actor() == Actor(label="cron", reason="here", on_behalf_of=Actor(label="y"))
    assert [str(Actor(user_id=7)), str(Actor(user_id=7, label="ada"))] == ["7", "ada (7)"]


@pytest.mark.django_db
def test_a_user_is_loaded_by_key_once_and_only_when_asked_for(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """A worker gets a key; the key is enough to stamp rows."""
    ada = get_user_model().objects.create(username="ada")
    with django_assert_num_queries(1), acting_as(Actor(user_id=ada.pk)):
        assert current_actor().user_id == ada.pk
        assert get_current_user() == ada
        assert get_current_user() == ada
    with acting_as(Actor(user_id=0)):
        assert get_current_user() is None


@pytest.mark.django_db(transaction=True)
def test_a_user_is_loaded_by_key_on_the_event_loop() -> None:
    """By the awaited form."""
    ada = get_user_model().objects.create(username="ada")

    async def act(key: object) -> object:
        async with acting_as(Actor(user_id=key)):
            return await aget_current_user()

    assert async_to_sync(act)(ada.pk) == ada
    assert async_to_sync(act)(0) is None


@pytest.mark.parametrize("nobody", [7, b"ada", object(), ["ada"]])
def test_what_cannot_act_is_refused_at_once(nobody: object) -> None:
    """A bare key above all: nobody knows of what it is the key."""
    with pytest.raises(TypeError, match=r"Actor\(user_id="):
        acting_as(nobody)
    with pytest.raises(TypeError, match=r"Actor\(user_id="):
        acting_as("x", on_behalf_of=nobody)


def test_a_name_is_not_empty() -> None:
    """An entry of the audit log by nobody in particular helps nobody."""
    with pytest.raises(ValueError, match="empty"):
        acting_as(" ")


def test_a_lazy_user_stays_lazy() -> None:
    """Such as ``request.user``: nobody asks, nobody pays."""
    asked: list[int] = []

    def load() -> User:
        asked.append(1)
        return user()

    with acting_as(SimpleLazyObject(load)), acting_as("x", on_behalf_of=SimpleLazyObject(load)):
        pass
    assert asked == []
    with acting_as(SimpleLazyObject(load)):
        assert current_actor().label == "ada"


def test_a_block_is_entered_once() -> None:
    """One object that two tasks share would give one of them the other's actor."""
    block = acting_as("x")
    with block, pytest.raises(RuntimeError, match="entered already"), block:
        pass
    with block:
        assert current_actor().label == "x"


def test_functions_are_decorated() -> None:
    """Sync and async, each call in a block of its own; what is not decorated is not touched."""

    @acting_as("sync", reason="r")
    def act(depth: int) -> list[str]:
        """Says who acts."""
        return [current_actor().label, *(act(depth - 1) if depth else [])]

    @acting_as("async")
    async def aact() -> str:
        await asyncio.sleep(0)
        return current_actor().label

    async def at_once() -> list[str]:
        return list(await asyncio.gather(aact(), aact()))

    assert act(2) == ["sync"] * 3
    assert asyncio.run(at_once()) == ["async"] * 2
    assert (act.__name__, act.__doc__, current_actor()) == ("act", "Says who acts.", NOBODY)


def test_generators_are_not_decorated() -> None:
    """Their body would run as somebody else."""

    def generator() -> Iterator[int]:
        yield 1

    async def agenerator() -> AsyncIterator[int]:
        yield 1

    for function in (generator, agenerator):
        with pytest.raises(TypeError, match="inside of it"):
            acting_as("x")(function)


def test_tasks_do_not_mix() -> None:
    """Each task has its own actor, and keeps it over its awaits."""

    async def act(name: str) -> list[str]:
        seen = []
        async with acting_as(name):
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(current_actor().label)
        return seen

    async def at_once() -> list[list[str]]:
        return list(await asyncio.gather(act("a"), act("b"), act("c")))

    assert asyncio.run(at_once()) == [["a"] * 3, ["b"] * 3, ["c"] * 3]


def test_a_request_has_its_own_actor() -> None:
    """Whoever calls a view from inside of a block does not lend it their name; a block in a view counts."""
    request = HttpRequest()
    request.user = user("bob", 8)
    with acting_as("outside"):
        with RequestContext(request, "req-1", None).entered():
            assert current_actor() == Actor(user_id=8, label="bob")
            with giving_reason("because"):
                assert current_actor() == Actor(user_id=8, label="bob", reason="because")
            with acting_as("inside"):
                assert (get_current_user(), current_actor().label) == (None, "inside")
        assert current_actor().label == "outside"


def test_a_user_who_is_deleted_in_a_block_still_acts() -> None:
    """Django takes the key from the instance."""
    ada = user()
    with acting_as(ada):
        ada.pk = None
        assert current_actor().user_id == 7


def test_a_command_acts() -> None:
    """As a program, or as the one who started it."""
    seen: list[Actor] = []

    class Command(BaseCommand):
        """Acts."""

        def handle(self, *_: Any, **__: Any) -> None:
            """Says who acts."""
            with acting_as("import", reason="night"):
                seen.append(current_actor())

    call_command(Command())
    assert seen == [Actor(label="import", reason="night")]


def test_threads_take_the_context_along() -> None:
    """By wrapping what they run; without that they have none. What they change stays theirs."""
    seen: dict[str, str] = {}

    def work(name: str) -> None:
        seen[name] = current_actor().label
        acting_as("somebody else").__enter__()  # left open on purpose

    with acting_as("import"):
        threads = [Thread(target=carry_context(work), args=("carried",)), Thread(target=work, args=("bare",))]
    for thread in threads:
        thread.start()
        thread.join()
    assert seen == {"carried": "import", "bare": ""}
    assert current_actor() is NOBODY


def test_one_carried_function_runs_in_many_threads() -> None:
    """At the same time, too: a context by itself can be entered only once."""

    def work(number: int) -> str:
        return f"{current_actor().label} {number}"

    with acting_as("import"):
        carried = carry_context(work)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(carried, range(50))) == [f"import {number}" for number in range(50)]


def test_a_pool_takes_the_context_of_each_job() -> None:
    """From ``submit``, from ``map``, and from the event loop."""

    def who(prefix: str = "", *, suffix: str = "") -> str:
        return f"{prefix}{current_actor().label}{suffix}"

    async def on_the_loop(pool: ContextExecutor) -> str:
        with acting_as("loop"):
            return await asyncio.get_running_loop().run_in_executor(pool, who)

    with ContextExecutor(2) as pool:
        with acting_as("a"):
            first = pool.submit(who, "<", suffix=">")
        with acting_as("b"):
            mapped = list(pool.map(who, ["1", "2"]))
        assert (first.result(), mapped, pool.submit(who).result()) == ("<a>", ["1b", "2b"], "")
        assert asyncio.run(on_the_loop(pool)) == "loop"


@pytest.mark.django_db
def test_a_block_around_a_client_does_not_reach_the_view(client: Client) -> None:
    """A test that acts as somebody still sends anonymous requests."""
    with acting_as("test"):
        assert client.get("/whoami/").json() == {"user": None}
