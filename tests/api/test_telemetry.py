"""What OpenTelemetry is told, through its API alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import override_settings
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from dj_core_utils import _context
from dj_core_utils.api import exceptions, telemetry
from dj_core_utils.api.client import APIClient
from tests.api import peers
from tests.api.conftest import SERVICE
from tests.api.test_resilience import orders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.conftest import JSON, Caller

ORDERS = APIClient("orders")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[InMemorySpanExporter, InMemoryMetricReader]]:
    """Everything that is told while a test runs."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    meters = MeterProvider([reader])
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: tracers)
    monkeypatch.setattr(metrics, "get_meter", meters.get_meter)
    telemetry._instruments.cache_clear()  # noqa: SLF001  # they belong to the provider of before
    yield spans, reader
    telemetry._instruments.cache_clear()  # noqa: SLF001  # as above
    meters.shutdown()
    tracers.shutdown()


def test_span_of_a_call(call: Caller, told: JSON, transport: str) -> None:
    """One span of the client, with the names of the semantic conventions; the other side goes on with it."""
    token = _context.traceparent.set("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    try:
        headers = call("GET", "echo/?token=hidden").json()["headers"]
    finally:
        _context.traceparent.reset(token)
    (span,) = told[0].get_finished_spans()
    assert (span.name, span.kind, span.status.status_code) == ("GET orders", SpanKind.CLIENT, StatusCode.UNSET)
    assert span.attributes["http.request.method"] == "GET"
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["peer.service"] == "orders"
    assert span.attributes["url.full"].endswith("/echo/")
    assert ("server.port" in span.attributes) is (transport == "http")
    assert "hidden" not in repr(dict(span.attributes))
    assert headers["traceparent"].split("-")[1:3] == [
        "0af7651916cd43dd8448eb211c80319c",
        f"{span.context.span_id:016x}",
    ]


def test_span_in_a_span(told: JSON) -> None:
    """Where something tells of the request already, the call is a part of it."""
    with (
        override_settings(**SERVICE),
        trace.get_tracer_provider().get_tracer("server").start_as_current_span("a request") as outer,
    ):
        ORDERS.get("echo/")
    assert told[0].get_finished_spans()[0].parent.span_id == outer.get_span_context().span_id


def test_span_of_each_attempt(told: JSON) -> None:
    """A second attempt is a span of its own, which says so; each error has its name."""
    behave = peers.in_turn(peers.answer(503), peers.hang_up, peers.answer())
    with orders(behave, attempts=3):
        ORDERS.get("x/")
    first, second, third = told[0].get_finished_spans()
    assert [span.attributes.get("error.type") for span in (first, second, third)] == [
        "503",
        "ServiceUnavailableError",
        None,
    ]
    assert [span.attributes.get("http.request.resend_count") for span in (first, second, third)] == [None, 1, 2]
    assert first.status.status_code is second.status.status_code is StatusCode.ERROR


def test_duration_of_a_call(told: JSON) -> None:
    """The duration is counted by method, service, host and status."""
    with override_settings(**SERVICE):
        ORDERS.get("echo/")
        with pytest.raises(exceptions.NotFoundError):
            ORDERS.get("status/404/")
    (metric,) = told[1].get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("http.client.request.duration", "s")
    assert [point.attributes.get("error.type") for point in metric.data.data_points] == [None, "404"]


def test_https_has_a_port(told: JSON) -> None:
    """Where an address names none, it is that of its scheme."""
    for url in ("https://orders.invalid", "http://orders.invalid"):
        with override_settings(SERVICE_URLS={"orders": url}), pytest.raises(exceptions.ServiceUnavailableError):
            ORDERS.post("x/", timeout=5)
    ports = {span.attributes["server.port"] for span in told[0].get_finished_spans()}
    assert ports == {80, 443}


def test_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told, and what came in is handed on unchanged."""
    monkeypatch.setattr(telemetry, "find_spec", lambda _: None)
    telemetry._is_installed.cache_clear()  # noqa: SLF001  # it was asked before
    try:
        with override_settings(**SERVICE):
            assert ORDERS.get("echo/")["method"] == "GET"
    finally:
        telemetry._is_installed.cache_clear()  # noqa: SLF001  # as above


def test_opentelemetry_that_is_not_set_up() -> None:
    """Where it is installed and nobody listens, a call costs nothing more."""
    with override_settings(**SERVICE):
        assert "traceparent" not in ORDERS.get("echo/")["headers"]
