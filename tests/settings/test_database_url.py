"""The strict parser of database URLs: every case that the libraries behind it were seen to get wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import dj_database_url
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from dj_core_utils.settings.database_url import (
    DatabaseConfig,
    database_from_parts,
    engine_path,
    parse_database_url,
)
from dj_core_utils.settings.url_parts import URLGrammar, split_url

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path("/srv/shop")
POSTGRESQL = "django.db.backends.postgresql"
MYSQL = "django.db.backends.mysql"
SQLITE = "django.db.backends.sqlite3"


def parse(url: str) -> DatabaseConfig:
    """Read a URL in a project folder."""
    return parse_database_url(url, project_dir=PROJECT)


def refusal(url: str) -> str:
    """The message and hint with which a URL is refused."""
    with pytest.raises(PydanticCustomError) as caught:
        parse(url)
    assert caught.value.type == "database.url"
    return caught.value.message()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "postgres://shop:pw@db:5432/shop",
            {"ENGINE": POSTGRESQL, "NAME": "shop", "USER": "shop", "PASSWORD": "pw", "HOST": "db", "PORT": 5432},
            id="plain",
        ),
        pytest.param("postgres://u:%40%2F%3A%23%3F%25%C3%A9@h/n", {"PASSWORD": "@/:#?%é"}, id="encoded password"),
        pytest.param("postgres://u:a:b@h/n", {"PASSWORD": "a:b"}, id="colon in the password"),
        pytest.param("postgres://u:50%off@h/n", {"PASSWORD": "50%off"}, id="lone percent is kept"),
        pytest.param(
            "postgres://a+b:c+d@h/e+f", {"USER": "a+b", "PASSWORD": "c+d", "NAME": "e+f"}, id="plus is a plus"
        ),
        pytest.param("postgres://u:é@h/ñ", {"PASSWORD": "é", "NAME": "ñ"}, id="letters of any language"),
        pytest.param(
            "postgres://u@%2Fvar%2FRun:5433/n", {"HOST": "/var/Run", "PORT": 5433, "NAME": "n"}, id="socket, encoded"
        ),
        pytest.param("postgres:////var/Run/n", {"HOST": "/var/Run", "NAME": "n"}, id="socket, four slashes"),
        pytest.param(
            "postgres://u:p@//cloudsql/a:b:c/n", {"HOST": "/cloudsql/a:b:c", "USER": "u"}, id="socket after a user"
        ),
        pytest.param("postgres:///n?host=/var/Run", {"HOST": "/var/Run", "NAME": "n"}, id="socket as an option"),
        pytest.param("mysql://u:p@/n?unix_socket=/run/my.sock", {"HOST": "/run/my.sock"}, id="socket of MySQL"),
        pytest.param("postgres:///n", {"HOST": "", "PORT": "", "NAME": "n"}, id="no host"),
        pytest.param("postgres://:5433/n", {"HOST": "", "PORT": 5433}, id="no host, but a port"),
        pytest.param("postgres://[::1]:5432/n", {"HOST": "::1", "PORT": 5432}, id="IPv6"),
        pytest.param("postgres://[fe80::1%25eth0]/n", {"HOST": "fe80::1%eth0", "PORT": ""}, id="IPv6 with a zone"),
        pytest.param("postgres://h1:1,h2:2/n", {"HOST": "h1,h2", "PORT": "1,2"}, id="hosts with ports"),
        pytest.param("postgres://h1,h2/n", {"HOST": "h1,h2", "PORT": ""}, id="hosts without ports"),
        pytest.param("postgres://h1,h2:2/n", {"HOST": "h1,h2", "PORT": ",2"}, id="hosts, one with a port"),
        pytest.param("postgres://[::1]:1,[::2]:2/n", {"HOST": "::1,::2", "PORT": "1,2"}, id="IPv6 hosts"),
        pytest.param(
            "postgres:///n?host=h1,h2&port=5433", {"HOST": "h1,h2", "PORT": "5433,5433"}, id="hosts as options"
        ),
        pytest.param(
            "postgres:///?dbname=a%2Fb&user=u&password=p+w&host=h&port=1",
            {"NAME": "a/b", "USER": "u", "PASSWORD": "p+w", "HOST": "h", "PORT": 1},
            id="everything as options",
        ),
        pytest.param("postgres://h/a%2Fb", {"NAME": "a/b"}, id="slash in the name"),
        pytest.param("postgres:///?service=shop", {"NAME": "", "OPTIONS": {"service": "shop"}}, id="service file"),
        pytest.param(" \t'postgres://h/n '\n", {"HOST": "h", "NAME": "n"}, id="blanks and quotes around it"),
        pytest.param('"postgres://h/n"', {"HOST": "h", "NAME": "n"}, id="double quotes around it"),
        pytest.param("POSTGRES://Db.Example/n", {"ENGINE": POSTGRESQL, "HOST": "Db.Example"}, id="scheme in capitals"),
        pytest.param("sqlite:///db.sqlite3", {"ENGINE": SQLITE, "NAME": "/srv/shop/db.sqlite3"}, id="SQLite, relative"),
        pytest.param("sqlite:////data/a b@1%23.db", {"NAME": "/data/a b@1#.db"}, id="SQLite, absolute"),
        pytest.param("sqlite://:memory:", {"NAME": ":memory:"}, id="SQLite in memory"),
        pytest.param("sqlite:///:memory:", {"NAME": ":memory:"}, id="SQLite in memory, three slashes"),
        pytest.param("spatialite:///gis.db", {"NAME": "/srv/shop/gis.db"}, id="SpatiaLite"),
        pytest.param("oracle://u:p@h:1521/x", {"HOST": "h", "PORT": "1521", "NAME": "x"}, id="Oracle"),
        pytest.param("oracle://u:p@tns", {"HOST": "", "PORT": "", "NAME": "tns"}, id="Oracle by service name"),
        pytest.param(
            "mssql://u:p@h:1433/x?driver=ODBC%20Driver%2018",
            {"ENGINE": "mssql", "PORT": "1433", "OPTIONS": {"driver": "ODBC Driver 18"}},
            id="SQL Server",
        ),
    ],
)
def test_reads(url: str, expected: dict[str, object]) -> None:
    """A URL means what it says, part by part."""
    entry = parse(url).render()
    assert {key: entry[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("scheme", "engine"),
    [
        *((scheme, POSTGRESQL) for scheme in ("postgres", "postgresql", "pgsql", "psql")),
        ("postgis", "django.contrib.gis.db.backends.postgis"),
        ("cockroach", "django_cockroachdb"),
        ("cockroachdb", "django_cockroachdb"),
        ("timescale", "timescale.db.backends.postgresql"),
        ("redshift", "django_redshift_backend"),
        *((scheme, MYSQL) for scheme in ("mysql", "mysql2", "mariadb")),
        ("mysqlgis", "django.contrib.gis.db.backends.mysql"),
        ("oracle", "django.db.backends.oracle"),
        ("mssql", "mssql"),
    ],
)
def test_schemes(scheme: str, engine: str) -> None:
    """Every scheme that people write has its engine."""
    assert parse(f"{scheme}://u:p@h:1/n").engine == engine


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("pool=true", {"OPTIONS": {"pool": True}}),
        ("pool=false", {}),
        ("pool__min_size=2&pool=true&pool__timeout=1.5", {"OPTIONS": {"pool": {"min_size": 2, "timeout": 1.5}}}),
        ("conn_max_age=600&conn_health_checks=true", {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}),
        ("CONN_MAX_AGE=none", {"CONN_MAX_AGE": None}),
        ("conn_health_checks=false&atomic_requests=On", {"CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": True}),
        ("disable_server_side_cursors=1", {"DISABLE_SERVER_SIDE_CURSORS": True}),
        ("application_name=007", {"OPTIONS": {"application_name": "007"}}),
        ("application_name=", {"OPTIONS": {"application_name": ""}}),
        ("application_name=a+b%20c", {"OPTIONS": {"application_name": "a+b c"}}),
        ("connect_timeout=5&keepalives=0", {"OPTIONS": {"connect_timeout": 5, "keepalives": 0}}),
        ("sslmode=VERIFY-FULL", {"OPTIONS": {"sslmode": "verify-full"}}),
        ("ssl=true", {"OPTIONS": {"sslmode": "require"}}),
        ("ssl=false", {"OPTIONS": {"sslmode": "disable"}}),
        ("isolation_level=repeatable_read", {"OPTIONS": {"isolation_level": 3}}),
        ("statement_timeout=30s", {"OPTIONS": {"options": "-c statement_timeout=30s"}}),
        ("search_path=app,public", {"OPTIONS": {"options": "-c search_path=app,public"}}),
        ("currentSchema=My%20App", {"OPTIONS": {"options": '-c search_path="My\\ App"'}}),
        ("schema=app&options=-c%20jit=off", {"OPTIONS": {"options": "-c search_path=app -c jit=off"}}),
        ("&sslmode=require&", {"OPTIONS": {"sslmode": "require"}}),
        ("sslpassword=x", {"OPTIONS": {"sslpassword": "x"}}),
    ],
)
def test_options_of_postgresql(query: str, expected: dict[str, object]) -> None:
    """Every option has its type and its place, and text that looks like a number stays text where it is text."""
    entry = parse(f"postgres://h/n?{query}").render()
    assert {
        key: entry[key] for key in entry.keys() - {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT"}
    } == expected


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("sqlite:///x?timeout=20&transaction_mode=immediate", {"timeout": 20, "transaction_mode": "IMMEDIATE"}),
        ("sqlite:///x?init_command=", {"init_command": ""}),
        ("mysql://h/x?charset=utf8mb4&connect_timeout=3", {"charset": "utf8mb4", "connect_timeout": 3}),
        ("mysql://h/x?isolation_level=read%20committed", {"isolation_level": "read committed"}),
        ("mysql://h/x?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca", {"ssl_mode": "VERIFY_IDENTITY", "ssl_ca": "/ca"}),
        ("mysql://h/x?sslmode=verify-full", {"ssl_mode": "VERIFY_IDENTITY"}),
        ("mysql://h/x?ssl=true", {"ssl_mode": "REQUIRED"}),
        ("oracle://h:1/x?Purity=new", {"Purity": "new"}),
    ],
)
def test_options_of_other_engines(url: str, options: dict[str, object]) -> None:
    """TLS and the rest are called as the engine calls them, never as another one does."""
    assert parse(url).options == options


def test_says_no_more_than_the_url() -> None:
    """What a URL leaves out is left out, so that a variable may say it."""
    config = parse("postgres://h/n")
    assert (config.settings, config.options, config.parameters, config.test) == ({}, {}, {}, {})
    assert (config.conn_max_age, config.conn_health_checks) == (0, False)


def test_unlimited_age() -> None:
    """An age without limit is None, as Django has it."""
    assert parse("postgres://h/n?conn_max_age=unlimited").conn_max_age is None


def test_without_a_project_a_path_stays_relative() -> None:
    """The path of a SQLite file is completed only where the project is known."""
    assert parse_database_url("sqlite:///db.sqlite3").name == "db.sqlite3"


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("postgres:///n", True),
        ("postgres://%2Frun/n", True),
        ("postgres://localhost/n", True),
        ("postgres://127.0.0.1,[::1]/n", True),
        ("postgres://LOCALHOST./n", True),
        ("postgres://db.localhost/n", True),
        ("sqlite:///x", True),
        ("postgres://localhost,db/n", False),
        ("postgres://db/n", False),
        ("postgres://localhost.example.com/n", False),
    ],
)
def test_knows_where_traffic_goes(url: str, is_local: bool) -> None:  # noqa: FBT001  # a parameter of the test
    """Only a file, a socket and loopback keep traffic on the machine."""
    assert parse(url).is_local is is_local


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "the URL is empty."),
        ("  ", "the URL is empty."),
        ('""', "the URL is empty."),
        ("shop:word@db/shop", "the URL does not begin with a scheme and ://."),
        ("jdbc:postgresql://db/shop", "the URL does not begin with a scheme and ://."),
        ("postgres:/shop", "the URL does not begin with a scheme and ://."),
        ("postgres://u:wo\0rd@db/x", "the URL holds a line break or another control character."),
        ("postgres://u:wo\nrd@db/x", "the URL holds a line break or another control character."),
        ("postgres://u:wo\udcffrd@db/x", "the URL holds bytes that are not UTF-8."),
        ("postgrs://u:word@db/x", 'the scheme "postgrs" is not known: postgrs://u:***@db/x\ndid you mean postgres?'),
        ("postgresql+psycopg://u:word@db/x", 'the scheme "postgresql+psycopg" is not known'),
        ("mongodb://u:word@db/x", 'the scheme "mongodb" is not known: mongodb://u:***@db/x\nknown: '),
        ("postgres://u:wo#rd@db/x", "a # in the password is not encoded: postgres://u:***@db/x\nwrite it as %23"),
        ("postgres://u:wo/rd@db/x", "a / in the password is not encoded: postgres://u:***@db/x\nwrite it as %2F"),
        ("postgres://u:wo?rd@db/x", "a ? in the password is not encoded: postgres://u:***@db/x\nwrite it as %3F"),
        ("postgres://u:wo[rd@db/x", "a [ in the password is not encoded: postgres://u:***@db/x\nwrite it as %5B"),
        ("postgres://u:wo rd@db/x", "a blank in the password is not encoded: postgres://u:***@db/x\nwrite it as %20"),
        ("postgres://u:wo@rd@db/x", "an @ in the password is not encoded: postgres://u:***@db/x\nwrite every @ but"),
        ("postgres://us@er:word@db/x", "an @ in the user is not encoded: postgres://us@er:***@db/x\nwrite every @"),
        ("postgres://shop:54/32@db/x", "a / stands before the last @: postgres://shop:***@db/x\nin a password write"),
        ("postgres://db/x@y", "a / stands before the last @"),
        ("postgres://db/x#y", "a # after the host is not encoded"),
        ("postgres://db/x y", "a blank after the host is not encoded"),
        ("postgres://u:%FF@db/x", "the password is not UTF-8 once it is decoded: postgres://u:***@db/x"),
        ("postgres://u:%00@db/x", "the password holds a NUL: postgres://u:***@db/x"),
        ("postgres://u:p@db:54x2/x", "the port is not a number: postgres://u:***@db:54x2/x"),
        ("postgres://u:p@db:٣/x", "the port is not a number: postgres://u:***@db:٣/x"),
        ("postgres://u:p@db:/x", "the port after the colon is missing: postgres://u:***@db:/x"),
        ("postgres://u:p@db:0/x", "the port is not between 1 and 65535"),
        ("postgres://u:p@db:65536/x", "the port is not between 1 and 65535"),
        ("postgres://u:p@db:123456789/x", "the port is not between 1 and 65535"),
        ("postgres://u:p@::1/x", "the host holds several colons: postgres://u:***@::1/x\nan IPv6 address stands in"),
        ("postgres://u:p@[::1/x", "the host in brackets is not an IPv6 address"),
        ("postgres://u:p@[db]/x", "the host in brackets is not an IPv6 address"),
        ("postgres://u:p@[::1]5432/x", "the host in brackets is not an IPv6 address"),
        ("postgres://u:p@d*b/x", "the host is not a host name"),
        ("postgres://u:p@h1,,h2/x", "the list of hosts has an empty item"),
        ("mysql://u:p@h1,h2/x", "a mysql URL names one host, not a list"),
        ("postgres://db", "the URL names no database"),
        ("postgres://db/", "the URL names no database"),
        ("mysql://db", "the URL names no database"),
        ("oracle://h:1521", "the URL names no database"),
        ("postgres:///run/postgresql/x", "a / in the database name is not encoded"),
        ("postgres:////shop", "the path of the socket is not followed by a database name"),
        ("postgres://db/x?sslmod=require", "the option sslmod is not known for postgres"),
        ("postgres://db/x?sslmode=on", "the option sslmode is not one of disable, allow, prefer, require"),
        ("postgres://db/x?pool=maybe", "the option pool is not true or false"),
        ("postgres://db/x?pool=false&pool__min_size=1", "pool=false contradicts the other options of the pool"),
        ("postgres://db/x?pool__min=1", "the option pool__min is not known for postgres"),
        ("postgres://db/x?conn_max_age=1h", "the option conn_max_age is not a whole number of seconds, or none"),
        ("postgres://db/x?connect_timeout=5s", "the option connect_timeout is not a whole number"),
        ("postgres://db/x?pool__timeout=-1", "the option pool__timeout is not a number"),
        ("postgres://db/x?statement_timeout=soon", "the option statement_timeout is not a duration such as 30s"),
        ("postgres://db/x?search_path=a,,b", "the option search_path is not a list of schema names"),
        ("postgres://db/x?sslmode=require&sslmode=disable", "the option sslmode stands twice"),
        ("postgres://db/x?sslmode=require&SSLMODE=disable", "the option SSLMODE repeats another one"),
        ("postgres://db/x?search_path=a&schema=b", "the option schema repeats another one"),
        ("postgres://db/x?require", "option 1 is not of the form name=value"),
        ("postgres://db/x?=require", "option 1 is not of the form name=value"),
        ("postgres://db/x?host=/run", "the host is given twice, as an option and in its place"),
        ("postgres:///x?host=a%20b", "the option host is not a host or the path of a socket"),
        ("postgres:///x?port=65536", "the option port is not a port between 1 and 65535"),
        ("sqlite:///x?sslmode=require", "the option sslmode is not known for sqlite"),
        ("sqlite:///x?timeout=soon", "the option timeout is not a number"),
        ("sqlite://db.sqlite3", "a SQLite URL has no host, and without a file its data would vanish"),
        ("sqlite://u:word@db/x", "a SQLite URL has no host, and without a file its data would vanish"),
        ("sqlite://", "the URL names no file: sqlite://\nfor a database that is lost with the process write"),
        ("sqlite:///", "the URL names no file"),
        ("sqlite:///data/", "the URL names no file"),
        ("sqlite:///a#b", "a # in the path is not encoded"),
        ("sqlite:///%00", "the path holds a NUL"),
    ],
)
def test_refuses(url: str, message: str) -> None:
    """What cannot be meant is refused, and the message names the part and holds no password."""
    refused = refusal(url)
    assert refused.startswith(message)
    assert "expected  " in refused
    assert "word" not in refused.replace("password", "").replace("PASSWORD", "")


def test_hints_show_the_way() -> None:
    """A refusal ends with the form that would be accepted, and offers the way without encoding."""
    assert refusal("postgres://u:wo/rd@db/x").splitlines()[1:] == [
        "write it as %2F",
        "or use DB_NAME, DB_USER, DB_PASSWORD, DB_HOST and DB_PORT, where nothing needs encoding",
        "expected  postgres://USER:PASSWORD@HOST:5432/NAME",
    ]
    assert refusal("sqlite://db.sqlite3").splitlines()[1:] == [
        "write three slashes: sqlite:///db.sqlite3",
        "expected  sqlite:///db.sqlite3 (relative to the project) or sqlite:////absolute/path/db.sqlite3",
    ]


def test_suggests_the_option_that_was_meant() -> None:
    """A misspelt option is answered with the right one, that of another database with this one's."""
    assert "did you mean sslmode?" in refusal("postgres://db/x?sslmod=require")
    assert "did you mean pool__min_size?" in refusal("postgres://db/x?pool_min_size=1")
    assert "did you mean" not in refusal("postgres://db/x?zzzzzzzz=1")


