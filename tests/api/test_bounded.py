"""Sockets that end with the call."""

from __future__ import annotations

import socket
import time

import httpcore2
import pytest

from dj_core_utils.api.bounded import BoundedBackend, bounded


def test_nothing_is_waited_for_when_a_call_is_over() -> None:
    """Connecting, reading and writing are timeouts at once; outside of the block the connection is as before."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stream = BoundedBackend().connect_tcp("127.0.0.1", port, 5)
        other, _ = listener.accept()
        with other:
            other.sendall(b"x")
            with bounded(time.monotonic() - 1):
                with pytest.raises(httpcore2.ReadTimeout):
                    stream.read(1, 5)
                with pytest.raises(httpcore2.WriteTimeout):
                    stream.write(b"y", 5)
                with pytest.raises(httpcore2.ConnectTimeout):
                    BoundedBackend().connect_tcp("127.0.0.1", port, 5)
            assert stream.read(1) == b"x"
            with bounded(time.monotonic() + 60), pytest.raises(httpcore2.ReadTimeout):
                stream.read(1, 0.01)
            stream.close()
