"""Rules over every secret of a configuration, whichever section holds it."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, SecretBytes, SecretStr

from dj_core_utils.settings.secret_strength import (
    is_default_password,
    is_placeholder,
    is_predictable,
    stray_edges,
)
from dj_core_utils.settings.secret_url import SecretURL
from dj_core_utils.settings.variables import is_secret_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dj_core_utils.settings.errors import Problem
    from dj_core_utils.settings.rules import RuleContext
    from dj_core_utils.settings.variables import Variable

Path = tuple[str, ...]

_SIGNING_KEY: Path = ("jwt", "signing_key")
_DJANGO_KEYS: tuple[Path, ...] = (("secret_keys", "django"), ("secret_keys", "service"))
# Sections whose secrets are made by machines; the secret keys have a rule of their own.
_OWN_KEYS = ("jwt", "service")
_PAIR = 2
# A key and the list that it is moved to when it is replaced: what stands in both is an unfinished rotation, which has
# rules of its own.
_ROTATIONS: tuple[frozenset[Path], ...] = (
    frozenset({("secret_keys", "django"), ("secret_keys", "django_fallbacks")}),
    frozenset({("secret_keys", "service"), ("secret_keys", "service_fallbacks")}),
    frozenset({_SIGNING_KEY, ("jwt", "previous_keys")}),
    frozenset({("service", "keys"), ("service", "previous_keys")}),
)


class HeldSecret(NamedTuple):
    """One secret text and where it stands.

    Attributes:
        variable: The variable that holds it.
        text: The secret.
        part: Which part of the variable it is: ``item 2``, ``orders``, ``the password``; empty for the whole.
        is_password: Whether it opens something outside this service, so that its form is not ours to choose.
    """

    variable: Variable
    text: str
    part: str = ""
    is_password: bool = False

    def __repr__(self) -> str:
        """Never the text."""
        return f"HeldSecret({self.variable.name}, {self.part!r})"

    @property
    def subject(self) -> str:
        """How a message begins that speaks about it."""
        return self.part or "the value"


def held_secrets(context: RuleContext) -> Iterator[HeldSecret]:
    """Every secret that has a valid value, in the order of the name table."""
    for variable, value in context.readable_secrets():
        yield from _parts(variable, value, "")


def stray(context: RuleContext) -> Iterator[Problem]:
    """Secrets with quotes or blank space around them: kept as they are, because only the owner knows."""
    for held in held_secrets(context):
        if what := stray_edges(held.text):
            yield context.warning(
                held.variable.name,
                f"{held.subject} {what}, which counts as part of the secret.",
                hint="remove what does not belong to it; nothing is stripped from a secret",
            )


def placeholders(context: RuleContext) -> Iterator[Problem]:
    """Secrets that were meant to be replaced, that follow a pattern, or that software is delivered with."""
    for held in held_secrets(context):
        name = held.variable.name
        if is_placeholder(held.text) and (context.is_set(name) or not _is_throw_away(context)):
            yield context.policy(
                name,
                f"{held.subject} is a placeholder, not a secret.",
                hint="replace it with a random value that only this deployment knows",
            )
        elif held.variable.path[0] in _OWN_KEYS and is_predictable(held.text):
            yield context.policy(
                name, f"{held.subject} follows a pattern, so its length means nothing.", hint="make a random one"
            )
        # On a developer's machine postgres:postgres opens nothing worth protecting.
        elif held.is_password and not context.is_local and is_default_password(held.text):
            yield context.policy(
                name, f"{held.subject} is a well-known default.", hint="give the account a random password"
            )


def in_profiles(context: RuleContext) -> Iterator[Problem]:
    """Secrets that a profile sets: a profile is a file of the repository, and everybody reads it."""
    for row in _given_in_files(context):
        if context.is_given(row.name) and not context.is_set(row.name):
            yield context.policy(
                row.name,
                "a secret stands in a profile, where everyone who can read the repository can read it.",
                hint=_take_out(row),
            )


def in_code(context: RuleContext) -> Iterator[Problem]:
    """Secrets that a settings class sets."""
    for row in _given_in_files(context):
        if not context.is_given(row.name):
            yield context.policy(
                row.name,
                "a secret stands in the code, where everyone who can read the repository can read it.",
                hint=_take_out(row),
            )


def reused(context: RuleContext) -> Iterator[Problem]:
    """One secret for two jobs: who learns it in one place has it in the other, and it cannot be replaced in one."""
    by_text: dict[str, list[HeldSecret]] = {}
    for held in held_secrets(context):
        # A public key is no secret, and a placeholder is reported as one.
        if not held.variable.name.endswith(("VERIFYING_KEY", "PUBLIC_KEYS")) and not is_placeholder(held.text):
            group = by_text.setdefault(held.text, [])
            # Two of a list tell as much as all of it, and all pairs of a long list are too many.
            if sum(other.variable is held.variable for other in group) < _PAIR:
                group.append(held)
    reported: set[str] = set()
    for group in by_text.values():
        for first, second in combinations(group, 2):
            if second.variable.name not in reported and _are_two_jobs(context, first, second):
                reported.add(second.variable.name)
                yield _reuse(context, first, second)


def _reuse(context: RuleContext, first: HeldSecret, second: HeldSecret) -> Problem:
    if first.variable.path == second.variable.path:
        message = f"{first.subject} and {second.subject} are the same secret."
    else:
        subject = f"{second.part} is" if second.part else "this is"
        message = f"{subject} the same secret as {first.variable.name}; each job needs its own."
    hint = "make a new one for one of them"
    paths = {first.variable.path, second.variable.path}
    if _SIGNING_KEY in paths and paths & set(_DJANGO_KEYS):
        if not context.settings.is_microservice:
            hint = "leave JWT_SIGNING_KEY out: a key of its own is then derived from the secret key"
        return context.problem(second.variable.name, message, hint=hint)
    return context.policy(second.variable.name, message, hint=hint)


def _are_two_jobs(context: RuleContext, first: HeldSecret, second: HeldSecret) -> bool:
    paths = frozenset({first.variable.path, second.variable.path})
    if paths in _ROTATIONS or (first.is_password and second.is_password):
        return False  # several URLs may lead to one server
    is_lists_own = len(paths) == 1 and first.variable.path != ("service", "keys")
    is_real = any(context.is_set(held.variable.name) for held in (first, second))
    return not is_lists_own and (is_real or not _is_throw_away(context))


def _is_throw_away(context: RuleContext) -> bool:
    """Whether secrets that come with a profile protect nothing: on a developer's machine, and in a build."""
    return context.is_local or context.profiles.is_build


