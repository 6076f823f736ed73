"""The databases: from one URL, or from separate parts, to ``DATABASES``."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, SecretStr

from dj_core_utils.settings.database_tls import protection
from dj_core_utils.settings.errors import refuse
from dj_core_utils.settings.rules import rule
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.url_parts import form_warnings
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.database_url import DatabaseConfig
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.rendering import RenderContext
    from dj_core_utils.settings.rules import RuleContext

_VERIFY = "set DATABASE_TLS=verify-full, and DATABASE_TLS_CA to the file of the authority or to system"
_PARTS = ("DB_NAME", "DB_USER", "DB_PASSWORD", "DB_HOST", "DB_PORT", "DB_ENGINE")


def _usable(url: SecretURL) -> SecretURL:
    from dj_core_utils.settings.database_url import parse_database_url  # noqa: PLC0415  # only a URL needs the parser

    parse_database_url(url.get_secret_value())
    return url


def _known_engine(engine: str) -> str:
    from dj_core_utils.settings.database_url import engine_path  # noqa: PLC0415  # the same

    engine_path(engine)
    return engine


def _schema(name: str) -> str:
    from dj_core_utils.settings.database_options import schema_problem  # noqa: PLC0415  # the same

    if problem := schema_problem(name):
        refuse("database.schema", f"{problem}.", "expected  DB_SCHEMA=app  or  DB_SCHEMA=app,public")
    return name


def _aliases(urls: dict[str, SecretURL]) -> dict[str, SecretURL]:
    for alias in urls:
        if not alias.isidentifier() or alias == "default" or alias.partition("_")[0] == "replica":
            hint = "default is DATABASE_URL, and replica, replica_2, ... are DATABASE_REPLICA_URLS"
            refuse("database.alias", f'"{alias[:40]}" cannot be the name of a further database.', hint)
    return urls


_DatabaseURL = Annotated[SecretURL, AfterValidator(_usable)]


class DatabaseSettings(Section):
    """Where the data is, and how connections are made.

    An option in a URL counts more than the variable for all databases: ``DATABASE_URL=...?conn_max_age=0`` beats
    ``DATABASE_CONN_MAX_AGE``. The URL comes before ``DB_*``, and both before ``DATABASE_FALLBACK_URL``.
    """

    prefix: ClassVar[str] = "DATABASE_"

    url: _DatabaseURL | None = variable(
        None,
        feeds="DATABASES",
        description="The database. What is reserved in a URL is percent-encoded; options follow a question mark.",
        example="postgres://shop:PASSWORD@localhost:5432/shop",
        other_names=("DB_URL", "DATABASE_URI", "DJANGO_DATABASE_URL"),
    )
    engine: Annotated[str, AfterValidator(_known_engine)] = variable(
        "postgresql",
        name="DB_ENGINE",
        feeds="DATABASES",
        description="Engine of the database that DB_NAME names: a scheme such as mysql or sqlite, or a dotted path.",
        example="postgresql",
    )
    name: str = variable(
        "",
        name="DB_NAME",
        feeds="DATABASES",
        description="Name of the database, instead of DATABASE_URL; for SQLite a file in the project.",
        example="shop",
    )
    user: str = variable("", name="DB_USER", feeds="DATABASES", description="Who logs in to DB_NAME.", example="shop")
    password: SecretStr | None = variable(
        None, name="DB_PASSWORD", feeds="DATABASES", description="Password of DB_USER, as it is: nothing is encoded."
    )
    host: str = variable(
        "",
        name="DB_HOST",
        feeds="DATABASES",
        description="Host of DB_NAME, or the folder of its socket; empty for a local socket.",
        example="localhost",
    )
    port: int | None = variable(
        None, name="DB_PORT", feeds="DATABASES", description="Port of DB_HOST.", example="5432", ge=1, le=65535
    )
    db_schema: list[Annotated[str, AfterValidator(_schema)]] = variable(
        [],
        name="DB_SCHEMA",
        feeds="DATABASES",
        description="PostgreSQL schemas to look in; tables are made in the first. Fits DATABASE_URL, too.",
        example="shop",
    )
    fallback_url: _DatabaseURL | None = variable(
        None,
        feeds="DATABASES",
        description="The database when neither DATABASE_URL nor DB_NAME is set; development and test set it to SQLite.",
        example="sqlite:///db.sqlite3",
    )
    replica_urls: list[_DatabaseURL] = variable(
        [],
        feeds="DATABASES",
        description="Read replicas, as the aliases replica, replica_2, ...; the project's router sends queries there.",
        example="postgres://shop:PASSWORD@replica:5432/shop",
    )
    urls: Annotated[dict[str, _DatabaseURL], AfterValidator(_aliases)] = variable(
        {},
        feeds="DATABASES",
        description="Further databases by alias, alias=URL; a JSON object when a URL holds a comma.",
        example="reports=postgres://shop:PASSWORD@reports:5432/reports",
    )
    conn_max_age: timedelta = variable(
        timedelta(0),
        feeds="DATABASES",
        description="How long a connection is kept after a request; 0 closes it. A pool takes its place.",
        example="60",
        ge=timedelta(0),
    )
    conn_health_checks: bool = variable(
        True, feeds="DATABASES", description="Try a kept connection before it is used again."
    )
    pool: bool = variable(
        False, feeds="DATABASES", description="Keep a pool of connections per process (PostgreSQL with psycopg 3)."
    )
    pool_min_size: int = variable(1, feeds="DATABASES", description="Connections a pool keeps open.", ge=0)
    pool_max_size: int = variable(10, feeds="DATABASES", description="Connections a pool opens at most.", ge=1)
    pool_timeout: timedelta = variable(
        timedelta(seconds=5),
        feeds="DATABASES",
        description="How long a request waits for a connection of the pool.",
        gt=timedelta(0),
    )
    disable_server_side_cursors: bool = variable(
        False,
        feeds="DATABASES",
        description="Needed behind a pooler that hands out connections per transaction, such as PgBouncer.",
    )
    atomic_requests: bool = variable(False, feeds="DATABASES", description="Wrap every request in a transaction.")
    tls: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] | None = variable(
        None,
        feeds="DATABASES",
        description="TLS to PostgreSQL, MySQL and MariaDB: sslmode or ssl_mode, by PostgreSQL's names.",
        example="verify-full",
    )
    tls_ca: str = variable(
        "",
        feeds="DATABASES",
        description="File of the authorities that may sign the server's certificate; system for those of the machine.",
        example="system",
    )
    connect_timeout: timedelta = variable(
        timedelta(seconds=5),
        feeds="DATABASES",
        description="How long connecting to PostgreSQL, MySQL or MariaDB may take.",
        ge=timedelta(seconds=1),
    )
    statement_timeout: timedelta | None = variable(
        None,
        feeds="DATABASES",
        description="Longest run of one statement (on MySQL of one SELECT); 0 for no limit. Migrations obey it, too.",
        example="30s",
        ge=timedelta(0),
    )
    lock_timeout: timedelta | None = variable(
        None,
        feeds="DATABASES",
        description="Longest wait for a lock; 0 for the server's own limit.",
        example="5s",
        ge=timedelta(0),
    )
    idle_in_transaction_timeout: timedelta | None = variable(
        None,
        feeds="DATABASES",
        description="Longest pause within a transaction (PostgreSQL, MariaDB); 0 for no limit.",
        example="60s",
        ge=timedelta(0),
    )
    test_name: str = variable("", feeds="DATABASES", description="Name of the test database.", example="test_shop")

    @property
    def default(self) -> "DatabaseConfig":
        """The database ``default`` with all its options; Django's dummy engine when none is configured."""
        return self.configs()["default"]

    def configs(self, project_dir: Path | None = None) -> dict[str, "DatabaseConfig"]:
        """Every database by alias, with all its options.

        Args:
            project_dir: What the path of a SQLite file is relative to; None leaves it as it is written.
        """
        from dj_core_utils.settings.database_aliases import configs_by_alias  # noqa: PLC0415  # only a database needs it

        return configs_by_alias(self, project_dir)

    def idle(self, settings: "CoreSettings") -> Collection[str]:  # noqa: ARG002  # the hook's signature
        """The fallback, once there is a database."""
        return () if self.url is None and not self.name else ("fallback_url",)

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """``DATABASES``; where the server shows names of connections, they are named after the service.

        Args:
            context: The service's name and the project's folder.
        """
        databases = {}
        for alias, config in self.configs(context.project_dir).items():
            name = {"application_name": context.settings.service_name} if config.family == "postgresql" else {}
            databases[alias] = config.with_defaults(options=name).render()
        return {"DATABASES": databases}

    @rule("database.missing")
    def is_configured(self, context: "RuleContext") -> Iterator["Problem"]:
        """There is a database, outside the profiles that bring their own."""
        if self.url is None and self.fallback_url is None and not self.name and not _parts_set(context):
            yield context.problem(
                "DATABASE_URL",
                "no database is configured.",
                hint="set  DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/NAME\n"
                "or   DB_NAME, DB_USER, DB_PASSWORD and DB_HOST",
            )

    @rule("database.incomplete")
    def parts_name_a_database(self, context: "RuleContext") -> Iterator["Problem"]:
        """``DB_HOST`` and the like are of no use without ``DB_NAME``."""
        if self.url is None and not self.name and (found := _parts_set(context)):
            yield context.problem("DB_NAME", f"{', '.join(found)} set, but not which database.", hint="set DB_NAME")

    @rule("database.both")
    def url_stands_alone(self, context: "RuleContext") -> Iterator["Problem"]:
        """A URL and separate parts would contradict each other."""
        if self.url is not None and (found := _parts_set(context)):
            origin = context.origin("DATABASE_URL")
            yield context.problem(
                found[0],
                f"{', '.join(found)} set beside DATABASE_URL ({origin}), and only one of both can be meant.",
                hint="remove one of them",
            )

    @rule("database.parts")
    def sqlite_has_no_server(self, context: "RuleContext") -> Iterator["Problem"]:
        """SQLite is a file: a host or user beside it means that another engine was meant."""
        is_used = self.url is None and self.name
        if is_used and self.default.family == "sqlite" and (self.host or self.user or self.port or self.password):
            yield context.problem("DB_ENGINE", "SQLite is a file, and has neither host nor user.", hint="set DB_ENGINE")

    @rule("database.schema_engine")
    def schema_is_of_postgresql(self, context: "RuleContext") -> Iterator["Problem"]:
        """Only PostgreSQL has a search path."""
        if self.db_schema and self.default.family != "postgresql":
            yield context.problem("DB_SCHEMA", f"{self.default.engine} has no schemas to choose from.")

    @rule("database.package")
    def driver_is_installed(self, context: "RuleContext") -> Iterator["Problem"]:
        """The driver of a server is a package of its own, without which Django ends in a long traceback."""
        for name, subject, config in self._named():
            if hint := config.missing_driver:
                yield context.problem(name, f"{subject}no driver for {config.family} is installed.", hint=hint)

    @rule("database.pool_engine")
    def pool_is_of_postgresql(self, context: "RuleContext") -> Iterator["Problem"]:
        """Django pools connections to PostgreSQL only."""
        if self.pool and self.default.family != "postgresql":
            yield context.problem("DATABASE_POOL", f"Django has no pool for {self.default.engine}.")

    @rule("database.pool_package")
    def pool_is_installed(self, context: "RuleContext") -> Iterator["Problem"]:
        """A pool needs a package of its own, which Django misses at the first query only."""
        if self.pool and find_spec("psycopg_pool") is None:
            message = "the package psycopg_pool is not installed."
            yield context.problem("DATABASE_POOL", message, hint='pip install "psycopg[pool]"')

    @rule("database.pool_age")
    def pool_needs_no_age(self, context: "RuleContext") -> Iterator["Problem"]:
        """A pool keeps connections itself; a profile's age gives way to it, an age that somebody chose is an error."""
        is_chosen = context.is_set("DATABASE_CONN_MAX_AGE") or not context.is_given("DATABASE_CONN_MAX_AGE")
        if self.pool and self.conn_max_age and is_chosen:
            yield context.problem(
                "DATABASE_CONN_MAX_AGE",
                f"DATABASE_POOL ({context.origin('DATABASE_POOL')}) excludes an age: a pool keeps connections itself.",
                hint="remove one of them",
            )
        for name, subject, config in self._named():
            if config.options.get("pool") and config.settings["CONN_MAX_AGE"] != 0:
                yield context.problem(name, f"{subject}a pool and conn_max_age exclude each other.", hint="drop one")

    @rule("database.pool_size")
    def pool_sizes_fit(self, context: "RuleContext") -> Iterator["Problem"]:
        """The least size of a pool is not above the greatest."""
        for name, subject, config in self._named():
            pool = config.options.get("pool")
            if isinstance(pool, dict) and pool["min_size"] > pool["max_size"]:
                yield context.problem(
                    name,
                    f"{subject}a pool cannot keep {pool['min_size']} connections and open {pool['max_size']} at most.",
                    hint="see DATABASE_POOL_MIN_SIZE and DATABASE_POOL_MAX_SIZE, or pool__min_size and pool__max_size",
                )

    @rule("database.health")
    def kept_connections_are_checked(self, context: "RuleContext") -> Iterator["Problem"]:
        """A connection that is kept may be dead when it is used again."""
        for name, subject, config in self._named():
            if (config.options.get("pool") or config.conn_max_age != 0) and not config.conn_health_checks:
                yield context.warning(
                    name,
                    f"{subject}connections are kept, but not checked: after a restart of the server requests fail.",
                    hint="set DATABASE_CONN_HEALTH_CHECKS=true",
                )

    @rule("database.tls")
    def traffic_is_encrypted(self, context: "RuleContext") -> Iterator["Problem"]:
        """Nobody between here and another machine may read what the database says."""
        for name, subject, config in self._named():
            if protection(config) == "none" and not context.is_local:
                yield context.policy(name, f"{subject}the connection to {config.host} may be in clear.", hint=_VERIFY)

    @rule("database.tls_verify")
    def server_proves_its_name(self, context: "RuleContext") -> Iterator["Problem"]:
        """Encryption alone does not tell who is at the other end."""
        for name, subject, config in self._named():
            if protection(config) == "encrypted" and not context.is_local:
                yield context.warning(
                    name,
                    f"{subject}{config.host} need not prove its name: anybody in between could answer.",
                    hint=_VERIFY,
                )

    @rule("database.sqlite")
    def production_has_a_server(self, context: "RuleContext") -> Iterator["Problem"]:
        """SQLite is one file on one machine: a second machine, or a container's restart, has another one."""
        for name, subject, config in self._named():
            if config.family == "sqlite" and context.is_hardened:
                yield context.policy(
                    name,
                    f"{subject}SQLite is a file on one machine.",
                    hint="use PostgreSQL; where one machine with a lasting disk is all there is, waive this rule",
                )

    @rule("database.sqlite_mode")
    def writers_take_turns(self, context: "RuleContext") -> Iterator["Problem"]:
        """SQLite cannot wait for the write lock in the middle of a transaction."""
        for name, subject, config in self._named():
            if config.family == "sqlite" and config.options.get("transaction_mode") == "DEFERRED":
                yield context.warning(
                    name,
                    f'{subject}transactions that read and then write fail with "database is locked".',
                    hint="leave out transaction_mode: it is IMMEDIATE then",
                )

    @rule("database.init_command")
    def limits_are_set(self, context: "RuleContext") -> Iterator["Problem"]:
        """MySQL runs one command on a new connection, so a URL's own takes the place of the time limits."""
        for name, subject, config in self._named():
            if config.family == "mysql" and config.parameters and "init_command" in config.options:
                yield context.problem(
                    name,
                    f"{subject}init_command takes the place of {', '.join(config.parameters)}.",
                    hint="set the limits in init_command, or leave it out",
                )

    @rule("database.url_form")
    def urls_are_clean(self, context: "RuleContext") -> Iterator["Problem"]:
        """What is read in spite of how it is written is at least said."""
        single = (("DATABASE_URL", self.url), ("DATABASE_FALLBACK_URL", self.fallback_url))
        listed = [("DATABASE_REPLICA_URLS", url) for url in self.replica_urls]
        named = [("DATABASE_URLS", url) for url in self.urls.values()]
        for name, url in (*single, *listed, *named):
            for message, hint in form_warnings(url):
                yield context.warning(name, message, hint=hint)

    def _named(self) -> Iterator[tuple[str, str, "DatabaseConfig"]]:
        """Every database with the variable that names it and how a message about it begins."""
        default = "DATABASE_URL" if self.url else "DB_NAME" if self.name else "DATABASE_FALLBACK_URL"
        for alias, config in self.configs().items():
            is_replica = alias not in self.urls
            name = default if alias == "default" else "DATABASE_REPLICA_URLS" if is_replica else "DATABASE_URLS"
            yield name, "" if alias == "default" else f"{alias}: ", config


def _parts_set(context: "RuleContext") -> list[str]:
    return [name for name in _PARTS if context.is_set(name)]
