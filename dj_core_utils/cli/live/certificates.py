"""Why the certificate of a server was not accepted, in words that say what to do."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_DAY = 86_400
_HOUR = 3_600
# X509_V_ERR_* of OpenSSL
_HOSTNAME_MISMATCH, _IP_MISMATCH = 62, 64
_SELF_SIGNED, _SELF_SIGNED_ROOT, _NO_LOCAL_ISSUER, _NO_ISSUER = 18, 19, 20, 21
_UNKNOWN_ISSUER = {_SELF_SIGNED, _SELF_SIGNED_ROOT, _NO_LOCAL_ISSUER, _NO_ISSUER}


def certificate_fault(error: ssl.SSLCertVerificationError, host: str, port: int, timeout: float) -> str:
    """What is wrong with the certificate that a server has shown.

    Args:
        error: The refusal of it.
        host: The server.
        port: Its port.
        timeout: Seconds that looking at the certificate may take.

    Returns:
        A clause such as ``certificate expired 2 days ago``.
    """
    shown = _shown_by(host, port, timeout)
    if shown is not None and (fault := _outdated(shown)):
        return fault
    if error.verify_code in (_HOSTNAME_MISMATCH, _IP_MISMATCH):
        names = _names(shown) if shown is not None else []
        return f"certificate is for {', '.join(names) or 'another host'}, not for {host}"
    if error.verify_code in _UNKNOWN_ISSUER:
        return "certificate is signed by nobody whom this machine trusts"
    return f"certificate is not accepted: {error.verify_message}"


def _shown_by(host: str, port: int, timeout: float) -> Certificate | None:
    """The certificate, over a connection that carries nothing and is therefore not verified."""
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415  # only a refused certificate needs it

    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            return load_der_x509_certificate(encrypted.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):  # gone meanwhile, or nothing that can be read; the refusal itself is still known
        return None


def _outdated(certificate: Certificate) -> str:
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        return f"certificate expired {_ago((now - certificate.not_valid_after_utc).total_seconds())} ago"
    if now < certificate.not_valid_before_utc:
        return f"certificate is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return ""


def _ago(seconds: float) -> str:
    for size, unit in ((_DAY, "day"), (_HOUR, "hour"), (60, "minute")):
        if number := int(seconds // size):
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"


def _names(certificate: Certificate) -> list[str]:
    from cryptography.x509 import ExtensionNotFound, SubjectAlternativeName  # noqa: PLC0415  # see above

    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    except (ExtensionNotFound, ValueError):
        return []
    return [str(name.value) for name in names][:3]
