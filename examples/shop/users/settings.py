"""Settings of users as a service of its own; inside the monolith those of the shop count."""

from pydantic import Field

from dj_core_utils.settings import export_settings
from shop.service import ShopService


class UsersSettings(ShopService):
    """Settings of the service of users."""

    service_name: str = "users"
    root_urlconf: str = "users.urls"
    installed_apps: list[str] = ["dj_core_utils.db", "users"]
    auth_user_model: str = "users.User"
    demo_port: int = Field(default=8001, ge=1, le=65535, description="Port of 127.0.0.1 that the demo serves it on.")


export_settings(globals())
