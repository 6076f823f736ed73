"""Settings of orders as a service of its own; inside the monolith those of the shop count."""

from pydantic import Field

from dj_core_utils.settings import export_settings
from shop.service import ShopService


class OrdersSettings(ShopService):
    """Settings of the service of orders."""

    service_name: str = "orders"
    root_urlconf: str = "orders.urls"
    installed_apps: list[str] = ["dj_core_utils.db", "orders"]
    demo_port: int = Field(default=8003, ge=1, le=65535, description="Port of 127.0.0.1 that the demo serves it on.")


export_settings(globals())
