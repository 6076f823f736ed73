"""Who acts: a user, a program or another service; for whom, and why.

Nothing is imported from Django before it is needed: the context of log records stands on this module, too.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does what is being done, as plain data: it outlives the user's row and travels to workers.

    Attributes:
        user_id: Primary key of the user, None for a program.
        label: What the user or the program is called: a user name, ``nightly import``.
        service: The service whose credential was shown, for a call between services.
        reason: Why it is done: ``ticket 4711``.
        on_behalf_of: The one that it is done for: the customer whom a member of staff helps.
    """

    user_id: object = None
    label: str = ""
    service: str = ""
    reason: str = ""
    on_behalf_of: Actor | None = None

    def __str__(self) -> str:
        """For people: the label, with the user's key in parentheses; empty for nobody."""
        name = self.label or self.service
        if self.user_id is None:
            return name
        return f"{name} ({self.user_id})" if name else str(self.user_id)


NOBODY = Actor()


class ActorSource(Protocol):
    """Knows who acts, once somebody asks."""

    def actor(self) -> Actor:
        """Who acts."""

    def user(self) -> object:
        """The user object, if there is one at hand."""


acting: ContextVar[ActorSource | None] = ContextVar("dj_core_utils.acting", default=None)
_reason: ContextVar[str] = ContextVar("dj_core_utils.actor.reason", default="")
_asking: ContextVar[bool] = ContextVar("dj_core_utils.actor.asking", default=False)


def current_actor() -> Actor:
    """Who acts: the innermost ``acting_as`` block or request; ``NOBODY`` outside of both.

    The user of a request is loaded now, if nobody has done so before.

    Raises:
        django.core.exceptions.SynchronousOnlyOperation: The user would have to be loaded on a running event loop.
    """
    source = acting.get()
    actor = NOBODY if source is None else source.actor()
    reason = _reason.get()
    return replace(actor, reason=reason) if reason else actor


@contextmanager
def giving_reason(reason: str) -> Iterator[None]:
    """Let the same actor act for a reason inside a ``with`` block.

    Args:
        reason: Why it is done; empty leaves the reason that they have.
    """
    token = _reason.set(reason or _reason.get())
    try:
        yield
    finally:
        _reason.reset(token)


def actor_of(principal: object, *, reason: str = "", on_behalf_of: Actor | None = None) -> Actor:
    """The actor that somebody is.

    Args:
        principal: A user, an anonymous one, the principal of a service (``service_name``), an ``Actor``, the name of a
            program, or None.
        reason: Why they act.
        on_behalf_of: The one they act for.

    Raises:
        TypeError: It is nothing of that.
        ValueError: The name of the program is empty.
    """
    if isinstance(principal, Actor):
        return replace(
            principal, reason=reason or principal.reason, on_behalf_of=on_behalf_of or principal.on_behalf_of
        )
    actor = Actor(reason=reason, on_behalf_of=on_behalf_of)
    if principal is None:
        return actor
    if isinstance(principal, str):
        if not principal.strip():
            raise ValueError("The name of the program that acts is empty.")
        return replace(actor, label=principal)
    if not hasattr(principal, "is_authenticated"):
        raise TypeError(
            f"{type(principal).__name__} is nobody who acts; expected a user, a name, an Actor or None. "
            "For a user that is not loaded: Actor(user_id=...)."
        )
    if not principal.is_authenticated:
        return actor
    # The user of a token answers None for whatever it does not know.
    service = str(getattr(principal, "service_name", None) or "")
    other = getattr(principal, "on_behalf_of", None)
    if on_behalf_of is None and isinstance(other, Actor):
        actor = replace(actor, on_behalf_of=other)
    name = getattr(principal, "get_username", None)
    label = str(name() or "") if name is not None else ""
    return replace(actor, user_id=getattr(principal, "pk", None), label=label, service=service)


class GivenActor:
    """An actor that was named.

    Args:
        principal: As for ``actor_of``. A lazy user stays lazy.
        reason: Why they act.
        on_behalf_of: The one they act for, as for ``actor_of``.
    """

    def __init__(self, principal: object, *, reason: str, on_behalf_of: object) -> None:
        self.principal = principal
        self._reason = reason
        self._on_behalf_of = on_behalf_of
        self._actor: Actor | None = None

    def actor(self) -> Actor:
        """Who acts; the same for the whole block, even if their account is deleted in it."""
        if self._actor is None:
            other = None if self._on_behalf_of is None else actor_of(self._on_behalf_of)
            self._actor = actor_of(self.principal, reason=self._reason, on_behalf_of=other)
        return self._actor

    def user(self) -> object:
        """The user that was given; None for a program."""
        return None if isinstance(self.principal, str | Actor) else self.principal


class RequestActor:
    """Whoever a request comes from; asked for late, because authentication may happen as late as in the view.

    Args:
        request: The request.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self._known: tuple[object, Actor] = (None, NOBODY)

    def actor(self) -> Actor:
        """Who acts; remembered for a user, because a user who deletes their own account has no key afterwards."""
        user = self.user()
        if user is not self._known[0]:
            self._known = (user, actor_of(user))
        return self._known[1]

    def user(self) -> object:
        """The user, loaded by now; None for an anonymous one, and while it is being loaded."""
        if _asking.get():  # An authentication backend that saves rows asks for the user whom it is about to find.
            return None
        token = _asking.set(True)
        try:
            user = self._user()
            return user if getattr(user, "is_authenticated", False) else None
        finally:
            _asking.reset(token)

    def _user(self) -> object:
        from django.utils.functional import SimpleLazyObject  # noqa: PLC0415  # by now there is a request of Django's

        user = getattr(self.request, "user", None)
        if isinstance(user, SimpleLazyObject):
            # What `await request.auser()` loaded; asking the lazy object would query again, which a loop forbids.
            return getattr(self.request, "_acached_user", user)
        return user
