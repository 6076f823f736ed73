"""Database URLs: one strict parser in front of dj-database-url.

dj-database-url knows which scheme is which engine, and a project may register more with it. What it guesses or gets
wrong is decided here: reserved characters, ports, lists of hosts, sockets, the type of every option, and SQLite paths.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

from pydantic import SecretStr

from dj_core_utils.settings.database_drivers import driver_options, missing_driver
from dj_core_utils.settings.database_options import Family, family_of, read_database_options
from dj_core_utils.settings.errors import invalid
from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.spelling import nearest
from dj_core_utils.settings.url_parts import Host, URLGrammar, URLParts, split_query, split_scheme, split_url, trimmed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLE = "postgres://USER:PASSWORD@HOST:5432/NAME"
SQLITE_EXAMPLE = "sqlite:///db.sqlite3 (relative to the project) or sqlite:////absolute/path/db.sqlite3"

# Schemes that people write, and what dj-database-url calls them. Its own "mssql" is an engine that nobody maintains.
_ALIASES = {
    "cockroachdb": "cockroach",
    "mariadb": "mysql",
    "mssql": "mssqlms",
    "psql": "postgres",
    "sqlite3": "sqlite",
}
_MEMORY = ":memory:"
_SQLITE_SCHEMES = ("sqlite", "sqlite3", "spatialite")


class DatabaseConfig(NamedTuple):
    """One database, typed; what a URL or the ``DB_*`` variables say.

    Attributes:
        engine: Dotted path of Django's database engine.
        name: The database; for SQLite the file, or ``:memory:``.
        user: Who logs in; empty for the engine's default.
        password: The password; empty for none.
        host: Host, address, path of a socket, or several separated by commas; empty for a local socket.
        port: The port; text when there are several hosts or the engine wants it; empty for the engine's default.
        settings: Further keys of Django's, such as ``CONN_MAX_AGE``.
        options: What the driver is told (``OPTIONS``).
        parameters: What the server is asked to set for each session, such as ``statement_timeout``.
        test: What is said about the test database (``TEST``).
    """

    engine: str
    name: str
    user: str = ""
    password: SecretStr = SecretStr("")
    host: str = ""
    port: int | str = ""
    settings: Mapping[str, object] = MappingProxyType({})
    options: Mapping[str, object] = MappingProxyType({})
    parameters: Mapping[str, object] = MappingProxyType({})
    test: Mapping[str, object] = MappingProxyType({})

    @property
    def family(self) -> Family:
        """Which engines this one is like."""
        return family_of(self.engine)

    @property
    def is_local(self) -> bool:
        """Whether no traffic leaves this machine: a file, a socket or loopback."""
        return self.family == "sqlite" or all(Host(name).is_local for name in self.host.split(","))

    @property
    def is_in_memory(self) -> bool:
        """Whether it is a SQLite database without a file."""
        return self.family == "sqlite" and (self.name == _MEMORY or "mode=memory" in self.name)

    @property
    def missing_driver(self) -> str:
        """How to install a driver where there is none; empty where there is one."""
        return missing_driver(self)

    @property
    def conn_max_age(self) -> int | None:
        """Seconds that a connection is kept after a request; None without limit."""
        age = self.settings.get("CONN_MAX_AGE", 0)
        return age if isinstance(age, int) else None

    @property
    def conn_health_checks(self) -> bool:
        """Whether a kept connection is tried before it is used again."""
        return bool(self.settings.get("CONN_HEALTH_CHECKS", False))

    def with_defaults(
        self,
        *,
        settings: Mapping[str, object] | None = None,
        options: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> DatabaseConfig:
        """A copy that also has what is given here, except where this one already says something."""
        return self._replace(
            settings={**(settings or {}), **self.settings},
            options={**(options or {}), **self.options},
            parameters={**(parameters or {}), **self.parameters},
        )

    def render(self) -> dict[str, object]:
        """The entry of ``DATABASES``, in the form that the engine's driver takes."""
        entry: dict[str, object] = {"ENGINE": self.engine, "NAME": self.name}
        if self.family != "sqlite":
            entry |= {
                "USER": self.user,
                "PASSWORD": SecretText(password) if (password := self.password.get_secret_value()) else "",
                "HOST": self.host,
                "PORT": self.port,
            }
        entry |= self.settings
        if options := driver_options(self):
            entry["OPTIONS"] = options
        if self.test:
            entry["TEST"] = dict(self.test)
        return entry


