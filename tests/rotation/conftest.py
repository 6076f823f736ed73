"""Fixtures for rotation: workers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.rotation import worker

if TYPE_CHECKING:
    from tests.rotation.worker import Working
    from tests.warm_python import WarmPython


@pytest.fixture
def working(python: WarmPython) -> Working:
    """Start processes of a project that do what a test tells them."""
    return partial(worker.working, python.program)
