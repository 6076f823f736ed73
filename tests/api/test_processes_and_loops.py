"""Connections belong to one process and one event loop, and are given back whatever happens."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import async_to_sync

from dj_core_utils.api import exceptions
from dj_core_utils.api.client import APIClient, AsyncAPIClient
from dj_core_utils.api.pools import Pools, pools
from tests.api import peers
from tests.api.test_resilience import LIMITS, configured, orders

if TYPE_CHECKING:
    import socket

    from tests.conftest import RunPython

ORDERS = APIClient("orders")


def echo(connection: socket.socket, line: str) -> None:
    """A behaviour: the number that was asked for."""
    peers.answer(body=line.split()[1].strip("/").encode())(connection, line)


def open_files() -> int:
    """How many files and sockets this process has."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_connection_is_used_again() -> None:
    """Calls that follow each other share one."""
    with orders(echo) as peer:
        assert [ORDERS.get(str(number)) for number in range(5)] == list(range(5))

        async def main() -> list[int]:
            return [await AsyncAPIClient("orders").get(str(number)) for number in range(5)]

        assert asyncio.run(main()) == list(range(5))
        assert peer.connections == 2


def test_process_that_was_forked() -> None:
    """A child never reads the answers of its parent or its siblings, and the parent goes on."""
    with peers.peer(echo) as peer, configured(peer.url):
        assert ORDERS.get("1") == 1
        children = []
        for child in range(3):
            if (pid := os.fork()) == 0:
                status = 1
                try:
                    wrong = [n for n in range(20) if ORDERS.get(str(n + 100 * child)) != n + 100 * child]
                    status = len(wrong)
                finally:
                    os._exit(status)
            children.append(pid)
        assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
        assert ORDERS.get("2") == 2
        assert peer.connections >= 4  # one for each process, and more where one was slow


def test_begins_anew_although_another_thread_was_busy() -> None:
    """A lock that a thread of the parent held does not stop the child."""
    own = Pools()
    own.pool("orders", "")
    lock = own._lock  # noqa: SLF001  # there is no other way to hold it
    with lock:
        own.begin_anew()
        assert own.pool("orders", "") is own.pool("orders", "")
    own.close()


def test_two_loops_at_the_same_time() -> None:
    """Each has connections of its own."""
    with orders(echo):
        found: list[int] = []

        async def main() -> list[int]:
            return [await AsyncAPIClient("orders").get(str(number)) for number in range(10)]

        threads = [threading.Thread(target=lambda: found.extend(asyncio.run(main()))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == sorted([*range(10), *range(10)])


def test_many_short_loops_leave_nothing() -> None:
    """A loop that ends closes its connections: with ``asyncio.run`` and with ``async_to_sync``."""
    with orders(echo):
        call = AsyncAPIClient("orders").get
        asyncio.run(call("1"))
        before = open_files()
        for number in range(20):
            assert asyncio.run(call(str(number))) == number
            assert async_to_sync(call)(str(number)) == number
        assert open_files() <= before + 3
        assert len(pools._loops) <= 1  # noqa: SLF001  # nothing else tells


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_loop_that_was_closed_by_hand() -> None:
    """One that did not end its generators is forgotten with the next one."""
    with orders(echo):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(AsyncAPIClient("orders").get("1")) == 1
        loop.close()
        assert asyncio.run(AsyncAPIClient("orders").get("2")) == 2
        assert loop not in pools._loops  # noqa: SLF001  # nothing else tells
        gc.collect()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_thousand_cancelled_calls() -> None:
    """The pool gives every place back: afterwards calls go through at once.

    A connection that was cancelled while it was made may be left to the garbage collector, which says so.
    """

    def slow(connection: socket.socket, line: str) -> None:
        if line.startswith("GET /slow"):
            peers.silence()(connection, line)
        echo(connection, line)

    async def main() -> list[int]:
        client = AsyncAPIClient("orders")

        async def cancelled(number: int) -> None:
            task = asyncio.create_task(client.get(f"slow{number}"))
            await asyncio.sleep(0.0005 * (number % 5))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        for _ in range(20):
            await asyncio.gather(*(cancelled(number) for number in range(50)))
        return list(await asyncio.gather(*(client.get(str(number)) for number in range(20))))

    with orders(slow, breaker_calls=1, attempts=3):
        assert asyncio.run(main()) == list(range(20))
        gc.collect()


def test_cancelled_probe_frees_its_place() -> None:
    """A cancelled call says nothing of the service, so the breaker lets the next one try."""

    async def main() -> int:
        client = AsyncAPIClient("orders")
        with pytest.raises(exceptions.ServiceUnavailableError):
            await client.get("x")
        await asyncio.sleep(0.03)
        task = asyncio.create_task(client.get("x"))
        await asyncio.to_thread(peer.asked.wait, 5)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        result: int = await client.get("7")
        return result

    behave = peers.in_turn(peers.answer(503), peers.silence(), echo)
    with peers.peer(behave) as peer, configured(peer.url, breaker_calls=1, breaker_pause=0.02):
        assert asyncio.run(main()) == 7


def test_server_that_closes_idle_connections() -> None:
    """A connection that the server has closed meanwhile is not used."""

    def once(connection: socket.socket, line: str) -> None:
        echo(connection, line)
        raise OSError

    with orders(once, attempts=2) as peer:
        for number in range(5):
            assert ORDERS.get(str(number)) == number
        assert peer.connections == 5


@pytest.mark.usefixtures("cold_starts")
def test_process_ends_quietly(run_python: RunPython) -> None:
    """Development mode has nothing to warn of when a process ends that has called others."""
    code = f"""
        import asyncio, sys
        from django.conf import settings
        settings.configure(SERVICE_URLS={{"orders": sys.argv[1]}}, API_CLIENT={LIMITS!r})
        from dj_core_utils.api.client import APIClient, AsyncAPIClient
        print(APIClient("orders").get("1"), asyncio.run(AsyncAPIClient("orders").get("2")))
    """
    with peers.peer(echo) as peer:
        done = run_python(["-X", "dev", "-c", dedent(code), peer.url])
    # A busy machine makes asyncio's development mode tell how long something took.
    told = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert (done.stdout, told) == ("1 2\n", [])


@pytest.mark.usefixtures("cold_starts")
def test_import_is_cheap(run_python: RunPython) -> None:
    """The module of the client loads no library of HTTP, of tokens or of models."""
    done = run_python("""
        import sys
        import dj_core_utils.api.client
        print([name for name in ("httpx2", "pydantic", "rest_framework", "jwt", "cryptography") if name in sys.modules])
    """)
    assert (done.stdout, done.stderr) == ("[]\n", "")
