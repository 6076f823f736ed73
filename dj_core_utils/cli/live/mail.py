"""Mail servers: connect, greet, encrypt and sign in as a message would; none is sent."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core import mail
from django.core.mail.backends.smtp import EmailBackend

from dj_core_utils.cli.live.failures import reason
from dj_core_utils.cli.live.probe import Finding, Probe, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOCAL = {
    "console": "mail is printed",
    "dummy": "mail is dropped",
    "filebased": "mail is written to files",
    "locmem": "mail stays in memory",
}


def probes() -> Iterator[Probe]:
    """One probe for each way to send mail: the mailers of Django 6.1 and later, or the only one."""
    # In this one attribute Django's versions differ.
    mailers = getattr(mail, "mailers", None)
    makers: dict[str, Callable[[], Any]] = (
        {alias: partial(mailers.create_connection, alias) for alias in mailers}
        if mailers is not None
        else {"default": mail.get_connection}
    )
    for alias, make in makers.items():
        yield Probe("mail", alias, "EMAIL_URL" if alias == "default" else "MAILERS", partial(_run, make))


def _run(make: Callable[[], Any], timeout: float) -> Finding:
    backend = make()
    if not isinstance(backend, EmailBackend):
        return _not_smtp(backend)
    backend.timeout = min(backend.timeout or timeout, timeout)
    backend.fail_silently = False
    address = f"{backend.host}:{backend.port}"
    try:
        backend.open()
        client: Any = backend.connection
        client.ehlo_or_helo_if_needed()
        with Stopwatch.running() as watch:
            client.noop()
    except Exception as error:  # noqa: BLE001  # whatever it is, it has to do with this address
        return Finding("fail", f"{address}: {reason(error, backend.timeout)}")
    finally:
        with suppress(OSError):  # it may be gone
            backend.close()
    encryption = "TLS" if backend.use_ssl else "STARTTLS" if backend.use_tls else "no TLS"
    login = "signed in" if backend.username and backend.password else "without a login"
    return Finding("ok", f"{address}, {encryption}, {login}", milliseconds=watch.milliseconds)


def _not_smtp(backend: object) -> Finding:
    module = type(backend).__module__
    what = _LOCAL.get(module.rpartition(".")[2]) if module.startswith("django.core.mail.backends.") else None
    if what is None:
        return Finding("skip", f"not tried: {module}.{type(backend).__qualname__} is not the SMTP backend of Django")
    return Finding("ok", f"{what}; there is no server to connect to")
