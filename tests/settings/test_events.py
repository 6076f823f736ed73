"""The URL of the event bus becomes plain data, and says whether events leave the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.loading import Loaded
    from tests.settings.conftest import LoadFrom

NOBODY = {"user": "", "password": "", "database": 0}


def problems(loaded: Loaded) -> list[Problem]:
    """The problems about events."""
    return [found for found in loaded.problems if found.id.startswith(("events.", "code.", "internal"))]


@pytest.mark.parametrize(
    ("url", "bus"),
    [
        ("inline://", {"engine": "inline"}),
        ("local://", {"engine": "local"}),
        ("", {"engine": "local"}),
        ("nats://nats", {**NOBODY, "engine": "nats", "servers": ["nats:4222"], "tls": False}),
        (
            "tls://u:p%40ss@n1:4223,n2",
            {
                **NOBODY,
                "engine": "nats",
                "servers": ["n1:4223", "n2:4222"],
                "tls": True,
                "user": "u",
                "password": "p@ss",
            },
        ),
        (
            "rediss://:secret@cache.internal:6380/3",
            {
                **NOBODY,
                "engine": "redis",
                "servers": ["cache.internal:6380"],
                "tls": True,
                "password": "secret",
                "database": 3,
            },
        ),
        ("valkey://[::1]/", {**NOBODY, "engine": "redis", "servers": ["[::1]:6379"], "tls": False}),
    ],
)
def test_url_becomes_data(load_from: LoadFrom, url: str, bus: dict[str, object]) -> None:
    """Each engine's URL is taken apart once, and the password hides itself."""
    loaded = load_from(environ={"EVENT_BUS_URL": url})
    assert problems(loaded) == []
    assert loaded.rendered["EVENT_BUS"] == bus
    if password := bus.get("password"):
        assert str(password) not in repr(loaded.rendered["EVENT_BUS"])


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("kafka://broker", 'the scheme "kafka" is not known'),
        ("nat://nats", 'the scheme "nat" is not known'),
        ("nats", "does not begin with a scheme"),
        ("nats://", "the server is missing"),
        ("redis://%2Frun%2Fvalkey.sock", "the server is missing"),
        ("local://here", "names no server"),
        ("nats://nats/3", "ends with its server"),
        ("redis://cache/x", "the number of a database"),
        ("redis://a,b", "names one host, not a list"),
        ("redis://cache?ssl=true", "takes no options"),
        ("redis://:S3cr3tpw/x@cache", "is not encoded"),
    ],
)
def test_unusable_url_is_refused(load_from: LoadFrom, url: str, message: str) -> None:
    """The part that is wrong is named, and the password stays hidden."""
    (found,) = problems(load_from(environ={"EVENT_BUS_URL": url}))
    assert (found.id, found.severity, found.variable) == ("events.url", "error", "EVENT_BUS_URL")
    assert message in found.message
    assert "S3cr3tpw" not in str(found)


@pytest.mark.parametrize(
    ("url", "profiles", "severity"),
    [
        ("inline://", ("microservice",), "error"),
        ("inline://", ("microservice", "development"), "warning"),
        ("local://", ("microservice",), "warning"),
        ("nats://nats", ("microservice",), None),
        ("inline://", ("microservice", "build"), None),
        ("inline://", ("monolith",), None),
    ],
)
def test_events_of_a_microservice_leave_it(
    load_from: LoadFrom, url: str, profiles: tuple[str, ...], severity: str | None
) -> None:
    """Between services inline:// is refused and local:// is worth a word; in a monolith both are fine."""
    found = problems(load_from(environ={"EVENT_BUS_URL": url}, profiles=profiles))
    assert [(each.id, each.severity) for each in found] == ([("events.engine", severity)] if severity else [])


def test_careless_form_is_read_and_mentioned(load_from: LoadFrom) -> None:
    """Quotes that a copy has left around the URL do not count, and are said."""
    loaded = load_from(environ={"EVENT_BUS_URL": '"nats://nats"'})
    assert "events.form" in {found.id for found in problems(loaded)}
    assert loaded.rendered["EVENT_BUS"]["servers"] == ["nats:4222"]  # type: ignore[index]  # a mapping
