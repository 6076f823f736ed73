"""Limits of calls to other services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from dj_core_utils.conf import APIConf, conf

if TYPE_CHECKING:
    from pathlib import Path

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
        "largest_answer": 10_485_760,
        "ca_file": "",
        "local_path": "/",
        "transaction": "join",
    }


def test_every_limit_is_read(load_from: LoadFrom) -> None:
    """The client knows each key that is rendered, with the same default."""
    assert conf.api == APIConf(**load_from().rendered["API_CLIENT"]) == APIConf()  # type: ignore[arg-type]  # a dictionary


def test_settings_by_hand_are_checked() -> None:
    """A key that nothing reads is an error of the first call, in a project without our settings class."""
    with override_settings(API_CLIENT={"timeout": 5}), pytest.raises(ImproperlyConfigured, match="has 'timeout'"):
        _ = conf.api
    with override_settings(API_CLIENT=5), pytest.raises(ImproperlyConfigured, match="API_CLIENT is int"):
        _ = conf.api


def test_authorities_of_ones_own(load_from: LoadFrom, tmp_path: Path) -> None:
    """A file of certificates has to be there; its path is made independent of the working directory."""
    (found,) = load_from(environ={"API_CLIENT_CA_FILE": "ca.pem"}).errors
    assert (found.id, found.variable) == ("api.ca_file", "API_CLIENT_CA_FILE")
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----")
    rendered = load_from(environ={"API_CLIENT_CA_FILE": str(file)}).rendered["API_CLIENT"]
    assert rendered["ca_file"] == str(file)  # type: ignore[index]  # a dictionary


@pytest.mark.parametrize("path", ["/", "/api/", "/{service}/", "/api/{service}/v1/"])
def test_local_path(load_from: LoadFrom, path: str) -> None:
    """A path, with the name of the service in it or without."""
    assert load_from(environ={"API_CLIENT_LOCAL_PATH": path}).errors == ()


@pytest.mark.parametrize("path", ["api/", "/api", "/{name}/", "//", "https://orders/"])
def test_local_path_that_is_none(load_from: LoadFrom, path: str) -> None:
    """Anything else would only be found out by the first call."""
    (found,) = load_from(environ={"API_CLIENT_LOCAL_PATH": path}).errors
    assert (found.id, found.variable) == ("api.local_path", "API_CLIENT_LOCAL_PATH")


def test_switch_for_tests_in_production(load_from: LoadFrom) -> None:
    """A switch that is meant for tests is reported where users are served."""
    environ = {"API_CLIENT_TRANSACTION": "refuse"}
    for profile, expected in (("test", []), ("production", ["api.transaction"])):
        problems = load_from(environ=environ, profiles=(profile,)).problems
        assert [found.id for found in problems if found.id == "api.transaction"] == expected


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
