"""Variables that are set and that nothing reads."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dj_core_utils.settings import profiles, sources
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.dotenv import Dotenv, Entry
from dj_core_utils.settings.secret_files import SecretsDirectory
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.unknown_names import (
    LOADER_NAMES,
    PREFIXES,
    is_service_link,
    service_link_problem,
    unknown_names,
)
from dj_core_utils.settings.variables import VariableTable, variable
from tests.settings.test_spelling import edits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.errors import Problem
    from tests.settings.conftest import LoadFrom

CORPUS = Path(__file__).parent / "data" / "foreign_names.txt"
CANARY = "canary-5up3r-s3cr3t"


class OwnSettings(Section):
    """A settings class of few names, so that nothing but what a test is about can be near."""

    secret_key: str = variable("", name="DJANGO_SECRET_KEY", description="A key.", other_names=("SECRET_KEY",))
    service_key: str = variable("", name="{SERVICE}_SECRET_KEY", description="A key.", other_names=("JWT_SECRET_KEY",))
    debug: bool = variable(False, name="DEBUG", description="A flag.")
    port: int = variable(0, name="PORT", description="A port.")
    database_url: str = variable("", name="DATABASE_URL", description="A URL.")
    db_port: int = variable(0, name="DB_PORT", description="A port.")
    log_level: str = variable("", name="LOG_LEVEL", description="A level.")
    origins: str = variable("", name="CORS_ALLOWED_ORIGINS", description="Origins.", other_names=("CORS_WHITELIST",))
    fastapi_port: int = variable(0, name="FASTAPI_PORT", description="A port.")


OWN = VariableTable(OwnSettings, "users")
TABLE = VariableTable(CoreSettings, "users")


def foreign() -> dict[str, str]:
    """The corpus as an environment."""
    lines = [line for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name: value or "x" for name, _, value in (line.partition("=") for line in lines)}


def report(
    table: VariableTable = OWN,
    *,
    environ: dict[str, str] | None = None,
    dotenv: tuple[str, ...] = (),
    secrets: tuple[str, ...] = (),
    allowed: tuple[str, ...] = (),
    is_hardened: bool = False,
) -> list[Problem]:
    """Everything that is reported when these names are set, each to a canary where no value is given."""
    entries = {name: Entry(CANARY, line) for line, name in enumerate(dotenv, 1)}
    folder = Path("/run/secrets")
    directory = SecretsDirectory(
        folder,
        files={name: folder / name for name in secrets if name.isupper()},
        others=tuple(name for name in secrets if not name.isupper()),
    )
    return list(
        unknown_names(
            table,
            environ=environ or {},
            dotenv=Dotenv(".env", entries),
            secrets=directory if secrets else None,
            allowed=allowed,
            is_hardened=is_hardened,
        )
    )


def environment(*names: str) -> dict[str, str]:
    """An environment with these names."""
    return dict.fromkeys(names, CANARY)


class TestForeignNames:
    """What other programs set is left alone."""

    def test_the_corpus_is_silent_but_for_relatives(self) -> None:
        """Of hundreds of names that other programs set, only those are reported that are ours but for a slip."""
        environ = foreign()
        assert len(environ) >= 280
        assert {problem.variable for problem in report(TABLE, environ=environ)} == {
            "DATABASE_URI",
            "LOGLEVEL",
            "TIMEZONE",
        }

    @pytest.mark.parametrize(
        "name",
        [
            "ORDERS_SECRET_KEY",
            "ORDERS_SECRET_KEY_FILE",
            "USER_SECRET_KEY",
            "ORDERS_SECRET_KEY_FALLBACKS",
            "ORDERS_CORS_ALLOWED_ORIGINS",
            "DJANGO_SUPERUSER_PASSWORD",
            "DJANGO_ALLOW_ASYNC_UNSAFE",
        ],
    )
    def test_keys_of_other_services_and_names_of_django_are_known(self, name: str) -> None:
        """The keys and origins of other services and what Django reads are not unknown, wherever they stand."""
        assert report(environ=environment(name), dotenv=(name,), secrets=(name,)) == []

    def test_the_address_of_one_service_is_answered(self) -> None:
        """Nothing reads that of a service which nobody has named. In the environment it may be another program's."""
        (found,) = report(TABLE, dotenv=("ORDERS_SERVICE_URL",))
        assert found.message == "unknown variable. Did you mean SERVICE_URLS?"
        assert report(TABLE, environ=environment("ORDERS_SERVICE_URL")) == []

    @pytest.mark.parametrize("name", ["LANGUAGE", "SESSION_MANAGER", "FASTAPI_CLOUD_TOKEN"])
    def test_what_desktops_and_hosts_set_is_known_in_the_environment_alone(self, name: str) -> None:
        """A few foreign names look like ours; nobody writes them into ``.env``."""
        assert report(TABLE, environ=environment(name)) == []
        assert [problem.variable for problem in report(TABLE, dotenv=(name,))] == [name]

    def test_what_one_service_has_for_itself_is_known_of_the_others(self) -> None:
        """A variable that is named after the service is known under the name of any service."""
        own = [name for name in VariableTable(CoreSettings, "users") if name.startswith("USERS_")]
        assert own
        assert report(TABLE, dotenv=tuple(name.replace("USERS_", "ORDERS_") for name in own)) == []

    @pytest.mark.parametrize("name", sorted(TABLE))
    def test_our_own_names_are_known(self, name: str) -> None:
        """No variable of ours, and no name of its file, is ever reported."""
        names = (name, f"{name}_FILE")
        assert report(TABLE, environ=environment(*names), dotenv=names, secrets=names, is_hardened=True) == []

    @pytest.mark.parametrize("name", sorted(LOADER_NAMES))
    def test_names_that_steer_the_load_are_known(self, name: str) -> None:
        """The variables that choose profiles and files are known, although no class declares them."""
        assert report(environ=environment(name), dotenv=(name,), secrets=(name,)) == []

    def test_the_names_that_steer_the_load_are_those_that_it_reads(self) -> None:
        """The list agrees with the modules that read the names."""
        read = {profiles.PROFILE_VARIABLE, sources.ENV_FILE_VARIABLE, sources.SECRETS_DIRECTORY_VARIABLE}
        assert read | {"DJANGO_SETTINGS_MODULE"} == LOADER_NAMES


