"""Keys that sign: a new one is accepted at once, and signs a while later.

The processes of a service see a new file at different moments. Were the first one to sign with the new key right away,
the others would refuse what it has signed, and users would be signed out. So every process accepts the new key as soon
as it sees it, and signs with it only when the others have had the time to see it, too. The old key stays accepted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.conf import settings
from django.core.signals import setting_changed

from dj_core_utils.conf import conf

if TYPE_CHECKING:
    from collections.abc import Mapping


Pair = tuple[str, str]
K = TypeVar("K")


class Wanted(NamedTuple):
    """The keys that follow from the files.

    Attributes:
        secret_key: ``SECRET_KEY``.
        fallbacks: ``SECRET_KEY_FALLBACKS``.
        pair: What tokens are signed and verified with.
    """

    secret_key: str
    fallbacks: tuple[str, ...]
    pair: Pair

    @classmethod
    def of(cls, rendered: Mapping[str, Any]) -> Wanted:
        """Those among the settings."""
        tokens = rendered["SIMPLE_JWT"]
        return cls(
            rendered["SECRET_KEY"],
            tuple(rendered["SECRET_KEY_FALLBACKS"]),
            (tokens["SIGNING_KEY"], tokens["VERIFYING_KEY"]),
        )

    def __repr__(self) -> str:
        """Never the keys."""
        return "Wanted(***)"


class SigningKeys:
    """``SECRET_KEY`` and the keys of tokens, one step behind the files.

    What the settings module assigns itself is its own word, and is left alone.

    Args:
        grace: Seconds from the moment that a new key is seen until it signs.
        exported: The settings as they were exported at the start.
    """

    def __init__(self, grace: float, exported: Mapping[str, object]) -> None:
        self._grace = grace
        self._has_secret_key = _stands(exported, "SECRET_KEY", "SECRET_KEY_FALLBACKS")
        self._has_tokens = _stands(exported, "SIMPLE_JWT")
        self._wanted: Wanted | None = None
        self._due = 0.0
        self._retired: dict[str, float] = {}
        self._retired_pairs: dict[Pair, float] = {}
        self._accepted: tuple[Pair, ...] = ()

    def want(self, rendered: Mapping[str, object]) -> None:
        """Begin to move to other keys, if they are others.

        Args:
            rendered: The settings as they follow from the files now.
        """
        wanted = Wanted.of(rendered)
        if wanted != self._wanted:
            self._wanted = wanted
            self._due = time.monotonic() + self._grace
        self.step()

    def step(self) -> None:
        """Do what is due; nothing, as a rule."""
        if self._wanted is None:
            return
        is_due = time.monotonic() >= self._due
        if self._has_secret_key:
            self._step_secret_key(self._wanted, is_due=is_due)
        if self._has_tokens:
            self._step_tokens(self._wanted.pair, is_due=is_due)

    def _step_secret_key(self, wanted: Wanted, *, is_due: bool) -> None:
        key = str(settings.SECRET_KEY)
        if is_due and key != wanted.secret_key:
            self._retired[key] = time.monotonic() + _longest_signature()
            # Accepted before it is out of force: other threads read the two settings one after the other.
            _set("SECRET_KEY_FALLBACKS", [key, *settings.SECRET_KEY_FALLBACKS])
            _set("SECRET_KEY", wanted.secret_key)
        _expire(self._retired)
        accepted = dict.fromkeys([wanted.secret_key, *wanted.fallbacks, *self._retired])
        accepted.pop(str(settings.SECRET_KEY), None)
        _set("SECRET_KEY_FALLBACKS", list(accepted))

    def _step_tokens(self, wanted: Pair, *, is_due: bool) -> None:
        current: dict[str, Any] = getattr(settings, "SIMPLE_JWT")  # noqa: B009  # a package's setting
        pair: Pair = (current["SIGNING_KEY"], current["VERIFYING_KEY"])
        is_changing = is_due and pair != wanted
        if is_changing:
            self._retired_pairs[pair] = time.monotonic() + current["REFRESH_TOKEN_LIFETIME"].total_seconds()
        _expire(self._retired_pairs)
        accepted = tuple(dict.fromkeys([*([] if is_changing else [pair]), wanted, *self._retired_pairs]))
        if accepted != (self._accepted or (pair,)):
            # The public half of a pair; a secret has none. Accepted before it signs: other threads read both settings.
            keys = [verifying or signing for signing, verifying in accepted]
            _set("JWT_KEYS", {**getattr(settings, "JWT_KEYS", {}), "accepted": keys})
            self._accepted = accepted
        if is_changing:
            _set("SIMPLE_JWT", {**current, "SIGNING_KEY": wanted[0], "VERIFYING_KEY": wanted[1]})


def _longest_signature() -> float:
    """Seconds for which something that Django signed is of use."""
    return max(settings.SESSION_COOKIE_AGE, settings.PASSWORD_RESET_TIMEOUT)


def _stands(exported: Mapping[str, object], *names: str) -> bool:
    return all(getattr(settings, name, None) == exported[name] for name in names)


def _expire(retired: dict[K, float]) -> None:
    for key in [key for key, until in retired.items() if until <= time.monotonic()]:
        del retired[key]


def _set(name: str, value: object) -> None:
    if getattr(settings, name, None) == value:
        return
    setattr(settings, name, value)
    conf.forget_secrets()
    setting_changed.send_robust(sender=SigningKeys, setting=name, value=value, enter=True)
