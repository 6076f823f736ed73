"""Mail URLs: one strict parser in front of django-environ.

django-environ knows which scheme is which backend. What it gets wrong is repaired here: ``smtps``, which it connects in
clear first, default ports, folders of the file backend, and options, which it passes on as stray settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from pydantic import SecretStr

from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.url_options import boolean, each, number, read_options, text
from dj_core_utils.settings.url_parts import Host, URLGrammar, URLParts, folder_of, split_scheme, split_url, trimmed

if TYPE_CHECKING:
    from dj_core_utils.settings.url_options import Options

EXAMPLE = "smtps://USER:PASSWORD@HOST:465 or submission://USER:PASSWORD@HOST:587"

# Schemes that people write, and what django-environ calls them. Its own "smtps" begins in clear.
_ALIASES = {
    "console": "consolemail",
    "dummy": "dummymail",
    "file": "filemail",
    "locmem": "memorymail",
    "memory": "memorymail",
    "smtp+starttls": "smtp+tls",
    "smtps": "smtp+ssl",
    "submission": "smtp+tls",
    "submissions": "smtp+ssl",
}
_PORTS = {"smtp": 25, "smtp+ssl": 465, "smtp+tls": 587}
# Backends without a server: for these alone a developer's start does not load django-environ.
SERVERLESS = {
    "consolemail": "django.core.mail.backends.console.EmailBackend",
    "dummymail": "django.core.mail.backends.dummy.EmailBackend",
    "filemail": "django.core.mail.backends.filebased.EmailBackend",
    "memorymail": "django.core.mail.backends.locmem.EmailBackend",
}


class EmailConfig(NamedTuple):
    """One way to send mail, typed; what a URL says.

    Attributes:
        backend: Dotted path of Django's backend.
        host: The server; empty for backends that send nothing.
        port: The server's port.
        user: Who logs in; empty for nobody.
        password: The password.
        use_tls: Whether the connection begins in clear and is then encrypted (STARTTLS).
        use_ssl: Whether it is encrypted from the beginning.
        timeout: Seconds that the server may take; None when the URL says nothing.
        ssl_certfile: The client's certificate, if the server wants one.
        ssl_keyfile: The key to it.
        file_path: Folder of the file backend.
    """

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: SecretStr = SecretStr("")
    use_tls: bool = False
    use_ssl: bool = False
    timeout: float | None = None
    ssl_certfile: str = ""
    ssl_keyfile: str = ""
    file_path: str = ""

    @property
    def is_smtp(self) -> bool:
        """Whether mail leaves the process."""
        return self.backend.endswith("smtp.EmailBackend")

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody in between can read the mail and the password; loopback counts."""
        return self.use_tls or self.use_ssl or Host(self.host).is_local

    def render_settings(self) -> dict[str, object]:
        """The ``EMAIL_*`` settings of Django before 6.1."""
        named: dict[str, object] = {
            "EMAIL_HOST": self.host,
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": self.user,
            "EMAIL_HOST_PASSWORD": self._password,
            "EMAIL_USE_TLS": self.use_tls,
            "EMAIL_USE_SSL": self.use_ssl,
            "EMAIL_TIMEOUT": self.timeout,
            "EMAIL_SSL_CERTFILE": self.ssl_certfile,
            "EMAIL_SSL_KEYFILE": self.ssl_keyfile,
            "EMAIL_FILE_PATH": self.file_path,
        }
        return {"EMAIL_BACKEND": self.backend, **{name: value for name, value in named.items() if value}}

    def render_mailer(self) -> dict[str, object]:
        """An entry of ``MAILERS``, which Django has from 6.1."""
        named: dict[str, object] = {
            "host": self.host,
            "port": self.port,
            "username": self.user,
            "password": self._password,
            "use_tls": self.use_tls,
            "use_ssl": self.use_ssl,
            "timeout": self.timeout,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
            "file_path": self.file_path,
        }
        options = {name: value for name, value in named.items() if value}
        return {"BACKEND": self.backend, **({"OPTIONS": options} if options else {})}

    @property
    def _password(self) -> str:
        return SecretText(self.password.get_secret_value())


