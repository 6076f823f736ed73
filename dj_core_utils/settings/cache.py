"""The caches: from URLs to ``CACHES``."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator

from dj_core_utils.settings.errors import refuse
from dj_core_utils.settings.rules import rule
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.url_parts import form_warnings
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.cache_url import CacheConfig
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.rendering import RenderContext
    from dj_core_utils.settings.rules import RuleContext

_SESSION_ENGINE = "django.contrib.sessions.backends.cache"
_PACKAGES = {"RedisCache": ("redis", "dj-core-utils[redis]"), "PyMemcacheCache": ("pymemcache", "pymemcache")}


def _usable(url: SecretURL) -> SecretURL:
    from dj_core_utils.settings.cache_url import parse_cache_url  # noqa: PLC0415  # only a URL needs the parser

    parse_cache_url(url.get_secret_value())
    return url


def _aliases(urls: dict[str, SecretURL]) -> dict[str, SecretURL]:
    for alias in urls:
        if not alias.isidentifier() or alias == "default":
            refuse("cache.alias", f'"{alias[:40]}" cannot be the name of a further cache.', "default is CACHE_URL")
    return urls


_CacheURL = Annotated[SecretURL, AfterValidator(_usable)]


class CacheSettings(Section):
    """Where things are kept that can be computed again.

    An option in a URL counts more than the variable for all caches: ``CACHE_URL=...?key_prefix=shop`` beats
    ``CACHE_KEY_PREFIX``. Without a URL every process has a cache in its own memory.
    """

    prefix: ClassVar[str] = "CACHE_"

    url: _CacheURL | None = variable(
        None,
        feeds="CACHES",
        description="The cache that all processes share: Redis or Valkey (rediss with TLS), memcached, or a table.",
        example="redis://:PASSWORD@localhost:6379/0",
        other_names=("REDIS_CACHE_URL", "DJANGO_CACHE_URL"),
    )
    urls: Annotated[dict[str, _CacheURL], AfterValidator(_aliases)] = variable(
        {},
        feeds="CACHES",
        description="Further caches by alias, alias=URL; a JSON object when a URL holds a comma.",
        example="sessions=redis://:PASSWORD@localhost:6379/1",
    )
    key_prefix: str = variable(
        "",
        feeds="CACHES",
        description="What the keys of this service begin with, so that services can share a server; its name if empty.",
        example="shop",
    )
    timeout: timedelta = variable(
        timedelta(minutes=5),
        feeds="CACHES",
        description="How long a value is kept for which the code gives no time.",
        example="5m",
        ge=timedelta(0),
    )
    connect_timeout: timedelta = variable(
        timedelta(seconds=1),
        feeds="CACHES",
        description="How long connecting to Redis or Valkey may take.",
        gt=timedelta(0),
    )
    socket_timeout: timedelta = variable(
        timedelta(seconds=2),
        feeds="CACHES",
        description="How long Redis or Valkey may take to answer.",
        gt=timedelta(0),
    )

    @property
    def default(self) -> "CacheConfig":
        """The cache ``default`` with all its options."""
        return self.configs()["default"]

    def configs(self) -> dict[str, "CacheConfig"]:
        """Every cache by alias, with all its options but the key prefix of a service's name."""
        from dj_core_utils.settings.cache_url import CacheConfig, parse_cache_url  # noqa: PLC0415  # only a cache needs it

        memory = CacheConfig(backend="django.core.cache.backends.locmem.LocMemCache")
        found = {"default": parse_cache_url(self.url.get_secret_value()) if self.url else memory}
        found |= {alias: parse_cache_url(url.get_secret_value()) for alias, url in self.urls.items()}
        settings: dict[str, object] = {"TIMEOUT": int(self.timeout.total_seconds())}
        if self.key_prefix:
            settings["KEY_PREFIX"] = self.key_prefix
        # The client's own limits depend on its version; without one, a dead server holds every request.
        limits: dict[str, object] = {
            "socket_connect_timeout": self.connect_timeout.total_seconds(),
            "socket_timeout": self.socket_timeout.total_seconds(),
        }
        return {
            alias: cache.with_defaults(settings, limits if cache.is_redis else {}) for alias, cache in found.items()
        }

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """``CACHES``.

        Args:
            context: The service's name, which keys begin with.
        """
        prefix = {"KEY_PREFIX": context.settings.service_name}
        caches = {}
        for alias, cache in self.configs().items():
            caches[alias] = cache.with_defaults(prefix, {}).render()
            if cache.is_per_process and not cache.location:
                caches[alias]["LOCATION"] = alias  # two caches in memory would otherwise be one
        return {"CACHES": caches}

    @rule("cache.local")
    def production_shares_its_cache(self, context: "RuleContext") -> Iterator["Problem"]:
        """What one process caches, counts or locks, the others have to see."""
        for name, subject, cache in self._named():
            if cache.is_local and context.is_hardened:
                kind = cache.backend.rpartition(".")[2]
                yield context.policy(
                    name,
                    f"{subject}{kind} is not shared: other processes and machines see another cache.",
                    hint="set CACHE_URL=rediss://:PASSWORD@HOST:6379/0; where there is one process, waive this rule",
                )

    @rule("cache.sessions")
    def sessions_survive(self, context: "RuleContext") -> Iterator["Problem"]:
        """Sessions that live in the cache alone need one that all processes share."""
        if self.default.is_per_process and context.settings.security.session_engine == _SESSION_ENGINE:
            yield context.policy(
                "CACHE_URL",
                "sessions are kept in the cache alone, and every process has its own: people are logged out at random.",
                hint="set CACHE_URL to a shared cache, or SESSION_ENGINE to one that uses the database",
            )

    @rule("cache.package")
    def client_is_installed(self, context: "RuleContext") -> Iterator["Problem"]:
        """The client of a server is a package of its own, which Django misses at the first use only."""
        for name, subject, cache in self._named():
            module, package = _PACKAGES.get(cache.backend.rpartition(".")[2], ("", ""))
            if module and find_spec(module) is None:
                yield context.problem(
                    name, f"{subject}the package {module} is not installed.", hint=f'pip install "{package}"'
                )

    @rule("cache.url_form")
    def urls_are_clean(self, context: "RuleContext") -> Iterator["Problem"]:
        """What is read in spite of how it is written is at least said."""
        for name, url in (("CACHE_URL", self.url), *(("CACHE_URLS", url) for url in self.urls.values())):
            for message, hint in form_warnings(url):
                yield context.warning(name, message, hint=hint)

    def _named(self) -> Iterator[tuple[str, str, "CacheConfig"]]:
        """Every cache with the variable that names it and how a message about it begins."""
        for alias, cache in self.configs().items():
            is_default = alias == "default"
            yield "CACHE_URL" if is_default else "CACHE_URLS", "" if is_default else f"{alias}: ", cache
