"""Where events go: which engine carries them, and how it is reached."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.url_parts import URLGrammar, URLParts, form_warnings, split_url
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_ENGINES = {
    "inline": "inline",
    "local": "local",
    "nats": "nats",
    "tls": "nats",  # what NATS calls its own scheme with TLS
    "redis": "redis",
    "rediss": "redis",
    "valkey": "redis",
    "valkeys": "redis",
}
_WITHOUT_SERVER = ("inline", "local")
_ENCRYPTED = ("tls", "rediss", "valkeys")
_DEFAULT_PORTS = {"nats": 4222, "redis": 6379}
_GRAMMAR = URLGrammar(
    problem_id="events.url",
    example="local://  or  nats://USER:PASSWORD@HOST:4222  or  redis://:PASSWORD@HOST:6379/0",
    schemes=_ENGINES,
    several_hosts=("nats", "tls"),
)


def _parse(url: SecretURL) -> dict[str, object]:
    """The parts of the URL, as ``EVENT_BUS`` holds them.

    Raises:
        PydanticCustomError: ``events.url``.
    """
    parts = split_url(url.get_secret_value(), _GRAMMAR)
    engine = _ENGINES[parts.scheme]
    if parts.options:
        raise parts.error("this URL takes no options")
    if parts.scheme in _WITHOUT_SERVER:
        if parts.text != f"{parts.scheme}://":
            raise parts.error(f"{parts.scheme}:// names no server")
        return {"engine": engine}
    if not all(host.name for host in parts.hosts) or parts.hosts[0].name.startswith("/"):
        raise parts.error("the server is missing")
    return {
        "engine": engine,
        "servers": [host.address(_DEFAULT_PORTS[engine]) for host in parts.hosts],
        "tls": parts.scheme in _ENCRYPTED,
        "user": parts.user,
        "password": SecretText(parts.password) if parts.password else "",
        "database": _database(parts, engine),
    }


def _database(parts: URLParts, engine: str) -> int:
    number = parts.path.removeprefix("/")
    if number and engine != "redis":
        raise parts.error(f"a {parts.scheme} URL ends with its server")
    if number and not (number.isascii() and number.isdigit()):
        raise parts.error("behind the server stands the number of a database")
    return int(number or 0)


def _valid(url: SecretURL) -> SecretURL:
    _parse(url)
    return url


class EventsSettings(Section):
    """Which engine carries events between services."""

    prefix: ClassVar[str] = "EVENT_BUS_"

    url: Annotated[SecretURL, AfterValidator(_valid)] = variable(
        SecretURL("local://"),
        feeds="EVENT_BUS",
        description="What carries events: local:// (this service's database), nats:// or redis://; inline:// in tests.",
        example="nats://events:PASSWORD@nats.internal:4222",
        other_names=("EVENT_BROKER_URL",),
    )

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # every section's signature
        """``EVENT_BUS``: the parts of the URL, so that no setting holds one with a password in it.

        Args:
            context: Not needed.
        """
        return {"EVENT_BUS": _parse(self.url)}

    @rule("events.form")
    def url_is_written_plainly(self, context: RuleContext) -> Iterator[Problem]:
        """What is read in spite of how it is written, is said."""
        for message, hint in form_warnings(self.url):
            yield context.warning("EVENT_BUS_URL", message, hint=hint)

    @rule("events.engine")
    def events_leave_the_process(self, context: RuleContext) -> Iterator[Problem]:
        """Between services, events reach other services."""
        if not context.settings.is_microservice or context.profiles.is_build:
            return
        engine = _parse(self.url)["engine"]
        if engine == "inline":
            yield context.problem(
                "EVENT_BUS_URL",
                "events never leave this process, so no other service hears of them.",
                hint="expected  nats://HOST:4222  or  redis://HOST:6379",
                severity="warning" if context.is_local else "error",
            )
        elif engine == "local":
            yield context.warning(
                "EVENT_BUS_URL",
                "events stay in the database of this service, so no other service hears of them.",
                hint="to reach other services, set  nats://HOST:4222  or  redis://HOST:6379",
            )