class TestNearMisses:
    """Misspelt names are reported with the right one."""

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("ALLOWED_HOST", "ALLOWED_HOSTS"),
            ("ALLOWDED_HOSTS", "ALLOWED_HOSTS"),
            ("ALOWED_HOSTS", "ALLOWED_HOSTS"),
            ("ALLOWEDHOSTS", "ALLOWED_HOSTS"),
            ("CACHE_ULR", "CACHE_URL"),
            ("CACHES_URL", "CACHE_URL"),
            ("CORS_ALLOWED_ORIGIN", "CORS_ALLOWED_ORIGINS"),
            ("CORS_ALOWED_ORIGINS", "CORS_ALLOWED_ORIGINS"),
            ("CORS_ALLOWED_ORGINS", "CORS_ALLOWED_ORIGINS"),
            ("CORS_ORIGINS", "CORS_ALLOWED_ORIGINS"),
            ("COSR_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGINS"),
            ("CSRF_TRUSTED_ORIGIN", "CSRF_TRUSTED_ORIGINS"),
            ("CSFR_TRUSTED_ORIGINS", "CSRF_TRUSTED_ORIGINS"),
            ("CSRF_TURSTED_ORIGINS", "CSRF_TRUSTED_ORIGINS"),
            ("DATABASEURL", "DATABASE_URL"),
            ("DATABASE_ULR", "DATABASE_URL"),
            ("DATABASE_UR", "DATABASE_URL"),
            ("DATABASE_URLL", "DATABASE_URL"),
            ("DATABASE_URL_FIL", "DATABASE_URL_FILE"),
            ("DATABSE_URL", "DATABASE_URL"),
            ("DATABSE_URL_FILE", "DATABASE_URL_FILE"),
            ("Database_Url", "DATABASE_URL"),
            ("DB_HOSTS", "DB_HOST"),
            ("DB_NMAE", "DB_NAME"),
            ("DB_PASSWROD", "DB_PASSWORD"),
            ("DB_PASWORD", "DB_PASSWORD"),
            ("DB_PROT", "DB_PORT"),
            ("DB_SHCEMA", "DB_SCHEMA"),
            ("DB_USERS", "DB_USER"),
            ("DEBG", "DEBUG"),
            ("DEBUGG", "DEBUG"),
            ("debug", "DEBUG"),
            ("DJANGO_PROFIL", "DJANGO_PROFILE"),
            ("DJANGO_PROFILES", "DJANGO_PROFILE"),
            ("DJANGO_SETTING_MODULE", "DJANGO_SETTINGS_MODULE"),
            ("DJANGO_SECERT_KEY", "DJANGO_SECRET_KEY"),
            ("DJANGO_SECRETKEY", "DJANGO_SECRET_KEY"),
            ("DJANGO_SECRET_KEYS", "DJANGO_SECRET_KEY"),
            ("DJANG_SECRET_KEY", "DJANGO_SECRET_KEY"),
            ("EMAILURL", "EMAIL_URL"),
            ("EMAIL_ULR", "EMAIL_URL"),
            ("ENABLED_FASTAPI", "ENABLE_FASTAPI"),
            ("ENABLE_FAST_API", "ENABLE_FASTAPI"),
            ("EVENTBUS_URL", "EVENT_BUS_URL"),
            ("EVENT_BUS_ULR", "EVENT_BUS_URL"),
            ("FASTAPI_HOTS", "FASTAPI_HOST"),
            ("FASTAPI_PROT", "FASTAPI_PORT"),
            ("FAST_API_PORT", "FASTAPI_PORT"),
            ("IS_MICROSERVICES", "IS_MICROSERVICE"),
            ("IS_MICRO_SERVICE", "IS_MICROSERVICE"),
            ("JWT_ACCES_TOKEN_LIFETIME", "JWT_ACCESS_TOKEN_LIFETIME"),
            ("JWT_ACCESS_LIFETIME", "JWT_ACCESS_TOKEN_LIFETIME"),
            ("JWT_ACCESS_TOKEN_LIFE_TIME", "JWT_ACCESS_TOKEN_LIFETIME"),
            ("JWT_ALGORITM", "JWT_ALGORITHM"),
            ("JWT_SIGINING_KEY", "JWT_SIGNING_KEY"),
            ("JWT_SINGING_KEY", "JWT_SIGNING_KEY"),
            ("JTW_SIGNING_KEY", "JWT_SIGNING_KEY"),
            ("LOG_LEVE", "LOG_LEVEL"),
            ("LOG_LEVL", "LOG_LEVEL"),
            ("LOG_FROMAT", "LOG_FORMAT"),
            ("SECURE_HSTS_SECOND", "SECURE_HSTS_SECONDS"),
            ("SECURE_HTST_SECONDS", "SECURE_HSTS_SECONDS"),
            ("SECURE_SSL_REDIRCT", "SECURE_SSL_REDIRECT"),
            ("SERVICE_API_KEYS", "SERVICE_API_KEY"),
            ("SERVICE_NAMES", "SERVICE_NAME"),
            ("SERVICES_URLS", "SERVICE_URLS"),
            ("SERVICE_URL", "SERVICE_URLS"),
            ("SESION_COOKIE_AGE", "SESSION_COOKIE_AGE"),
            ("SESSION_COOKIES_AGE", "SESSION_COOKIE_AGE"),
            ("TIMEZONE", "TIME_ZONE"),
        ],
    )
    def test_a_slip_is_answered_with_the_name_that_was_meant(self, typed: str, expected: str) -> None:
        """A misspelt name is reported from every source, each time with the right name and the place."""
        found = report(TABLE, environ=environment(typed), dotenv=(typed,), secrets=(typed,))
        assert [problem.origin for problem in found] == ["environment", f"/run/secrets/{typed}", ".env:1"]
        for problem in found:
            assert (problem.id, problem.variable) == ("variable.unknown", typed)
            assert problem.message.endswith(f"Did you mean {expected}?")
            assert problem.severity == "warning"

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("DB_PASSWD", "DB_PASSWORD"),
            ("ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGINS"),
            ("HSTS_SECONDS", "SECURE_HSTS_SECONDS"),
            ("DB_PASS", "DB_PASSWORD"),
        ],
    )
    def test_a_distant_relative_is_suggested_in_files_alone(self, typed: str, expected: str) -> None:
        """A name that is surely meant for us gets a bolder suggestion; in the environment it is left alone."""
        assert report(TABLE, environ=environment(typed)) == []
        (problem,) = report(TABLE, dotenv=(typed,))
        assert problem.message == f"unknown variable. Did you mean {expected}?"

    def test_the_message_is_short(self) -> None:
        """A misspelt name needs one line."""
        (problem,) = report(dotenv=("CORS_ALOWED_ORIGINS",))
        assert str(problem) == (
            "CORS_ALOWED_ORIGINS (.env:1): unknown variable. Did you mean CORS_ALLOWED_ORIGINS? [variable.unknown]"
        )

    @pytest.mark.parametrize("typed", ["debug", "Debug", "database_url", "Database_Url", "debug_file"])
    def test_another_case_is_explained(self, typed: str) -> None:
        """A name that is right but for its case is answered with the rule about case, in every source."""
        for problem in report(environ=environment(typed), dotenv=(typed,), secrets=(typed,)):
            assert problem.message == f"unknown variable: names are upper case. Did you mean {typed.upper()}?"

    def test_short_names_are_near_in_files_alone(self) -> None:
        """Everything resembles a name of four letters, so in the environment nothing is near it."""
        assert report(environ=environment("port", "PORTS", "PROT")) == []
        assert [problem.message.rpartition(" ")[2] for problem in report(dotenv=("port", "PORTS", "PROT"))] == [
            "PORT?"
        ] * 3

    @given(edits(tuple(name for name in TABLE if not name.startswith("USERS_"))))
    @example(("JWT_JWKS_URL", "JWT_JWK_URL"))
    @example(("JWT_JWKS_URL", "JWT_JKWS_URL"))
    def test_one_slip_in_a_long_name_is_reported(self, pair: tuple[str, str]) -> None:
        """Whatever single edit hits a name of ours of eight letters and more, the environment is warned of it."""
        _, typed = pair
        assume(typed != "LANGUAGE")  # not LANGUAGES: gettext's
        (problem,) = report(TABLE, environ=environment(typed))
        assert problem.variable == typed
        if typed in TABLE.other_names:
            assert problem.id == "variable.other_name"
        else:
            assert problem.id == "variable.unknown"
            assert "Did you mean " in problem.message