def parse_database_url(text: str, *, project_dir: Path | None = None) -> DatabaseConfig:
    """Read a database URL.

    Args:
        text: ``postgres://USER:PASSWORD@HOST:5432/NAME?sslmode=require``; blanks and quotes around it are ignored.
        project_dir: What the path of a SQLite file is relative to; None leaves it as it is written.

    Returns:
        The database, with no more in it than the URL says.

    Raises:
        PydanticCustomError: A part is wrong, ``database.url``; the message names it and shows the URL masked.
    """
    schemes = _schemes()
    grammar = _grammar(schemes)
    scheme, rest = split_scheme(trimmed(text), grammar)
    if scheme in _SQLITE_SCHEMES:
        return _sqlite(scheme, rest, grammar._replace(example=SQLITE_EXAMPLE), project_dir)
    family = family_of(schemes[scheme].backend)
    parts = split_url(text, grammar._replace(several_hosts=(scheme,) if family == "postgresql" else ()))
    read = read_database_options(parts, family)
    hosts, path = _socket_in_path(parts) if family in {"postgresql", "mysql"} else (parts.hosts, parts.path)
    parts = _with_options_in_place(parts._replace(hosts=hosts, path=path), read.place)
    _judge_name(parts, family, has_service=bool(read.driver.get("service")))
    entry = _entry(parts, family, read.driver if family == "other" else {})
    names = [host.name for host in parts.hosts]
    ports = ["" if host.port is None else str(host.port) for host in parts.hosts]
    return DatabaseConfig(
        engine=entry["ENGINE"],
        name=entry["NAME"],
        user=entry.get("USER", ""),
        password=SecretStr(entry.get("PASSWORD", "")),
        host=",".join(names) if entry["HOST"] else "",
        port=",".join(ports) if len(names) > 1 and any(ports) else entry.get("PORT", ""),
        settings=read.settings,
        options=entry.get("OPTIONS", {}) if family == "other" else read.driver,
        parameters=read.parameters,
    )


def database_from_parts(
    *,
    engine: str,
    name: str,
    user: str = "",
    password: SecretStr | None = None,
    host: str = "",
    port: int | None = None,
    project_dir: Path | None = None,
) -> DatabaseConfig:
    """A database from the ``DB_*`` variables, where nothing needs encoding.

    Args:
        engine: A scheme of a URL (``postgresql``) or the dotted path of an engine.
        name: The database; for SQLite a file, relative to the project, or ``:memory:``.
        user: Who logs in.
        password: The password.
        host: Host, address, path of a socket, or several separated by commas.
        port: The port.
        project_dir: What the path of a SQLite file is relative to; None leaves it as it is written.

    Raises:
        PydanticCustomError: There is no such engine, ``database.engine``.
    """
    path = engine_path(engine)
    family = family_of(path)
    return DatabaseConfig(
        engine=path,
        name=_file(name, project_dir) if family == "sqlite" else name,
        user=user,
        password=password or SecretStr(""),
        host=host.strip().removeprefix("[").removesuffix("]"),
        port="" if port is None else str(port) if family in {"oracle", "mssql"} else port,
    )


def engine_path(engine: str) -> str:
    """The dotted path of an engine that is named by a scheme or by its path.

    Args:
        engine: ``postgresql``, ``mysql``, ``sqlite``, or ``django.db.backends.postgresql``.

    Raises:
        PydanticCustomError: There is no such engine, ``database.engine``.
    """
    schemes = _schemes()
    known = {found.backend for found in schemes.values()}
    if (found := schemes.get(engine.lower())) is not None:
        return str(found.backend)
    if "." in engine and (engine in known or not engine.startswith("django.")):
        return engine
    names = sorted(known) if "." in engine else sorted(schemes)
    suggestion = nearest(engine, names)
    hint = f"did you mean {suggestion}?" if suggestion else f"known: {', '.join(sorted(schemes))}"
    raise invalid("database.engine", f'there is no database engine "{engine[:60]}".', hint)


def _schemes() -> dict[str, Any]:
    """Every scheme with its engine: dj-database-url's register, the project's own entries in it, and our aliases."""
    import dj_database_url  # noqa: PLC0415  # a project without a database does not pay for it

    known: dict[str, Any] = dict(dj_database_url.ENGINE_SCHEMES)
    return known | {alias: known[scheme] for alias, scheme in _ALIASES.items()}


def _grammar(schemes: Mapping[str, Any]) -> URLGrammar:
    return URLGrammar(
        problem_id="database.url",
        example=EXAMPLE,
        schemes=schemes.keys(),
        instead="or use DB_NAME, DB_USER, DB_PASSWORD, DB_HOST and DB_PORT, where nothing needs encoding",
    )


