"""Cache URLs: one strict parser in front of django-environ.

django-environ knows which scheme is which backend and how Django wants their places written. What it gets wrong is
repaired here: Valkey's schemes, passwords with commas or percent signs, options that Django calls otherwise, and
everything that would fail at the first use only, or never, by being ignored.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from pydantic import SecretStr

from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.url_options import boolean, choice, each, number, read_options, seconds_or_none, text, whole
from dj_core_utils.settings.url_parts import URLGrammar, URLParts, folder_of, split_scheme, split_url, trimmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dj_core_utils.settings.url_options import Options

EXAMPLE = "redis://:PASSWORD@HOST:6379/0"

# Schemes that people write, and what django-environ calls them. Its own "memcache" is a backend that Django removed.
_ALIASES = {
    "db": "dbcache",
    "dummy": "dummycache",
    "file": "filecache",
    "locmem": "locmemcache",
    "memcache": "pymemcache",
    "memcached": "pymemcache",
    "rediscache": "redis",
    "memory": "locmemcache",
    "redis+unix": "redis",
    "unix": "redis",
    "valkey": "redis",
    "valkeys": "rediss",
}
_REFUSED = ("redis+cluster", "redis+sentinel", "redis-sentinel", "rediss+sentinel", "sentinel", "valkey+sentinel")
_DATABASE = r"[0-9]{1,5}"
_SERVERS = ("redis", "rediss", "pymemcache", "pylibmc")
# django-environ chooses by what happens to be installed, and the options of another client have other names.
_BACKENDS = {
    "redis": "django.core.cache.backends.redis.RedisCache",
    "rediss": "django.core.cache.backends.redis.RedisCache",
    "pymemcache": "django.core.cache.backends.memcached.PyMemcacheCache",
}
_LOCAL_BACKENDS = ("locmem.LocMemCache", "filebased.FileBasedCache", "dummy.DummyCache")


class CacheConfig(NamedTuple):
    """One cache, typed; what a URL says.

    Attributes:
        backend: Dotted path of Django's backend.
        location: Where it is, without credentials; several servers are a list.
        settings: Further keys of Django's, such as ``KEY_PREFIX``.
        options: What the client is told (``OPTIONS``), the password among it.
    """

    backend: str
    location: str | list[str] = ""
    settings: Mapping[str, object] = MappingProxyType({})
    options: Mapping[str, object] = MappingProxyType({})

    @property
    def is_redis(self) -> bool:
        """Whether Django's Redis client talks to it."""
        return self.backend.endswith("RedisCache")

    @property
    def is_local(self) -> bool:
        """Whether other processes, or other machines, see another cache or none."""
        return self.backend.endswith(_LOCAL_BACKENDS)

    @property
    def is_per_process(self) -> bool:
        """Whether every process has a cache of its own."""
        return self.backend.endswith(("LocMemCache", "DummyCache"))

    def with_defaults(self, settings: Mapping[str, object], options: Mapping[str, object]) -> CacheConfig:
        """A copy that also has what is given here, except where this one already says something."""
        return self._replace(settings={**settings, **self.settings}, options={**options, **self.options})

    def render(self) -> dict[str, object]:
        """The entry of ``CACHES``; secrets are strings that hide themselves in ``repr``."""
        entry: dict[str, object] = {"BACKEND": self.backend, "LOCATION": self.location, **self.settings}
        options = {
            name: SecretText(value.get_secret_value()) if isinstance(value, SecretStr) else value
            for name, value in self.options.items()
        }
        return entry | ({"OPTIONS": options} if options else {})