class TestPrefixes:
    """Names that begin like ours are taken for ours."""

    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_a_name_under_our_prefixes_is_reported(self, prefix: str) -> None:
        """In the environment such a name is unknown even when nothing is near, and never stops a start."""
        (problem,) = report(environ=environment(f"{prefix}SOMETHING_ELSE"), is_hardened=True)
        assert problem.message == "unknown variable: nothing reads it."
        assert "allowed_variables" in problem.hint
        assert problem.severity == "warning"

    def test_a_suggestion_stays_under_the_prefix(self) -> None:
        """What is suggested for a name under a prefix begins alike."""
        (problem,) = report(environ=environment("CORS_ORIGINS"))
        assert problem.message == "unknown variable. Did you mean CORS_ALLOWED_ORIGINS?"
        (problem,) = report(environ=environment("JWT_PORT"))
        assert "Did you mean" not in problem.message

    @pytest.mark.parametrize("name", ["DB_ENGINE", "LOG_DIR", "CACHE_DIR", "DJANGO_ENV", "cors_anything", "XJWT_KEY"])
    def test_other_prefixes_are_everybody_s(self, name: str) -> None:
        """Under any other prefix a name that is not near is left alone in the environment, and reported in ``.env``."""
        assert report(environ=environment(name)) == []
        assert [problem.variable for problem in report(dotenv=(name,))] == [name]


