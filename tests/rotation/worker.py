"""A process of a project that runs for a while and does what a test tells it, one line at a time."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Protocol

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

CODE = dedent("""
    import json
    import sys
    import time
    from concurrent.futures import ThreadPoolExecutor

    import django

    django.setup()

    from django.conf import settings
    from django.core import signing
    from django.core.management import call_command
    from django.core.signals import request_started
    from django.db import connection
    from django.test import Client
    from rest_framework_simplejwt.tokens import AccessToken

    client = Client(HTTP_HOST="localhost")


    def ask(_=None):
        connection.close()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_user")
                return cursor.fetchone()[0]
        except django.db.Error as error:
            return type(error).__name__
        finally:
            connection.close()


    def ask_in_threads():
        with ThreadPoolExecutor(6) as threads:
            return sorted(set(threads.map(ask, range(24))))


    def wait(seconds):
        # Its clock goes on, and the test does not.
        before = time.monotonic
        time.monotonic = lambda: before() + seconds


    def request():
        request_started.send(sender=None)


    def sign_in():
        from django.contrib.auth import get_user_model

        call_command("migrate", verbosity=0)
        client.force_login(get_user_model().objects.create_user("ada"))


    def token():
        made = AccessToken()
        made["sub"] = "7"
        return str(made)


    def is_accepted(text):
        try:
            AccessToken(text)
        except Exception as error:
            return str(error)
        return True


    for line in sys.stdin:
        print("->", json.dumps(eval(line)), flush=True)
""")


class Worker:
    """The process.

    Args:
        process: It, with pipes.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log = ""

    def do(self, expression: str) -> Any:  # noqa: ANN401  # whatever the expression gives
        """Evaluate an expression in the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{expression}\n")
        self.process.stdin.flush()
        while line := self.process.stdout.readline():
            if line.startswith("-> "):
                return json.loads(line.removeprefix("-> "))
            self.log += line
        raise AssertionError(self.end())

    def end(self) -> str:
        """End the process; what it has logged."""
        output, errors = self.process.communicate(timeout=30)
        return self.log + output + errors


class Working(Protocol):
    """How a test gets a worker."""

    def __call__(self, folder: Path, environ: Mapping[str, str]) -> AbstractContextManager[Worker]:
        """A worker of the project in a folder."""


@contextmanager
def working(program: Path, folder: Path, environ: Mapping[str, str]) -> Iterator[Worker]:
    """A worker of the project in a folder, run by a program."""
    process = subprocess.Popen(
        [program, "-c", CODE],
        cwd=folder,
        env={**clean_environment(), "DJANGO_SETTINGS_MODULE": "settings", "DJANGO_PROFILE": "development", **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Worker(process)
    finally:
        process.kill()
        process.communicate()


def replace(path: Path, text: str) -> None:
    """Put a file in the place of another one, as a secret store does."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
