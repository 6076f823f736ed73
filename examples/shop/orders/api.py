"""``orders/``: what a customer has ordered, and a way to order more; for customers, and for services."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.fields import CharField, DecimalField, IntegerField, SlugField
from rest_framework.generics import ListCreateAPIView
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer, Serializer
from rest_framework.settings import api_settings

from dj_core_utils.api.exceptions import APIClientError
from dj_core_utils.auth.drf import IsService, ServiceAuthentication
from dj_core_utils.auth.principal import ServicePrincipal
from orders.models import Order
from orders.placing import NotOnSaleError, place_order
from shop.pagination import Pages


class LineSerializer(Serializer):
    """How many of one product."""

    sku = SlugField(max_length=20)
    name = CharField(read_only=True)
    quantity = IntegerField(min_value=1, max_value=1000)
    price = DecimalField(max_digits=8, decimal_places=2, read_only=True)


class OrderSerializer(ModelSerializer):
    """An order as its customer sees it."""

    total = DecimalField(max_digits=10, decimal_places=2, read_only=True)
    lines = LineSerializer(many=True, allow_empty=False)

    class Meta:
        """What a customer says is what is wanted; the rest follows."""

        model = Order
        fields = ("id", "status", "created_at", "note", "total", "lines")
        read_only_fields = ("id", "status", "created_at", "total")

    def create(self, validated_data: dict) -> Order:
        """Place it for the customer whom the view names."""
        wanted: dict[str, int] = {}
        for line in validated_data["lines"]:
            wanted[line["sku"]] = wanted.get(line["sku"], 0) + line["quantity"]
        try:
            return place_order(validated_data["customer_id"], wanted, note=validated_data.get("note", ""))
        except NotOnSaleError as error:
            raise ValidationError({"lines": [str(error)]}) from error


class CustomerSerializer(Serializer):
    """For whom a service asks."""

    user_id = IntegerField(min_value=1)


class OrderList(ListCreateAPIView):
    """The orders of whoever asks, and new ones. A service says of whom: ``orders/?user_id=7``."""

    serializer_class = OrderSerializer
    pagination_class = Pages
    # How users are recognised is configuration: by a row where users live, by their token alone elsewhere.
    authentication_classes = (*api_settings.DEFAULT_AUTHENTICATION_CLASSES, ServiceAuthentication)

    def get_permissions(self) -> list[BasePermission]:
        """Customers may see and order; services may do what their scopes say."""
        scope = "orders:read" if self.request.method in SAFE_METHODS else "orders:write"
        return [(IsAuthenticated | IsService(scope))()]

    def get_queryset(self) -> QuerySet[Order]:
        """Nobody sees the orders of others."""
        return Order.objects.filter(customer_id=self.customer_id()).prefetch_related("lines")

    def perform_create(self, serializer: OrderSerializer) -> None:
        """For the same customer."""
        serializer.save(customer_id=self.customer_id())

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A service that cannot be asked is answered with the status that fits."""
        try:
            return super().create(request, *args, **kwargs)
        except APIClientError as error:
            return Response({"error": str(error)}, status=error.status_code)

    def customer_id(self) -> int:
        """Whose orders: of the user who asks; a service names one."""
        if not isinstance(self.request.user, ServicePrincipal):
            return int(self.request.user.pk)
        named = CustomerSerializer(data=self.request.query_params)
        named.is_valid(raise_exception=True)
        customer_id: int = named.validated_data["user_id"]
        return customer_id
