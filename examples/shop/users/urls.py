"""Addresses of users: below ``api/`` in the monolith, and all that the service of users has."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from users.api import UserOrdersViewSet

router = SimpleRouter()
router.register(r"users/(?P<user_id>[0-9]+)/orders", UserOrdersViewSet, basename="user-orders")

urlpatterns = [path("", include("dj_core_utils.auth.urls")), *router.urls]
