"""Typed view of ``django.conf.settings`` for the parts that run.

Every property reads Django's settings when it is asked, so ``override_settings`` works, and so does a project that does
not use the settings classes of this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from dj_core_utils.redaction import exactly, sensitive_values

if TYPE_CHECKING:
    import re


class Conf:
    """The settings that the runtime knows, with the defaults of a project that sets none of them."""

    def __init__(self) -> None:
        self._secrets_of: object = None
        self._secrets: re.Pattern[str] | None = None

    @property
    def secrets(self) -> re.Pattern[str] | None:
        """What finds the exact values that the settings hold as secrets; None before the settings are there."""
        if not settings.configured:
            return None
        # override_settings puts another holder in place; walking all settings each time would cost too much.
        holder = vars(settings)["_wrapped"]
        if holder is not self._secrets_of:
            self._secrets = exactly(sensitive_values({name: getattr(holder, name, None) for name in dir(holder)}))
            self._secrets_of = holder
        return self._secrets

    @property
    def health_path(self) -> str:
        """Path that answers health checks, empty for none (``HEALTH_PATH``)."""
        return str(getattr(settings, "HEALTH_PATH", "/healthz") or "")


conf = Conf()
