"""The app with tables: the operation log."""

from __future__ import annotations

from django.apps import AppConfig


class DjCoreUtilsDbConfig(AppConfig):
    """Opt in with ``installed_apps = [..., "dj_core_utils.db"]``; the abstract models work without it."""

    name = "dj_core_utils.db"
    label = "dj_core_utils_db"
    verbose_name = "Operation log"
    # Not the project's choice: the migrations are the same everywhere.
    default_auto_field = "django.db.models.BigAutoField"
