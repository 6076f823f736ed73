"""``products/``: the catalogue as JSON, for those who have a token; and its stock, for services."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.fields import IntegerField, UUIDField
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer, Serializer
from rest_framework.views import APIView

from dj_core_utils.auth.drf import IsService, ServiceAuthentication
from products.models import Product
from products.reserving import CannotReserveError, give_back, reserve
from shop.pagination import Pages


class ProductSerializer(ModelSerializer):
    """A product as clients see it."""

    class Meta:
        """No primary key: the article number identifies a product outside this database."""

        model = Product
        fields = ("sku", "name", "price", "stock")


class ProductList(ListAPIView):
    """The catalogue, page by page.

    ``REST_FRAMEWORK``, which the framework renders, asks every view for a token unless the view says otherwise.
    """

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    pagination_class = Pages


class WantedSerializer(Serializer):
    """What is to be put aside: the body, and the header ``Idempotency-Key``."""

    quantity = IntegerField(min_value=1, max_value=1000)
    key = UUIDField()


class Stock(APIView):
    """The base of addresses that change the stock, for services that have this scope."""

    authentication_classes = (ServiceAuthentication,)
    permission_classes = (IsService("stock:write"),)


class Reserve(Stock):
    """Puts a product aside."""

    def post(self, request: Request, sku: str) -> Response:
        """Once for each key; 409 where it cannot be had."""
        wanted = WantedSerializer(data={**request.data, "key": request.headers.get("Idempotency-Key")})
        wanted.is_valid(raise_exception=True)
        try:
            reservation = reserve(sku, **wanted.validated_data)
        except CannotReserveError as error:
            return Response({"detail": str(error), "code": "not_on_sale"}, status=409)
        product = reservation.product
        return Response({"sku": product.sku, "name": product.name, "price": reservation.price}, status=201)


class GiveBack(Stock):
    """Takes it back."""

    def delete(self, request: Request, sku: str, key: UUID) -> Response:  # noqa: ARG002  # Django REST framework's
        """However often it is asked."""
        give_back(get_object_or_404(Product, sku=sku), key)
        return Response(status=204)
