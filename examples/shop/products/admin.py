"""Products in the admin."""

from django.contrib import admin

from dj_core_utils.db.admin import StampedAdmin, TimelineMixin
from products.models import Product


@admin.register(Product)
class ProductAdmin(TimelineMixin, StampedAdmin):
    """The catalogue; stock is edited in the list, and History shows who changed which price."""

    list_display = ("name", "sku", "price", "stock")
    list_editable = ("stock",)
    search_fields = ("name", "sku")
