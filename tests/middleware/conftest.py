"""Settings of a project with our middleware."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dj_core_utils.settings import middleware_order as order

if TYPE_CHECKING:
    from pytest_django import Settings


@pytest.fixture(autouse=True)
def _project(settings: Settings) -> None:
    """The recommended middleware with signed cookies for sessions, in front of views that tell what they see."""
    settings.ROOT_URLCONF = "tests.middleware.urls"
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.MIDDLEWARE = [
        order.CONTEXT, order.HEALTH, order.SECURITY, order.SESSION, order.COMMON, order.CSRF, order.AUTHENTICATION,
    ]  # fmt: skip