class TestFiles:
    """What stands in ``.env`` or the secrets directory must be known."""

    def test_every_unknown_name_is_reported(self) -> None:
        """A name that resembles nothing is reported with its place and what to do."""
        by_directory, by_file = report(dotenv=("DEBUG", "MYTOOL_TOKEN"), secrets=("tls.crt", "DEBUG"))
        assert (by_directory.variable, by_directory.origin) == ("tls.crt", "/run/secrets/tls.crt")
        assert (by_file.variable, by_file.origin) == ("MYTOOL_TOKEN", ".env:2")
        for problem in (by_directory, by_file):
            assert problem.id == "variable.unknown"
            assert problem.message == "unknown variable: nothing reads it."
            assert problem.hint.endswith(f'in the settings class:  allowed_variables = ("{problem.variable}",)')

    @pytest.mark.parametrize("name", ["MYTOOL_TOKEN", "mytool", "myToolPath", "Mytool_path2", "_MYTOOL_", "API_2_KEY"])
    def test_a_name_that_people_give_is_shown(self, name: str) -> None:
        """Capitals, lower case and camelCase are names."""
        assert [problem.variable for problem in report(dotenv=(name,))] == [name]

    @pytest.mark.parametrize(
        "name",
        [
            "Zk3pQ9xL",
            "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC7VJTUt9Us8cKj",
            "DEADBEEF" * 8,
            "a" * 25,
            "JWT_\udcff",
            "JWT_\x1b",
        ],
    )
    def test_a_name_that_may_be_a_piece_of_a_secret_is_not_shown(self, name: str) -> None:
        """The second line of an unquoted key looks like a name: its place is reported, and not its text."""
        for problem in report(environ=environment(f"JWT_{name}"), dotenv=(name,)):
            assert problem.variable == ""
            assert name not in str(problem)
            assert problem.hint == "a value of several lines stands in quotes"


