"""Tokens that sign users in: how they are made, verified, renewed and refused."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, SecretStr

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
    with_line_breaks,
)
from dj_core_utils.settings.rest_framework import RESTSettings
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.variables import variable
from dj_core_utils.settings.web_origins import check_http_url, is_local

if TYPE_CHECKING:
    from dj_core_utils.settings.base import CoreSettings
    from dj_core_utils.settings.rendering import RenderContext

_MINUTES_ADVISED = 15
_MINUTES_AT_MOST = 60
_DAYS_AT_MOST = 14
_BLACKLIST = "rest_framework_simplejwt.token_blacklist"
_MAKE_ONE = 'make one:  python -c "import secrets; print(secrets.token_urlsafe(64))"'
_MAKE_A_PAIR = (
    "make a pair:\nopenssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out jwt.pem"
    "\nset JWT_ALGORITHM=ES256 and JWT_SIGNING_KEY_FILE=jwt.pem"
)

Algorithm = Literal[
    "HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"
]


def _key(key: SecretStr) -> SecretStr:
    return SecretStr(with_line_breaks(key.get_secret_value()))


Key = Annotated[SecretStr, AfterValidator(_key)]
URL = Annotated[str, AfterValidator(check_http_url)]


class JWTSettings(RESTSettings):
    """What simplejwt is told.

    In a monolith nothing has to be set: tokens are signed with a key that is derived from the secret key. Between
    services, the one that signs users in has a private key, and the others verify with the public one: they set
    ``JWT_VERIFYING_KEY`` or ``JWT_JWKS_URL``, and ``JWT_ISSUER``. Keys that are fetched are found by the name (``kid``)
    that a token gives; simplejwt gives none, so ``JWT_JWKS_URL`` is for other signers, such as identity providers.

    A token is made for this service and its peers (``aud``) and accepted by each one under its own name. simplejwt has
    one setting for both, so the issuer itself accepts every token that it has made.
    """

    prefix: ClassVar[str] = "JWT_"

    algorithm: Algorithm = variable(
        "HS256",
        name="JWT_ALGORITHM",
        feeds="SIMPLE_JWT",
        description="How tokens are signed: HS256 inside a monolith, ES256 (or EdDSA, RS256) between services.",
        example="ES256",
    )
    signing_key: Key | None = variable(
        None,
        feeds="SIMPLE_JWT",
        description="The key that signs tokens: random text for HS256, a private key as PEM for the others.",
        other_names=("JWT_SECRET_KEY", "JWT_SECRET", "JWT_PRIVATE_KEY"),
    )
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
    key_id: str | None = variable(
        None,
        feeds="JWT_KEYS",
        description="Name of the signing key (kid), for verifiers that know several keys.",
        example="2026-11",
        pattern=r"^[A-Za-z0-9_.-]{1,64}$",
    )
    previous_keys: dict[str, Key] = variable(
        {},
        feeds="JWT_KEYS",
        description="Earlier keys by name, for verifiers that know several keys; simplejwt by itself knows only one.",
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
    blacklist_after_rotation: bool = variable(
        True,
        feeds=("SIMPLE_JWT", "INSTALLED_APPS"),
        description="Refuse a refresh token once it was exchanged; needs two tables, which come with the setting.",
    )

    @property
    def issues_tokens(self) -> bool:
        """Whether this service can make tokens, rather than only verify them."""
        return is_symmetric(self.algorithm) or self.signing_key is not None

    @property
    def apps(self) -> list[str]:
        """Apps that have to be installed: the tables of used refresh tokens, where tokens are made."""
        is_needed = self.issues_tokens and self.rotate_refresh_tokens and self.blacklist_after_rotation
        return [_BLACKLIST] if is_needed else []

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
            },
        }

    def _simple_jwt(self, settings: "CoreSettings") -> dict[str, object]:
        signing = self._signing_key(settings)
        verifying = self.verifying_key.get_secret_value() if self.verifying_key else ""
        if signing and not is_symmetric(self.algorithm):
            verifying = public_pem(signing)
        issuer = self.issuer or (settings.service_name if self.issues_tokens else None)
        audience = self.audience or [
            settings.service_name,
            *(settings.service.peers(settings.service_name) if self.issues_tokens else ()),
        ]
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
            "BLACKLIST_AFTER_ROTATION": bool(self.apps),
            "UPDATE_LAST_LOGIN": False,  # a write per login, and a target for floods of logins
            "CHECK_USER_IS_ACTIVE": True,
            "CHECK_REVOKE_TOKEN": False,  # it would put a digest of the password's hash into a readable token
            "USER_ID_FIELD": "pk",
            "USER_ID_CLAIM": "sub",  # RFC 7519, section 4.1.2
            "AUTH_HEADER_TYPES": ("Bearer",),
        }

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
                hint = "set JWT_ALGORITHM to one that fits the key, such as ES256" if is_pem(key) else _MAKE_ONE
                yield context.problem("JWT_SIGNING_KEY", fault, hint=hint)
        elif self.signing_key is not None:
            if fault := private_key_fault(self.signing_key.get_secret_value(), self.algorithm):
                yield context.problem("JWT_SIGNING_KEY", fault, hint=_MAKE_A_PAIR)
        elif self.verifying_key is None and self.jwks_url is None:
            yield context.problem(
                "JWT_SIGNING_KEY",
                f"{self.algorithm} needs a key: a private one to sign tokens, or a public one to verify them.",
                hint=f"{_MAKE_A_PAIR}\nto verify only, set JWT_VERIFYING_KEY or JWT_JWKS_URL",
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

    @rule("jwt.previous_keys")
    def ring_is_consistent(self, context: RuleContext) -> Iterator[Problem]:
        """Keys of a ring have names, fit one algorithm, and do not stand in it twice."""
        if self.previous_keys and not self.key_id:
            yield context.problem(
                "JWT_KEY_ID", "with JWT_PREVIOUS_KEYS there are several keys, and this one needs a name, too."
            )
        for name, held in self.previous_keys.items():
            key = held.get_secret_value()
            fault = (symmetric_key_fault if is_symmetric(self.algorithm) else public_key_fault)(key, self.algorithm)
            if name == self.key_id or held == self.signing_key:
                fault = "this is the key in force, which does not stand among the earlier ones."
            if fault:
                yield context.problem("JWT_PREVIOUS_KEYS", f'"{name}": {fault}')

    @rule("jwt.verifiable")
    def others_can_only_verify(self, context: RuleContext) -> Iterator[Problem]:
        """Between services, verifying a token does not take the power to make one."""
        if context.settings.is_microservice and is_symmetric(self.algorithm) and not context.profiles.is_build:
            yield context.problem(
                "JWT_ALGORITHM",
                f"with {self.algorithm} every service that verifies tokens can also make them, for any user.",
                hint=f"the service that signs users in: {_MAKE_A_PAIR}"
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
        if has_key and not self.issues_tokens and self.issuer is None:
            yield context.policy(
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
        """Rotation is worth something when the token that was exchanged is refused from then on."""
        if self.issues_tokens and self.rotate_refresh_tokens and not self.blacklist_after_rotation:
            yield context.policy(
                "JWT_BLACKLIST_AFTER_ROTATION",
                "a stolen refresh token would be accepted again and again, beside its successors.",
                hint="set it to true",
            )
