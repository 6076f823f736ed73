"""Why a connection failed, in few words and without secrets."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING, Any

from dj_core_utils.conf import conf
from dj_core_utils.redaction import redact_text
from dj_core_utils.settings.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST = 300
_NO_HOST = "the host name cannot be looked up"
_UNKNOWN_HOST = re.compile(r"resolve host|translate host name")  # psycopg and libpq
# What libpq and the client of MySQL put around the reason.
_AROUND = re.compile(
    r'.*\bfailed: |(?:FATAL|ERROR): +|^\[Errno -?\d+\] |^\(\d+, ["\']|["\']\)$|(?: \(using password: \w+\))'
)


def reason(error: BaseException, timeout: float) -> str:
    """Why something failed.

    Args:
        error: What was raised. What it was raised from often says more.
        timeout: The limit that was set, for an error that says only that it was reached.
    """
    causes = list(_causes(error))
    known = ((cause, tell) for kind, tell in _KINDS for cause in causes if isinstance(cause, kind))
    for cause, tell in known:
        return tell(cause, timeout)
    return presentable(_own_words(error))


def presentable(text: str) -> str:
    """A text of somebody else on one line, not too long, without secrets and without what steers a terminal.

    Args:
        text: What a driver or server says.
    """
    line = " ".join(redact_text(text, conf.secrets).split())
    return printable(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…")


def no_answer(timeout: float) -> str:
    """What to say of what takes too long."""
    return f"no answer within {timeout:g} s"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _tls(error: Any, _: float) -> str:  # noqa: ANN401  # each kind has attributes of its own
    return f"TLS failed: {presentable((getattr(error, 'reason', '') or _own_words(error)).replace('_', ' ').lower())}"


def _mail(error: Any, _: float) -> str:  # noqa: ANN401  # each kind has attributes of its own
    text = error.smtp_error
    said = text if isinstance(text, str) else text.decode(errors="replace")
    return f"the server says: {error.smtp_code} {presentable(said)}"


# The first kind that an error, or one that it was raised from, is.
_KINDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any, float], str]], ...] = (
    (ssl.SSLCertVerificationError, lambda error, _: f"the certificate is not accepted: {error.verify_message}"),
    (ssl.SSLError, _tls),
    (socket.gaierror, lambda *_: _NO_HOST),
    (TimeoutError, lambda _, timeout: no_answer(timeout)),
    (ConnectionRefusedError, lambda *_: "connection refused: nobody listens there"),
    (
        (smtplib.SMTPServerDisconnected, ConnectionResetError, BrokenPipeError),
        lambda *_: "the server closed the connection",
    ),
    (smtplib.SMTPResponseException, _mail),
)


def _own_words(error: BaseException) -> str:
    last = error.args[-1] if error.args else ""
    text = last if isinstance(last, str) else str(error)
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if _UNKNOWN_HOST.search(line):
        return _NO_HOST
    return _AROUND.sub("", line) or type(error).__name__
