"""Products in the admin."""

from django.contrib import admin

from products.models import Product


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    """The catalogue; stock is edited in the list."""

    list_display = ("name", "sku", "price", "stock")
    list_editable = ("stock",)
    search_fields = ("name", "sku")
