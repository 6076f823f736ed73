"""Mail: how it is sent, from whom, and who is told about errors."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator

from dj_core_utils.settings.errors import refuse
from dj_core_utils.settings.rules import rule
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.url_parts import form_warnings
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.email_url import EmailConfig
    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.rendering import RenderContext
    from dj_core_utils.settings.rules import RuleContext

_MAILERS_SINCE = (6, 1)
_PLAIN_ADMINS_SINCE = (6, 0)
_ADDRESS = r"(?:(?P<name>[^<>\r\n]+)<)?(?P<address>[^@<>\s,]+@[^@<>\s,]+)(?(name)>)"
# What Django does when nothing is said, in words that every version understands.
_DEFAULT_URL = "smtp://localhost:25"


def _usable(url: SecretURL) -> SecretURL:
    from dj_core_utils.settings.email_url import parse_email_url  # noqa: PLC0415  # only a URL needs the parser

    parse_email_url(url.get_secret_value())
    return url


def _address(text: str) -> str:
    if text and not re.fullmatch(_ADDRESS, text.strip()):
        refuse(
            "email.address", "this is not a mail address.", "expected  jane@example.com  or  Jane <jane@example.com>"
        )
    return text.strip()


_Address = Annotated[str, AfterValidator(_address)]


class EmailSettings(Section):
    """How mail is sent, from whom, and who is told about errors.

    Without a URL mail goes to a server on this machine, as in Django. An option in the URL counts more than the
    variable: ``EMAIL_URL=...?timeout=3`` beats ``EMAIL_TIMEOUT``.
    """

    prefix: ClassVar[str] = "EMAIL_"

    url: Annotated[SecretURL, AfterValidator(_usable)] | None = variable(
        None,
        feeds=("EMAIL_BACKEND", "EMAIL_HOST", "MAILERS"),
        description="Server that mail is given to; smtps is TLS from the beginning, submission is STARTTLS.",
        example="smtps://USER:PASSWORD@smtp.example.com:465",
        other_names=(
            "EMAIL_BACKEND",
            "EMAIL_HOST",
            "EMAIL_PORT",
            "EMAIL_HOST_USER",
            "EMAIL_HOST_PASSWORD",
            "EMAIL_USE_TLS",
            "EMAIL_USE_SSL",
        ),
    )
    timeout: timedelta = variable(
        timedelta(seconds=10),
        feeds=("EMAIL_TIMEOUT", "MAILERS"),
        description="How long the mail server may take; a request that sends mail waits for it.",
        gt=timedelta(0),
    )
    default_from_email: _Address = variable(
        "",
        name="DEFAULT_FROM_EMAIL",
        feeds="DEFAULT_FROM_EMAIL",
        description="Sender of mail for which the code names none.",
        example="Shop <shop@example.com>",
    )
    server_email: _Address = variable(
        "",
        name="SERVER_EMAIL",
        feeds="SERVER_EMAIL",
        description="Sender of mail about errors; DEFAULT_FROM_EMAIL if empty.",
        example="errors@example.com",
    )
    subject_prefix: str | None = variable(
        None,
        feeds="EMAIL_SUBJECT_PREFIX",
        description="What subjects of mail to admins and managers begin with; the service's name in brackets if unset.",
        example="[shop] ",
    )
    admins: list[_Address] = variable(
        [],
        name="ADMINS",
        feeds="ADMINS",
        description="Who gets mail about errors.",
        example="Jane <jane@example.com>,ops@example.com",
    )
    managers: list[_Address] = variable(
        [],
        name="MANAGERS",
        feeds="MANAGERS",
        description="Who gets mail about broken links.",
        example="web@example.com",
    )

    @property
    def default(self) -> "EmailConfig":
        """The way that mail is sent."""
        from dj_core_utils.settings.email_url import parse_email_url  # noqa: PLC0415  # the start alone needs it

        config = parse_email_url(self.url.get_secret_value() if self.url else _DEFAULT_URL)
        is_limited = config.is_smtp and config.timeout is None
        return config._replace(timeout=self.timeout.total_seconds()) if is_limited else config

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """Mail in the form of the Django that will read it: ``MAILERS`` or ``EMAIL_*``, never both.

        Args:
            context: Django's version, and the service's name for subjects.
        """
        config = self.default
        has_mailers = context.django_version >= _MAILERS_SINCE
        mailers: dict[str, object] = {"MAILERS": {"default": config.render_mailer()}}
        rendered = mailers if has_mailers else config.render_settings()
        prefix = self.subject_prefix
        rendered["EMAIL_SUBJECT_PREFIX"] = f"[{context.settings.service_name}] " if prefix is None else prefix
        if self.default_from_email:
            rendered["DEFAULT_FROM_EMAIL"] = self.default_from_email
        if sender := self.server_email or self.default_from_email:
            rendered["SERVER_EMAIL"] = sender
        are_plain = context.django_version >= _PLAIN_ADMINS_SINCE
        rendered["ADMINS"] = _recipients(self.admins, are_plain=are_plain)
        rendered["MANAGERS"] = _recipients(self.managers, are_plain=are_plain)
        return rendered

    @rule("email.backend", checks=("mail.E001",))
    def production_sends(self, context: "RuleContext") -> Iterator["Problem"]:
        """Mail that is printed, filed or dropped reaches nobody."""
        if not self.default.is_smtp and context.is_hardened:
            kind = self.default.backend.split(".")[-2]
            yield context.policy(
                "EMAIL_URL", f"the {kind} backend sends nothing: mail reaches nobody.", hint="set a mail server"
            )

    @rule("email.missing")
    def server_is_named(self, context: "RuleContext") -> Iterator["Problem"]:
        """A monolith resets passwords by mail; a microservice sends mail if it says from whom or to whom."""
        is_wanted = not context.settings.is_microservice or self.admins or self.managers or self.default_from_email
        if self.url is None and is_wanted and context.is_hardened:
            yield context.policy(
                "EMAIL_URL",
                "no mail server is named: mail would go to port 25 of this machine.",
                hint="set  EMAIL_URL=smtps://USER:PASSWORD@HOST:465\n"
                "a service that sends no mail, or has a server on its machine, waives this rule",
            )

    @rule("email.tls")
    def traffic_is_encrypted(self, context: "RuleContext") -> Iterator["Problem"]:
        """Passwords and mail with links to reset them do not travel in clear."""
        if self.url is not None and self.default.is_smtp and not self.default.is_encrypted and not context.is_local:
            yield context.policy(
                "EMAIL_URL",
                f"the connection to {self.default.host} is in clear.",
                hint="write smtps:// (port 465) or submission:// (port 587)",
            )

    @rule("email.sender")
    def sender_is_named(self, context: "RuleContext") -> Iterator["Problem"]:
        """Django's own sender, ``webmaster@localhost``, is refused by other servers."""
        if self.url is not None and not self.default_from_email and context.is_hardened:
            yield context.policy(
                "DEFAULT_FROM_EMAIL",
                "mail has no sender of its own: webmaster@localhost is refused elsewhere.",
                hint="set  DEFAULT_FROM_EMAIL=shop@example.com",
            )

    @rule("email.url_form")
    def url_is_clean(self, context: "RuleContext") -> Iterator["Problem"]:
        """What is read in spite of how it is written is at least said."""
        for message, hint in form_warnings(self.url):
            yield context.warning("EMAIL_URL", message, hint=hint)


def _recipients(addresses: list[str], *, are_plain: bool) -> list[object]:
    """``ADMINS`` and ``MANAGERS``: pairs before Django 6.0, addresses from it."""
    found = [match for text in addresses if (match := re.fullmatch(_ADDRESS, text))]
    if are_plain:
        return [match["address"] for match in found]
    return [((match["name"] or "").strip(), match["address"]) for match in found]
