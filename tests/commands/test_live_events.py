"""``config check --live``: the broker of events."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import redis

from dj_core_utils.cli.live.broker import probes
from dj_core_utils.cli.live.running import run_all
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load
from tests import servers
from tests.listeners import Authority, silent

if TYPE_CHECKING:
    from dj_core_utils.cli.live.probe import Finding

CANARY = "canary-Vq2w8RtLp0x"


def found(url: str, timeout: float = 20) -> Finding:
    """What the probe finds for a URL."""
    loaded = load(CoreSettings, environ={"EVENT_BUS_URL": url}, project_dir=Path.cwd(), profiles=("development",))
    assert loaded.errors == ()
    event_bus = loaded.rendered["EVENT_BUS"]
    assert isinstance(event_bus, dict)
    (result,) = run_all(list(probes(event_bus)), timeout)
    assert CANARY not in str(result.finding)
    return result.finding


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_no_broker(engine: str) -> None:
    """An engine without a server says so, and a project without events has no probe."""
    finding = found(f"{engine}://")
    assert finding.status == "ok"
    assert finding.message.startswith("events stay in ")
    assert list(probes({})) == []


def test_redis(valkey_url: str, free_port: int) -> None:
    """The server is signed in to and named; what is wrong with an address is told."""
    finding = found(f"{valkey_url.removesuffix('/0')}/1")
    assert finding.status == "ok"
    assert re.fullmatch(r"Valkey \d+\.\d+\.\d+, no TLS", finding.message)
    assert finding.milliseconds is not None
    server = urlsplit(valkey_url).netloc.rpartition("@")[2]
    refused = found(f"redis://shop:{CANARY}@{server}")
    assert refused.status == "fail"
    assert refused.message.startswith(f"{server}: invalid username-password pair")
    closed = found(f"redis://:{CANARY}@127.0.0.1:{free_port}")
    assert closed.message == f"127.0.0.1:{free_port}: connection refused: nobody listens there"
    assert found("redis://nope.invalid").message == "nope.invalid:6379: the host name cannot be looked up"
    assert found(f"rediss://{server}", timeout=0.3).status == "fail"


def test_a_user_who_may_not_ask(valkey_url: str) -> None:
    """Where the name of the server is refused, what works is still told to work."""
    server = urlsplit(valkey_url).netloc.rpartition("@")[2]
    with redis.Redis.from_url(valkey_url) as client:
        client.acl_setuser("events", enabled=True, passwords=[f"+{CANARY}"], keys=["*"], commands=["+@all", "-info"])
        try:
            assert found(f"redis://events:{CANARY}@{server}")[:2] == ("ok", "Redis, no TLS")
        finally:
            client.acl_deluser("events")


def test_nats(free_port: int) -> None:
    """The server is signed in to and named; what is wrong with an address is told."""
    with servers.nats("shop", CANARY) as url:
        server = url.removeprefix("nats://")
        finding = found(f"nats://shop:{CANARY}@{server}")
        assert finding.status == "ok"
        assert re.fullmatch(r"NATS \d+\.\d+\.\d+, no TLS", finding.message)
        assert finding.milliseconds is not None
        refused = found(f"nats://shop:wrong-{CANARY}@{server}")
        assert (refused.status, refused.message) == ("fail", f"{server}: nats: 'Authorization Violation'")
        in_clear = found(f"tls://shop:{CANARY}@{server}")
        assert (in_clear.status, in_clear.message) == ("fail", f"{server} does not ask for TLS")
        assert found(f"nats://shop:{CANARY}@127.0.0.1:{free_port},{server}").status == "ok"
    assert found(f"nats://127.0.0.1:{free_port}").message == (
        f"127.0.0.1:{free_port}: connection refused: nobody listens there"
    )
    assert found("nats://nope.invalid").message == "nope.invalid:4222: the host name cannot be looked up"


def test_nats_with_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The certificate of the server is verified before a password is sent; a refusal is told once, and at once."""
    authority = Authority(tmp_path)
    with servers.nats("shop", CANARY, authority.sign("server")) as url:
        server = url.removeprefix("nats://")
        started = time.monotonic()
        unknown = found(f"tls://shop:{CANARY}@{server}", timeout=60)
        assert time.monotonic() - started < 30
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        trusted = found(f"tls://shop:{CANARY}@{server}")
    assert unknown.status == "fail"
    assert unknown.message.startswith(f"{server}: the certificate is not accepted: ")
    assert trusted.status == "ok"
    assert re.fullmatch(r"NATS \d+\.\d+\.\d+, TLS", trusted.message)
    assert caplog.records == []


def test_a_server_of_another_kind(smtp_sink: servers.SmtpSink) -> None:
    """A server that greets in another language is told as such."""
    server = smtp_sink.url.removeprefix("smtp://")
    assert found(f"nats://{server}")[:2] == ("fail", f"{server}: this is no NATS server")


@pytest.mark.parametrize("scheme", ["nats", "redis"])
def test_a_broker_that_never_answers(scheme: str) -> None:
    """A port that accepts and says nothing is given up at the limit."""
    with silent() as port:
        finding = found(f"{scheme}://127.0.0.1:{port}", timeout=0.3)
    assert finding.status == "fail"
    assert "no answer within 0.3 s" in finding.message


@pytest.mark.parametrize(("scheme", "module", "package"), [("nats", "nats", "nats-py"), ("redis", "redis", "redis")])
def test_a_client_that_is_not_installed(
    scheme: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its client a broker is not tried, which is said with the package, and is no failure."""
    monkeypatch.setitem(sys.modules, module, None)
    (result,) = run_all(list(probes({"engine": scheme, "servers": ["127.0.0.1:1"]})), 20)
    assert result.finding[:3] == (
        "skip",
        f"127.0.0.1:1 is not tried: the package {package} is not installed",
        f'pip install "dj-core-utils[{scheme}]"',
    )
