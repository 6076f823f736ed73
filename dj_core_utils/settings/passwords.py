"""How passwords are judged, stored and checked."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from dj_core_utils.settings.errors import Problem
from dj_core_utils.settings.rules import RuleContext, rule
from dj_core_utils.settings.section import Section
from dj_core_utils.settings.variables import variable

if TYPE_CHECKING:
    from dj_core_utils.settings.rendering import RenderContext

_DEFAULT_VALIDATORS = tuple(
    f"django.contrib.auth.password_validation.{name}Validator"
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
)
_HASHERS = "django.contrib.auth.hashers"
# What a hasher imports when it meets its first password, and the distribution that has it.
_PACKAGES = {
    f"{_HASHERS}.Argon2PasswordHasher": ("argon2", "argon2-cffi"),
    f"{_HASHERS}.BCryptSHA256PasswordHasher": ("bcrypt", "bcrypt"),
    f"{_HASHERS}.BCryptPasswordHasher": ("bcrypt", "bcrypt"),
}
_WEAK = (f"{_HASHERS}.MD5PasswordHasher", f"{_HASHERS}.UnsaltedMD5PasswordHasher", f"{_HASHERS}.SHA1PasswordHasher")
_DJANGOS_FIRST = f"{_HASHERS}.PBKDF2PasswordHasher"


class PasswordSettings(Section):
    """Leaves and rules of passwords."""

    password_validators: list[str | dict[str, object]] = variable(
        [*_DEFAULT_VALIDATORS],
        name="AUTH_PASSWORD_VALIDATORS",
        feeds="AUTH_PASSWORD_VALIDATORS",
        description="What a new password must pass: dotted paths, or Django's form with NAME and OPTIONS.",
        example=_DEFAULT_VALIDATORS[1],
    )
    password_hashers: list[str] = variable(
        [],
        name="PASSWORD_HASHERS",
        feeds="PASSWORD_HASHERS",
        description="How passwords are stored, the preferred way first; empty for Django's own list.",
        example=f"{_HASHERS}.Argon2PasswordHasher,{_HASHERS}.PBKDF2PasswordHasher",
    )
    authentication_backends: list[str] = variable(
        ["django.contrib.auth.backends.ModelBackend"],
        setting="AUTHENTICATION_BACKENDS",
        description="What a name and password are checked against.",
    )

    def render(self, context: "RenderContext") -> dict[str, object]:
        """The validators in Django's form, and the hashers when any are listed.

        Args:
            context: Handed on.
        """
        validators = [{"NAME": item} if isinstance(item, str) else item for item in self.password_validators]
        rendered: dict[str, object] = {**super().render(context), "AUTH_PASSWORD_VALIDATORS": validators}
        if self.password_hashers:
            rendered["PASSWORD_HASHERS"] = self.password_hashers
        return rendered

    @rule("apps.password_validators")
    def passwords_are_judged(self, context: RuleContext) -> Iterator[Problem]:
        """Without validators every password is good enough."""
        if not self.password_validators and not context.is_local:
            yield context.policy("AUTH_PASSWORD_VALIDATORS", "any password would be accepted.", hint="leave it unset")

    @rule("apps.password_validator_form")
    def validators_have_a_name(self, context: RuleContext) -> Iterator[Problem]:
        """Django looks for NAME when the first password is judged."""
        for item in self.password_validators:
            if isinstance(item, dict) and not isinstance(item.get("NAME"), str):
                yield context.problem(
                    "AUTH_PASSWORD_VALIDATORS",
                    "a validator has no NAME.",
                    hint=f'for example  {{"NAME": "{_DEFAULT_VALIDATORS[1]}", "OPTIONS": {{"min_length": 12}}}}',
                )

    @rule("apps.hasher_package")
    def hashers_have_their_package(self, context: RuleContext) -> Iterator[Problem]:
        """Django imports it when it meets the first password."""
        for position, hasher in enumerate(self.password_hashers):
            module, distribution = _PACKAGES.get(hasher, ("", ""))
            if module and find_spec(module) is None:
                report = context.policy if position else context.problem
                yield report(
                    "PASSWORD_HASHERS",
                    f"{hasher.rpartition('.')[2]} needs the package {distribution}, which is not installed.",
                    hint=f"install {distribution}, or take the hasher off the list",
                )

    @rule("apps.hasher_weak")
    def hashers_are_slow(self, context: RuleContext) -> Iterator[Problem]:
        """A fast hash is tried out by the billion."""
        for hasher in self.password_hashers:
            if hasher in _WEAK and not context.is_local:
                yield context.policy(
                    "PASSWORD_HASHERS",
                    f"passwords behind {hasher.rpartition('.')[2]} can be guessed by the billion.",
                    hint="it is for tests alone",
                )

    @rule("apps.hasher_lost")
    def old_passwords_still_work(self, context: RuleContext) -> Iterator[Problem]:
        """A hash that no listed hasher knows is a wrong password, without a word."""
        if self.password_hashers and _DJANGOS_FIRST not in self.password_hashers and not context.is_local:
            yield context.warning(
                "PASSWORD_HASHERS",
                "without PBKDF2PasswordHasher every password that Django stored by its default is wrong.",
                hint=f"add {_DJANGOS_FIRST} at the end; such a password is stored anew at its next login",
            )