class TestOtherNames:
    """Names known from elsewhere are answered with ours."""

    @pytest.mark.parametrize(
        ("typed", "right"),
        [
            ("SECRET_KEY", "DJANGO_SECRET_KEY"),
            ("SECRET_KEY_FILE", "DJANGO_SECRET_KEY_FILE"),
            ("JWT_SECRET_KEY", "USERS_SECRET_KEY"),
            ("JWT_SECRET_KEY_FILE", "USERS_SECRET_KEY_FILE"),
            ("CORS_WHITELIST", "CORS_ALLOWED_ORIGINS"),
        ],
    )
    def test_the_right_name_is_told(self, typed: str, right: str) -> None:
        """Wherever such a name is set, the report says what the variable is called."""
        found = report(environ=environment(typed), dotenv=(typed,), secrets=(typed,))
        assert [problem.origin for problem in found] == ["environment", f"/run/secrets/{typed}", ".env:1"]
        for problem in found:
            assert (problem.id, problem.variable) == ("variable.other_name", typed)
            assert problem.message == f"{typed} is not read; the variable is called {right}."

    @pytest.mark.parametrize(
        "name", ["DEBUG", "LOG_LEVEL", "DATABASE_URL", "DATABASE_URL_FILE", "CORS_ALLOWED_ORIGINS"]
    )
    def test_django_before_one_of_our_names_is_too_much(self, name: str) -> None:
        """Names with ``DJANGO_`` before them, as many projects have them, are answered without."""
        typed = f"DJANGO_{name}"
        for problem in report(environ=environment(typed), dotenv=(typed,), secrets=(typed,)):
            assert problem.message == f"{typed} is not read; the variable is called {name}."

    def test_lower_case_counts_in_files(self) -> None:
        """A secret file called ``secret_key`` is answered like ``SECRET_KEY``."""
        (problem,) = report(secrets=("secret_key",))
        assert problem.message == "secret_key is not read; the variable is called DJANGO_SECRET_KEY."

    @pytest.mark.parametrize("right", ["DJANGO_SECRET_KEY", "DJANGO_SECRET_KEY_FILE"])
    def test_another_program_may_have_its_own(self, right: str) -> None:
        """Where the environment sets both names, the other one is for another program; in ``.env`` it is not."""
        environ = environment("SECRET_KEY", right)
        assert report(environ=environ) == []
        assert [problem.origin for problem in report(environ=environ, dotenv=("SECRET_KEY",))] == [".env:1"]

    def test_the_real_table_knows_django_s_name(self) -> None:
        """``SECRET_KEY``, which every other way to configure Django reads, is answered."""
        (problem,) = report(TABLE, environ=environment("SECRET_KEY"))
        assert problem.message == "SECRET_KEY is not read; the variable is called DJANGO_SECRET_KEY."


