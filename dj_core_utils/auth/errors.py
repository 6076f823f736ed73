"""What this package refuses.

::

    AuthError
    +-- KeyFaultError           a key of the configuration cannot be used
    +-- CredentialError         a credential was shown and is not good: 401
    |   +-- ExpiredError        it was, until its time was over
    +-- AuthUnavailableError    nobody can tell at the moment: 503

No message holds a part of a credential or of a key.
"""

from __future__ import annotations


class AuthError(Exception):
    """Something about who may talk to whom."""


class KeyFaultError(AuthError, ValueError):
    """A key of the configuration cannot be used; ``config check`` says so before a start."""


class CredentialError(AuthError):
    """A credential was shown, and it is not good.

    Attributes:
        code: Why, for logs and tests: ``signature``, ``audience``, ``replayed``. Clients are not told: it would help
            whoever tries them out.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"The credential is refused: {code}.")
        self.code = code

    def __reduce__(self) -> tuple[type[CredentialError], tuple[str]]:
        """Pickled by its code; Exception would make it again from its message."""
        return type(self), (self.code,)


class ExpiredError(CredentialError):
    """A credential was good until its time was over."""

    def __init__(self, code: str = "expired") -> None:
        super().__init__(code)


class AuthUnavailableError(AuthError):
    """What it takes to judge a credential cannot be reached: public keys, or the cache of tokens that were used."""
