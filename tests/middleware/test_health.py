"""Health checks: answered for anybody who can reach the process, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from dj_core_utils.settings import middleware_order as order

if TYPE_CHECKING:
    from pytest_django import Settings


@pytest.fixture(autouse=True)
def _https_only(settings: Settings) -> None:
    """As in production: everything else over plain HTTP is a redirect."""
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["shop.example.com"]


@pytest.mark.parametrize("host", ["shop.example.com", "10.0.0.7:8000", "evil.example", "under_score", ""])
def test_every_host_gets_an_answer(client: Client, host: str) -> None:
    """An orchestrator asks by address, over plain HTTP."""
    response = client.get("/healthz", headers={"Host": host})
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Length"] == "3"


def test_head_has_no_body(client: Client) -> None:
    """And the same headers."""
    response = client.head("/healthz")
    assert (response.status_code, response.content, response["Cache-Control"]) == (200, b"", "no-store")
    assert response["Content-Length"] == "3"


@pytest.mark.parametrize("path", ["/healthz/", "/healthz/x", "/x/healthz", "/HEALTHZ", "//healthz"])
def test_only_the_exact_path_is_open(client: Client, path: str) -> None:
    """Everything else goes through the redirect and the list of hosts."""
    assert client.get(path, headers={"Host": "shop.example.com"}).status_code == 301
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("method", ["post", "put", "delete", "options", "patch"])
def test_only_reading_is_open(client: Client, method: str) -> None:
    """A method that changes something is not a health check."""
    assert getattr(client, method)("/healthz", headers={"Host": "shop.example.com"}).status_code == 301


def test_a_query_does_not_matter(client: Client) -> None:
    """Probes may carry one against caches."""
    assert client.get("/healthz?t=1", headers={"Host": "10.0.0.7"}).status_code == 200


def test_the_path_is_a_setting(client: Client, settings: Settings) -> None:
    """It is read when a request comes, and empty means none."""
    settings.HEALTH_PATH = "/live"
    assert client.get("/live", headers={"Host": "10.0.0.7"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "shop.example.com"}).status_code == 301
    settings.HEALTH_PATH = ""
    assert client.get("/live", headers={"Host": "shop.example.com"}).status_code == 301


@pytest.mark.parametrize(("before", "status"), [(order.CORS, 200), (order.COMMON, 400)])
def test_it_works_up_to_the_middleware_that_knows_hosts(
    client: Client, settings: Settings, before: str, status: int
) -> None:
    """With its path exempt from the redirect, as we render it, it may stand behind SecurityMiddleware."""
    settings.SECURE_REDIRECT_EXEMPT = ["^healthz$"]
    settings.MIDDLEWARE = [order.SECURITY, before, order.HEALTH]
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == status


def test_it_works_on_the_event_loop(settings: Settings) -> None:
    """What is no health check goes on there, too."""
    get = async_to_sync(AsyncClient().get)
    assert get("/healthz").content == b"ok\n"
    assert get("/context/").status_code == 400
    settings.ALLOWED_HOSTS = ["testserver"]
    assert get("/context/").status_code == 301


def test_no_database_is_asked(client: Client) -> None:
    """The answer is about this process; without the database fixture any query would fail."""
    assert client.get("/healthz").status_code == 200


def test_the_answer_has_a_correlation_id(client: Client) -> None:
    """The context middleware stands before it."""
    assert client.get("/healthz", headers={"X-Request-ID": "req-1"})["X-Request-ID"] == "req-1"
