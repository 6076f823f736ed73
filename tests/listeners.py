"""Small servers for the tests, in threads of this process: one that never answers, and HTTP with any certificate."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LOOPBACK = "127.0.0.1"


@contextmanager
def silent() -> Iterator[int]:
    """A port that accepts connections and never says a word.

    Yields:
        The port.
    """
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass
class HttpServer:
    """A server of HTTP.

    Attributes:
        url: Where it listens.
        answers: Status, headers and body by path; everything else is 404.
        asked: Path and headers of each request.
    """

    url: str
    answers: dict[str, tuple[int, Mapping[str, str], bytes]]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def http(
    answers: Mapping[str, tuple[int, Mapping[str, str], bytes]], *, certificate: Path | None = None
) -> Iterator[HttpServer]:
    """A server of HTTP, with TLS where it has a certificate.

    Args:
        answers: Status, headers and body by path.
        certificate: A PEM with key and certificates.

    Yields:
        The server.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            server.asked.append((self.path, dict(self.headers)))
            status, headers, body = server.answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the tests look at what the client says."""

    class Listener(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Nothing: a client that refuses the certificate goes away."""

    with Listener((LOOPBACK, 0), Handler) as listener:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        scheme = "http" if certificate is None else "https"
        server = HttpServer(f"{scheme}://{LOOPBACK}:{listener.server_port}", dict(answers))
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


@dataclass
class Authority:
    """An own authority that signs certificates.

    Attributes:
        folder: Where its files go.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Make its key and its own certificate, ``ca.pem``."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of the tests")])
        now = datetime.now(UTC)
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        own = (
            self._builder(self._name, now - timedelta(days=400), now + timedelta(days=400))
            .public_key(self._key.public_key())
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .add_extension(constraints, critical=True)
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path = self.folder / "ca.pem"
        self.path.write_bytes(own.public_bytes(Encoding.PEM))

    def sign(
        self,
        name: str,
        *,
        starts: timedelta = timedelta(days=-30),
        ends: timedelta = timedelta(days=30),
        hosts: Sequence[str] = (LOOPBACK,),
    ) -> Path:
        """Make a certificate for a server.

        Args:
            name: Of the file.
            starts: When it becomes valid, from now.
            ends: When it ends, from now.
            hosts: Names or addresses that it is for.

        Returns:
            A PEM with key and certificate.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, now + starts, now + ends).public_key(key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(list(map(_general_name, hosts))), critical=False
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        path = self.folder / f"{name}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        return path

    def _builder(self, subject: x509.Name, starts: datetime, ends: datetime) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(starts).not_valid_after(ends)
        return builder.add_extension(issuer, critical=False)  # Python 3.13 asks for it


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
