"""The public keys of a signer, fetched from the address where it publishes them (RFC 7517). No Django here.

There is one fetch at a time, however many ask, from threads and event loops alike. Keys are fetched again before they
are too old; when that fails, the ones that are known stay good for an hour. Names that nobody has cause a fetch now and
then, not for each token that somebody makes up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from dj_core_utils.auth.errors import AuthUnavailableError
from dj_core_utils.auth.published_keys import fetch_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dj_core_utils.auth.keys import TokenKey

    Keys = Mapping[str, TokenKey]

logger = logging.getLogger("dj_core_utils.auth")

TTL: Final = 300.0
RENEW_AFTER: Final = 0.8 * TTL
STALE_FOR: Final = 3600.0
COOL_DOWN: Final = 30.0
RETRY_AFTER: Final = 5.0


class JWKSClient:
    """Knows the keys of one signer.

    Args:
        url: Where they are published.
        algorithm: What they verify; others there are not for us.
        revoked: Names of keys that are refused whatever the signer publishes.
        fetch: Gets the keys; for the tests of a project.
        clock: Seconds that only go up; for the tests of a project.
    """

    def __init__(
        self,
        url: str,
        algorithm: str,
        *,
        revoked: Sequence[str] = (),
        fetch: Callable[[str, str], Keys] = fetch_keys,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._algorithm = algorithm
        self._revoked = frozenset(revoked)
        self._fetch = fetch
        self._clock = clock
        self._keys: Keys = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._running: Future[None] | None = None
        self._begin()

    def named(self, kid: str) -> tuple[TokenKey, ...]:
        """The key of a name; blocks while keys are fetched.

        Args:
            kid: What a token says.

        Raises:
            AuthUnavailableError: No keys are known, and none can be had.
        """
        if (fetch := self._wanted(kid)) is not None:
            fetch.result()
        return self._known(kid)

    async def anamed(self, kid: str) -> tuple[TokenKey, ...]:
        """The same on an event loop, which goes on meanwhile.

        Args:
            kid: What a token says.

        Raises:
            AuthUnavailableError: No keys are known, and none can be had.
        """
        if (fetch := self._wanted(kid)) is not None:
            await asyncio.wrap_future(fetch)
        return self._known(kid)

    def grow_older(self, seconds: float) -> None:
        """Let what is known be older; for the tests of a project.

        Args:
            seconds: By how much.
        """
        with self._lock:
            if self._fetched is not None:
                self._fetched -= seconds
            if self._tried is not None:
                self._tried -= seconds

    def _known(self, kid: str) -> tuple[TokenKey, ...]:
        if self._fetched is None or self._clock() - self._fetched > STALE_FOR:
            raise AuthUnavailableError("The public keys of the signer cannot be fetched.")
        key = None if kid in self._revoked else self._keys.get(kid)
        return (key,) if key is not None else ()

    def _wanted(self, kid: str) -> Future[None] | None:
        """The fetch that has to be waited for; None where what is known is enough."""
        now = self._clock()
        age = None if self._fetched is None else now - self._fetched
        if age is not None and age <= RENEW_AFTER and kid in self._keys:
            return None
        if os.getpid() != self._pid:
            self._begin()  # whoever was fetching has stayed in the process before the fork
        with self._lock:
            if self._running is None and self._may_try(now, age):
                self._start()
            running = self._running
        # Keys that will be renewed soon, or that are old while the signer is away, are good meanwhile.
        is_usable = age is not None and age <= STALE_FOR and kid in self._keys
        return None if is_usable else running

    def _may_try(self, now: float, age: float | None) -> bool:
        if self._tried is None:
            return True
        # While the keys are fresh, an unknown name is a key that was just published, or somebody's invention: whoever
        # invents names causes one fetch in half a minute, which brings a new key, too.
        is_fresh = age is not None and age <= RENEW_AFTER
        return now - self._tried >= (COOL_DOWN if is_fresh else RETRY_AFTER)

    def _start(self) -> None:
        """Begin a fetch in a thread of its own, so that nobody who waits for it can cancel it for the others."""
        self._tried = self._clock()
        running = Future[None]()
        self._running = running
        running.set_running_or_notify_cancel()
        threading.Thread(target=self._run, args=(running,), name="dj_core_utils.jwks", daemon=True).start()

    def _run(self, running: Future[None]) -> None:
        try:
            self._keys = self._fetch(self._url, self._algorithm)
            self._fetched = self._clock()
        except AuthUnavailableError as error:
            logger.warning("%s The keys that are known stay in use for a while.", error)
        except Exception:
            logger.exception("Public keys of tokens cannot be read.")
        finally:
            with self._lock:
                self._running = None
            running.set_result(None)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._running = None
