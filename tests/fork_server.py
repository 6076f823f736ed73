"""A process that has imported what projects import and forks for each start, and a stand-in for ``python`` that asks.

A program of the tests, so that nothing of them is imported in it: ``fork_server.py serve SOCKET``. The fork gets the
arguments, the environment, the folder and the three streams of a start, and ends as an interpreter does. The rest of
the file is the other side: ``start()``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType
    from typing import Any

COLD = "DJ_TEST_COLD_STARTS"
HASH_SEED = {"PYTHONHASHSEED": "0"}
QUIET = ["-W", "ignore"]
LOCALE = {"LANG", "LANGUAGE"}
UNDERSTOOD = {"PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONPATH"}
STREAMS = 3
# None of them reads the settings when it is imported.
MODULES = (
    "dj_core_utils.checks",
    "dj_core_utils.cli.commands",
    "dj_core_utils.settings.base",
    "dj_core_utils.settings.export",
    "django.contrib.auth.hashers",
    "django.contrib.auth.password_validation",
    "django.contrib.postgres.fields",
    "django.core.cache.backends.locmem",
    "django.core.handlers.asgi",
    "django.core.handlers.wsgi",
    "django.core.management.commands.check",
    "django.core.management.commands.migrate",
    "django.core.servers.basehttp",
    "django.db.backends.sqlite3.base",
    "django.db.models",
    "django.forms",
    "django.template.backends.django",
    "django.test.client",
    "django.test.runner",
    "django.urls",
    "logging.config",
    "psycopg",
    "pydantic_settings",
    "pygments.formatters.html",
    "pygments.lexers.special",
    "requests",
)


def is_warm(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether a fork does what an interpreter would, because nothing is asked of the interpreter itself.

    Args:
        arguments: Behind ``python``.
        environ: The environment of the process.
    """
    first = next(iter(arguments), "-i")
    asked = {
        name: value
        for name, value in environ.items()
        if (name.startswith(("LC_", "PYTHON")) or name in LOCALE) and name not in UNDERSTOOD
    }
    given = {**{name: os.environ.get(name) for name in asked}, **HASH_SEED}
    is_plain = not first.startswith("-") or first in {"-", "-c", "-m"} or list(arguments[:2]) == QUIET
    return is_plain and COLD not in environ and all(given[name] == value for name, value in asked.items())