@pytest.fixture
def _own_engine() -> Iterator[None]:
    """An engine that a project registers with dj-database-url, with options of its own."""

    def rename(config: dj_database_url.DBConfig) -> None:
        config["OPTIONS"]["region"] = config["OPTIONS"].pop("area")

    dj_database_url.register("duck", "duck.backend")(rename)
    yield
    del dj_database_url.ENGINE_SCHEMES["duck"]


@pytest.mark.usefixtures("_own_engine")
def test_engines_of_a_project() -> None:
    """A scheme registered with dj-database-url is known, and its options are what was registered for them."""
    config = parse("duck://u:p%40@h/n?area=eu%20west&conn_max_age=5")
    assert (config.engine, config.family, config.password.get_secret_value()) == ("duck.backend", "other", "p@")
    assert config.options == {"region": "eu west"}
    assert config.conn_max_age == 5


@pytest.mark.parametrize(
    ("engine", "path"),
    [
        ("postgresql", POSTGRESQL),
        ("MariaDB", MYSQL),
        (POSTGRESQL, POSTGRESQL),
        ("django_tenants.postgresql_backend", "django_tenants.postgresql_backend"),
        ("mssql", "mssql"),
    ],
)
def test_engine_by_scheme_or_path(engine: str, path: str) -> None:
    """An engine is named as in a URL or as in Django's settings."""
    assert engine_path(engine) == path


