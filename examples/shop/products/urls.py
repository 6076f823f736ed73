"""Addresses of products: below ``api/`` in the monolith, and all that the service of products has."""

from django.urls import path

from products.api import GiveBack, ProductList, Reserve

urlpatterns = [
    path("products/", ProductList.as_view(), name="products"),
    path("products/<slug:sku>/reserve/", Reserve.as_view(), name="reserve"),
    path("products/<slug:sku>/reserve/<uuid:key>/", GiveBack.as_view(), name="give_back"),
]
