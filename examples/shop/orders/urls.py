"""Addresses of orders: below ``api/`` in the monolith, and all that the service of orders has."""

from django.urls import path

from orders.api import OrderList

urlpatterns = [path("orders/", OrderList.as_view(), name="orders")]
