"""The root app: system checks, tokens, the command ``config``, and a development server that sees ``.env`` change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings
from django.utils.autoreload import autoreload_started

from dj_core_utils import checks
from dj_core_utils.auth.installation import install_backend
from dj_core_utils.settings.export import last_export

if TYPE_CHECKING:
    from django.utils.autoreload import BaseReloader


class DjCoreUtilsConfig(AppConfig):
    """The app without models; those stand in ``dj_core_utils.db``."""

    name = "dj_core_utils"
    label = "dj_core_utils"
    verbose_name = "Django core utilities"

    def ready(self) -> None:
        """Register the checks, what makes tokens, and what the development server watches."""
        checks.register_checks()
        if hasattr(settings, "JWT_KEYS"):
            install_backend()
        if interval := getattr(settings, "RELOAD_SECRETS", None):
            from dj_core_utils.rotation.rotation import start_rotation  # noqa: PLC0415  # only those who ask for it pay

            start_rotation(interval)
        autoreload_started.connect(watch_sources, dispatch_uid="dj_core_utils.watch_sources")


def watch_sources(sender: BaseReloader, **_: object) -> None:
    """Let the development server start again when ``.env`` or a profile changes.

    Args:
        sender: The reloader that has just started.
    """
    export = last_export()
    if export is None:
        return
    loaded = export.loaded
    if loaded.env_file is not None:  # also one that is not there yet
        sender.watch_dir(loaded.env_file.parent, loaded.env_file.name)
    sender.watch_dir(loaded.project_dir / "profiles", "*.toml")
