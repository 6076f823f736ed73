"""Tokens that sign users in: how they are made, verified, renewed and refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.jwt_keys import (
    derived_key,
    is_pair,
    is_pem,
    is_symmetric,
    private_key_fault,
    public_key_fault,
    public_pem,
    symmetric_key_fault,
)
from dj_core_utils.settings.jwt_ring import PUBLISHED_BEFORE, JWTRingSettings, Key, make_key, soon
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.spelling import did_you_mean
from dj_core_utils.settings.variables import variable
from dj_core_utils.settings.web_origins import check_http_url, is_local

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.rendering import RenderContext

_MINUTES_ADVISED = 15
_MINUTES_AT_MOST = 60
_DAYS_AT_MOST = 14
_TABLES = "dj_core_utils.db"
_SERIALIZERS = "dj_core_utils.auth.issuer"

URL = Annotated[str, AfterValidator(check_http_url)]


class JWTSettings(JWTRingSettings):
    """What simplejwt is told.

    In a monolith nothing has to be set: tokens are signed with a key that is derived from the secret key. Between
    services, the one that signs users in has a private key, and the others verify with the public one: they set
    ``JWT_VERIFYING_KEY`` or ``JWT_JWKS_URL``, and ``JWT_ISSUER``. Keys that are fetched are found by the name (``kid``)
    that a token gives.

    A token is made for this service and its peers (``aud``) and accepted by each one under its own name. A refresh
    token is for the service that signs alone.
    """

    prefix: ClassVar[str] = "JWT_"

    verifying_key: Key | None = variable(
        None,
        feeds="SIMPLE_JWT",
        description="The public key of the service that signs tokens, as PEM, for a service that only verifies them.",
        other_names=("JWT_PUBLIC_KEY",),
    )
    jwks_url: URL | None = variable(
        None,
        feeds="SIMPLE_JWT",
        description="Where the signer publishes its keys by name; its tokens name theirs (kid). Unused beside a key.",
        example="https://users.internal/.well-known/jwks.json",
        other_names=("JWT_JWK_URL",),
    )
    header_type: str = variable(
        "",
        feeds="JWT_KEYS",
        description="The typ of access tokens of a foreign signer, such as JWT; its refresh tokens must have another.",
        example="JWT",
        pattern=r"^[A-Za-z0-9+/.-]{0,64}$",
    )
    issuer: str | None = variable(
        None,
        feeds="SIMPLE_JWT",
        description="Who signs the tokens (iss); by default the name of the service, where it signs them itself.",
        example="users",
        min_length=1,
    )
    audience: list[str] = variable(
        [],
        feeds="SIMPLE_JWT",
        description="Whom tokens are for (aud); by default this service, and its peers where it signs them.",
        example="users,orders",
    )
    access_token_lifetime: timedelta = variable(
        timedelta(minutes=5),
        feeds="SIMPLE_JWT",
        description="How long an access token is accepted; it cannot be revoked before.",
        example="5m",
        gt=timedelta(0),
    )
    refresh_token_lifetime: timedelta = variable(
        timedelta(days=1),
        feeds="SIMPLE_JWT",
        description="How long a user stays signed in without doing anything.",
        example="1d",
        gt=timedelta(0),
    )
    leeway: timedelta = variable(
        timedelta(seconds=30),
        feeds="SIMPLE_JWT",
        description="How far the clocks of services may differ, at most two minutes.",
        example="30s",
        ge=timedelta(0),
        le=timedelta(minutes=2),
    )
    rotate_refresh_tokens: bool = variable(
        True, feeds="SIMPLE_JWT", description="Give out a new refresh token with each access token."
    )

    @property
    def issues_tokens(self) -> bool:
        """Whether this service can make tokens, rather than only verify them."""
        return is_symmetric(self.algorithm) or self.signing_key is not None

    @property
    def has_users(self) -> bool:
        """Whether the rows of users are here: where users sign in."""
        return self.issues_tokens

    @property
    def apps(self) -> list[str]:
        """Apps that have to be installed: the table of sign-ins, where users sign in."""
        return [_TABLES] if self.issues_tokens else []

    def render(self, context: "RenderContext") -> dict[str, object]:
        """``SIMPLE_JWT``, ``REST_FRAMEWORK`` and ``JWT_KEYS``.

        Args:
            context: The service's name and peers, the secret key, and DEBUG are read.
        """
        return {
            **super().render(context),
            "SIMPLE_JWT": self._simple_jwt(context.settings),
            "JWT_KEYS": {
                "active": self.key_id,
                "previous": {name: SecretText(key.get_secret_value()) for name, key in self.previous_keys.items()},
                "revoked": self.revoked_keys,
                "next": self.rendered_next(),
                "type": "" if self.issues_tokens else self.header_type.lower(),
                "accepts": self.accepts(context.settings),
            },
        }

    def _simple_jwt(self, settings: "CoreSettings") -> dict[str, object]:
        signing = self._signing_key(settings)
        verifying = self.verifying_key.get_secret_value() if self.verifying_key else ""
        if signing and not is_symmetric(self.algorithm):
            verifying = public_pem(signing)
        issuer = self.issuer or (settings.service_name if self.issues_tokens else None)
        audience = self._audience(settings)
        return {
            "ALGORITHM": self.algorithm,
            "SIGNING_KEY": SecretText(signing) if signing else "",
            "VERIFYING_KEY": verifying,
            "JWK_URL": None if verifying or is_symmetric(self.algorithm) else self.jwks_url,
            "ISSUER": issuer,
            "AUDIENCE": audience if len(audience) > 1 else audience[0],
            "LEEWAY": self.leeway,
            "ACCESS_TOKEN_LIFETIME": self.access_token_lifetime,
            "REFRESH_TOKEN_LIFETIME": self.refresh_token_lifetime,
            "ROTATE_REFRESH_TOKENS": self.rotate_refresh_tokens,
            "BLACKLIST_AFTER_ROTATION": False,  # the table of sign-ins does that, for two who come at once, too
            "UPDATE_LAST_LOGIN": False,  # a write per login, and a target for floods of logins
            "CHECK_USER_IS_ACTIVE": True,
            "CHECK_REVOKE_TOKEN": False,  # it would put a digest of the password's hash into a readable token
            "USER_ID_FIELD": "pk",
            "USER_ID_CLAIM": "sub",  # RFC 7519, section 4.1.2
            "AUTH_HEADER_TYPES": ("Bearer",),
            "TOKEN_OBTAIN_SERIALIZER": f"{_SERIALIZERS}.ObtainSerializer",
            "TOKEN_REFRESH_SERIALIZER": f"{_SERIALIZERS}.RefreshSerializer",
            "TOKEN_VERIFY_SERIALIZER": f"{_SERIALIZERS}.VerifySerializer",
            "TOKEN_BLACKLIST_SERIALIZER": f"{_SERIALIZERS}.BlacklistSerializer",
        }

    def accepts(self, settings: "CoreSettings") -> list[str]:
        """Under which names this service takes tokens: its own; in a service that only verifies, those that are set.

        Args:
            settings: The whole settings.
        """
        audience = self._audience(settings)
        return [settings.service_name] if settings.service_name in audience else audience

    def _audience(self, settings: "CoreSettings") -> list[str]:
        peers = settings.service.peers(settings.service_name) if self.issues_tokens else []
        return self.audience or [settings.service_name, *peers]

    def _signing_key(self, settings: "CoreSettings") -> str:
        if self.signing_key is not None:
            return self.signing_key.get_secret_value()
        secret_key = settings.secret_keys.current(is_microservice=settings.is_microservice)
        # Never None: left out, simplejwt would sign with SECRET_KEY itself.
        return derived_key(secret_key.get_secret_value()) if secret_key and is_symmetric(self.algorithm) else ""

    @rule("jwt.key")
    def key_fits(self, context: RuleContext) -> Iterator[Problem]:
        """There is a key, and it is one for the algorithm."""
        if is_symmetric(self.algorithm):
            key = self.signing_key.get_secret_value() if self.signing_key else ""
            if fault := symmetric_key_fault(key, self.algorithm) if key else "":
                hint = (
                    "set JWT_ALGORITHM to one that fits the key, such as ES256"
                    if is_pem(key)
                    else make_key(self.algorithm)
                )
                yield context.problem("JWT_SIGNING_KEY", fault, hint=hint)
        elif self.signing_key is not None:
            if fault := private_key_fault(self.signing_key.get_secret_value(), self.algorithm):
                yield context.problem("JWT_SIGNING_KEY", fault, hint=make_key(self.algorithm))
        elif self.verifying_key is None and self.jwks_url is None:
            yield context.problem(
                "JWT_SIGNING_KEY",
                f"{self.algorithm} needs a key: a private one to sign tokens, or a public one to verify them.",
                hint=f"{make_key(self.algorithm)}\nto verify only, set JWT_VERIFYING_KEY or JWT_JWKS_URL",
            )

    @rule("jwt.verifying_key")
    def verifying_key_fits(self, context: RuleContext) -> Iterator[Problem]:
        """The public key is public, fits the algorithm, and belongs to the private one."""
        if self.verifying_key is None:
            return
        key = self.verifying_key.get_secret_value()
        if is_symmetric(self.algorithm):
            yield context.problem(
                "JWT_VERIFYING_KEY",
                f"{self.algorithm} verifies with the key that signs, so this has no effect.",
                hint="set JWT_ALGORITHM to the algorithm of this key, such as ES256",
            )
        elif fault := public_key_fault(key, self.algorithm):
            yield context.problem("JWT_VERIFYING_KEY", fault, hint="expected  -----BEGIN PUBLIC KEY----- ...")
        elif self.signing_key is not None and not is_pair(self.signing_key.get_secret_value(), key):
            yield context.problem(
                "JWT_VERIFYING_KEY",
                "this does not belong to JWT_SIGNING_KEY, so this service would refuse its own tokens.",
                hint="remove it: the public key follows from the private one",
            )

    @rule("jwt.verifiable")
    def others_can_only_verify(self, context: RuleContext) -> Iterator[Problem]:
        """Between services, verifying a token does not take the power to make one."""
        if context.settings.is_microservice and is_symmetric(self.algorithm) and not context.profiles.is_build:
            yield context.problem(
                "JWT_ALGORITHM",
                f"with {self.algorithm} every service that verifies tokens can also make them, for any user.",
                hint=f"where users sign in, {make_key('ES256')}"
                "\nthe others: set JWT_ALGORITHM=ES256, JWT_ISSUER, and JWT_VERIFYING_KEY or JWT_JWKS_URL",
                severity="warning" if context.is_local else "error",
            )

    @rule("jwt.jwks_url")
    def keys_come_from_their_owner(self, context: RuleContext) -> Iterator[Problem]:
        """Public keys are fetched over a connection that nobody can change on the way, and are then used."""
        if self.jwks_url is None:
            return
        if is_symmetric(self.algorithm):
            yield context.problem(
                "JWT_JWKS_URL",
                f"{self.algorithm} has no public keys, so this has no effect.",
                hint="set JWT_ALGORITHM=ES256",
            )
        elif self.jwks_url.startswith("http://") and not is_local(self.jwks_url):
            yield context.policy(
                "JWT_JWKS_URL",
                "over plain HTTP, whoever sits on the way can put in a key and sign in as anybody.",
                hint=f"expected  {self.jwks_url.replace('http://', 'https://')}",
            )

    @rule("jwt.issuer")
    def issuer_is_known(self, context: RuleContext) -> Iterator[Problem]:
        """Who only verifies tokens says whose."""
        has_key = self.verifying_key is not None or self.jwks_url is not None
        if has_key and not self.issues_tokens and self.issuer is None and not context.profiles.is_build:
            yield context.problem(
                "JWT_ISSUER",
                "this service verifies tokens of another one, and does not say of which.",
                hint="set it to the SERVICE_NAME, or the JWT_ISSUER, of the service that signs users in",
            )

    @rule("jwt.lifetime")
    def access_is_short(self, context: RuleContext) -> Iterator[Problem]:
        """An access token cannot be revoked, so it does not live long."""
        minutes = self.access_token_lifetime / timedelta(minutes=1)
        if minutes > _MINUTES_AT_MOST:
            yield context.policy(
                "JWT_ACCESS_TOKEN_LIFETIME",
                f"access tokens live {minutes:g} minutes and cannot be revoked; {_MINUTES_AT_MOST} are the most.",
                hint="5m is the default; the refresh token keeps users signed in",
            )
        elif minutes > _MINUTES_ADVISED:
            yield context.warning(
                "JWT_ACCESS_TOKEN_LIFETIME",
                f"access tokens live {minutes:g} minutes; {_MINUTES_ADVISED} is the advised bound.",
            )

    @rule("jwt.refresh_lifetime")
    def refresh_is_bounded(self, context: RuleContext) -> Iterator[Problem]:
        """A refresh token outlives the access token, but not for weeks."""
        days = self.refresh_token_lifetime / timedelta(days=1)
        if self.refresh_token_lifetime <= self.access_token_lifetime:
            yield context.problem(
                "JWT_REFRESH_TOKEN_LIFETIME", "refresh tokens end before the access tokens that they are to renew."
            )
        elif days > _DAYS_AT_MOST:
            yield context.policy(
                "JWT_REFRESH_TOKEN_LIFETIME",
                f"refresh tokens live {days:g} days; {_DAYS_AT_MOST} is the advised bound.",
                hint="with rotation on, a user who comes back in time stays signed in",
            )

    @rule("jwt.rotation")
    def used_tokens_are_refused(self, context: RuleContext) -> Iterator[Problem]:
        """A refresh token is exchanged, so that a stolen one is noticed when both have come with it."""
        if self.issues_tokens and not self.rotate_refresh_tokens:
            yield context.policy(
                "JWT_ROTATE_REFRESH_TOKENS",
                "a stolen refresh token would be accepted again and again, and nobody would notice.",
                hint="set it to true",
            )

    @rule("jwt.private_key")
    def private_key_is_where_users_sign_in(self, context: RuleContext) -> Iterator[Problem]:
        """Who accepts the tokens of another service cannot make them."""
        own = context.settings.service_name
        is_foreign = self.issuer is not None and self.issuer in context.settings.service.peers(own)
        if is_foreign and self.signing_key is not None and not is_symmetric(self.algorithm):
            yield context.problem(
                "JWT_SIGNING_KEY",
                f"tokens of users are those of {self.issuer} (JWT_ISSUER), and this service has a private key to make"
                " them with.",
                hint="set JWT_VERIFYING_KEY to the public key, or JWT_JWKS_URL, in its place",
            )

    @rule("jwt.audience")
    def audience_is_somebody(self, context: RuleContext) -> Iterator[Problem]:
        """Tokens are made for services that there are, and accepted by the ones that they are made for."""
        own = context.settings.service_name
        known = [own, *context.settings.service.peers(own)]
        if len(known) == 1:
            return
        for name in self.audience:
            if name not in known:
                yield context.policy(
                    "JWT_AUDIENCE",
                    f'"{name}" is no service, so nobody accepts tokens for it.{did_you_mean(name, known)}',
                    hint=f"known: {', '.join(known)}",
                )
        if self.audience and own not in self.audience:
            yield context.policy(
                "JWT_AUDIENCE",
                f'"{own}" is not in the list, so this service takes tokens that were made for others.',
                hint=f"add {own}",
            )

    @rule("jwt.rotation_dates")
    def rotation_takes_its_time(self, context: RuleContext) -> Iterator[Problem]:
        """Verifiers get a key before it signs, and an old key stays until its last token has ended."""
        begins = self.next_key_from
        if self.next_key is None or begins is None or begins.tzinfo is None:
            return
        now = datetime.now(UTC)
        over = begins + self.refresh_token_lifetime + self.leeway
        if now > over:
            yield context.warning(
                "JWT_NEXT_KEY",
                f"no token of the key before is good any more since {over:%Y-%m-%d %H:%M %Z}.",
                hint="move it to JWT_SIGNING_KEY, and destroy the old key",
            )
        elif now < begins < now + PUBLISHED_BEFORE:
            yield context.warning(
                "JWT_NEXT_KEY_FROM",
                "if the key is deployed only now, services that fetch keys would refuse its first tokens.",
                hint=f"deployed now, it may sign from  {soon()}",
            )