class TestAllowed:
    """A project may allow names."""

    def test_allowed_names_are_left_alone(self) -> None:
        """Names and patterns on the list are never reported, near or not, from anywhere."""
        names = ("MYTOOL_TOKEN", "JWT_TOOL", "DATABASE_URI", "SECRET_KEY")
        allowed = ("MYTOOL_*", "JWT_TOOL", "DATABASE_UR?", "SECRET_KEY")
        assert len(report(environ=environment(*names), dotenv=names, secrets=names)) == 11
        assert report(environ=environment(*names), dotenv=names, secrets=names, allowed=allowed) == []

    def test_patterns_mind_the_case(self) -> None:
        """A pattern allows names as they are written."""
        assert [problem.variable for problem in report(dotenv=("mytool_token",), allowed=("MYTOOL_*",))] == [
            "mytool_token"
        ]


class TestSeverity:
    """Under a hardened profile a name that is surely ours stops the start."""

    @pytest.mark.parametrize(
        ("name", "in_environment", "in_files"),
        [
            ("DATABSE_URL", "error", "error"),
            ("CORS_ALOWED_ORIGINS", "error", "error"),
            ("MYTOOL_TOKEN", None, "error"),
            ("MYTOOL_FILE", None, "warning"),
            ("MY_TOOL", None, "warning"),
            ("DEBUGG", "warning", "warning"),
            ("LOG_LEVL", "warning", "warning"),
            ("DBPORTS_FILE", "warning", "warning"),
            ("JWT_ANYTHING", "warning", "error"),
            ("SECRET_KEY", "warning", "error"),
            ("CORS_WHITELIST", "error", "error"),
        ],
    )
    def test_long_names_are_errors_when_hardened(self, name: str, in_environment: str | None, in_files: str) -> None:
        """Eight letters and more are an error; fewer, and what may be another program's, are a warning."""
        hardened = report(environ=environment(name), dotenv=(name,), secrets=(name,), is_hardened=True)
        expected = [*([in_environment] if in_environment else []), in_files, in_files]
        assert [problem.severity for problem in hardened] == expected
        relaxed = report(environ=environment(name), dotenv=(name,), secrets=(name,))
        assert {problem.severity for problem in relaxed} == {"warning"}

    def test_a_near_miss_beside_the_right_name_is_a_warning(self) -> None:
        """Where the environment sets both names, the near one may be another program's."""
        (problem,) = report(environ=environment("DATABASE_URI", "DATABASE_URL"), is_hardened=True)
        assert problem.severity == "warning"


