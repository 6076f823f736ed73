"""Where a service is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from django.test import override_settings

from dj_core_utils.api.client import APIClient
from dj_core_utils.api.exceptions import UnknownServiceError
from dj_core_utils.api.resolution import locate, service_urls
from dj_core_utils.api.stand_ins import stand_ins

if TYPE_CHECKING:
    import httpcore2

    from dj_core_utils.api.call import Call


def where(service: str) -> str:
    """The address and prefix of a service."""
    location = locate(service)
    return f"{location.origin}{location.prefix}"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "/"),
        ({"SERVICES": ["orders"]}, "/"),
        ({"SERVICE_URLS": {"orders": "https://orders.internal"}}, "https://orders.internal/"),
        ({"SERVICE_URLS": {"orders": "HTTPS://Orders.internal:8443/api/v1/"}}, "https://orders.internal:8443/api/v1/"),
        ({"ORDERS_SERVICE_URL": "http://orders"}, "http://orders/"),
        ({"ORDERS_SERVICE_URL": "http://orders/our api/a%20b"}, "http://orders/our%20api/a%20b/"),
        ({"ORDERS_SERVICE_URL": "http://own", "SERVICE_URLS": {"orders": "http://listed"}}, "http://own/"),
        (
            {"SERVICES": ["orders"], "SERVICE_URL_TEMPLATE": "http://{service}.internal/api"},
            "http://orders.internal/api/",
        ),
        ({"SERVICE_URL_TEMPLATE": "http://{service}.internal"}, "/"),
        ({"SERVICE_NAME": "orders", "SERVICE_URLS": {"orders": "https://elsewhere"}}, "/"),
        ({"SERVICE_NAME": "orders", "IS_MICROSERVICE": True}, "/"),
        ({"API_CLIENT": {"local_path": "api/{service}"}}, "/api/orders/"),
    ],
)
def test_service_is_found(settings: dict[str, object], expected: str) -> None:
    """At its address, by a template, or in this process."""
    with override_settings(**settings):
        assert where("orders") == expected


def test_apps_are_parts_of_a_monolith() -> None:
    """Where some services are listed, the apps are services, too."""
    with override_settings(SERVICES=["orders"]):
        assert where("library") == "/"


@pytest.mark.parametrize(
    ("settings", "service", "message"),
    [
        (
            {"SERVICES": ["orders", "users"]},
            "ordrs",
            'There is no service "ordrs" (known: orders, users). Did you mean orders?',
        ),
        ({"IS_MICROSERVICE": True}, "orders", 'There is no service "orders" (SERVICES and SERVICE_URLS name none).'),
        (
            {"IS_MICROSERVICE": True, "SERVICES": ["user-data"]},
            "user-data",
            "Nothing says where the service user-data is: set SERVICE_URLS=user-data=https://..., or USER_DATA_SER",
        ),
        ({}, "no service", 'There is no service "no service" (SERVICES and SERVICE_URLS name none).'),
    ],
)
def test_unknown_service(settings: dict[str, object], service: str, message: str) -> None:
    """A name that nobody knows is an error with the nearest one, before anything is sent."""
    with override_settings(**settings), pytest.raises(UnknownServiceError) as caught:
        locate(service)
    assert str(caught.value).startswith(message)
    assert caught.value.status_code == 500


@pytest.mark.parametrize(
    "url",
    [
        "orders:8000",
        "ftp://orders",
        "http://",
        "http://ann:hunter2@orders",
        "http://orders?a=1",
        "http://[",
        "http://ö",
    ],
)
def test_address_that_cannot_be_used(url: str) -> None:
    """It is refused, and a password in it is not shown."""
    with override_settings(SERVICE_URLS={"orders": url}), pytest.raises(UnknownServiceError) as caught:
        locate("orders")
    assert "The address of the service orders cannot be used" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_addresses_of_all_services() -> None:
    """What the client uses is what a check of all services tries."""
    settings = {
        "SERVICE_URLS": {"orders": "https://a", "mail": "https://listed"},
        "SERVICES": ["orders", "users", "stock", "mail"],
        "USERS_SERVICE_URL": "https://b",
        "MAIL_SERVICE_URL": "https://c",
        "SERVICE_URL_TEMPLATE": "https://{service}.internal",
    }
    with override_settings(**settings):
        expected = {"orders": "https://a", "mail": "https://c", "users": "https://b", "stock": "https://stock.internal"}
        assert service_urls() == expected
    with override_settings(SERVICES=["orders"]):
        assert service_urls() == {}


@pytest.mark.parametrize(
    ("url", "connected", "host"),
    [
        ("https://orders.internal", (b"https", b"orders.internal", None), "orders.internal"),
        ("https://orders.internal:443", (b"https", b"orders.internal", None), "orders.internal"),
        ("http://Orders:443", (b"http", b"orders", 443), "orders:443"),
        ("http://[::1]:8000", (b"http", b"::1", 8000), "[::1]:8000"),
    ],
)
def test_where_a_request_goes(
    url: str, connected: tuple[object, ...], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to host and port, and the header names them as a browser would."""
    asked: list[httpcore2.Request] = []

    class Recorder:
        def answer(self, _call: Call, request: httpcore2.Request) -> httpx2.Response:
            asked.append(request)
            return httpx2.Response(204)

    monkeypatch.setitem(stand_ins, "orders", Recorder())
    with override_settings(SERVICE_URLS={"orders": f"{url}/api"}):
        APIClient("orders").get("orders/?page=2")
    [request] = asked
    assert (request.url.scheme, request.url.host, request.url.port) == connected
    assert request.url.target == b"/api/orders/?page=2"
    assert (b"host", host.encode()) in request.headers
