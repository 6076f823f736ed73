"""``config check --live``: mail servers are greeted and signed in to, and get no mail."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from dj_core_utils.cli.live.mail import probes
from dj_core_utils.cli.live.running import run_all
from dj_core_utils.settings.base import CoreSettings
from dj_core_utils.settings.loading import load
from tests.listeners import Authority, silent
from tests.servers import free_port as find_port

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings

    from dj_core_utils.cli.live.probe import Finding
    from tests.servers import SmtpSink

CANARY = "canary-Vq2w8RtLp0x"


class Use(Protocol):
    """How a test tries a mail server."""

    def __call__(self, url: str, timeout: float = 20) -> Finding:
        """Set what a mail URL renders, and try it."""


class OwnBackend(BaseEmailBackend):
    """A backend of somebody else."""


@pytest.fixture
def use(settings: Settings, tmp_path: Path) -> Use:
    """Set what a mail URL renders, and try it."""

    def tried(url: str, timeout: float = 20) -> Finding:
        loaded = load(CoreSettings, environ={"EMAIL_URL": url}, project_dir=tmp_path, profiles=("development",))
        assert loaded.errors == ()
        for name, value in loaded.rendered.items():
            if name.startswith(("EMAIL_", "MAILERS")):
                setattr(settings, name, value)
        (result,) = run_all(list(probes()), timeout)
        assert (result.probe.kind, result.probe.name, result.probe.variable) == ("mail", "default", "EMAIL_URL")
        return result.finding

    return tried


def test_a_server(use: Use, smtp_sink: SmtpSink) -> None:
    """The server is greeted, and signed in to where there is a password; no mail arrives."""
    server = urlsplit(smtp_sink.url).netloc
    finding = use(smtp_sink.url)
    assert (finding.status, finding.message) == ("ok", f"{server}, no TLS, without a login")
    assert finding.milliseconds is not None
    finding = use(f"smtp://shop:{CANARY}@{server}")
    assert (finding.status, finding.message) == ("ok", f"{server}, no TLS, signed in")
    assert smtp_sink.logins == [("shop", CANARY)]
    assert smtp_sink.messages == []


class Strict:
    """A mail server that knows nobody, and quotes what it was given."""


def test_a_wrong_password(use: Use) -> None:
    """What the server says of a login is told without the password, even where the server repeats it."""

    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False, message=f"535 no such login {CANARY}")

    port = find_port()
    controller = Controller(Strict(), hostname="127.0.0.1", port=port, authenticator=refuse, auth_require_tls=False)
    controller.start()
    try:
        finding = use(f"smtp://shop:{CANARY}@127.0.0.1:{port}")
    finally:
        controller.stop()
    assert finding.status == "fail"
    assert finding.message == f"127.0.0.1:{port}: the server says: 535 no such login ***"


def test_certificates(use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is verified: with a trusted certificate it works, with another one the reason is told."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.sign("server"))
    port = find_port()
    controller = Controller(Strict(), hostname="127.0.0.1", port=port, tls_context=context)
    controller.start()
    try:
        unknown = use(f"submission://127.0.0.1:{port}")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
        trusted = use(f"submission://127.0.0.1:{port}")
    finally:
        controller.stop()
    assert unknown.status == "fail"
    assert "the certificate is not accepted: unable to get local issuer certificate" in unknown.message
    assert (trusted.status, trusted.message) == ("ok", f"127.0.0.1:{port}, STARTTLS, without a login")


def test_a_server_that_is_not_there(use: Use, free_port: int) -> None:
    """A closed port, a name that is none and a server that says nothing are told apart."""
    assert use(f"smtp://127.0.0.1:{free_port}").message == (
        f"127.0.0.1:{free_port}: connection refused: nobody listens there"
    )
    assert use("smtp://nope.invalid:25").message == "nope.invalid:25: the host name cannot be looked up"
    started = time.monotonic()
    with silent() as port:
        assert "no answer within 0.3 s" in use(f"smtp://127.0.0.1:{port}", timeout=0.3).message
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("console://", "mail is printed; there is no server to connect to"),
        ("memory://", "mail stays in memory; there is no server to connect to"),
        ("dummy://", "mail is dropped; there is no server to connect to"),
    ],
)
def test_no_server(use: Use, url: str, message: str) -> None:
    """A backend without a server says so."""
    assert use(url)[:2] == ("ok", message)


def test_a_foreign_backend(settings: Settings) -> None:
    """What cannot be tried is not passed off as tried."""
    if hasattr(mail, "mailers"):
        settings.MAILERS = {"default": {"BACKEND": f"{__name__}.OwnBackend"}}
    else:
        settings.EMAIL_BACKEND = f"{__name__}.OwnBackend"
    (result,) = run_all(list(probes()), 20)
    assert result.finding[:2] == ("skip", f"not tried: {__name__}.OwnBackend is not the SMTP backend of Django")
