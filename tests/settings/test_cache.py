"""The cache section and its URLs: what is rendered, what is refused, and a real server that takes it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
import redis
from django.core.cache import CacheHandler
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.cache_url import parse_cache_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

REDIS = "django.core.cache.backends.redis.RedisCache"
PRODUCTION = ("monolith", "production")
RESERVED = "@/:#?%é+,&=[]"


def caches(loaded: Loaded) -> dict[str, dict[str, Any]]:
    """What is rendered; there is no error."""
    assert loaded.errors == ()
    return loaded.rendered["CACHES"]  # type: ignore[return-value]  # Django's form


def ids(loaded: Loaded) -> list[tuple[str, str, str]]:
    """What the load says about caches: id, variable and severity."""
    return [(found.id, found.variable, found.severity) for found in loaded.problems if found.id.startswith("cache.")]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://cache", {"BACKEND": REDIS, "LOCATION": "redis://cache:6379"}),
        ("redis://cache:6380/3", {"BACKEND": REDIS, "LOCATION": "redis://cache:6380/3"}),
        ("rediscache://cache/3", {"BACKEND": REDIS, "LOCATION": "redis://cache:6379/3"}),
        ("valkeys://[::1]/0", {"BACKEND": REDIS, "LOCATION": "rediss://[::1]:6379/0"}),
        (
            "redis://u%40:p%2Cq@c1,c2:1/0",
            {
                "BACKEND": REDIS,
                "LOCATION": ["redis://c1:6379/0", "redis://c2:1/0"],
                "OPTIONS": {"username": "u@", "password": "p,q"},
            },
        ),
        (
            "redis://c?username=u&password=p+q",
            {"BACKEND": REDIS, "LOCATION": "redis://c:6379", "OPTIONS": {"username": "u", "password": "p+q"}},
        ),
        ("unix:///run/redis.sock?db=2", {"BACKEND": REDIS, "LOCATION": "unix:///run/redis.sock", "OPTIONS": {"db": 2}}),
        ("redis+unix:///run/redis.sock", {"BACKEND": REDIS, "LOCATION": "unix:///run/redis.sock"}),
        ("redis:///run/redis.sock", {"BACKEND": REDIS, "LOCATION": "unix:///run/redis.sock"}),
        (
            "redis://:p@%2Frun%2Fredis%20x.sock/1",
            {"BACKEND": REDIS, "LOCATION": "unix:///run/redis%20x.sock", "OPTIONS": {"password": "p", "db": 1}},
        ),
        (
            "redis://c/0?timeout=none&key_prefix=shop&version=2&key_function=a.b",
            {
                "BACKEND": REDIS,
                "LOCATION": "redis://c:6379/0",
                "TIMEOUT": None,
                "KEY_PREFIX": "shop",
                "VERSION": 2,
                "KEY_FUNCTION": "a.b",
            },
        ),
        (
            "rediss://c?ssl_ca_certs=/ca&ssl_cert_reqs=required&socket_timeout=0.5&max_connections=5&retry_on_timeout=on",
            {
                "BACKEND": REDIS,
                "LOCATION": "rediss://c:6379",
                "OPTIONS": {
                    "ssl_ca_certs": "/ca",
                    "ssl_cert_reqs": "required",
                    "socket_timeout": 0.5,
                    "max_connections": 5,
                    "retry_on_timeout": True,
                },
            },
        ),
        ("locmem://", {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": ""}),
        ("locmemcache://a", {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "a"}),
        ("dummy://", {"BACKEND": "django.core.cache.backends.dummy.DummyCache", "LOCATION": ""}),
        (
            "file:///srv/a%20b%23/",
            {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "/srv/a b#"},
        ),
        (
            "file:///C:/Temp/shop",
            {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "C:/Temp/shop"},
        ),
        ("db://cache_table", {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_table"}),
        (
            "memcached://m1,m2:1",
            {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": ["m1:11211", "m2:1"]},
        ),
        (
            "memcache:///run/m.sock",
            {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": "unix:/run/m.sock"},
        ),
        ("pylibmc://m", {"BACKEND": "django.core.cache.backends.memcached.PyLibMCCache", "LOCATION": "m:11211"}),
    ],
)
def test_reads(url: str, expected: dict[str, object]) -> None:
    """A URL means what it says, and credentials never stand in the place of a cache."""
    assert parse_cache_url(url).render() == expected


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "the URL is empty."),
        ("cache:6379", "the URL does not begin with a scheme and ://."),
        ("reddis://:word@c", 'the scheme "reddis" is not known: reddis://:***@c\ndid you mean redis'),
        (
            "redis+sentinel://:word@c",
            "Django's Redis client speaks neither to Sentinel nor to a cluster: redis+sentinel",
        ),
        ("redis://:wo/rd@c", "a / in the password is not encoded: redis://:***@c"),
        ("redis://c/zero", "the database is not a number: redis://c/zero"),
        ("redis://c/0/", "the database is not a number"),
        ("redis://c1/0,redis://c2/0", "the database is not a number"),
        ("redis://", "the URL names no host"),
        ("redis:///0", "the URL names no host"),
        ("redis://c/0?db=1", "the db is given twice, as an option and in its place"),
        ("redis://%2Fs/0?db=1", "the db is given twice, as an option and in its place"),
        ("redis://:word@c?password=word", "the password is given twice, as an option and in its place"),
        ("redis://word:p@c?username=x", "the username is given twice, as an option and in its place"),
        ("redis://c?ssl_ca_certs=/ca", "the option ssl_ca_certs has no use without TLS: redis://c?ssl_ca_certs=/ca"),
        ("rediss://c?ssl_cert_reqs=none", "the option ssl_cert_reqs is not one of required, optional"),
        ("redis://c?CLIENT_CLASS=x", "the option CLIENT_CLASS is not known for redis"),
        ("redis://c?timeout=soon", "the option timeout is not a whole number of seconds, or none for unlimited"),
        ("locmem://?db=1", "the option db is not known for locmem"),
        ("locmem://u:word@", "a locmem cache has no user and password"),
        ("memcached://u:word@c", "a memcached cache has no user and password"),
        ("memcached://", "the URL names no host"),
        ("pylibmc:///run/m.sock", "the URL names no host"),
        ("file://cache", "the URL names no absolute folder: file://cache\nexpected  file:///var/tmp/shop-cache"),
        ("file:///", "the URL names no absolute folder"),
        ("db://", "the URL names no table: db://\nexpected  db://cache_table"),
    ],
)
def test_refuses(url: str, message: str) -> None:
    """What would fail at the first use, or be ignored, is refused at the start without showing a password."""
    with pytest.raises(PydanticCustomError) as caught:
        parse_cache_url(url)
    refused = caught.value.message()
    assert caught.value.type == "cache.url"
    assert refused.startswith(message)
    assert refused.count("expected  ") == 1
    assert "word" not in refused.replace("password", "").replace("PASSWORD", "").replace("word:***", "")


def test_without_a_url(load_from: LoadFrom) -> None:
    """A process without a cache URL has one in its memory, under the service's name."""
    loaded = load_from(environ={"SERVICE_NAME": "users"})
    assert caches(loaded) == {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "default",
            "KEY_PREFIX": "users",
            "TIMEOUT": 300,
        }
    }


