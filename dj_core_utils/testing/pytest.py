"""A plugin for pytest: ``isolated_environment``, ``fake_peer``, ``fake_caller`` and ``fake_jwks`` as fixtures.

It is not loaded by itself, because a plugin that is would be felt in every test run of everybody. A project asks for it
with ``pytest_plugins = ["dj_core_utils.testing.pytest"]`` in its top ``conftest.py``.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from dj_core_utils.testing import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dj_core_utils.testing.callers import FakeCaller
    from dj_core_utils.testing.key_sets import FakeJWKS
    from dj_core_utils.testing.peers import FakePeer


class Enter(Protocol):
    """How a test enters an environment, until it ends or enters another one."""

    def __call__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        files: Mapping[str, str | bytes] | None = None,
        profiles: Sequence[str] | None = None,
    ) -> environment.Environment:
        """Enter it.

        Args:
            environ: As for ``dj_core_utils.testing.isolated_environment``.
            files: The same.
            profiles: The same.
        """


@pytest.fixture
def isolated_environment() -> Iterator[Enter]:
    """Enter environments that end with the test: ``isolated_environment({"PAGE_SIZE": "3"})``."""
    with ExitStack() as stack:

        def enter(
            environ: Mapping[str, str] | None = None,
            *,
            files: Mapping[str, str | bytes] | None = None,
            profiles: Sequence[str] | None = None,
        ) -> environment.Environment:
            block = environment.isolated_environment(environ, files=files, profiles=profiles)
            return stack.enter_context(block)

        yield enter


@pytest.fixture
def fake_peer() -> Iterator[Callable[[str], FakePeer]]:
    """Play other services until the test ends, one with each call of what is given."""
    from dj_core_utils.testing import peers  # noqa: PLC0415  # loads the client

    with ExitStack() as stack:
        yield lambda service: stack.enter_context(peers.fake_peer(service))


class Caller(Protocol):
    """How a test plays a service that calls this one, until it ends."""

    def __call__(self, service: str, *, scopes: Iterable[str] | None = None) -> FakeCaller:
        """Play it.

        Args:
            service: As for ``dj_core_utils.testing.fake_caller``.
            scopes: The same.
        """


@pytest.fixture
def fake_caller() -> Iterator[Caller]:
    """Play services that call this one until the test ends, one with each call of what is given."""
    from dj_core_utils.testing import callers  # noqa: PLC0415  # loads cryptography

    with ExitStack() as stack:

        def play(service: str, *, scopes: Iterable[str] | None = None) -> FakeCaller:
            return stack.enter_context(callers.fake_caller(service, scopes=scopes))

        yield play


@pytest.fixture
def fake_jwks() -> Iterator[FakeJWKS]:
    """Play the signer of users' tokens until the test ends."""
    from dj_core_utils.testing import key_sets  # noqa: PLC0415  # loads cryptography

    with key_sets.fake_jwks() as signer:
        yield signer
