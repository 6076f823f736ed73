"""Limits of calls to other services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.settings.conftest import LoadFrom


def test_limits_are_rendered_in_seconds(load_from: LoadFrom) -> None:
    """Durations are written as people write them and exported as numbers."""
    environ = {"API_CLIENT_READ_TIMEOUT": "1500ms", "API_CLIENT_DEADLINE": "1m", "API_CLIENT_RETRY_RATIO": "0"}
    assert load_from(environ=environ).rendered["API_CLIENT"] == {
        "connect_timeout": 1.0,
        "read_timeout": 1.5,
        "deadline": 60.0,
        "attempts": 3,
        "retry_ratio": 0.0,
        "breaker_window": 10.0,
        "breaker_calls": 10,
        "breaker_failures": 0.5,
        "breaker_pause": 5.0,
    }


@pytest.mark.parametrize("name", ["API_CLIENT_CONNECT_TIMEOUT", "API_CLIENT_READ_TIMEOUT"])
def test_timeout_beyond_the_deadline(load_from: LoadFrom, name: str) -> None:
    """A timeout that can never be reached is a mistake."""
    (found,) = load_from(environ={name: "20s"}).errors
    assert (found.id, found.variable) == ("api.deadline", name)
    assert "20 seconds are more than a call may take in all (API_CLIENT_DEADLINE, 10 seconds)" in found.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_CLIENT_ATTEMPTS", "0"),
        ("API_CLIENT_ATTEMPTS", "11"),
        ("API_CLIENT_RETRY_RATIO", "1.5"),
        ("API_CLIENT_BREAKER_FAILURES", "0"),
        ("API_CLIENT_BREAKER_CALLS", "0"),
        ("API_CLIENT_BREAKER_WINDOW", "10ms"),
        ("API_CLIENT_BREAKER_PAUSE", "0"),
        ("API_CLIENT_DEADLINE", "0"),
    ],
)
def test_limits_have_limits(load_from: LoadFrom, name: str, value: str) -> None:
    """Numbers that would turn a protection off by accident are refused."""
    found = [problem for problem in load_from(environ={name: value}).errors if problem.variable == name]
    assert [problem.id for problem in found] == ["value.range"]
