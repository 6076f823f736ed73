"""Connections to other services: pools of each process and of each event loop, which a fork never shares."""

from __future__ import annotations

import asyncio
import atexit
import os
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import httpcore2
import httpx2

from dj_core_utils.api.bounded import BoundedBackend

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_MOST_CONNECTIONS = 100
_MOST_IDLE = 20
# Below what servers keep an idle connection for: two seconds in gunicorn, five in uvicorn.
_IDLE_SECONDS = 1.5
_LIMITS = httpx2.Limits(
    max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_IDLE, keepalive_expiry=_IDLE_SECONDS
)

_Key = tuple[str, str]


class _Pool(httpx2.HTTPTransport):
    """Connections whose waiting ends with the call; httpx2 has no option for that."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(verify=context, trust_env=False, limits=_LIMITS)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context,
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=BoundedBackend(),
        )


class _LoopPools:
    """The pools of one event loop, and the generator whose end closes them."""

    def __init__(self) -> None:
        self.pools: dict[_Key, httpx2.AsyncHTTPTransport] = {}
        self.keeper: AsyncGenerator[None, None] = self._keep()

    async def _keep(self) -> AsyncGenerator[None, None]:
        # A loop ends its generators before it ends itself, and so closes the connections that belong to it.
        try:
            yield
        finally:
            for pool in self.pools.values():
                await pool.aclose()
            self.pools.clear()


class Pools:
    """Every pool of this process; one for each service, so that a slow one takes no connection of another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._pools: dict[_Key, httpx2.HTTPTransport] = {}
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopPools] = WeakKeyDictionary()
        self._inherited: list[object] = []

    def pool(self, service: str, ca_file: str) -> httpx2.HTTPTransport:
        """The pool of this process for a service.

        Args:
            service: Its name.
            ca_file: Certificates that are trusted; empty for those of the machine.
        """
        key = service, ca_file
        with self._lock:
            if key not in self._pools:
                self._pools[key] = _Pool(self._context(ca_file))
            return self._pools[key]

    async def apool(self, service: str, ca_file: str) -> httpx2.AsyncHTTPTransport:
        """The pool of the running event loop for a service.

        Args:
            service: Its name.
            ca_file: Certificates that are trusted; empty for those of the machine.
        """
        loop = asyncio.get_running_loop()
        if (mine := self._loops.get(loop)) is None:
            with self._lock:
                for other in [other for other in self._loops if other.is_closed()]:  # closed without its generators
                    del self._loops[other]
                mine = self._loops[loop] = _LoopPools()
            await anext(mine.keeper)
        key = service, ca_file
        if (found := mine.pools.get(key)) is None:
            with self._lock:
                context = self._context(ca_file)
            found = httpx2.AsyncHTTPTransport(verify=context, trust_env=False, limits=_LIMITS)
            mine.pools[key] = found
        return found

    def close(self) -> None:
        """Close the connections of this process; those of event loops are closed with their loops."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            with suppress(httpx2.HTTPError, OSError):  # the other side was faster
                pool.close()

    def begin_anew(self) -> None:
        """Forget every pool in a new process: two processes on one connection would read each other's answers.

        The old ones are kept and not closed, for that would end the parent's TLS sessions, too; and the lock is a new
        one, for another thread of the parent may have held it.
        """
        self._inherited += [self._pools, dict(self._loops), self._contexts]
        self._lock = threading.Lock()
        self._contexts, self._pools, self._loops = {}, {}, WeakKeyDictionary()

    def _context(self, ca_file: str) -> ssl.SSLContext:
        # Making one takes 25 milliseconds, so all pools share it.
        if ca_file not in self._contexts:
            self._contexts[ca_file] = ssl.create_default_context(cafile=ca_file or None)
        return self._contexts[ca_file]


pools = Pools()
os.register_at_fork(after_in_child=pools.begin_anew)
atexit.register(pools.close)
