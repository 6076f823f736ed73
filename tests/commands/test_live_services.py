"""``config check --live``: other services, and published keys."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings

from dj_core_utils.cli.live.running import run_all
from dj_core_utils.cli.live.services import probes
from dj_core_utils.cli.new_secrets import jwk, signing_key
from tests.listeners import Authority, http, silent

if TYPE_CHECKING:
    from pathlib import Path

    from dj_core_utils.cli.live.probe import Finding

CANARY = "canary-Vq2w8RtLp0x"
FINE: dict[str, tuple[int, dict[str, str], bytes]] = {"/healthz": (200, {}, b"ok\n")}


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that this machine trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    return made


def found(url: str, *, path: str = "/healthz", timeout: float = 20) -> Finding:
    """What the probe of a service finds."""
    (result,) = run_all(list(probes({"orders": url}, path, None)), timeout)
    assert (result.probe.kind, result.probe.name, result.probe.variable) == ("service", "orders", "SERVICE_URLS")
    return result.finding


def keys_at(url: str) -> Finding:
    """What the probe of published keys finds."""
    (result,) = run_all(list(probes({}, "", url)), 20)
    assert (result.probe.kind, result.probe.name, result.probe.variable) == ("jwks", "keys", "JWT_JWKS_URL")
    return result.finding


def test_a_service_that_answers() -> None:
    """Its health path is asked, below the path of its address, with no credential and no proxy of the environment."""
    with http({**FINE, "/api/up": (204, {}, b"")}) as server:
        finding = found(server.url)
        assert (finding.status, finding.message) == ("ok", f"{server.url}/healthz answers 200")
        assert finding.milliseconds is not None
        assert found(f"{server.url}/api/", path="/up").message == f"{server.url}/api/up answers 204"
        assert found(server.url, path="").status == "ok"
    assert [path for path, _ in server.asked] == ["/healthz", "/api/up", "/healthz"]
    assert "Authorization" not in server.asked[0][1]


def test_the_variable_that_holds_the_address_is_named() -> None:
    """That of the service alone, where it has one."""
    with override_settings(USER_DATA_SERVICE_URL="http://users"):
        tried = list(probes({"user-data": "http://users", "orders": "http://orders"}, "", None))
    assert [probe.variable for probe in tried] == ["USER_DATA_SERVICE_URL", "SERVICE_URLS"]


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    """Services call each other directly, whatever the shell of somebody says."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port}")
    with http(FINE) as server:
        assert found(server.url).status == "ok"


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        ((503, {}, b""), "answers 503", ""),
        ((404, {}, b""), "answers 404", "a service of this package answers at its HEALTH_PATH"),
        ((302, {}, b""), "redirects to nowhere", "set the address that it leads to"),
        (
            (301, {"Location": f"https://shop:{CANARY}@orders.internal/healthz"}, b""),
            "redirects to https://shop:***@orders.internal/healthz",
            "set the address that it leads to",
        ),
    ],
)
def test_a_service_that_is_not_well(answer: tuple[int, dict[str, str], bytes], message: str, hint: str) -> None:
    """Any other answer is a failure; a redirect is not followed."""
    with http({"/healthz": answer}) as server:
        assert found(server.url)[:3] == ("fail", f"{server.url}/healthz {message}", hint)
    assert len(server.asked) == 1


def test_a_service_that_is_not_there(free_port: int) -> None:
    """A closed port, a name that is none and a server that says nothing are told apart."""
    refused = f"http://127.0.0.1:{free_port}/healthz: connection refused: nobody listens there"
    assert found(f"http://127.0.0.1:{free_port}").message == refused
    assert found("https://nope.invalid").message == "https://nope.invalid/healthz: the host name cannot be looked up"
    assert CANARY not in found(f"https://shop:{CANARY}@nope.invalid").message
    started = time.monotonic()
    with silent() as port:
        assert "no answer within 0.3 s" in found(f"http://127.0.0.1:{port}", timeout=0.3).message
        assert "no answer within 0.3 s" in found(f"https://127.0.0.1:{port}", timeout=0.3).message
    assert time.monotonic() - started < 5


