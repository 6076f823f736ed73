"""The app of orders."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """Orders, and the record of who changed what."""

    name = "orders"

    def ready(self) -> None:
        """From here on every change of every model of the project is recorded, with the one who made it."""
        import dj_core_utils.signals.audit  # noqa: F401, PLC0415