def start(
    address: str, arguments: Sequence[str], env: Mapping[str, str], cwd: str, streams: Sequence[int]
) -> socket.socket:
    """Start a fork.

    Args:
        address: Socket of the serving process.
        arguments: Behind ``python``.
        env: The whole environment.
        cwd: Where it runs.
        streams: What it reads, writes and complains to.

    Returns:
        What tells the id of the process on one line, and its exit status on the next. The fork is killed when it is
        closed before that.
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    socket.send_fds(connection, [b"\n"], list(streams))
    connection.sendall(json.dumps([list(arguments), dict(env), cwd]).encode())
    connection.shutdown(socket.SHUT_WR)
    return connection


def stand_in(address: str, arguments: Sequence[str]) -> int:
    """Run as ``python`` would; its exit status.

    Args:
        address: Socket of the serving process.
        arguments: Behind ``python``.
    """
    fork = start(address, arguments, os.environ, os.getcwd(), range(STREAMS))  # noqa: PTH109  # a link is followed
    lines = fork.makefile()
    process = int(lines.readline())

    def hand_on(number: int, _frame: FrameType | None) -> None:
        os.kill(process, number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hand_on)
    return int(lines.readline())


def serve(address: str) -> socket.socket:
    """Fork for each start, until standard input ends.

    Args:
        address: Where to listen.

    Returns:
        In each fork, what its start is read from.

    Raises:
        SystemExit: In the serving process, at its end.
    """
    import selectors  # noqa: PLC0415  # the stand-in starts in a hundredth of a second

    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    ends, child_ended = socket.socketpair()
    child_ended.settimeout(0)
    ends.settimeout(0)
    signal.set_wakeup_fd(child_ended.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, socket.socket] = {}
    selector = selectors.DefaultSelector()
    for stream in (0, server, ends):
        selector.register(stream, selectors.EVENT_READ)
    os.write(1, b"ready\n")
    while True:
        for key, _ in selector.select():
            if key.fileobj == 0:
                raise SystemExit
            if key.fileobj is ends:
                ends.recv(1000)
                _tell_ends(waiting)
                continue
            connection, _ = server.accept()
            process = os.fork()
            if process == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                selector.close()
                for stream in (server, ends, child_ended, *waiting.values()):
                    stream.close()
                return connection
            waiting[process] = connection
            connection.sendall(f"{process}\n".encode())


def _tell_ends(waiting: dict[int, socket.socket]) -> None:
    for process in list(waiting):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            with waiting.pop(process) as connection:
                try:
                    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
                except BrokenPipeError:
                    continue  # nobody waits any more


def become(connection: socket.socket) -> list[str]:
    """Take over what a start was given.

    Args:
        connection: What it is read from.

    Returns:
        The arguments behind ``python``.
    """
    _, streams, _, _ = socket.recv_fds(connection, 1, STREAMS)
    with connection:
        text = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    arguments, environ, folder = json.loads(text)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    default = f"{sys.stdout.encoding}:{sys.stdout.errors}"  # as the locale has it, which is the same
    encoding, _, errors = environ.get("PYTHONIOENCODING", default).partition(":")
    sys.stdin = _stream(0, "r", encoding, errors or "strict")
    sys.stdout = _stream(1, "w", encoding, errors or "strict")
    sys.stderr = _stream(2, "w", encoding, "backslashreplace")
    sys.dont_write_bytecode = bool(environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.path[:0] = [folder for folder in environ.get("PYTHONPATH", "").split(os.pathsep) if folder]
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by a test run in the background
    return list(arguments)


def _stream(number: int, mode: str, encoding: str, errors: str) -> Any:  # noqa: ANN401  # as open() does
    is_line = number == STREAMS - 1 or os.isatty(number)
    return open(number, mode, 1 if is_line else -1, encoding, errors, closefd=False)  # no path


def run(arguments: list[str]) -> None:
    """Do what ``python`` does with its arguments.

    Args:
        arguments: Behind ``python``.
    """
    import runpy  # noqa: PLC0415  # the stand-in starts in a hundredth of a second
    import warnings  # noqa: PLC0415  # the same

    if arguments[:2] == QUIET:
        del arguments[:2]
        warnings.simplefilter("ignore")
    kind = arguments[0]
    if kind == "-m":
        sys.argv = arguments[1:]
        sys.path.insert(0, os.getcwd())  # noqa: PTH109  # as Python does
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif kind in {"-", "-c"}:
        code = sys.stdin.read() if kind == "-" else arguments.pop(1)
        sys.argv = arguments
        sys.path.insert(0, "")
        module = type(sys)("__main__")
        sys.modules["__main__"] = module
        exec(compile(code, "<stdin>" if kind == "-" else "<string>", "exec"), vars(module))  # noqa: S102  # of a test
    else:
        sys.argv = arguments
        sys.path.insert(0, os.path.dirname(os.path.realpath(kind)))  # noqa: PTH120  # as Python does
        runpy.run_path(kind, run_name="__main__")


def main() -> None:
    """``serve SOCKET``, or ``stand-in SOCKET ARGUMENTS...``."""
    role, address, *arguments = sys.argv[1:]
    if role == "stand-in":
        if not is_warm(arguments, {**os.environ}):
            os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606  # no shell is the point
        sys.exit(stand_in(address, arguments))
    import gc  # noqa: PLC0415  # the stand-in starts in a hundredth of a second
    import importlib  # noqa: PLC0415  # the same

    del sys.path[0]  # the folder of this file, where no start would look
    for name in MODULES:
        importlib.import_module(name)
    # Nobody has to be kept from guessing passwords here, at a third of a second each.
    sys.modules["django.contrib.auth.hashers"].PBKDF2PasswordHasher.iterations = 1000
    gc.freeze()
    arguments = become(serve(address))
    try:
        run(arguments)
    except SystemExit as end:
        if end.code is not None and not isinstance(end.code, int):
            raise  # it is printed
        leave(end.code or 0)
        raise
    leave(0)


def leave(status: int) -> None:
    """End as an interpreter does, but take no objects apart: that would be a third of the time.

    Args:
        status: The exit status.
    """
    import atexit  # noqa: PLC0415  # the stand-in starts in a hundredth of a second
    import threading  # noqa: PLC0415  # the same

    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # waits for threads, as the interpreter itself does at its end
    atexit._run_exitfuncs()  # noqa: SLF001  # the same
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # the interpreter says so, and ends with a status of its own
    os._exit(status)


if __name__ == "__main__":
    main()
