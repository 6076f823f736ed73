"""Addresses of the shop."""

from django.conf import settings
from django.contrib import admin
from django.urls import path
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from pages.views import broken, start
from products.api import ProductList

urlpatterns = [
    path("", start, name="start"),
    path("broken/", broken, name="broken"),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("api/token/", TokenObtainPairView.as_view(), name="token"),
    path("api/token/refresh/", TokenRefreshView.as_view(), name="token_refresh"),
    path("api/products/", ProductList.as_view(), name="products"),
]