def parse_cache_url(url: str) -> CacheConfig:
    """Read a cache URL.

    Args:
        url: ``redis://:PASSWORD@HOST:6379/0?key_prefix=shop``; blanks and quotes around it are ignored.

    Returns:
        The cache, with no more in it than the URL says.

    Raises:
        PydanticCustomError: A part is wrong, ``cache.url``; the message names it and shows the URL masked.
    """
    from environ import Env  # noqa: PLC0415  # a project without a cache URL does not pay for it

    schemes = {*Env.CACHE_SCHEMES, *_ALIASES, *_REFUSED}
    servers = [scheme for scheme in schemes if _ALIASES.get(scheme, scheme) in _SERVERS]
    grammar = URLGrammar(problem_id="cache.url", example=EXAMPLE, schemes=schemes, several_hosts=servers)
    scheme, _ = split_scheme(trimmed(url), grammar)
    if scheme in _REFUSED:
        hint = "name the primary, or a proxy in front of it"
        raise grammar.error("Django's Redis client speaks neither to Sentinel nor to a cluster", trimmed(url), hint)
    parts = split_url(url, grammar)
    kind = _ALIASES.get(scheme, scheme)
    settings: dict[str, object] = {}
    options: dict[str, object] = {}
    known = {**_REDIS, **_REDIS_TLS} if kind.startswith("redis") else {}
    read_options(parts, ((settings, _SETTINGS), (options, known)))
    place = _redis(parts, kind, options) if kind.startswith("redis") else _other(parts, kind)
    found: dict[str, Any] = {**Env.cache_url_config(f"{kind}://{place}", backend=_BACKENDS.get(kind))}
    location = found["LOCATION"]
    if kind == "filecache":
        location = folder_of(parts)
    return CacheConfig(backend=found["BACKEND"], location=location, settings=settings, options=options)


def _redis(parts: URLParts, kind: str, options: dict[str, object]) -> str:
    """The servers and the database as django-environ reads them; what else the URL says becomes options.

    Credentials become options, too: there they stay as they are, in the place of the cache the client would decode them
    once more, and settings would show them.
    """
    if kind != "rediss" and (unused := options.keys() & _REDIS_TLS.keys()):
        raise parts.error(f"the option {min(unused)} has no use without TLS", "write rediss:// instead of redis://")
    password = SecretStr(parts.password) if parts.password else None
    database = _database(parts)
    if not parts.hosts[0].name and (database or not parts.path.strip("/")):
        raise parts.error("the URL names no host")
    is_socket = parts.hosts[0].name.startswith("/")
    for name, value in {"username": parts.user, "password": password, "db": database}.items():
        if value and name in options:
            raise parts.error(f"the {name} is given twice, as an option and in its place")
        if value and (name != "db" or is_socket):
            options[name] = int(database) if name == "db" else value
    if not parts.hosts[0].name:
        return parts.path
    if is_socket:
        return quote(parts.hosts[0].name)
    return ",".join(host.address(6379) for host in parts.hosts) + (f"/{database}" if database else "")


def _database(parts: URLParts) -> str:
    """The number of the database in the path; empty when there is none, or when the path is a socket."""
    database = parts.decoded_path("database number")
    if re.fullmatch(_DATABASE, database) or not database:
        return database
    if parts.hosts[0].name:
        raise parts.error("the database is not a number")
    return ""


def _other(parts: URLParts, kind: str) -> str:
    """The place of a cache without credentials as django-environ reads it."""
    if parts.user or parts.password:
        raise parts.error(f"a {parts.scheme} cache has no user and password")
    name, path = parts.hosts[0].name, parts.path.rstrip("/")
    if kind == "pymemcache" and path and not name:
        return path
    if kind in _SERVERS:
        if not name:
            raise parts.error("the URL names no host")
        return ",".join(host.address(11211) for host in parts.hosts)
    if kind == "filecache":
        if name or not path:
            raise parts.error("the URL names no absolute folder", "expected  file:///var/tmp/shop-cache")
        return path
    if kind == "dbcache" and not name:
        raise parts.error("the URL names no table", "expected  db://cache_table")
    return name


_SETTINGS: Options = {
    "timeout": ("TIMEOUT", seconds_or_none),
    "key_prefix": ("KEY_PREFIX", text),
    "version": ("VERSION", whole),
    "key_function": ("KEY_FUNCTION", text),
}
_REDIS: Options = {
    **each(text, "client_name username"),
    "password": ("password", SecretStr),
    **each(whole, "db health_check_interval max_connections protocol"),
    **each(number, "socket_connect_timeout socket_timeout"),
    **each(boolean, "retry_on_timeout socket_keepalive"),
}
_REDIS_TLS: Options = {
    **each(text, "ssl_ca_certs ssl_ca_path ssl_certfile ssl_keyfile"),
    # "none" would turn off what rediss is for.
    "ssl_cert_reqs": ("ssl_cert_reqs", choice("required", "optional")),
}