class TestServiceLinks:
    """What Kubernetes injects for the services of a cluster."""

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("ORDERS_SERVICE_HOST", "10.0.0.7", True),
            ("ORDERS_SERVICE_PORT", "80", True),
            ("ORDERS_SERVICE_PORT_HTTP", "80", True),
            ("ORDERS_PORT", "tcp://10.0.0.7:80", True),
            ("ORDERS_PORT", "udp://10.0.0.7:80", True),
            ("ORDERS_PORT_80_TCP", "tcp://10.0.0.7:80", True),
            ("ORDERS_PORT_80_TCP_PROTO", "tcp", True),
            ("ORDERS_PORT_53_UDP_ADDR", "10.0.0.7", True),
            ("ORDERS_PORT", "80", False),
            ("ORDERS_PORTS", "tcp://10.0.0.7:80", False),
            ("ORDERS_PORT_TCP", "x", False),
            ("ORDERS_SERVICE_URL", "tcp://10.0.0.7:80", False),
            ("SERVICE_HOST", "10.0.0.7", False),
            ("ORDERS_SERVICE_HOSTS", "10.0.0.7", False),
            ("", "", False),
        ],
    )
    def test_links_are_told_by_name_and_value(self, name: str, value: str, *, expected: bool) -> None:
        """A link is known by its name, and ``X_PORT`` by its value."""
        assert is_service_link(name, value) is expected

    @pytest.mark.parametrize("name", ["FASTAPI_SERVICE_HOST", "JWT_PORT_443_TCP_ADDR", "SESSION_STORE_SERVICE_PORT"])
    def test_links_are_no_unknown_names(self, name: str) -> None:
        """A link under one of our prefixes is left alone in the environment, and is a mistake in ``.env``."""
        assert report(environ=environment(name)) == []
        assert [problem.variable for problem in report(dotenv=(name,))] == [name]

    def test_a_port_is_a_link_by_its_value(self) -> None:
        """``SESSION_PORT`` is a link when it holds an address, and unknown when it holds a port."""
        assert report(environ={"SESSION_PORT": "tcp://10.0.0.7:80"}) == []
        assert [problem.variable for problem in report(environ={"SESSION_PORT": "80"})] == ["SESSION_PORT"]

    @pytest.mark.parametrize(("name", "service"), [("DB_PORT", "db"), ("FASTAPI_PORT", "fastapi")])
    def test_a_link_on_one_of_our_names_counts_as_not_set(self, name: str, service: str) -> None:
        """With the host variable beside it the value is Kubernetes' beyond doubt: a warning explains it."""
        environ = {name: "tcp://10.0.0.7:5432", f"{service.upper()}_SERVICE_HOST": "10.0.0.7"}
        problem = service_link_problem(OWN[name], environ[name], environ)
        assert problem is not None
        assert (problem.id, problem.variable, problem.origin) == ("variable.service_link", name, "environment")
        assert problem.severity == "warning"
        assert f'service "{service}"; it counts as not set' in problem.message
        assert "enableServiceLinks: false" in problem.hint
        assert "10.0.0.7" not in str(problem)

    def test_what_only_looks_like_a_link_is_an_error(self) -> None:
        """Without the host variable nobody knows who set the value, and it is no port in any case."""
        problem = service_link_problem(OWN["DB_PORT"], "tcp://10.0.0.7:5432", {"DB_PORT": "tcp://10.0.0.7:5432"})
        assert problem is not None
        assert problem.severity == "error"
        assert 'Kubernetes sets it for one called "db", not a port' in problem.message
        assert "10.0.0.7" not in str(problem)

    def test_words_of_a_service_s_name_are_joined_by_hyphens(self) -> None:
        """The service is named as it is called in the cluster, where names have hyphens."""
        table = VariableTable(
            type("Own", (Section,), {"__annotations__": {"auth_db_port": int}, "auth_db_port": 0}), "x"
        )
        problem = service_link_problem(table["AUTH_DB_PORT"], "tcp://10.0.0.7:5432", {})
        assert problem is not None
        assert '"auth-db"' in problem.message

    @pytest.mark.parametrize(
        ("name", "value"), [("DB_PORT", "5432"), ("DB_PORT", ""), ("DATABASE_URL", "tcp://10.0.0.7:5432")]
    )
    def test_any_other_value_is_the_user_s(self, name: str, value: str) -> None:
        """A port is a port, and a URL may have any scheme."""
        assert service_link_problem(OWN[name], value, {"DB_SERVICE_HOST": "10.0.0.7"}) is None


names = st.one_of(
    st.text(),
    st.builds("{}{}".format, st.sampled_from([*PREFIXES, "DJANGO_", "SECRET_KEY", "debug", "DB_PORT"]), st.text()),
)


