"""A service that misbehaves: a server of HTTP on loopback that does what each test says, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator


@dataclass(repr=False)
class Peer:
    """A server.

    Attributes:
        port: Where it listens.
        scheme: ``http`` or ``https``.
        requests: Head of each request that came in.
        bodies: Body of each.
        connections: How many were accepted.
        open_now: How many are open.
        asked: Set with the first request.
    """

    port: int
    scheme: str
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    asked: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def header(self, name: str, number: int = -1) -> str | None:
        """A header of a request.

        Args:
            name: Its name, in small letters.
            number: Of which request.
        """
        for line in self.requests[number].split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name:
                return value.strip()
        return None


@contextmanager
def peer(behave: Callable[[socket.socket, str], None], *, tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """A server whose every answer is made by a function.

    Args:
        behave: Gets the connection and the head of a request, and writes what it likes; closes by raising ``OSError``.
        tls: For HTTPS.

    Yields:
        The server.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    served = Peer(listener.getsockname()[1], "https" if tls else "http")
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        served.open_now += 1
        with contextlib.suppress(OSError, ValueError):
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            reader = connection.makefile("rb")
            while not stopped.is_set():
                lines = []
                while (line := reader.readline()) not in {b"\r\n", b""}:
                    lines.append(line.decode("latin-1").rstrip())
                if not lines:
                    break
                served.requests.append("\r\n".join(lines))
                length = int(served.header("content-length") or 0)
                served.bodies.append(reader.read(length))
                served.asked.set()
                behave(connection, lines[0])
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        served.open_now -= 1

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                served.connections += 1
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(1)


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Callable[[socket.socket, str], None]:
    """A behaviour: the same answer each time.

    Args:
        status: Its status.
        body: Its body.
        **headers: Its headers, ``_`` for ``-``.
    """
    lines = [f"HTTP/1.1 {status} Because", f"Content-Length: {len(body)}"]
    lines += [
        f"{name.replace('_', '-')}: {value}" for name, value in {"Content_Type": "application/json", **headers}.items()
    ]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def behave(connection: socket.socket, _line: str) -> None:
        connection.sendall(whole)

    return behave


def in_turn(*behaviours: Callable[[socket.socket, str], None]) -> Callable[[socket.socket, str], None]:
    """A behaviour: one after the other, the last one for ever.

    Args:
        *behaviours: What to do.
    """
    left = list(behaviours)
    lock = threading.Lock()

    def behave(connection: socket.socket, line: str) -> None:
        with lock:
            current = left.pop(0) if len(left) > 1 else left[0]
        current(connection, line)

    return behave


def silence(seconds: float = 30) -> Callable[[socket.socket, str], None]:
    """A behaviour: nothing.

    Args:
        seconds: For how long.
    """

    def behave(connection: socket.socket, _line: str) -> None:
        connection.settimeout(seconds)
        with contextlib.suppress(OSError):
            connection.recv(1)  # until the other side goes away
        raise OSError

    return behave


def hang_up(_connection: socket.socket, _line: str) -> None:
    """A behaviour: close the connection."""
    raise OSError


def half(connection: socket.socket, _line: str) -> None:
    """A behaviour: close the connection in the middle of the body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    raise OSError


def drip(connection: socket.socket, _line: str) -> None:
    """A behaviour: a byte now and then, so that no timeout between two bytes is ever reached."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.01)


def drip_headers(connection: socket.socket, _line: str) -> None:
    """A behaviour: a byte of the headers now and then."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
    for _ in range(1000):
        connection.sendall(b"x")
        time.sleep(0.01)


def late_silence(connection: socket.socket, line: str) -> None:
    """A behaviour: the beginning of a body after a while, then nothing."""
    time.sleep(0.2)
    hang_in_body(connection, line)


def hang_in_body(connection: socket.socket, line: str) -> None:
    """A behaviour: headers, the beginning of a body, then nothing."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    silence()(connection, line)