@pytest.mark.parametrize(
    ("engine", "hint"),
    [
        ("postgress", "did you mean postgres"),
        ("django.db.backends.postgres", "did you mean django.db.backends.postgresql?"),
        ("", "known: "),
        ("q", "known: "),
    ],
)
def test_unknown_engine(engine: str, hint: str) -> None:
    """An engine that does not exist is refused with the nearest one."""
    with pytest.raises(PydanticCustomError, match="there is no database engine") as caught:
        engine_path(engine)
    assert caught.value.type == "database.engine"
    assert hint in caught.value.message()


def test_parts_need_no_encoding() -> None:
    """What stands in parts is taken as it is."""
    from pydantic import SecretStr  # noqa: PLC0415  # this test alone

    config = database_from_parts(
        engine="postgresql", name="a/b", user="a@b", password=SecretStr("p%40:/"), host="[::1]", port=5433
    )
    assert config.render() == {
        "ENGINE": POSTGRESQL,
        "NAME": "a/b",
        "USER": "a@b",
        "PASSWORD": "p%40:/",
        "HOST": "::1",
        "PORT": 5433,
    }


def test_parts_of_file_and_oracle() -> None:
    """A SQLite file is relative to the project, and Oracle's port is text."""
    assert database_from_parts(engine="sqlite", name="x.db", project_dir=PROJECT).name == "/srv/shop/x.db"
    assert database_from_parts(engine="sqlite", name=":memory:", project_dir=PROJECT).is_in_memory
    assert database_from_parts(engine="oracle", name="x", host="h", port=1).port == "1"
    assert database_from_parts(engine="mysql", name="x").port == ""