def _sqlite(scheme: str, rest: str, grammar: URLGrammar, project_dir: Path | None) -> DatabaseConfig:
    text = f"{scheme}://{rest}"
    location, _, query = rest.partition("?")
    options = split_query(query, text, grammar)
    parts = URLParts(text=text, grammar=grammar, scheme=scheme, options=options, path=location)
    if location.removeprefix("/") == _MEMORY:
        name = _MEMORY
    elif not location:
        raise parts.error(
            "the URL names no file", f"for a database that is lost with the process write {scheme}://{_MEMORY}"
        )
    elif not location.startswith("/"):
        hint = f"write three slashes: {scheme}:///{location}" if "@" not in location else ""
        raise parts.error("a SQLite URL has no host, and without a file its data would vanish", hint)
    elif "#" in location:
        raise parts.error("a # in the path is not encoded", "write it as %23")
    else:
        name = parts.decoded_path("path")
        if not name or name.endswith("/"):
            raise parts.error("the URL names no file")
        name = _file(name, project_dir)
    read = read_database_options(parts, "sqlite")
    engine = _schemes()[parts.scheme].backend
    return DatabaseConfig(engine=engine, name=name, settings=read.settings, options=read.driver)


def _file(name: str, project_dir: Path | None) -> str:
    return name if project_dir is None or name == _MEMORY or name.startswith("file:") else str(project_dir / name)


def _socket_in_path(parts: URLParts) -> tuple[tuple[Host, ...], str]:
    """The form with four slashes, ``postgres:////run/postgresql/NAME``, which has the socket in front of the name."""
    if not parts.path.startswith("//") or parts.hosts[0].name:
        return parts.hosts, parts.path
    socket, _, name = parts.path[1:].rpartition("/")
    if not socket:
        raise parts.error("the path of the socket is not followed by a database name")
    return (Host(unquote(socket), parts.hosts[0].port),), f"/{name}"


def _with_options_in_place(parts: URLParts, place: Mapping[str, Any]) -> URLParts:
    """Options that stand for a part of the URL, such as ``?host=/run/postgresql``, moved to that part."""
    first = parts.hosts[0]
    taken = {
        "host": first.name,
        "port": first.port,
        "user": parts.user,
        "password": parts.password,
        "name": parts.path[1:],
    }
    for name in place:
        if taken[name]:
            raise parts.error(f"the {name} is given twice, as an option and in its place")
    names = place["host"].split(",") if "host" in place else [host.name for host in parts.hosts]
    ports = [host.port for host in parts.hosts] if len(names) == len(parts.hosts) else [first.port] * len(names)
    return parts._replace(
        hosts=tuple(Host(name, place.get("port", port)) for name, port in zip(names, ports, strict=True)),
        user=place.get("user", parts.user),
        password=place.get("password", parts.password),
        path=f"/{quote(place['name'], safe='')}" if "name" in place else parts.path,
    )


def _judge_name(parts: URLParts, family: Family, *, has_service: bool) -> None:
    name = parts.path[1:]
    if "/" in name:
        hint = "write it as %2F; a socket needs four slashes: postgres:////run/postgresql/NAME"
        raise parts.error("a / in the database name is not encoded", hint)
    is_optional = has_service or family == "other" or (family == "oracle" and parts.hosts[0].port is None)
    if not name and not is_optional:
        raise parts.error("the URL names no database")


def _entry(parts: URLParts, family: Family, options: Mapping[str, object]) -> dict[str, Any]:
    """What dj-database-url makes of the URL once everything in it is encoded.

    The options of an engine that we have no table for are given to it, because whoever registered the engine may have
    registered what becomes of them.
    """
    import dj_database_url  # noqa: PLC0415  # a project without a database does not pay for it

    first = parts.hosts[0]
    credentials = f"{quote(parts.user, safe='')}:{quote(parts.password, safe='')}@"
    port = f":{first.port}" if first.port is not None else ""
    name = parts.decoded_path("database name")
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    scheme = _ALIASES.get(parts.scheme, parts.scheme)
    url = f"{scheme}://{credentials}{quote(first.name, safe='')}{port}/{quote(name, safe='')}{query}"
    entry: dict[str, Any] = {**dj_database_url.parse(url)}
    if family == "oracle" and not name:  # oracle://user:password@service is a name that the client looks up
        entry |= {"NAME": first.name, "HOST": ""}
    return entry
