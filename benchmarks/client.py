"""The cost of a call: over HTTP beside a shared httpx2 client, and in this process beside Django's test client.

HTTP goes to processes of their own on loopback. Variants take turns; a figure is the least of all rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import django
from django.conf import settings
from django.http import JsonResponse
from django.urls import path

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest

ANSWER = {"id": 7, "name": "a product", "price": "12.50", "tags": ["a", "b", "c"], "text": "x" * 100}
# Answers from memory, so that what differs is the client.
SERVER = """
import json, socketserver

BODY = json.dumps({answer!r}).encode()
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(BODY)

class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while True:
            while (line := self.rfile.readline()) not in (b"\\r\\n", b""):
                pass
            if not line:
                return
            self.wfile.write(HEAD + BODY)

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
"""
# The same view as in this process, behind a server as one would deploy it.
DJANGO = [
    "-m",
    "gunicorn",
    "--bind",
    "127.0.0.1:{port}",
    "--worker-class",
    "gthread",
    "--keep-alive",
    "30",
    "--log-level",
    "error",
]


def product(_request: HttpRequest) -> JsonResponse:
    """A small answer."""
    return JsonResponse(ANSWER)


urlpatterns = [path("product/", product)]


def configure(**urls: str) -> None:
    """Set Django up with a service in this process, and others at addresses.

    Args:
        **urls: The addresses.
    """
    settings.configure(
        SECRET_KEY="a benchmark has nothing to hide",  # noqa: S106  # obviously no secret
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["testserver", "127.0.0.1"],
        MIDDLEWARE=[
            "dj_core_utils.middleware.context.CurrentUserMiddleware",
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        SERVICE_NAME="shop",
        SERVICE_URLS=urls,
    )
    django.setup()


def application() -> WSGIHandler:
    """What gunicorn serves."""
    configure()
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415  # Django is set up by now

    return get_wsgi_application()


class Cost(NamedTuple):
    """What one call takes, in microseconds: the least of all rounds, in which the machine disturbed least.

    Attributes:
        cpu: Of this process.
        wall: By the clock.
    """

    cpu: float
    wall: float


def measured(rounds: int, calls: int, variants: dict[str, Callable[[], object]]) -> dict[str, Cost]:
    """The cost of one call in each variant.

    Args:
        rounds: How often all of them take turns.
        calls: How many calls make a turn.
        variants: What is called.
    """
    least = dict.fromkeys(variants, Cost(float("inf"), float("inf")))
    for _ in range(rounds):
        for name, call in variants.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(calls):
                call()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            before = least[name]
            least[name] = Cost(min(before.cpu, cpu / calls * 1e6), min(before.wall, wall / calls * 1e6))
    return least


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=30)
    arguments = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    django_command = [sys.executable, *(part.format(port=port) for part in DJANGO), "client:application()"]
    with (
        subprocess.Popen(
            [sys.executable, "-c", SERVER.format(answer=ANSWER)], stdout=subprocess.PIPE, text=True
        ) as memory,
        subprocess.Popen(django_command, cwd=Path(__file__).parent) as served,
    ):
        try:
            assert memory.stdout is not None  # noqa: S101  # it was asked for
            configure(memory=f"http://127.0.0.1:{memory.stdout.readline().strip()}", served=f"http://127.0.0.1:{port}")
            measure(arguments.rounds, arguments.calls)
        finally:
            memory.terminate()
            served.terminate()


def measure(rounds: int, calls: int) -> None:
    """Run the variants.

    Args:
        rounds: How often all variants take turns.
        calls: How many calls make a turn.
    """
    import httpx2  # noqa: PLC0415  # Django is set up by now
    from django.test import Client  # noqa: PLC0415  # the same

    from dj_core_utils.api.client import APIClient, AsyncAPIClient  # noqa: PLC0415  # the same

    test_client, local, memory, served = Client(), APIClient("shop"), APIClient("memory"), APIClient("served")
    loop, amemory = asyncio.new_event_loop(), AsyncAPIClient("memory")
    araw = httpx2.AsyncClient(base_url=settings.SERVICE_URLS["memory"])
    until = time.monotonic() + 20
    while time.monotonic() < until:  # gunicorn takes its time to start
        with suppress(ConnectionError):
            served.get("product/")
            break
    with httpx2.Client(base_url=settings.SERVICE_URLS["memory"]) as raw:
        variants: dict[str, Callable[[], object]] = {
            "Django's test client": lambda: test_client.get("/product/").json(),
            "APIClient, in this process": lambda: local.get("product/"),
            "APIClient, over HTTP to gunicorn": lambda: served.get("product/"),
            "httpx2.Client, shared, a server in memory": lambda: raw.get("/product/").json(),
            "APIClient, the same server": lambda: memory.get("product/"),
            "httpx2.AsyncClient, shared, the same server": lambda: loop.run_until_complete(
                araw.get("/product/")
            ).json(),
            "AsyncAPIClient, the same server": lambda: loop.run_until_complete(amemory.get("product/")),
        }
        measured(2, calls, variants)
        found = measured(rounds, calls, variants)
    loop.run_until_complete(araw.aclose())
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    print(f"{'microseconds a call':44}      CPU     clock")
    for name, cost in found.items():
        print(f"{name:44} {cost.cpu:8.0f}  {cost.wall:8.0f}")
    tested, inside, over_http, shared, ours, ashared, aours = found.values()
    print(f"in this process / test client, CPU    {inside.cpu / tested.cpu:.2f}   (goal: at most 1.00)")
    print(f"over HTTP / in this process, clock    {over_http.wall / inside.wall:.2f}   (goal: at least 3)")
    print(f"APIClient / shared httpx2, CPU        {ours.cpu / shared.cpu:.2f}   (goal: at most 1.15)")
    print(f"AsyncAPIClient / shared httpx2, CPU   {aours.cpu / ashared.cpu:.2f}   (goal: at most 1.15)")


if __name__ == "__main__":
    main()