def test_redis_has_limits(load_from: LoadFrom) -> None:
    """A server that does not answer is given up soon; keys begin with the service's name."""
    loaded = load_from(environ={"CACHE_URL": "redis://:s3cret@c/0", "SERVICE_NAME": "users"})
    assert caches(loaded)["default"] == {
        "BACKEND": REDIS,
        "LOCATION": "redis://c:6379/0",
        "KEY_PREFIX": "users",
        "TIMEOUT": 300,
        "OPTIONS": {"password": "s3cret", "socket_connect_timeout": 1.0, "socket_timeout": 2.0},
    }
    assert "s3cret" not in repr(loaded.rendered)
    assert loaded.settings is not None
    assert "s3cret" not in repr(loaded.settings.cache) + repr(loaded.settings.cache.default)
    assert loaded.settings.cache.default.location == "redis://c:6379/0"


def test_every_variable_takes_part(load_from: LoadFrom) -> None:
    """Each variable is found again in what is rendered, and an option of the URL beats it."""
    variables = {
        "CACHE_KEY_PREFIX": "own",
        "CACHE_TIMEOUT": "1h",
        "CACHE_CONNECT_TIMEOUT": "500ms",
        "CACHE_SOCKET_TIMEOUT": "3",
    }
    by_variable = caches(load_from(environ={"CACHE_URL": "redis://c", **variables}))["default"]
    assert by_variable["KEY_PREFIX"] == "own"
    assert by_variable["TIMEOUT"] == 3600
    assert by_variable["OPTIONS"] == {"socket_connect_timeout": 0.5, "socket_timeout": 3.0}
    query = "key_prefix=&timeout=5&socket_timeout=1&socket_connect_timeout=2"
    by_url = caches(load_from(environ={"CACHE_URL": f"redis://c?{query}", **variables}))["default"]
    assert by_url["KEY_PREFIX"] == ""
    assert by_url["TIMEOUT"] == 5
    assert by_url["OPTIONS"] == {"socket_connect_timeout": 2, "socket_timeout": 1}


def test_further_caches(load_from: LoadFrom) -> None:
    """Further caches have the name they are given, and two caches in memory are two."""
    found = caches(load_from(environ={"CACHE_URLS": "sessions=redis://c/1,local=locmem://,named=locmem://x"}))
    assert {alias: cache["LOCATION"] for alias, cache in found.items()} == {
        "default": "default",
        "sessions": "redis://c:6379/1",
        "local": "local",
        "named": "x",
    }


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"CACHE_URL": "redis://c/x"}, [("cache.url", "CACHE_URL", "error")]),
        ({"CACHE_URLS": "default=locmem://"}, [("cache.alias", "CACHE_URLS", "error")]),
        ({"CACHE_URLS": "a-b=locmem://"}, [("cache.alias", "CACHE_URLS", "error")]),
        ({"CACHE_URL": "'redis://c'"}, [("cache.url_form", "CACHE_URL", "warning")]),
        ({"CACHE_URLS": '{"a": "redis://:%@c"}'}, [("cache.url_form", "CACHE_URLS", "warning")]),
        ({"SESSION_ENGINE": "django.contrib.sessions.backends.cache"}, [("cache.sessions", "CACHE_URL", "warning")]),
        ({"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHE_URL": "redis://c"}, []),
        ({}, []),
    ],
)
def test_rules(load_from: LoadFrom, environ: Mapping[str, str], expected: list[tuple[str, str, str]]) -> None:
    """What does not fit is said once, about the variable to change."""
    assert ids(load_from(environ=environ)) == expected


