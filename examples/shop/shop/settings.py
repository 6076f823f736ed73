"""Settings of the shop as a monolith: what it adds to the framework's, and the one call that exports them all."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SecretStr

from dj_core_utils.settings import CoreSettings, Problem, Section, export_settings, rule
from dj_core_utils.settings.api import APISettings
from dj_core_utils.settings.audit import AuditSettings
from dj_core_utils.settings.rules import RuleContext
from dj_core_utils.settings.static import StaticSettings

if TYPE_CHECKING:
    # Written by "config stubs": type checkers know settings.PAGE_SIZE.
    from shop._settings_types import *  # noqa: F403


class PaymentSettings(Section):
    """How customers pay. Read from ``PAYMENT_CURRENCY``, ``PAYMENT_SANDBOX`` and ``PAYMENT_API_KEY``."""

    currency: Literal["EUR", "GBP", "USD"] = Field(default="EUR", description="Currency of all prices.")
    sandbox: bool = Field(default=True, description="Payments are tried out; no money moves.")
    api_key: SecretStr | None = Field(default=None, description="Key of the payment provider, for real payments.")

    @rule("payment.api_key")
    def real_payments_need_a_key(self, context: RuleContext) -> Iterator[Problem]:
        """What two variables must agree on is a rule, so that it is reported together with everything else."""
        if not self.sandbox and self.api_key is None:
            yield context.problem(
                "PAYMENT_API_KEY", "payments are real (PAYMENT_SANDBOX is off) and there is no key for them."
            )

    @rule("payment.sandbox")
    def sandbox_stays_at_home(self, context: RuleContext) -> Iterator[Problem]:
        """A policy: refused where the profile is hardened; a profile may waive it with a reason."""
        if self.sandbox and context.is_hardened:
            yield context.policy(
                "PAYMENT_SANDBOX", "in production customers pay with real money.", hint="set PAYMENT_SANDBOX=off"
            )


class ShopSettings(CoreSettings):
    """Settings of the shop."""

    service_name: str = "shop"
    root_urlconf: str = "shop.urls"
    wsgi_application: str | None = "shop.wsgi.application"
    asgi_application: str | None = "shop.asgi.application"
    installed_apps: list[str] = ["dj_core_utils.db", "users", "products", "orders", "pages"]
    auth_user_model: str = "users.User"
    # Calls between its parts stay in this process, and find them where shop/urls.py has them.
    api: APISettings = APISettings(local_path="/api/")
    # A default of ours inside a section of the framework's; profiles and the environment still come before it.
    static: StaticSettings = StaticSettings(static_server="whitenoise")
    # When and by whom a row was written last stands on each entry of the audit log anyway.
    audit: AuditSettings = AuditSettings(exclude=["*.*.updated_at", "*.*.updated_by", "users.User.last_login"])

    # Fields of our own: PAGE_SIZE and SHOW_LOGIN in the environment, in profiles, and in django.conf.settings.
    page_size: int = Field(default=5, ge=1, le=500, description="Products on a page, of the shop and of the API.")
    show_login: bool = Field(default=False, description="Show how the seeded users sign in on the start page.")
    payment: PaymentSettings = PaymentSettings()


export_settings(globals())
