"""``SECRET_KEY``: one for a monolith, one of its own for every microservice, and the old ones during a rotation."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, SecretStr

from dj_core_utils.settings import secret_hygiene
from dj_core_utils.settings.errors import Problem, invalid
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_strength import django_key_weakness, is_placeholder
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.rendering import RenderContext

_SHARED = "DJANGO_SECRET_KEY"
_OWN = "{SERVICE}_SECRET_KEY"
_MAKE_ONE = "make one:  python -m dj_core_utils config keygen django"


def _not_empty(key: SecretStr) -> SecretStr:
    if not key:
        raise invalid("secret_key.empty", "an old key is empty.", "remove it; anybody can make its signatures")
    return key


def _weakness(key: SecretStr | None, context: RuleContext) -> str:
    """What to say of a key's strength; a developer's key may be weak, and a placeholder is reported as one."""
    text = key.get_secret_value() if key else ""
    return "" if not text or context.is_local or is_placeholder(text) else django_key_weakness(text)


class SecretKeySettings(Section):
    """What Django signs sessions, password resets and messages with.

    A monolith has one key, ``DJANGO_SECRET_KEY``. Between services a shared key would let each of them forge the
    sessions of all others, so a microservice reads its own, named after it, and nothing else.

    To rotate a key, move the old one to the fallbacks and keep it there for the longest of ``SESSION_COOKIE_AGE`` and
    ``PASSWORD_RESET_TIMEOUT``.
    """

    prefix: ClassVar[str] = "SECRET_KEYS_"

    django: SecretStr | None = variable(
        None,
        name=_SHARED,
        feeds="SECRET_KEY",
        description="The secret key of a monolith: 50 random characters or more.",
        example="change-me-to-50-random-characters",
        other_names=("SECRET_KEY", "DJANGO_SECRET"),
    )
    service: SecretStr | None = variable(
        None,
        name=_OWN,
        feeds="SECRET_KEY",
        description="The secret key of this service when it runs as a microservice; no other service knows it.",
        example="change-me-to-50-random-characters",
    )
    django_fallbacks: list[Annotated[SecretStr, AfterValidator(_not_empty)]] = variable(
        [],
        name="DJANGO_SECRET_KEY_FALLBACKS",
        feeds="SECRET_KEY_FALLBACKS",
        description="Earlier secret keys of a monolith, accepted until what they signed has expired.",
        other_names=("SECRET_KEY_FALLBACKS",),
    )
    service_fallbacks: list[Annotated[SecretStr, AfterValidator(_not_empty)]] = variable(
        [],
        name="{SERVICE}_SECRET_KEY_FALLBACKS",
        feeds="SECRET_KEY_FALLBACKS",
        description="Earlier secret keys of this service when it runs as a microservice.",
    )

    reload: timedelta | None = variable(
        None,
        setting="RELOAD_SECRETS",
        description="How often a running process looks for changed secret files; unset, they are read at a start only.",
        example="60s",
        ge=timedelta(seconds=1),
    )

    def current(self, *, is_microservice: bool) -> SecretStr | None:
        """The key in force; None when it is missing.

        Args:
            is_microservice: Which of the two keys counts.
        """
        return self.service if is_microservice else self.django

    def fallbacks(self, *, is_microservice: bool) -> list[SecretStr]:
        """The earlier keys that are still accepted, newest first.

        Args:
            is_microservice: Which of the two lists counts.
        """
        return self.service_fallbacks if is_microservice else self.django_fallbacks

    def idle(self, settings: "CoreSettings") -> Collection[str]:
        """The keys of the other topology."""
        return ("django", "django_fallbacks") if settings.is_microservice else ("service", "service_fallbacks")

    def render(self, context: "RenderContext") -> Mapping[str, object]:
        """``SECRET_KEY`` and ``SECRET_KEY_FALLBACKS``."""
        is_microservice = context.settings.is_microservice
        key = self.current(is_microservice=is_microservice)
        fallbacks = self.fallbacks(is_microservice=is_microservice)
        return {
            "SECRET_KEY": key.get_secret_value() if key else "",
            "SECRET_KEY_FALLBACKS": [old.get_secret_value() for old in fallbacks],
        }

    @rule("secret_key.missing")
    def key_is_set(self, context: RuleContext) -> Iterator[Problem]:
        """There is a key."""
        if not context.settings.is_microservice:
            if self.django is None:
                yield context.problem(_SHARED, "no secret key is set.", hint=_MAKE_ONE)
        elif self.service is None and not context.is_set(_SHARED):
            yield context.problem(_OWN, "no secret key is set: every service has its own.", hint=_MAKE_ONE)

    @rule("secret_key.shared")
    def key_is_own(self, context: RuleContext) -> Iterator[Problem]:
        """A microservice does not live on the key of the monolith."""
        if context.settings.is_microservice and self.service is None and context.is_set(_SHARED):
            yield context.problem(
                _OWN,
                "every service has its own key, and this one is not set. "
                f"{_SHARED} is, but shared keys are for the monolith.",
                hint=_MAKE_ONE,
            )

    @rule("secret_key.strength", checks=("security.W009",))
    def key_is_strong(self, context: RuleContext) -> Iterator[Problem]:
        """The key in force cannot be guessed."""
        is_microservice = context.settings.is_microservice
        key = self.current(is_microservice=is_microservice)
        if weakness := _weakness(key, context):
            yield context.policy(_OWN if is_microservice else _SHARED, f"the key {weakness}", hint=_MAKE_ONE)

    @rule("secret_key.fallbacks", checks=("security.W025",))
    def fallbacks_are_strong(self, context: RuleContext) -> Iterator[Problem]:
        """Old keys still sign people in, so they are held to the same measure."""
        is_microservice = context.settings.is_microservice
        for number, old in enumerate(self.fallbacks(is_microservice=is_microservice), 1):
            if weakness := _weakness(old, context):
                yield context.policy(
                    f"{_OWN if is_microservice else _SHARED}_FALLBACKS",
                    f"item {number}: the key {weakness}",
                    hint="remove it; what it signed becomes invalid",
                )

    @rule("secret_key.rotation")
    def rotation_is_complete(self, context: RuleContext) -> Iterator[Problem]:
        """A fallback is another key than the one in force."""
        is_microservice = context.settings.is_microservice
        key = self.current(is_microservice=is_microservice)
        if key in self.fallbacks(is_microservice=is_microservice):
            name = _OWN if is_microservice else _SHARED
            yield context.warning(
                f"{name}_FALLBACKS",
                f"the list holds the key that is in force; {context.table.expand(name)} was not replaced.",
                hint="set a new key, and leave only earlier ones in the list",
            )

    @rule("secret_key.foreign")
    def keys_of_peers_are_absent(self, context: RuleContext) -> Iterator[Problem]:
        """A microservice does not know the keys of other services."""
        if not context.settings.is_microservice or context.is_local:
            return
        for peer in context.settings.service.peers(context.settings.service_name):
            name = f"{peer.upper().replace('-', '_')}_SECRET_KEY"
            for present in (name, f"{name}_FILE"):
                if present in context.names:
                    found = context.policy(
                        present,
                        f"this is the key of the service {peer}; who breaks into this one has both.",
                        hint="give each service its own variables only",
                    )
                    yield found._replace(origin=context.names[present])

    @rule("secret.whitespace")
    def secrets_are_bare(self, context: RuleContext) -> Iterator[Problem]:
        """No secret has quotes or blank space around it by accident."""
        yield from secret_hygiene.stray(context)

    @rule("secret.placeholder")
    def secrets_are_real(self, context: RuleContext) -> Iterator[Problem]:
        """No secret is a placeholder or a well-known default."""
        yield from secret_hygiene.placeholders(context)

    @rule("secret.in_profile")
    def secrets_are_not_in_profiles(self, context: RuleContext) -> Iterator[Problem]:
        """No secret comes from a profile, which is a file of the repository."""
        yield from secret_hygiene.in_profiles(context)

    @rule("secret.in_code")
    def secrets_are_not_in_code(self, context: RuleContext) -> Iterator[Problem]:
        """No secret comes from a settings class."""
        yield from secret_hygiene.in_code(context)

    @rule("secret.reused")
    def secrets_have_one_job(self, context: RuleContext) -> Iterator[Problem]:
        """No secret does two jobs."""
        yield from secret_hygiene.reused(context)
