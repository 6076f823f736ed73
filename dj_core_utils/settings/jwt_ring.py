"""The keys of tokens: the one that signs, earlier ones, the next one, and those that were stolen."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.jwt_keys import (
    is_symmetric,
    private_key_fault,
    public_key_fault,
    symmetric_key_fault,
    with_line_breaks,
)
from dj_core_utils.settings.rest_framework import RESTSettings
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.secret_text import SecretText
from dj_core_utils.settings.variables import variable

# Until every verifier has fetched a key that was just published: its own time, that of caches between, and a pause.
PUBLISHED_BEFORE = timedelta(seconds=300 + 300 + 60)

_KID = r"^[A-Za-z0-9_.-]{1,64}$"

Algorithm = Literal[
    "HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"
]


def make_key(algorithm: str) -> str:
    """What to do to get a key for an algorithm; the command says what to set then."""
    what, place = ("one", "") if is_symmetric(algorithm) else ("a pair", " --out keys")
    return f"make {what}:  python -m dj_core_utils config keygen {algorithm.lower()}{place}"


def _key(key: SecretStr) -> SecretStr:
    return SecretStr(with_line_breaks(key.get_secret_value()))


Key = Annotated[SecretStr, AfterValidator(_key)]


class JWTRingSettings(RESTSettings):
    """The keys that one signer has in use, each under its name.

    A key is replaced in three steps. With ``JWT_NEXT_KEY`` it is published and accepted; from ``JWT_NEXT_KEY_FROM`` on
    it signs, in every process at the same moment; when the last token of the old one has ended, it takes the place of
    ``JWT_SIGNING_KEY``.
    """

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
    key_id: str | None = variable(
        None,
        feeds="JWT_KEYS",
        description="Name of the key (kid) in each token; one that follows from the key, if unset.",
        example="2026-11",
        pattern=r"^[A-Za-z0-9_.-]{1,64}$",
    )
    previous_keys: dict[str, Key] = variable(
        {},
        feeds="JWT_KEYS",
        description="Other keys by name that are accepted: earlier ones, and the next one before it signs.",
    )
    revoked_keys: list[str] = variable(
        [],
        feeds="JWT_KEYS",
        description="Names of keys that are refused at once, wherever they stand: they were lost or stolen.",
        example="2026-08",
    )
    next_key: Key | None = variable(
        None,
        feeds="JWT_KEYS",
        description="The key that will sign next: published and accepted at once, in use from JWT_NEXT_KEY_FROM on.",
    )
    next_key_id: str | None = variable(
        None,
        feeds="JWT_KEYS",
        description="Name of the next key (kid); one that follows from the key, if unset.",
        example="2026-12",
        pattern=_KID,
    )
    next_key_from: datetime | None = variable(
        None,
        feeds="JWT_KEYS",
        description="When the next key begins to sign, with a time zone: eleven minutes after its deployment or later.",
        example="2026-12-01T03:00:00Z",
    )

    def rendered_next(self) -> dict[str, object] | None:
        """The next key as the runtime reads it; None for none."""
        if self.next_key is None or self.next_key_from is None:
            return None
        return {
            "key": SecretText(self.next_key.get_secret_value()),
            "kid": self.next_key_id,
            "from": self.next_key_from,
        }

    @rule("jwt.previous_keys")
    def ring_is_consistent(self, context: RuleContext) -> Iterator[Problem]:
        """Keys of a ring have names, fit one algorithm, and do not stand in it twice."""
        if self.previous_keys and not self.key_id:
            yield context.problem(
                "JWT_KEY_ID", "with JWT_PREVIOUS_KEYS there are several keys, and this one needs a name, too."
            )
        if self.key_id in self.revoked_keys:
            yield context.problem(
                "JWT_REVOKED_KEYS",
                f'"{self.key_id}" is the key in force, so no token would be good.',
                hint="set a new JWT_SIGNING_KEY and JWT_KEY_ID first",
            )
        for name, held in self.previous_keys.items():
            key = held.get_secret_value()
            fault = (symmetric_key_fault if is_symmetric(self.algorithm) else public_key_fault)(key, self.algorithm)
            if name == self.key_id or held == self.signing_key:
                fault = "this is the key in force, which does not stand among the earlier ones."
            if fault:
                yield context.problem("JWT_PREVIOUS_KEYS", f'"{name}": {fault}')

    @rule("jwt.next_key")
    def next_key_can_take_over(self, context: RuleContext) -> Iterator[Problem]:
        """The next key fits, is another one, and it is known when it begins to sign."""
        if self.next_key is None:
            if self.next_key_from is not None or self.next_key_id is not None:
                yield context.problem("JWT_NEXT_KEY", "there is no next key.", hint=make_key(self.algorithm))
            return
        key = self.next_key.get_secret_value()
        fault = (symmetric_key_fault if is_symmetric(self.algorithm) else private_key_fault)(key, self.algorithm)
        if self.signing_key is None:
            fault = "the key in force does not stand in JWT_SIGNING_KEY, so there is nothing to replace."
        elif self.next_key == self.signing_key or self.next_key_id in {self.key_id, *self.previous_keys} - {None}:
            fault = "this is a key that is in use already, or has the name of one."
        if fault:
            yield context.problem("JWT_NEXT_KEY", fault, hint=make_key(self.algorithm))
        if self.next_key_from is None:
            yield context.problem(
                "JWT_NEXT_KEY_FROM", "nothing says when the next key begins to sign.", hint=f"for example  {soon()}"
            )
        elif self.next_key_from.tzinfo is None:
            yield context.problem("JWT_NEXT_KEY_FROM", "the time has no time zone.", hint=f"for example  {soon()}")


def soon() -> str:
    """When a key that is deployed now may begin to sign."""
    return f"{datetime.now(UTC) + PUBLISHED_BEFORE:%Y-%m-%dT%H:%M:00Z}"
