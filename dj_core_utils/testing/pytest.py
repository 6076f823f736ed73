"""A plugin for pytest: the fixture ``isolated_environment``.

It is not loaded by itself, because a plugin that is would be felt in every test run of everybody. A project asks for it
with ``pytest_plugins = ["dj_core_utils.testing.pytest"]`` in its top ``conftest.py``.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from dj_core_utils.testing import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


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