def _given_in_files(context: RuleContext) -> Iterator[Variable]:
    """Variables whose secret comes from no real source."""
    if _is_throw_away(context):
        return
    rows = {held.variable.name: held.variable for held in held_secrets(context)}
    yield from (row for name, row in rows.items() if not context.is_set(name))


def _take_out(variable: Variable) -> str:
    """What to do about a secret in a file; text that is only called like one may be none."""
    hint = f"take it out, and set {variable.name} or {variable.file_name} where the service runs"
    is_declared = is_secret_type(variable.annotation)
    return hint if is_declared else f"{hint}\nif it is no secret, declare it with  variable(..., is_secret=False)"


def _parts(variable: Variable, value: object, part: str) -> Iterator[HeldSecret]:
    if isinstance(value, SecretURL):
        if passwords := value.passwords():
            meant = min(passwords, key=len)  # percent-decoding only ever shortens
            yield HeldSecret(variable, meant, part or "the password", is_password=True)
    elif isinstance(value, BaseModel):
        yield from _parts(variable, _secret_fields(value), part)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _parts(variable, item, str(key))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value, 1):
            yield from _parts(variable, item, f"item {number}")
    elif isinstance(value, SecretBytes):
        yield HeldSecret(variable, value.get_secret_value().decode(errors="replace"), part)
    elif text := value.get_secret_value() if isinstance(value, SecretStr) else value:
        is_password = "password" in variable.path[-1]
        yield HeldSecret(variable, str(text), part, is_password=is_password)


def _secret_fields(value: BaseModel) -> dict[str, object]:
    fields = type(value).model_fields
    return {name: getattr(value, name) for name, field in fields.items() if is_secret_type(field.annotation)}
