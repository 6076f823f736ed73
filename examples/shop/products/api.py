"""``/api/products/``: the catalogue as JSON, for those who have a token."""

from django.conf import settings
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.serializers import ModelSerializer

from products.models import Product


class ProductSerializer(ModelSerializer):
    """A product as clients see it."""

    class Meta:
        """No primary key: the article number identifies a product outside this database."""

        model = Product
        fields = ("sku", "name", "price", "stock")


class Pages(PageNumberPagination):
    """Pages as long as ``PAGE_SIZE`` says."""

    def get_page_size(self, request: Request) -> int:  # noqa: ARG002  # the signature of Django REST framework
        """Ask for each request, so that ``override_settings`` works in tests."""
        page_size: int = settings.PAGE_SIZE
        return page_size


class ProductList(ListAPIView):
    """The catalogue, page by page.

    ``REST_FRAMEWORK``, which the framework renders, asks every view for a token unless the view says otherwise.
    """

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    pagination_class = Pages
