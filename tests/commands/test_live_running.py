"""How probes are run: side by side, each within its time, and how failures are told."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from functools import partial

import pytest
from django.test import override_settings

from dj_core_utils.cli.live.certificates import certificate_fault
from dj_core_utils.cli.live.failures import reason
from dj_core_utils.cli.live.probe import Finding, Probe, Result
from dj_core_utils.cli.live.running import run_all

CANARY = "canary-Vq2w8RtLp0x"


def probe(name: str, run: object) -> Probe:
    """A probe that runs a function."""
    return Probe("service", name, "SERVICE_URLS", run)  # type: ignore[arg-type]  # tests hand over what they like


def test_side_by_side() -> None:
    """All probes run at once, so that the slowest says how long it takes; the order is kept."""
    barrier = threading.Barrier(20)

    def meet(number: int, timeout: float) -> Finding:
        barrier.wait(timeout)
        return Finding("ok", str(number))

    results = run_all([probe(str(number), partial(meet, number)) for number in range(20)], 20)
    assert [result.finding.message for result in results] == [str(number) for number in range(20)]
    assert run_all([], 5) == []


def test_one_that_hangs() -> None:
    """What hangs is given up at the limit and holds up no other one."""
    release = threading.Event()

    def hang(_: float) -> Finding:
        release.wait(30)
        return Finding("ok", "late")

    started = time.monotonic()
    results = run_all([probe("slow", hang), probe("fast", lambda _: Finding("ok", "fine"))], 0.1)
    assert time.monotonic() - started < 5
    release.set()
    assert [result.finding for result in results] == [Finding("fail", "no answer within 0.1 s"), Finding("ok", "fine")]


def test_drivers_are_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """What drivers log does not stand between the lines of the output, and logging works again afterwards."""

    def chat(_: float) -> Finding:
        logging.getLogger("httpx2").critical("I am asked")
        return Finding("ok", "")

    run_all([probe("chatty", chat)], 5)
    assert caplog.records == []
    logging.getLogger("httpx2").critical("I speak")
    assert [record.message for record in caplog.records] == ["I speak"]


def test_for_machines() -> None:
    """Each result is an object with the promised keys."""
    assert Result(probe("orders", None), Finding("ok", "fine", milliseconds=1.26)).as_json() == {
        "kind": "service",
        "name": "orders",
        "status": "ok",
        "message": "fine",
        "hint": "",
        "milliseconds": 1.3,
        "variable": "SERVICE_URLS",
    }
    assert Result(probe("orders", None), Finding("fail", "no")).as_json()["milliseconds"] is None


def chained(error: Exception, cause: Exception) -> Exception:
    """An error that was raised from another one."""
    error.__cause__ = cause
    return error


def circular() -> Exception:
    """An error that was raised from itself, in two steps."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (chained(RuntimeError("x"), ConnectionRefusedError()), "connection refused: nobody listens there"),
        (chained(RuntimeError("x"), chained(OSError("y"), TimeoutError())), "no answer within 3 s"),
        (ConnectionResetError(), "the server closed the connection"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "the host name cannot be looked up"),
        (ssl.SSLError(1, "odd"), "TLS failed: odd"),
        (circular(), "first"),
        (RuntimeError(), "RuntimeError"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("two\nlines"), "two"),
        (ValueError("a\x1b[2Jb"), "a\\x1b[2Jb"),
        (ValueError("x" * 1000), "x" * 300 + "…"),
        (ValueError(f"cannot parse redis://shop:{CANARY}@db"), "cannot parse redis://shop:***@db"),
    ],
)
def test_how_failures_are_told(error: Exception, told: str) -> None:
    """Few words, on one line, with nothing secret."""
    assert reason(error, 3) == told


def test_secrets_of_the_settings_are_never_told() -> None:
    """Whatever a driver quotes, no secret of the settings is in it."""
    with override_settings(PAYMENT_API_KEY=CANARY):
        assert reason(ValueError(f"odd: {CANARY}"), 3) == "odd: ***"


def test_a_certificate_that_cannot_be_looked_at(free_port: int) -> None:
    """Where the server is gone meanwhile, what is known is told."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 62, "Hostname mismatch"
    assert certificate_fault(error, "127.0.0.1", free_port, 1) == "certificate is for another host, not for 127.0.0.1"
    error.verify_code, error.verify_message = 26, "unsuitable certificate purpose"
    told = "certificate is not accepted: unsuitable certificate purpose"
    assert certificate_fault(error, "127.0.0.1", free_port, 1) == told
