"""Caches: set, get and delete a key that nobody else uses."""

from __future__ import annotations

from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.core.cache.backends.dummy import DummyCache
from django.db import connections

from dj_core_utils.cli.live.probe import Finding, Probe, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.core.cache.backends.base import BaseCache

_SECONDS = 60
_REDIS = "django.core.cache.backends.redis.RedisCache"


def probes() -> Iterator[Probe]:
    """One probe for each alias of ``CACHES``."""
    for alias in caches.settings:
        yield Probe("cache", alias, "CACHE_URL" if alias == "default" else "CACHES", partial(_run, alias))


def _run(alias: str, timeout: float) -> Finding:  # noqa: ARG001  # a cache has its own timeouts, or none
    cache: BaseCache = caches.create_connection(alias)
    if isinstance(cache, DummyCache):
        return Finding("ok", "DummyCache keeps nothing")
    key, value = f"dj_core_utils.check.{token_hex(16)}", token_hex(16)
    try:
        cache.get(key)  # connects
        with Stopwatch.running() as watch:
            cache.set(key, value, _SECONDS)
            found = cache.get(key)
            cache.delete(key)
        if found != value:
            return Finding("fail", f"{_name(cache)}: what was set is not there", "the backend may hide its errors")
        return Finding("ok", _name(cache), milliseconds=watch.milliseconds)
    finally:
        cache.close()
        connections.close_all()  # a cache in a table has opened one for this thread


def _name(cache: Any) -> str:  # noqa: ANN401  # of any class
    path = f"{type(cache).__module__}.{type(cache).__qualname__}"
    if path != _REDIS:
        return type(cache).__name__
    from redis import RedisError  # noqa: PLC0415  # only this cache has it

    try:
        # Django keeps its client to itself, and nothing else tells one server from another.
        return server_name(cache._cache.get_client())  # noqa: SLF001  # see above
    except RedisError:  # a user of the server who may not ask
        return "Redis"


def server_name(client: Any) -> str:  # noqa: ANN401  # redis is an extra
    """Which server a client of Redis talks to, and its version.

    Args:
        client: The client.
    """
    told = client.info("server")
    if told.get("server_name") == "valkey":
        return f"Valkey {told['valkey_version']}"
    return f"Redis {told['redis_version']}"