@given(st.lists(names, max_size=5, unique=True), st.booleans())
def test_any_name_is_judged_without_its_value(typed: list[str], is_hardened: bool) -> None:  # noqa: FBT001  # drawn by the strategy
    """No name is too strange to be judged, and no value gets into a message."""
    found = report(environ=environment(*typed), dotenv=tuple(typed), secrets=tuple(typed), is_hardened=is_hardened)
    assert not any(CANARY in f"{problem.message}{problem.hint}{problem.origin}" for problem in found)
    assert {problem.id for problem in found} <= {"variable.unknown", "variable.other_name"}


class AllowingSettings(CoreSettings):
    """A project with a tool of its own in ``.env``."""

    allowed_variables = ("MYTOOL_*",)


class TestLoading:
    """A load reports the names and leaves Kubernetes' values out."""

    def test_a_load_reports_unknown_names_with_their_places(self, load_from: LoadFrom, tmp_path: Path) -> None:
        """Every source is looked at, and what the class allows is left alone."""
        environ = {"DATABSE_URL": CANARY, "PATH": "/bin", "DJANGO_SECRETS_DIR": "secrets"}
        dotenv = "# mine\nCORS_ALOWED_ORIGINS=x\nMYTOOL_TOKEN=x\n"
        loaded = load_from(AllowingSettings, environ, dotenv=dotenv, files={"secrets/db_pasword": CANARY})
        unknown = [problem for problem in loaded.problems if problem.id == "variable.unknown"]
        assert [(problem.variable, problem.origin) for problem in unknown] == [
            ("DATABSE_URL", "environment"),
            ("DB_PASWORD", str(tmp_path / "secrets" / "db_pasword")),
            ("CORS_ALOWED_ORIGINS", ".env:2"),
        ]

    def test_a_link_on_one_of_our_names_does_not_stop_a_start(self, load_from: LoadFrom) -> None:
        """Kubernetes' ``DB_PORT`` is explained by a warning, and the next source is used instead."""
        environ = {"DB_PORT": "tcp://10.0.0.7:5432", "DB_SERVICE_HOST": "10.0.0.7", "DB_SERVICE_PORT": "5432"}
        loaded = load_from(environ=environ, dotenv="DB_NAME=shop\nDB_HOST=db\nDB_PORT=6432\n")
        assert [problem.id for problem in loaded.problems if problem.variable == "DB_PORT"] == ["variable.service_link"]
        assert loaded.traces["DB_PORT"].used.value == "6432"

    def test_what_only_looks_like_a_link_is_reported_once(self, load_from: LoadFrom) -> None:
        """Without Kubernetes' host variable the value is an error, and its text is not decoded as a port as well."""
        loaded = load_from(environ={"FASTAPI_PORT": "tcp://10.0.0.7:8000"})
        problems = [problem for problem in loaded.problems if problem.variable == "FASTAPI_PORT"]
        assert [(problem.id, problem.severity) for problem in problems] == [("variable.service_link", "error")]


def test_a_file_full_of_strange_names_is_judged_in_no_time(load_from: LoadFrom) -> None:
    """Each name is reported, the near ones with what they were meant to be, and nobody waits for it."""
    strange = "".join(f"DB_X{number:05}Q=1\n" for number in range(5_000))
    started = time.process_time()
    problems = load_from(dotenv=f"{strange}ALOWED_HOSTS=x\n").problems
    assert time.process_time() - started < 5
    assert len(problems) == 5_001
    assert problems[-1].message == "unknown variable. Did you mean ALLOWED_HOSTS?"


def test_a_variable_that_goes_while_it_is_read_is_not_there(load_from: LoadFrom) -> None:
    """Another thread may change the environment at any time."""

    class Vanishing(dict[str, str]):
        """An environment that lists one name too many."""

        def __iter__(self) -> Iterator[str]:
            """The names of a moment ago."""
            return iter(["JWT_GONE", "DEBUG"])

    loaded = load_from(environ=Vanishing(DEBUG="false"))
    assert loaded.problems == ()
    assert loaded.rendered["DEBUG"] is False
