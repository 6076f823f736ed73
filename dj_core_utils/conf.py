"""Typed view of ``django.conf.settings`` for the parts that run.

Every property reads Django's settings when it is asked, so ``override_settings`` works, and so does a project that does
not use the settings classes of this package.
"""

from __future__ import annotations

from django.conf import settings


class Conf:
    """The settings that the runtime knows, with the defaults of a project that sets none of them."""

    @property
    def health_path(self) -> str:
        """Path that answers health checks, empty for none (``HEALTH_PATH``)."""
        return str(getattr(settings, "HEALTH_PATH", "/healthz") or "")


conf = Conf()
