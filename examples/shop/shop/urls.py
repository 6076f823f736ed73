"""Addresses of the shop as a monolith."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from pages.views import api, broken, changes, order_something, start

CONFIGURATION = "admin:dj_core_utils_configuration_changelist"

urlpatterns = [
    path("", start, name="start"),
    path("broken/", broken, name="broken"),
    path("changes/", changes, name="changes"),
    path("order/", order_something, name="order_something"),
    # A short address of the page that dj_core_utils adds to the admin.
    path(f"{settings.ADMIN_PATH}configuration/", RedirectView.as_view(pattern_name=CONFIGURATION)),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/", api, name="api"),
    # What each of the services has for itself; here they are parts of one.
    path("api/", include("users.urls")),
    path("api/", include("products.urls")),
    path("api/", include("orders.urls")),
]
