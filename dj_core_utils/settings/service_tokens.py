"""Tokens between services: the key that signs one's own, whose are accepted, and what each caller may do."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, SecretStr

from dj_core_utils.settings.errors import Problem, refuse
from dj_core_utils.settings.jwt_keys import private_key_fault, public_key_fault, with_line_breaks
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.service_name import ServiceName
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

MAKE_A_PAIR = "make a pair:  python -m dj_core_utils config keygen service-es256 --out keys"

_ALGORITHM = "ES256"
_SETTING = "SERVICE_TOKENS"
_SCOPE = r"[\x21\x23-\x5b\x5d-\x7e]+"  # RFC 6749, section 3.3


def _pem(key: SecretStr) -> SecretStr:
    return SecretStr(with_line_breaks(key.get_secret_value()))


def _scopes(text: str) -> str:
    if not all(re.fullmatch(_SCOPE, scope) for scope in text.split()):
        refuse("service.scope", "a scope has printable ASCII, without quotes and backslashes.", "such as orders:read")
    return text


_Pem = Annotated[SecretStr, AfterValidator(_pem)]


class ServiceTokenSettings(Section):
    """How a service proves who it is when it calls another one, and how it recognises its own callers."""

    signing_key: _Pem | None = variable(
        None,
        feeds=_SETTING,
        description="The private ES256 key, as PEM, with which this service signs its calls; its own, and no other's.",
    )
    public_keys: dict[ServiceName, _Pem] = variable(
        {},
        feeds=_SETTING,
        description="Who may call this service with signed tokens: for each caller its public key, as PEM.",
    )
    previous_public_keys: dict[ServiceName, _Pem] = variable(
        {},
        feeds=_SETTING,
        description="Earlier or next public keys of callers, accepted while a key is being replaced.",
    )
    token_lifetime: timedelta = variable(
        timedelta(minutes=1),
        feeds=_SETTING,
        description="How long a signed call is good for, clocks included; at most five minutes.",
        example="60s",
        ge=timedelta(seconds=5),
        le=timedelta(minutes=5),
    )
    replay_cache: str = variable(
        "default",
        feeds=_SETTING,
        description="The cache, by alias, that remembers which signed calls were made; all processes have to share it.",
        example="default",
    )
    scopes: dict[ServiceName, Annotated[str, AfterValidator(_scopes)]] = variable(
        {},
        feeds="SERVICE_SCOPES",
        description="What each caller may do here: names of scopes, with blanks between them.",
        example="orders=users:read users:write,products=users:read",
    )
    shared_key: bool = variable(
        False,
        setting="SERVICE_SHARED_KEY",
        description="Whether SERVICE_API_KEY also lets others in. Weak: each that knows it can call under any name.",
    )

    def render(self, context: "RenderContext") -> Mapping[str, object]:  # noqa: ARG002  # every section's signature
        """``SERVICE_TOKENS`` and ``SERVICE_SCOPES``.

        Args:
            context: Not needed.
        """
        callers = dict.fromkeys((*self.public_keys, *self.previous_public_keys))
        held = (self.public_keys, self.previous_public_keys)
        return {
            _SETTING: {
                "signing_key": SecretText(self.signing_key.get_secret_value()) if self.signing_key else None,
                "lifetime": self.token_lifetime.total_seconds(),
                "public_keys": {
                    caller: [keys[caller].get_secret_value() for keys in held if caller in keys] for caller in callers
                },
                "replay_cache": self.replay_cache,
            },
            "SERVICE_SCOPES": {caller: text.split() for caller, text in self.scopes.items()},
        }

    @rule("service.signing_key")
    def signing_key_fits(self, context: RuleContext) -> Iterator[Problem]:
        """The key that signs calls is a private one on the right curve, and signs nothing else."""
        if self.signing_key is None:
            return
        if fault := private_key_fault(self.signing_key.get_secret_value(), _ALGORITHM):
            yield context.problem("SERVICE_SIGNING_KEY", fault, hint=MAKE_A_PAIR)

    @rule("service.public_keys")
    def callers_show_public_keys(self, context: RuleContext) -> Iterator[Problem]:
        """Of its callers a service knows public keys, one for each caller alone."""
        owners: dict[str, str] = {}
        for name, keys in (
            ("SERVICE_PUBLIC_KEYS", self.public_keys),
            ("SERVICE_PREVIOUS_PUBLIC_KEYS", self.previous_public_keys),
        ):
            for caller, held in keys.items():
                pem = held.get_secret_value()
                if fault := public_key_fault(pem, _ALGORITHM):
                    yield context.problem(name, f"{caller}: {fault}", hint=MAKE_A_PAIR)
                elif owners.setdefault(pem.strip(), caller) != caller:
                    yield context.problem(
                        name,
                        f"{caller} has the same key as {owners[pem.strip()]}, so neither is told from the other.",
                        hint=MAKE_A_PAIR,
                    )

    @rule("service.replay_cache")
    def used_tokens_are_remembered_by_all(self, context: RuleContext) -> Iterator[Problem]:
        """A signed call is accepted once, by whichever process gets it; so they share what they remember."""
        if not (self.public_keys or self.previous_public_keys):
            return
        caches = context.settings.cache.configs()
        cache = caches.get(self.replay_cache)
        if cache is None:
            yield context.problem(
                "SERVICE_REPLAY_CACHE",
                f'there is no cache "{self.replay_cache}".',
                hint=f"known: {', '.join(caches)}",
            )
        elif cache.is_local:
            kind = cache.backend.rpartition(".")[2]
            yield context.policy(
                "SERVICE_REPLAY_CACHE",
                f"{kind} is not shared: a call that somebody has recorded is accepted once more by each process.",
                hint="set CACHE_URL=rediss://:PASSWORD@HOST:6379/0, or name a cache of CACHE_URLS that is shared",
            )
