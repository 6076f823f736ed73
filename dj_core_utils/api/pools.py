"""Connections to other services: pools of each process and of each event loop, which a fork never shares."""

from __future__ import annotations

import asyncio
import atexit
import os
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypedDict
from weakref import WeakKeyDictionary

import httpcore2

from dj_core_utils.api.bounded import BoundedBackend

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_Key = tuple[str, str]


class _Limits(TypedDict):
    max_connections: int
    max_keepalive_connections: int
    keepalive_expiry: float


# Idle for less than servers keep a connection for: two seconds in gunicorn, five in uvicorn.
_LIMITS = _Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=1.5)


class _LoopPools:
    """The pools of one event loop, and the generator whose end closes them."""

    def __init__(self) -> None:
        self.pools: dict[_Key, httpcore2.AsyncConnectionPool] = {}
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
        self._pools: dict[_Key, httpcore2.ConnectionPool] = {}
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopPools] = WeakKeyDictionary()
        self._inherited: list[object] = []

    def pool(self, service: str, ca_file: str) -> httpcore2.ConnectionPool:
        """The pool of this process for a service.

        Args:
            service: Its name.
            ca_file: Certificates that are trusted; empty for those of the machine.
        """
        key = service, ca_file
        if (found := self._pools.get(key)) is not None:
            return found
        with self._lock:
            context = self._context(ca_file)
            pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=BoundedBackend(), **_LIMITS)
            return self._pools.setdefault(key, pool)  # another thread may have been faster

    async def apool(self, service: str, ca_file: str) -> httpcore2.AsyncConnectionPool:
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
            found = httpcore2.AsyncConnectionPool(ssl_context=context, **_LIMITS)
            mine.pools[key] = found
        return found

    def close(self) -> None:
        """Close the connections of this process; those of event loops are closed with their loops."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            with suppress(OSError):  # the other side was faster
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