def test_a_certificate_that_is_accepted(authority: Authority) -> None:
    """TLS is verified against what the machine trusts."""
    with http(FINE, certificate=authority.sign("server")) as server:
        assert found(server.url).status == "ok"


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (timedelta(days=-2, hours=-1), "certificate expired 2 days ago"),
        (timedelta(days=-1, hours=-1), "certificate expired 1 day ago"),
        (timedelta(hours=-3, minutes=-1), "certificate expired 3 hours ago"),
        (timedelta(minutes=-5, seconds=-1), "certificate expired 5 minutes ago"),
        (timedelta(seconds=-2), "certificate expired less than a minute ago"),
    ],
)
def test_a_certificate_that_has_expired(authority: Authority, ends: timedelta, message: str) -> None:
    """How long ago it expired is told."""
    with http(FINE, certificate=authority.sign("server", ends=ends)) as server:
        assert found(server.url).message == f"{server.url}/healthz: {message}"
    assert server.asked == []


def test_a_certificate_of_tomorrow(authority: Authority) -> None:
    """A certificate that is not valid yet is told with its date: a clock may be wrong."""
    with http(FINE, certificate=authority.sign("server", starts=timedelta(days=1))) as server:
        assert "certificate is not valid before 20" in found(server.url).message


@pytest.mark.parametrize(
    ("hosts", "message"),
    [
        (("orders.internal", "10.0.0.7"), "certificate is for orders.internal, 10.0.0.7, not for 127.0.0.1"),
        ((), "certificate is for another host, not for 127.0.0.1"),
    ],
)
def test_a_certificate_of_somebody_else(authority: Authority, hosts: tuple[str, ...], message: str) -> None:
    """Whom it is for is told."""
    with http(FINE, certificate=authority.sign("server", hosts=hosts)) as server:
        assert found(server.url).message == f"{server.url}/healthz: {message}"


def test_a_certificate_of_an_unknown_authority(tmp_path: Path) -> None:
    """Expired counts more: renewing it is what has to be done anyway."""
    strange = Authority(tmp_path)
    with http(FINE, certificate=strange.sign("server")) as server:
        told = f"{server.url}/healthz: certificate is signed by nobody whom this machine trusts"
        assert found(server.url).message == told
    with http(FINE, certificate=strange.sign("old", ends=timedelta(days=-2, hours=-1))) as server:
        assert found(server.url).message == f"{server.url}/healthz: certificate expired 2 days ago"


def test_clear_text_where_tls_is_expected() -> None:
    """A server that does not speak TLS is told as such."""
    with http(FINE) as server:
        message = found(server.url.replace("http://", "https://")).message
    assert "TLS failed: " in message


def test_published_keys(authority: Authority) -> None:
    """Keys are counted; what is no set of public keys is a failure."""
    entry = jwk(signing_key("ES256"))
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {
        "/one": (200, {}, json.dumps({"keys": [entry]}).encode()),
        "/two": (200, {}, json.dumps({"keys": [entry, entry]}).encode()),
        "/none": (200, {}, b'{"keys": []}'),
        "/secret": (200, {}, json.dumps({"keys": [{"kty": "oct", "k": CANARY}]}).encode()),
        "/page": (200, {}, b"<html>"),
        "/list": (200, {}, b"[]"),
        "/endless": (200, {}, b'{"keys": ' + b" " * 200_000 + b"[]}"),
        "/gone": (410, {}, b""),
    }
    with http(answers, certificate=authority.sign("server")) as server:
        told = {path: keys_at(f"{server.url}{path}") for path in (*answers, "/missing")}
    messages = {path: finding.message.removeprefix(f"{server.url}{path} ") for path, finding in told.items()}
    assert messages == {
        "/one": "holds 1 key",
        "/two": "holds 2 keys",
        "/none": "holds no key",
        "/secret": "holds a secret key, which is nothing to publish",
        "/page": "answers, but not with keys",
        "/list": "answers, but not with keys",
        "/endless": "answers, but not with keys",
        "/gone": "answers 410",
        "/missing": "answers 404",
    }
    assert [path for path, finding in told.items() if finding.status == "ok"] == ["/one", "/two"]
    assert told["/missing"].hint == ""
