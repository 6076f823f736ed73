"""A password that is changed on a real server reaches a process that goes on running."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from tests.rotation.worker import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import WriteProject
    from tests.rotation.worker import Working

RELOAD = {"RELOAD_SECRETS": "1s"}


class Role:
    """A role of a server, whose password a test changes.

    Args:
        place: Scheme, host, port and database of the server.
        execute: Runs a statement as the owner of the server.
    """

    def __init__(self, place: str, execute: Callable[[str], None], *, alter: str) -> None:
        self.place = place
        self.execute = execute
        self.alter = alter
        self.name = f"rotating_{secrets.token_hex(4)}"
        self.password = ""

    def rotate(self) -> str:
        """Give it another password."""
        self.password = secrets.token_hex(12)
        self.execute(self.alter.format(name=self.name, password=self.password))
        return self.password

    @property
    def url(self) -> str:
        """Its database."""
        scheme, _, rest = self.place.partition("://")
        return f"{scheme}://{self.name}:{self.password}@{rest}"

    @property
    def parts(self) -> dict[str, str]:
        """The same as variables, but for the password."""
        found = urlsplit(self.place)
        return {
            "DB_ENGINE": found.scheme,
            "DB_HOST": str(found.hostname),
            "DB_PORT": str(found.port),
            "DB_NAME": found.path[1:],
            "DB_USER": self.name,
        }


def place_of(url: str) -> str:
    """A URL without its user."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@pytest.fixture
def role(postgres_url: str) -> Iterator[Role]:
    """A role of PostgreSQL with a password."""
    import psycopg  # noqa: PLC0415  # only these tests need the driver

    def execute(statement: str) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(statement.encode())

    made = Role(place_of(postgres_url), execute, alter="ALTER ROLE {name} PASSWORD '{password}'")
    execute(f"CREATE ROLE {made.name} LOGIN")
    made.rotate()
    with _asks_for_passwords(made):
        yield made
    execute(f"DROP ROLE {made.name}")


@contextmanager
def _asks_for_passwords(role: Role) -> Iterator[None]:
    import psycopg  # noqa: PLC0415  # the same

    try:
        psycopg.connect(role.url.replace(role.password, "wrong")).close()
    except psycopg.OperationalError:
        yield
    else:
        role.execute(f"DROP ROLE {role.name}")
        pytest.skip("this server lets everybody in without a password")


@pytest.mark.parametrize("pool", ["off", "on"])
def test_a_new_password_is_used_by_the_next_connection(
    role: Role, project: WriteProject, tmp_path: Path, pool: str, working: Working
) -> None:
    """A rotated password is picked up by all threads at once, by a pool as well; without the setting it is not."""
    password = tmp_path / "password"
    password.write_text(role.password, encoding="utf-8")
    environ = {**role.parts, "DB_PASSWORD_FILE": str(password), "DATABASE_POOL": pool, "DATABASE_POOL_TIMEOUT": "2s"}
    folder = project()
    with working(folder, environ | RELOAD) as watching, working(folder, environ | {"DATABASE_POOL": "off"}) as other:
        assert watching.do("ask_in_threads()") == [role.name]
        assert other.do("ask()") == role.name
        replace(password, role.rotate())
        if pool == "on":  # connections that are open stay open; what the pool opens from now on has the new one
            watching.do("connection.close_pool()")
        assert watching.do("ask_in_threads()") == [role.name]
        assert other.do("ask()") == "OperationalError"
        replace(password, role.rotate())
        assert watching.do("ask_in_threads()") == [role.name]
        assert "ERROR" not in watching.end()


def test_a_pool_replaces_connections_with_the_new_password(
    role: Role, project: WriteProject, tmp_path: Path, working: Working
) -> None:
    """A pool whose connections the server ends opens others by itself, with the password of that moment."""
    password = tmp_path / "password"
    password.write_text(role.password, encoding="utf-8")
    environ = {**role.parts, "DB_PASSWORD_FILE": str(password), "DATABASE_POOL": "on", **RELOAD}
    with working(project(), environ) as worker:
        assert worker.do("ask_in_threads()") == [role.name]
        replace(password, role.rotate())
        role.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{role.name}'")  # noqa: S608  # a name made here
        assert worker.do("ask_in_threads()") == [role.name]


