"""Interpreters for the tests that start in a third of the time: forks of one that has imported what projects import."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tests import fork_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STAND_IN = """\
#!{python} -ISs
import runpy, sys
sys.argv = ["", "stand-in", {address!r}, *sys.argv[1:]]
runpy.run_path({program!r}, run_name="__main__")
"""


class WarmPython:
    """What starts them.

    Attributes:
        program: Stands in for ``python`` where a program is named.
    """

    def __init__(self, address: str, program: Path) -> None:
        """Nothing is started yet.

        Args:
            address: Socket of the process that forks.
            program: What stands in for ``python``.
        """
        self.program = program
        self._address = address

    def run(
        self, arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, stdin: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Start one and wait for its end; one of which more is asked than a fork can do starts for real.

        Args:
            arguments: Behind ``python``.
            env: The whole environment.
            cwd: Where it runs.
            stdin: What it reads.
            timeout: Seconds.

        Raises:
            subprocess.TimeoutExpired: It took longer, and is killed.
        """
        if not fork_server.is_warm(arguments, env):
            return run_cold(arguments, env=env, cwd=cwd, stdin=stdin, timeout=timeout)
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            given.write(stdin.encode())
            given.seek(0)
            streams = [stream.fileno() for stream in (given, out, errors)]
            with fork_server.start(self._address, arguments, env, str(cwd), streams) as fork, fork.makefile() as told:
                process = int(told.readline())
                fork.settimeout(timeout)
                try:
                    status = int(told.readline())
                except TimeoutError:
                    os.kill(process, 9)
                    raise subprocess.TimeoutExpired(list(arguments), timeout, _text(out), _text(errors)) from None
            return subprocess.CompletedProcess(list(arguments), status, _text(out), _text(errors))


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


def run_cold(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdin: str = "",
    timeout: float = 60,
    python: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Start an interpreter for real.

    Args:
        arguments: Behind ``python``.
        env: The whole environment.
        cwd: Where it runs.
        stdin: What it reads.
        timeout: Seconds after which it is killed, and the test fails.
        python: Another interpreter than the one of the tests.
    """
    return subprocess.run(
        [str(python or sys.executable), *arguments],
        env=dict(env),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextmanager
def warm_python() -> Iterator[WarmPython]:
    """Start the process that forks, and end it behind the block."""
    with tempfile.TemporaryDirectory(prefix="dj-python-") as folder:
        address, program = f"{folder}/socket", Path(folder) / "python"
        text = STAND_IN.format(python=sys.executable, address=address, program=fork_server.__file__)
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        server = subprocess.Popen(
            [sys.executable, fork_server.__file__, "serve", address],
            env={**os.environ, **fork_server.HASH_SEED},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with server:
            assert server.stdout is not None
            assert server.stdout.readline() == b"ready\n"
            yield WarmPython(address, program)
