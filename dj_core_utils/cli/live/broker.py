"""The broker of events: connect and sign in; nothing is published."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import socket
import ssl
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dj_core_utils.cli.live.caches import server_name
from dj_core_utils.cli.live.failures import reason
from dj_core_utils.cli.live.probe import Finding, Probe, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MOST_BYTES = 65_536
_CLOSING_SECONDS = 0.2
_NO_TLS = "write nats://, or let the server require TLS"
_INSTALL = 'pip install "dj-core-utils[{}]"'
_WITHOUT_SERVER = {
    "inline": "events stay in this process; there is no server to connect to",
    "local": "events stay in the database of this service, which is tried as such",
}


def probes(event_bus: Mapping[str, Any]) -> Iterator[Probe]:
    """One probe for the engine that is set.

    Args:
        event_bus: ``EVENT_BUS``; empty where there is none.
    """
    if event_bus:
        yield Probe("events", str(event_bus["engine"]), "EVENT_BUS_URL", partial(_run, event_bus))


def _run(event_bus: Mapping[str, Any], timeout: float) -> Finding:
    engine = str(event_bus["engine"])
    if engine in _WITHOUT_SERVER:
        return Finding("ok", _WITHOUT_SERVER[engine])
    module, package, connect = _CLIENTS[engine]
    addresses = ", ".join(event_bus["servers"])
    if importlib.util.find_spec(module) is None:
        return Finding(
            "skip", f"{addresses} is not tried: the package {package} is not installed", _INSTALL.format(engine)
        )
    try:
        return connect(event_bus, timeout)
    except Exception as error:  # noqa: BLE001  # whatever it is, it has to do with these addresses
        return Finding("fail", f"{addresses}: {reason(error, timeout)}")


def _redis(event_bus: Mapping[str, Any], timeout: float) -> Finding:
    from redis import Redis, RedisError  # noqa: PLC0415  # only this engine needs it
    from redis.backoff import NoBackoff  # noqa: PLC0415  # the same
    from redis.retry import Retry  # noqa: PLC0415  # the same

    server = urlsplit(f"//{event_bus['servers'][0]}")
    with Redis(
        host=server.hostname or "",
        port=server.port or 0,
        db=event_bus["database"],
        username=str(event_bus["user"]) or None,
        password=str(event_bus["password"]) or None,
        ssl=event_bus["tls"],
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    ) as client:
        client.ping()  # connects
        with Stopwatch.running() as watch:
            client.ping()
        try:
            name = server_name(client)
        except RedisError:  # a user of the server who may not ask
            name = "Redis"
    return Finding("ok", f"{name}, {_encryption(event_bus)}", milliseconds=watch.milliseconds)


def _nats(event_bus: Mapping[str, Any], timeout: float) -> Finding:
    reached, failures = [], []
    for address in event_bus["servers"]:
        try:
            told = _nats_greeting(address, timeout)
        except OSError as error:
            failures.append(error)
        else:
            reached.append(address)
            # Its client would go on without, and send the password in clear.
            if event_bus["tls"] and not told.get("tls_required"):
                return Finding("fail", f"{address} does not ask for TLS", _NO_TLS)
    if not reached:
        raise failures[0]
    return asyncio.run(asyncio.wait_for(_nats_server({**event_bus, "servers": reached}), timeout))


def _nats_greeting(address: str, timeout: float) -> dict[str, Any]:
    """What a server says of itself before anything is sent to it (``INFO`` of the NATS protocol)."""
    server = urlsplit(f"//{address}")
    # Connecting here also looks the name up in a thread that nobody waits for; the client would use one that is.
    with socket.create_connection((server.hostname or "", server.port or 0), timeout) as plain:
        kind, _, told = plain.makefile("rb").readline(_MOST_BYTES).partition(b" ")
    if kind != b"INFO":
        message = "this is no NATS server"
        raise ConnectionError(message)
    return dict(json.loads(told))


async def _nats_server(event_bus: Mapping[str, Any]) -> Finding:
    from nats.aio.client import Client  # noqa: PLC0415  # only this engine needs it

    client, scheme = Client(), "tls" if event_bus["tls"] else "nats"
    try:
        await client.connect(
            [f"{scheme}://{address}" for address in event_bus["servers"]],
            user=str(event_bus["user"]) or None,
            password=str(event_bus["password"]) or None,
            tls=ssl.create_default_context() if event_bus["tls"] else None,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=_told_by_the_exception,
        )
        with Stopwatch.running() as watch:
            await client.flush()
        version = client.connected_server_version
        name = f"NATS {version.major}.{version.minor}.{version.patch}"
        return Finding("ok", f"{name}, {_encryption(event_bus)}", milliseconds=watch.milliseconds)
    finally:
        # After a handshake that it refused itself, the client waits for an end that never comes.
        with suppress(TimeoutError):
            await asyncio.wait_for(client.close(), _CLOSING_SECONDS)


async def _told_by_the_exception(error: Exception) -> None:
    """The client would also log it, with a traceback."""
    del error


def _encryption(event_bus: Mapping[str, Any]) -> str:
    return "TLS" if event_bus["tls"] else "no TLS"


_CLIENTS: dict[str, tuple[str, str, Callable[[Mapping[str, Any], float], Finding]]] = {
    "nats": ("nats", "nats-py", _nats),
    "redis": ("redis", "redis", _redis),
}