@pytest.mark.parametrize("url", ["", "locmem://", "file:///var/tmp/x", "dummy://"])
def test_production_shares_its_cache(load_from: LoadFrom, url: str) -> None:
    """Production refuses a cache that other processes do not see, for every alias."""
    environ = {"CACHE_URL": url, "CACHE_URLS": "other=locmem://"}
    hardened = load_from(environ=environ, profiles=PRODUCTION)
    assert ids(hardened) == [("cache.local", "CACHE_URL", "error"), ("cache.local", "CACHE_URLS", "error")]
    assert [found.message[:7] for found in hardened.problems if found.variable == "CACHE_URLS"] == ["other: "]
    waived = load_from(environ=environ, profiles=(*PRODUCTION, "own"), files=WAIVER)
    assert ids(waived) == []


WAIVER = {"profiles/own.toml": '[policy.waivers]\n"cache.local" = "one process"\n'}


def test_sessions_in_the_cache_alone(load_from: LoadFrom) -> None:
    """Production refuses sessions that every process keeps for itself."""
    environ = {"SESSION_ENGINE": "django.contrib.sessions.backends.cache"}
    loaded = load_from(environ=environ, profiles=(*PRODUCTION, "own"), files=WAIVER)
    assert ids(loaded) == [("cache.sessions", "CACHE_URL", "error")]


@pytest.mark.parametrize(("url", "module"), [("redis://c", "redis"), ("memcached://c", "pymemcache")])
def test_a_client_has_to_be_installed(
    load_from: LoadFrom, monkeypatch: pytest.MonkeyPatch, url: str, module: str
) -> None:
    """A missing client is said at the start, not at the first use."""
    monkeypatch.setitem(sys.modules, module, None)
    loaded = load_from(environ={"CACHE_URL": url})
    assert ids(loaded) == [("cache.package", "CACHE_URL", "error")]


@given(text=st.one_of(st.text(), st.text().map("redis://{}".format), st.text().map("file:///{}".format)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in another way than by refusing it."""
    try:
        cache = parse_cache_url(text)
    except PydanticCustomError as error:
        assert error.type == "cache.url"  # noqa: PT017  # accepted texts are fine, too
    else:
        assert cache.backend


@given(
    user=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")),
    password=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")),
    database=st.integers(0, 15),
)
def test_what_is_put_in_comes_out(user: str, password: str, database: int) -> None:
    """Encoded credentials come out as they were, and not in the place of the cache."""
    entry = parse_cache_url(f"redis://{quote(user, safe='')}:{quote(password, safe='')}@c/{database}").render()
    expected = {name: text for name, text in (("username", user), ("password", password)) if text}
    assert entry.get("OPTIONS", {}) == expected
    assert entry["LOCATION"] == f"redis://c:6379/{database}"


@pytest.fixture
def server(valkey_url: str) -> redis.Redis:
    """A client of the test's server, with a user whose password holds reserved characters."""
    client = redis.Redis.from_url(valkey_url)
    client.acl_setuser("shop", enabled=True, passwords=[f"+{RESERVED}"], keys=["*"], categories=["+@all"])
    return client


@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_a_real_server(load_from: LoadFrom, server: redis.Redis, valkey_url: str, scheme: str) -> None:
    """A value that goes in comes out again, under the service's prefix, with a password of reserved characters."""
    place = urlsplit(valkey_url)
    url = f"{scheme}://shop:{quote(RESERVED, safe='')}@{place.hostname}:{place.port}/0"
    found = caches(load_from(environ={"CACHE_URL": url, "SERVICE_NAME": "users"}))
    cache = CacheHandler(found)["default"]
    cache.set("key", {"value": 1})
    assert cache.get("key") == {"value": 1}
    assert server.keys("users:*") == [b"users:1:key"]
    assert 0 < int(str(server.ttl("users:1:key"))) <= 300
    cache.close()


def test_a_real_server_has_databases(load_from: LoadFrom, server: redis.Redis, valkey_url: str) -> None:
    """The number of the database reaches the server."""
    place = urlsplit(valkey_url)
    found = caches(load_from(environ={"CACHE_URL": f"redis://{place.netloc}/5?key_prefix=five"}))
    cache = CacheHandler(found)["default"]
    cache.set("key", 1)
    assert server.keys("five:*") == []
    server.select(5)
    assert server.keys("five:*") == [b"five:1:key"]
    cache.close()
