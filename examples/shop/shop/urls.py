"""Addresses of the shop."""

from django.conf import settings
from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from orders.api import OrderList
from pages.views import api, broken, changes, order_something, start
from products.api import ProductList

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
    path("api/token/", TokenObtainPairView.as_view(), name="token"),
    path("api/token/refresh/", TokenRefreshView.as_view(), name="token_refresh"),
    path("api/products/", ProductList.as_view(), name="products"),
    path("api/orders/", OrderList.as_view(), name="orders"),
]
