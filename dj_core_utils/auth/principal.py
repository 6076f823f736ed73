"""Those who make a request: services, in this process or over the network, and users that only a token tells of.

No Django here: the same objects stand for a caller wherever it is recognised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dj_core_utils.actor import Actor

LOCAL_CALLER: Final = "dj_core_utils.caller"
"""Key of the WSGI environ under which a call inside this process says who calls. A header cannot have this name."""

Proof = Literal["token", "key", "shared key", "process"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCaller:
    """A part of this process that calls another one, without a network between them.

    Attributes:
        service: Its name.
        scopes: What it may do; None for everything, because it could do that without a call, too.
        on_behalf_of: The one it calls for.
    """

    service: str
    scopes: frozenset[str] | None = None
    on_behalf_of: Actor | None = None


class _WithoutRow:
    """What Django asks of ``request.user``, for a caller whose credential is good and who is no row of a table."""

    __slots__ = ()

    @property
    def is_authenticated(self) -> Literal[True]:
        """The credential is good."""
        return True

    @property
    def is_anonymous(self) -> Literal[False]:
        """The same, as Django asks."""
        return False

    @property
    def is_active(self) -> Literal[True]:
        """It was in use when the credential was made, minutes ago, or is now."""
        return True

    @property
    def is_superuser(self) -> Literal[False]:
        """No credential makes a superuser."""
        return False

    def has_perm(self, perm: str, obj: object = None) -> Literal[False]:  # noqa: ARG002  # Django's signature
        """No permission of Django's: those belong to rows of users."""
        return False

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> Literal[False]:  # noqa: ARG002  # as above
        """The same."""
        return False

    def has_module_perms(self, app_label: str) -> Literal[False]:  # noqa: ARG002  # as above
        """The same."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal(_WithoutRow):
    """A service that has proved who it is; the user of its request.

    It is authenticated, and it is nobody: it has no key, no permission of Django's, and is never staff.

    Attributes:
        service: Its name.
        scopes: What it may do here; None for everything.
        on_behalf_of: The one it says it calls for. Good for records, not for permissions: nothing proves it.
        proof: How it was recognised.
        key_id: Name of the key that it has shown or signed with.
    """

    service: str
    scopes: frozenset[str] | None = frozenset()
    on_behalf_of: Actor | None = None
    proof: Proof = "key"
    key_id: str = ""

    def __str__(self) -> str:
        """For people and logs."""
        return f"service {self.service}"

    @property
    def pk(self) -> None:
        """No row of a user."""
        return None

    @property
    def id(self) -> None:
        """The same."""
        return None

    @property
    def service_name(self) -> str:
        """What makes it an actor of the audit log."""
        return self.service

    @property
    def is_staff(self) -> Literal[False]:
        """No service looks at pages."""
        return False

    def has_scopes(self, scopes: Iterable[str]) -> bool:
        """Whether it may do all of this.

        Args:
            scopes: What a view asks for.
        """
        return self.scopes is None or self.scopes.issuperset(scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUser(_WithoutRow):
    """A user as their token tells of them, in a service that has no rows of users.

    What it does not know, it does not have: asking for another attribute is an error.

    Attributes:
        id: Primary key at the issuer, as text.
        email: Mail address; empty where the issuer does not tell.
        is_staff: Whether they were a member of staff when the token was made.
    """

    id: str
    email: str = ""
    is_staff: bool = False

    def __str__(self) -> str:
        """For people: the mail address, or the key."""
        return self.email or self.id

    @property
    def pk(self) -> str:
        """The same as ``id``."""
        return self.id

    def get_username(self) -> str:
        """What the audit log calls them."""
        return self.email
