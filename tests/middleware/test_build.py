"""The profile ``build`` prepares an image and never serves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import async_to_sync
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import AsyncClient, Client

from dj_core_utils.settings import middleware_order as order
from dj_core_utils.settings.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django import Settings


@pytest.fixture(autouse=True)
def _build(settings: Settings) -> Iterator[None]:
    """A project under the profile; the hook that prints reports goes away with the test."""
    before = sys.excepthook
    settings.MIDDLEWARE = [order.BUILD, *settings.MIDDLEWARE]
    yield
    sys.excepthook = before


@pytest.mark.parametrize("server", [WSGIHandler, ASGIHandler, get_asgi_application])
def test_no_server_starts(server: Callable[[], object]) -> None:
    """WSGI and ASGI make the middleware before they serve, and fail there with something to do."""
    with pytest.raises(ConfigurationError, match="cannot start under the profile build") as caught:
        server()
    (problem,) = caught.value.problems
    assert (problem.id, problem.variable) == ("profile.build_serves", "DJANGO_PROFILE")
    assert "DJANGO_PROFILE=microservice,production" in problem.hint


def test_no_client_is_answered() -> None:
    """The test client neither, in a thread or on the event loop."""
    with pytest.raises(ConfigurationError):
        Client().get("/healthz")
    with pytest.raises(ConfigurationError):
        async_to_sync(AsyncClient().get)("/healthz")
