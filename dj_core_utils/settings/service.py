"""This service among its peers: who they are, where they live, and how they recognise each other."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, SecretStr

from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_strength import is_placeholder
from dj_core_utils.settings.service_addresses import ServiceURL, own_address, own_variable
from dj_core_utils.settings.service_name import ServiceName
from dj_core_utils.settings.service_tokens import MAKE_A_PAIR, ServiceTokenSettings
from dj_core_utils.settings.spelling import did_you_mean
from dj_core_utils.settings.variables import variable
from dj_core_utils.settings.web_origins import check_http_url, is_local

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_LEAST_KEY = 32
_DIGEST = r"sha256:[0-9a-f]{64}"
_PLACE = "{service}"
_CONTACT = r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+"
_MAKE_ONE = "make one:  python -m dj_core_utils config keygen service"


def _contact(text: str) -> str:
    if text and not re.fullmatch(_CONTACT, text):
        refuse("service.contact", "this is neither a mail address nor a URL.", "such as team-orders@example.com")
    return text


def _template(text: str) -> str:
    if text and _PLACE not in text:
        refuse("service.url", f"{_PLACE} stands nowhere in it.", "such as https://{service}.internal")
    check_http_url(text.replace(_PLACE, "name") or "http://name")
    return text.rstrip("/")


class ServiceSettings(ServiceTokenSettings):
    """The other services.

    ``SERVICES`` lists the names of all of them; ``SERVICE_URLS`` says where those live that run in another process.
    Where the first is not set, the second one lists them.

    A service calls others with tokens that it signs (``SERVICE_SIGNING_KEY``), and lets in those whose public key it
    has (``SERVICE_PUBLIC_KEYS``). Simpler, and weaker, is a secret per caller: ``SERVICE_API_KEY`` for its own calls,
    and ``SERVICE_KEYS`` for those whom it lets in: for each caller that caller's key, or only the key's digest
    (``sha256:`` and 64 digits), so that one service never holds what it would take to pose as another. Either way
    ``SERVICE_SCOPES`` says what each caller may do.
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
        description="Where services live that run in another process; ORDERS_SERVICE_URL says it of one alone.",
        example="users=https://users.internal,orders=https://orders.internal",
    )
    url_template: Annotated[str, AfterValidator(_template)] = variable(
        "",
        setting="SERVICE_URL_TEMPLATE",
        description="Where those of SERVICES live that SERVICE_URLS does not name; {service} stands for the name.",
        example="https://{service}.internal",
    )
    api_key: SecretStr | None = variable(
        None,
        setting="SERVICE_API_KEY",
        description="The secret with which this service calls others, where it signs no tokens for that.",
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
        return [name for name in self.addressable if name != own_name]

    @property
    def addressable(self) -> list[str]:
        """Every service that is named here, each once."""
        return list(dict.fromkeys((*self.names, *self.urls)))

    def addresses(self, settings: object) -> dict[str, str]:
        """Where each service lives, as the client finds it: by its own variable, by its name, or by the template.

        Args:
            settings: The settings of the project, which have ``orders_service_url`` where that is set.
        """
        found = dict(self.urls)
        for name in self.addressable:
            if url := own_address(settings, name) or found.get(name) or self.url_template.replace(_PLACE, name):
                found[name] = url
        return found

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """``SERVICES``, ``SERVICE_KEYS`` as digests, newest first, ``SERVICE_TOKENS`` and ``SERVICE_SCOPES``.

        Args:
            context: The name of this service is read.
        """
        callers = dict.fromkeys((*self.keys, *self.previous_keys))
        return {
            **super().render(context),
            "SERVICES": self.peers(context.settings.service_name),
            "SERVICE_KEYS": {
                caller: [_digest(keys[caller]) for keys in (self.keys, self.previous_keys) if caller in keys]
                for caller in callers
            },
        }

    @rule("service.credential")
    def service_can_call(self, context: RuleContext) -> Iterator[Problem]:
        """A microservice has a credential for the others."""
        has_one = self.signing_key is not None or self.api_key is not None
        if context.settings.is_microservice and not has_one and not context.profiles.is_build:
            yield context.problem(
                "SERVICE_SIGNING_KEY",
                "a microservice needs a key of its own with which it calls others.",
                hint=f"{MAKE_A_PAIR}\na secret does, too, and is weaker; set SERVICE_API_KEY then",
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

    @rule("service.key_form")
    def keys_fit_into_a_header(self, context: RuleContext) -> Iterator[Problem]:
        """A key is sent in a header, which takes printable ASCII without blanks."""
        key = self.api_key.get_secret_value() if self.api_key else ""
        if key and not re.fullmatch(r"[!-~]+", key):
            yield context.problem(
                "SERVICE_API_KEY",
                "the key has a character that a header cannot carry: a blank, a control, or one beyond ASCII.",
                hint=_MAKE_ONE,
            )

    @rule("service.shared_key")
    def callers_are_told_apart(self, context: RuleContext) -> Iterator[Problem]:
        """With one key for all services, each of them can pose as any other."""
        if not self.shared_key:
            return
        if self.api_key is None:
            yield context.problem("SERVICE_SHARED_KEY", "there is no key to share.", hint="set SERVICE_API_KEY")
        else:
            yield context.policy(
                "SERVICE_SHARED_KEY",
                "every service that knows SERVICE_API_KEY can call this one under any name.",
                hint="give each caller a key of its own, and list them in SERVICE_PUBLIC_KEYS or SERVICE_KEYS",
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
            ("SERVICE_PUBLIC_KEYS", self.public_keys),
            ("SERVICE_PREVIOUS_PUBLIC_KEYS", self.previous_public_keys),
            ("SERVICE_SCOPES", self.scopes),
        ):
            for service in given:
                if service not in known:
                    message = f'"{service}" is not among SERVICES.{did_you_mean(service, known)}'
                    yield context.problem(name, message, hint=f"known: {', '.join(known)}")

    @rule("service.url_missing")
    def peers_can_be_found(self, context: RuleContext) -> Iterator[Problem]:
        """A microservice knows where each of its peers lives."""
        if not context.settings.is_microservice or context.profiles.is_build:
            return
        known = self.addresses(context.settings)
        if missing := [name for name in self.peers(context.settings.service_name) if name not in known]:
            yield context.problem(
                "SERVICE_URLS",
                f"nothing says where {' and '.join(missing)} can be reached.",
                hint=f"for example  {','.join(f'{name}=https://{name}.internal' for name in missing)}\n"
                "or, where all follow one pattern,  SERVICE_URL_TEMPLATE=https://{service}.internal\n"
                f"or, for one alone,  {own_variable(missing[0])}=https://{missing[0]}.internal",
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
        for name, url in self.addresses(context.settings).items():
            if context.is_hardened and url.startswith("http://") and not is_local(url):
                has_own = own_address(context.settings, name) is not None
                yield context.policy(
                    own_variable(name) if has_own else "SERVICE_URLS",
                    f"{name} is called over plain HTTP, credentials included.",
                    hint=f"expected  {'' if has_own else f'{name}='}{url.replace('http://', 'https://')}\n"
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
