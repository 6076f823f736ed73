"""What the services of the shop have in common; each has settings of its own, such as ``users/settings.py``."""

from pydantic import Field

from dj_core_utils.settings import CoreSettings
from dj_core_utils.settings.audit import AuditSettings
from dj_core_utils.settings.service import ServiceSettings


class ShopService(CoreSettings):
    """Settings of any service of the shop."""

    service: ServiceSettings = ServiceSettings(names=["users", "products", "orders"])
    # When and by whom a row was written last stands on each entry of the audit log anyway.
    audit: AuditSettings = AuditSettings(exclude=["*.*.updated_at", "*.*.updated_by", "users.User.last_login"])

    demo_port: int = Field(default=8001, ge=1, le=65535, description="Port of 127.0.0.1 that the demo serves it on.")
    page_size: int = Field(default=5, ge=1, le=500, description="Rows on a page of every list of the API.")