def parse_email_url(url: str) -> EmailConfig:
    """Read a mail URL.

    Args:
        url: ``smtps://USER:PASSWORD@HOST:465``, ``submission://...:587`` (STARTTLS), ``smtp://HOST:25`` (in clear),
            ``console://``, ``file:///FOLDER``, ``memory://`` or ``dummy://``; blanks and quotes around it are ignored.

    Raises:
        PydanticCustomError: A part is wrong, ``email.url``; the message names it and shows the URL masked.
    """
    grammar = URLGrammar(problem_id="email.url", example=EXAMPLE, schemes={*_PORTS, *SERVERLESS, *_ALIASES})
    scheme, _ = split_scheme(trimmed(url), grammar)
    parts = split_url(url, grammar)
    kind = _ALIASES.get(scheme, scheme)
    if kind in SERVERLESS:
        return _elsewhere(parts, kind, SERVERLESS[kind])
    options: dict[str, object] = {}
    read_options(parts, ((options, _OPTIONS),))
    kind = _with_flags(parts, kind, options)
    server = _server(parts, kind)
    credentials = f"{quote(parts.user, safe='')}:{quote(parts.password, safe='')}@" if parts.user else ""
    from environ import Env  # noqa: PLC0415  # only a project with a mail server pays for it

    found = Env.email_url_config(f"{kind}://{credentials}{server.address(_PORTS[kind])}")
    return EmailConfig(
        backend=found["EMAIL_BACKEND"],
        host=server.name,
        port=found["EMAIL_PORT"],
        user=found["EMAIL_HOST_USER"] or "",
        password=SecretStr(found["EMAIL_HOST_PASSWORD"] or ""),
        use_tls=found.get("EMAIL_USE_TLS", False),
        use_ssl=found.get("EMAIL_USE_SSL", False),
        **options,  # type: ignore[arg-type]  # each was read by a reader of its type
    )


def _elsewhere(parts: URLParts, kind: str, backend: str) -> EmailConfig:
    """A backend that sends nothing: console, file, memory or dummy."""
    read_options(parts, ())
    if parts.user or parts.password or parts.hosts[0] != Host(""):
        hint = "write three slashes: file:///var/tmp/mail" if kind == "filemail" else ""
        raise parts.error(f"{parts.scheme} has no host", hint)
    folder = folder_of(parts)
    if bool(folder) != (kind == "filemail"):
        raise parts.error("the URL names no folder" if kind == "filemail" else f"{parts.scheme} has no path")
    return EmailConfig(backend=backend, file_path=folder)


def _with_flags(parts: URLParts, kind: str, options: dict[str, object]) -> str:
    """The kind of connection once the options that ask for TLS are taken into account."""
    wanted = {"smtp+tls": options.pop("use_tls", None), "smtp+ssl": options.pop("use_ssl", None)}
    asked = {name for name, is_wanted in wanted.items() if is_wanted} | ({kind} - {"smtp"})
    if len(asked) > 1 or wanted.get(kind) is False:
        raise parts.error("the URL asks for two kinds of connection", "leave out use_tls and use_ssl")
    return min(asked, default="smtp")


def _server(parts: URLParts, kind: str) -> Host:
    server = parts.hosts[0]
    if not server.name or server.name.startswith("/"):
        raise parts.error("the URL names no host")
    if parts.path.strip("/"):
        raise parts.error("a mail server has no path", "in a password write / as %2F")
    if bool(parts.user) != bool(parts.password):
        # Django logs in with both or not at all, and says nothing.
        raise parts.error("a user needs a password, and a password a user")
    if not (parts.user + parts.password).isascii():
        raise parts.error("Python's mail client can only log in with ASCII characters")
    port = server.port or _PORTS[kind]
    if kind != "smtp+ssl" and port == _PORTS["smtp+ssl"]:
        raise parts.error("port 465 is encrypted from the beginning", "write smtps://")
    if kind == "smtp+ssl" and port == _PORTS["smtp+tls"]:
        raise parts.error("port 587 begins in clear and is encrypted then", "write submission://")
    return Host(server.name, port)


_OPTIONS: Options = {
    **each(number, "timeout"),
    **each(text, "ssl_certfile ssl_keyfile"),
    **dict.fromkeys(("use_tls", "email_use_tls", "tls"), ("use_tls", boolean)),
    **dict.fromkeys(("use_ssl", "email_use_ssl", "ssl"), ("use_ssl", boolean)),
}
