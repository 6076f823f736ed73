"""The app that turns the audit log on, as a project does it."""

from __future__ import annotations

from django.apps import AppConfig


class AuditedConfig(AppConfig):
    """Models that are recorded."""

    name = "tests.audit"
    label = "audited"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Record, as the documentation says."""
        import dj_core_utils.signals.audit  # noqa: F401, PLC0415
