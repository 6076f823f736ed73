"""``/api/orders/``: what a customer has ordered, and a way to order more."""

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.fields import CharField, DecimalField, IntegerField
from rest_framework.generics import ListCreateAPIView
from rest_framework.serializers import ModelSerializer, Serializer

from orders.models import Order
from orders.placing import NotOnSaleError, place_order
from products.api import Pages


class LineSerializer(Serializer):
    """How many of one product."""

    sku = CharField(source="product.sku", max_length=20)
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
        """Place it for whoever asks; the token says who that is, so the log knows it, too."""
        wanted: dict[str, int] = {}
        for line in validated_data["lines"]:
            sku = line["product"]["sku"]
            wanted[sku] = wanted.get(sku, 0) + line["quantity"]
        try:
            return place_order(self.context["request"].user, wanted, note=validated_data.get("note", ""))
        except NotOnSaleError as error:
            raise ValidationError({"lines": [str(error)]}) from error


class OrderList(ListCreateAPIView):
    """The orders of whoever asks, and new ones."""

    serializer_class = OrderSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Order]:
        """Nobody sees the orders of others."""
        return Order.objects.filter(customer_id=self.request.user.pk).prefetch_related("lines__product")
