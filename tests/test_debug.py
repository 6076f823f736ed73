"""Django's debug page under the development server: useful, and without secrets."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from dj_core_utils.debug import RedactingExceptionReporterFilter
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from tests.conftest import WriteProject

CANARY = "cAnArY"
ENVIRONMENT = {
    "DJANGO_PROFILE": "development",
    "DJANGO_SECRET_KEY": "cAnArY-01-abcdefghijklmnopqrstuvwxyz-0123456789-abcdefgh",
    "DATABASE_URLS": "reports=postgres://shop:cAnArY-02@127.0.0.1:5432/shop",
    "CACHE_URL": "redis://:cAnArY-03@127.0.0.1:6379/0",
    "FOREIGN_BROKER_URL": "amqp://user:cAnArY-04@127.0.0.1/",
}
URLS = """
    import os
    from django.conf import settings
    from django.urls import path

    def fail(request):
        harmless = "shown"
        url = os.environ["DATABASE_URLS"]
        nested = {"broker": [os.environ["FOREIGN_BROKER_URL"]]}
        key = str(settings.SECRET_KEY)
        raise RuntimeError("on purpose")

    urlpatterns = [path("", fail)]
"""


def fetch(url: str) -> str:
    """The body of an error page, once the server answers."""
    for _ in range(100):
        try:
            urlopen(url, timeout=5)  # noqa: S310  # a server of this test
        except HTTPError as error:
            with error:
                return error.read().decode()
        except URLError:
            time.sleep(0.1)
    pytest.fail("the development server did not answer")


def test_the_page_of_the_development_server_shows_no_secret(project: WriteProject, free_port: int) -> None:
    """``runserver`` puts the whole environment into ``request.META``; the page shows it with secrets masked."""
    folder = project({"urls.py": URLS})
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{free_port}"]
    server = subprocess.Popen(
        command,
        cwd=folder,
        env={**clean_environment(), **ENVIRONMENT},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        page = fetch(f"http://127.0.0.1:{free_port}/")
    finally:
        server.terminate()
        output, _ = server.communicate(timeout=20)
    assert "RuntimeError" in page
    assert "shown" in page
    assert "FOREIGN_BROKER_URL" in page
    assert CANARY not in page
    assert CANARY not in output.decode()


class Awkward:
    """An object that cannot show itself."""

    def __repr__(self) -> str:
        """Fail."""
        msg = "no"
        raise ValueError(msg)


def test_a_local_that_cannot_show_itself_does_not_break_the_page() -> None:
    """The page says what it was and why it is not shown."""
    awkward = Awkward()
    frame = sys._getframe()  # noqa: SLF001  # a frame with that local
    shown = dict(RedactingExceptionReporterFilter().get_traceback_frame_variables(None, frame))
    assert repr(shown["awkward"]) == "<Awkward that cannot be shown: ValueError>"
    assert isinstance(awkward, Awkward)
