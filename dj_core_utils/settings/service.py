"""This service among its peers: who they are, where they live, and how they recognise each other."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, SecretStr

from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_strength import is_placeholder
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.spelling import nearest
from dj_core_utils.settings.variables import variable
from dj_core_utils.settings.web_origins import check_http_url, is_local

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_LEAST_KEY = 32
_DIGEST = r"sha256:[0-9a-f]{64}"
# As long as a label of DNS, and a name in Kubernetes.
SERVICE_NAME = r"[a-z][a-z0-9_-]{0,62}"
SERVICE_NAME_FORM = "the name of a service has at most 63 small letters, digits, - and _, and begins with a letter."
_CONTACT = r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+"
_MAKE_ONE = 'make one:  python -c "import secrets; print(secrets.token_urlsafe(32))"'


def _service_name(name: str) -> str:
    if not re.fullmatch(SERVICE_NAME, name):
        refuse("service.name", SERVICE_NAME_FORM, "such as users")
    return name


def _contact(text: str) -> str:
    if text and not re.fullmatch(_CONTACT, text):
        refuse("service.contact", "this is neither a mail address nor a URL.", "such as team-orders@example.com")
    return text


ServiceName = Annotated[str, AfterValidator(_service_name)]
ServiceURL = Annotated[str, AfterValidator(check_http_url)]


class ServiceSettings(Section):
    """The other services.

    ``SERVICES`` lists the names of all of them; ``SERVICE_URLS`` says where those live that run in another process.
    Where the first is not set, the second one lists them.

    Each service has one secret with which it calls others, ``SERVICE_API_KEY``. Whom it lets in is said by
    ``SERVICE_KEYS``: for each caller that caller's key, or only the key's digest (``sha256:`` and 64 digits), so that
    one service never holds what it would take to pose as another.
    """

    prefix: ClassVar[str] = "SERVICE_"

    names: list[ServiceName] = variable(
        [],
        name="SERVICES",
        feeds="SERVICES",
        description="Names of the services that this one knows.",
        example="users,orders,products",
    )
    urls: dict[ServiceName, ServiceURL] = variable(
        {},
        setting="SERVICE_URLS",
        description="Where services live that run in another process.",
        example="users=https://users.internal,orders=https://orders.internal",
    )
    api_key: SecretStr | None = variable(
        None,
        setting="SERVICE_API_KEY",
        description="The secret with which this service calls others.",
        example="change-me-to-43-random-characters",
    )
    keys: dict[ServiceName, SecretStr] = variable(
        {},
        feeds="SERVICE_KEYS",
        description="Who may call this service: for each caller its key, or sha256: and the digest of it.",
    )
    previous_keys: dict[ServiceName, SecretStr] = variable(
        {},
        feeds="SERVICE_KEYS",
        description="Earlier keys of callers, accepted while a key is being replaced.",
    )
    contact: Annotated[str, AfterValidator(_contact)] = variable(
        "",
        setting="SERVICE_CONTACT",
        description="Who answers for this service: a mail address or a URL, told to the services that it calls.",
        example="team-orders@example.com",
    )

    def peers(self, own_name: str) -> list[str]:
        """The other services, each once.

        Args:
            own_name: The name of this one.
        """
        return [name for name in dict.fromkeys((*self.names, *self.urls)) if name != own_name]

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """``SERVICES``, and ``SERVICE_KEYS`` as digests, newest first.

        Args:
            context: The name of this service is read.
        """
        callers = dict.fromkeys((*self.keys, *self.previous_keys))
        return {
            "SERVICES": self.peers(context.settings.service_name),
            "SERVICE_KEYS": {
                caller: [_digest(keys[caller]) for keys in (self.keys, self.previous_keys) if caller in keys]
                for caller in callers
            },
        }

    @rule("service.credential")
    def service_can_call(self, context: RuleContext) -> Iterator[Problem]:
        """A microservice has a credential for the others."""
        if context.settings.is_microservice and self.api_key is None and not context.profiles.is_build:
            yield context.problem(
                "SERVICE_API_KEY",
                "a microservice needs a secret of its own with which it calls others.",
                hint=_MAKE_ONE,
                severity="warning" if context.is_local else "error",
            )

    @rule("service.key_length")
    def keys_are_long(self, context: RuleContext) -> Iterator[Problem]:
        """Keys between services are made by machines for machines, so they may be long."""
        held = [("SERVICE_API_KEY", "the key", self.api_key)]
        held += [("SERVICE_KEYS", caller, key) for caller, key in self.keys.items()]
        held += [("SERVICE_PREVIOUS_KEYS", caller, key) for caller, key in self.previous_keys.items()]
        for name, subject, key in held:
            if key is not None and _is_short(key):
                yield context.policy(
                    name, f"{subject} has {len(key)} characters; {_LEAST_KEY} are the least.", hint=_MAKE_ONE
                )

    @rule("service.unknown")
    def names_are_known(self, context: RuleContext) -> Iterator[Problem]:
        """Where services are listed, everything else speaks of one of them."""
        if not self.names:
            return
        known = [*self.names, context.settings.service_name]
        for name, given in (
            ("SERVICE_URLS", self.urls),
            ("SERVICE_KEYS", self.keys),
            ("SERVICE_PREVIOUS_KEYS", self.previous_keys),
        ):
            for service in given:
                if service not in known:
                    suggestion = nearest(service, known)
                    did_you_mean = f" Did you mean {suggestion}?" if suggestion else ""
                    yield context.problem(
                        name, f'"{service}" is not among SERVICES.{did_you_mean}', hint=f"known: {', '.join(known)}"
                    )

    @rule("service.url_missing")
    def peers_can_be_found(self, context: RuleContext) -> Iterator[Problem]:
        """A microservice knows where each of its peers lives."""
        if not context.settings.is_microservice or context.profiles.is_build:
            return
        if missing := [name for name in self.peers(context.settings.service_name) if name not in self.urls]:
            yield context.problem(
                "SERVICE_URLS",
                f"nothing says where {' and '.join(missing)} can be reached.",
                hint=f"for example  {','.join(f'{name}=https://{name}.internal' for name in missing)}",
                severity="warning" if context.is_local else "error",
            )

    @rule("service.self")
    def service_is_not_its_own_peer(self, context: RuleContext) -> Iterator[Problem]:
        """A service does not call itself over the network."""
        if context.settings.service_name in self.urls:
            yield context.warning(
                "SERVICE_URLS",
                f'"{context.settings.service_name}" is this service, which is not called over the network.',
                hint="leave it out here, or set SERVICE_NAME if this is another service",
            )

    @rule("service.https")
    def calls_are_encrypted(self, context: RuleContext) -> Iterator[Problem]:
        """Credentials and answers do not travel in clear text."""
        for name, url in self.urls.items():
            if context.is_hardened and url.startswith("http://") and not is_local(url):
                yield context.policy(
                    "SERVICE_URLS",
                    f"{name} is called over plain HTTP, credentials included.",
                    hint=f"expected  {name}={url.replace('http://', 'https://')}\n"
                    'or, where a service mesh encrypts, waive "service.https" with that reason',
                )


def _is_short(key: SecretStr) -> bool:
    """Whether a key could be guessed; a placeholder is reported as one."""
    return len(key) < _LEAST_KEY and not is_placeholder(key.get_secret_value())


def _is_digest(key: SecretStr) -> bool:
    return re.fullmatch(_DIGEST, key.get_secret_value()) is not None


def _digest(key: SecretStr) -> str:
    """A caller's key as it is kept: enough to recognise it, not enough to pose as the caller."""
    if _is_digest(key):
        return key.get_secret_value()
    import hashlib  # noqa: PLC0415  # only where callers are listed

    return f"sha256:{hashlib.sha256(key.get_secret_value().encode()).hexdigest()}"
