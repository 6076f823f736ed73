"""``config check --live``: caches that keep what they are given, and those that do not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import redis
from django.core.cache.backends.locmem import LocMemCache

from dj_core_utils.cli.live.caches import probes, server_name
from dj_core_utils.cli.live.running import run_all

if TYPE_CHECKING:
    from pytest_django import Settings

    from dj_core_utils.cli.live.probe import Finding

CANARY = "canary-Vq2w8RtLp0x"
REDIS = "django.core.cache.backends.redis.RedisCache"


class ForgetfulCache(LocMemCache):
    """A cache that hides its errors, and keeps nothing."""

    def set(self, *_: object, **__: object) -> None:
        """Keep nothing."""


class Told:
    """A client of a server that tells this of itself; no wheel brings one of each kind.

    Args:
        told: What it tells.
    """

    def __init__(self, told: dict[str, str]) -> None:
        self.told = told

    def info(self, section: str) -> dict[str, str]:
        """What it tells of one section."""
        return self.told if section == "server" else {}


def found(settings: Settings, **caches: dict[str, object]) -> dict[str, Finding]:
    """What the probes find, by alias."""
    settings.CACHES = caches
    return {result.probe.name: result.finding for result in run_all(list(probes()), 20)}


def test_a_server(settings: Settings, valkey_url: str) -> None:
    """A server is named with its version; the key that was tried is gone."""
    finding = found(settings, default={"BACKEND": REDIS, "LOCATION": valkey_url})["default"]
    assert finding.status == "ok"
    assert re.fullmatch(r"Valkey \d+\.\d+\.\d+", finding.message)
    assert finding.milliseconds is not None
    with redis.Redis.from_url(valkey_url) as client:
        assert client.keys("*dj_core_utils.check*") == []


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "8.1.0"}, "Valkey 8.1.0"),
        ({"redis_version": "7.4.1"}, "Redis 7.4.1"),
    ],
)
def test_how_servers_call_themselves(told: dict[str, str], name: str) -> None:
    """Valkey is told from Redis, for which it also gives a version."""
    assert server_name(Told(told)) == name


def test_a_user_who_may_not_ask(settings: Settings, valkey_url: str) -> None:
    """Where the name of the server is refused, what works is still told to work."""
    server = urlsplit(valkey_url)
    with redis.Redis.from_url(valkey_url) as client:
        client.acl_setuser("shop", enabled=True, passwords=[f"+{CANARY}"], keys=["*"], commands=["+@all", "-info"])
        try:
            location = f"redis://shop:{CANARY}@{server.hostname}:{server.port}/0"
            finding = found(settings, default={"BACKEND": REDIS, "LOCATION": location})["default"]
        finally:
            client.acl_deluser("shop")
    assert (finding.status, finding.message) == ("ok", "Redis")


def test_a_wrong_password(settings: Settings, valkey_url: str, free_port: int) -> None:
    """What the server refuses is a failure, and no password is told."""
    server = urlsplit(valkey_url)
    addresses = {
        f"{server.hostname}:{server.port}": "invalid username-password pair",
        f"127.0.0.1:{free_port}": "connection refused: nobody listens there",
        "nope.invalid:6379": "the host name cannot be looked up",
    }
    for address, reason in addresses.items():
        location = f"redis://shop:{CANARY}@{address}/0"
        finding = found(settings, default={"BACKEND": REDIS, "LOCATION": location})["default"]
        assert finding.status == "fail"
        assert reason in finding.message
        assert CANARY not in str(finding)


@pytest.mark.parametrize(
    ("backend", "status", "message"),
    [
        ("django.core.cache.backends.locmem.LocMemCache", "ok", "LocMemCache"),
        ("django.core.cache.backends.dummy.DummyCache", "ok", "DummyCache keeps nothing"),
        (f"{__name__}.ForgetfulCache", "fail", "ForgetfulCache: what was set is not there"),
        ("nope.NopeCache", "fail", "Could not find backend 'nope.NopeCache': No module named 'nope'"),
    ],
)
def test_other_backends(settings: Settings, backend: str, status: str, message: str) -> None:
    """Each alias is tried; one that loses what it was given fails, except for the one that is meant to."""
    finding = found(settings, default={"BACKEND": REDIS, "LOCATION": "redis://nope.invalid"}, own={"BACKEND": backend})
    assert (finding["own"].status, finding["own"].message) == (status, message)
    assert finding["default"].status == "fail"