def layouts(role: Role, folder: Path) -> dict[str, tuple[dict[str, str], Callable[[], None]]]:
    """Ways to hand over a password: the variables, and what writes the files anew."""
    inner = folder / "mounted"
    user, password, url = folder / "user", folder / "password", folder / "url"

    def write_parts() -> None:
        replace(user, f"{role.name}\n")
        replace(password, f"{role.password}\n")

    def write_url() -> None:
        replace(url, role.url)

    def write_mounted() -> None:
        inner.mkdir(exist_ok=True)
        version = inner / f"..{secrets.token_hex(4)}"
        version.mkdir()
        (version / "db_password").write_text(role.password, encoding="utf-8")
        (inner / "..new").symlink_to(version.name)
        (inner / "..new").replace(inner / "..data")
        if not (inner / "db_password").is_symlink():
            (inner / "db_password").symlink_to("..data/db_password")

    without_user = {name: text for name, text in role.parts.items() if name != "DB_USER"}
    return {
        "user and password": (
            {**without_user, "DB_USER_FILE": str(user), "DB_PASSWORD_FILE": str(password)},
            write_parts,
        ),
        "url": ({"DATABASE_URL_FILE": str(url)}, write_url),
        "kubernetes": ({**role.parts, "DJANGO_SECRETS_DIR": str(inner)}, write_mounted),
    }


@pytest.mark.parametrize("layout", ["user and password", "url", "kubernetes"])
def test_every_way_to_hand_over_a_password(
    role: Role, project: WriteProject, tmp_path: Path, layout: str, working: Working
) -> None:
    """Two files that change together, a URL in a file, and the links of Kubernetes are all followed."""
    environ, write = layouts(role, tmp_path)[layout]
    write()
    with working(project(), environ | RELOAD) as worker:
        assert worker.do("ask()") == role.name
        for _ in range(2):
            role.rotate()
            write()
            assert worker.do("ask_in_threads()") == [role.name]
        if layout == "user and password":  # as Vault does, with a new user each time
            before, role.name = role.name, f"rotating_{secrets.token_hex(4)}"
            role.execute(f"CREATE ROLE {role.name} LOGIN")
            role.rotate()
            write()
            role.execute(f"DROP ROLE {before}")
            assert worker.do("ask_in_threads()") == [role.name]


@pytest.mark.parametrize("broken", ["", "\n", "change-me", "nul\0byte", None])
def test_a_broken_file_changes_nothing(
    role: Role, project: WriteProject, tmp_path: Path, broken: str | None, working: Working
) -> None:
    """An empty file, a placeholder, a torn one or none keeps the password from before and is told of once."""
    password = tmp_path / "password"
    password.write_text(role.password, encoding="utf-8")
    with working(project(), {**role.parts, "DB_PASSWORD_FILE": str(password), **RELOAD}) as worker:
        assert worker.do("ask()") == role.name
        if broken is None:
            password.unlink()
        else:
            replace(password, broken)
        for _ in range(3):
            assert worker.do("ask_in_threads()") == [role.name]
        replace(password, role.rotate())
        assert worker.do("ask_in_threads()") == [role.name]
        log = worker.end()
    assert log.count("ERROR") == 1
    assert "Secret files have changed and cannot be used; the values from before stay." in log
    assert "DB_PASSWORD" in log
    assert log.count("Secret files have changed and are in use: DB_PASSWORD (") == 1
    assert role.password not in log


MARIADB = """
    import sys

    import pymysql

    from dj_core_utils.settings import CoreSettings, export_settings

    sys.modules["MySQLdb"] = pymysql


    class ProjectSettings(CoreSettings):
        root_urlconf: str = "urls"


    export_settings(globals())
"""


def test_mariadb(mariadb_url: str, project: WriteProject, tmp_path: Path, working: Working) -> None:
    """The same on MariaDB: no engine has anything of its own."""
    import pymysql  # noqa: PLC0415  # only this test needs the driver

    server = urlsplit(mariadb_url)

    def execute(statement: str) -> None:
        connection = pymysql.connect(
            host=server.hostname or "",
            port=server.port or 3306,
            user=unquote(server.username or "root"),
            password=unquote(server.password or ""),
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)

    role = Role(place_of(mariadb_url), execute, alter="ALTER USER '{name}'@'%' IDENTIFIED BY '{password}'")
    execute(f"CREATE USER '{role.name}'@'%' IDENTIFIED BY 'x'")
    try:
        execute(f"GRANT ALL ON {server.path[1:]}.* TO '{role.name}'@'%'")
        password = tmp_path / "password"
        password.write_text(role.rotate(), encoding="utf-8")
        environ = {**role.parts, "DB_PASSWORD_FILE": str(password)}
        folder = project({"settings.py": MARIADB})
        with working(folder, environ | RELOAD) as watching, working(folder, environ) as other:
            assert watching.do("ask()") == other.do("ask()") == f"{role.name}@%"
            replace(password, role.rotate())
            assert watching.do("ask_in_threads()") == [f"{role.name}@%"]
            assert other.do("ask()") == "OperationalError"
    finally:
        execute(f"DROP USER '{role.name}'@'%'")
