"""Turns on the package that is measured."""

from __future__ import annotations

import importlib

from django.apps import AppConfig
from django.conf import settings


class AuditedConfig(AppConfig):
    """The app of the model that is written."""

    name = "audited"

    def ready(self) -> None:
        """As the documentation of each package says; django-easy-audit watches by itself."""
        if settings.RECORDED_BY.startswith("dj_core_utils"):
            importlib.import_module("dj_core_utils.signals.audit")
        elif settings.RECORDED_BY == "django-auditlog":
            registry = importlib.import_module("auditlog.registry")
            registry.auditlog.register(self.get_model("Product"))