def test_a_config_hides_its_secrets() -> None:
    """Neither a parsed database nor its entry shows a password."""
    config = parse("postgres://u:s3cret@h/n?sslpassword=s3cret")
    assert "s3cret" not in repr(config)
    assert "s3cret" not in repr(config.render())
    assert config.render()["PASSWORD"] == "s3cret"
    assert repr(split_url("db://u:s3cret@h", GRAMMAR)) == "URLParts('db://u:***@h')"


GRAMMAR = URLGrammar(problem_id="test.url", example="db://HOST", schemes=("db",))
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)


@given(
    user=TEXTS,
    password=TEXTS,
    name=TEXTS.filter(bool),
    host=st.sampled_from(["db", "db.example.com", "10.0.0.1", "::1", "/var/run/Pg", "localhost"]),
    port=st.one_of(st.none(), st.integers(1, 65535)),
    application=TEXTS,
)
def test_what_is_put_in_comes_out(  # noqa: PLR0917  # Hypothesis names the arguments
    user: str, password: str, name: str, host: str, port: int | None, application: str
) -> None:
    """A URL made of encoded parts gives back exactly these parts, whatever they are."""
    place = f"[{host}]" if ":" in host else quote(host, safe="")
    url = (
        f"postgres://{quote(user, safe='')}:{quote(password, safe='')}@{place}{'' if port is None else f':{port}'}"
        f"/{quote(name, safe='')}?application_name={quote(application, safe='')}"
    )
    config = parse(url)
    assert (config.user, config.password.get_secret_value(), config.name) == (user, password, name)
    assert (config.host, config.port) == (host, "" if port is None else port)
    assert config.options == {"application_name": application}


@given(text=st.one_of(st.text(), TEXTS.map("postgres://{}".format), TEXTS.map("sqlite://{}".format)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in another way than by refusing it."""
    try:
        config = parse(text)
    except PydanticCustomError as error:
        assert error.type == "database.url"  # noqa: PT017  # accepted texts are fine, too
    else:
        assert config.name


@given(
    before=st.sampled_from(["postgres://shop:", "mysql://:", "redis://shop:", "postgres://"]),
    password=TEXTS.map(lambda text: f"Qhead7{text}Wtail9"),
    after=st.sampled_from(["@db:5432/shop", "@db:54x2/shop", "@db/shop?sslmod=1", "@", "@[::1/x", "@db/a/b"]),
)
def test_no_refusal_shows_a_password(before: str, password: str, after: str) -> None:
    """Whatever is wrong with a URL, its message shows no end of the password, encoded or not."""
    for written in (password, quote(password, safe="")):
        try:
            parse(f"{before}{written}{after}")
        except PydanticCustomError as error:
            is_user = before.endswith("//")  # a name alone is no password
            assert is_user or "Qhead7" not in error.message()  # noqa: PT017  # accepted URLs are fine, too
            assert is_user or "Wtail9" not in error.message()  # noqa: PT017  # the same
