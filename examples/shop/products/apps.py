"""The app of products."""

from django.apps import AppConfig


class ProductsConfig(AppConfig):
    """Products, and the record of who changed what."""

    name = "products"

    def ready(self) -> None:
        """Turn the audit log on, once for a project; this app may be the only one of a service."""
        import dj_core_utils.signals.audit  # noqa: F401, PLC0415
