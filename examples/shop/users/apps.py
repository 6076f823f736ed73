"""The app of users."""

from django.apps import AppConfig


class UsersConfig(AppConfig):
    """Users, and the record of who changed what."""

    name = "users"

    def ready(self) -> None:
        """Turn the audit log on, once for a project; this app may be the only one of a service."""
        import dj_core_utils.signals.audit  # noqa: F401, PLC0415
