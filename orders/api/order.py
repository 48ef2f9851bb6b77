"""/api/v1/merchants/<merchant>/orders/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.door import IDEMPOTENCY_KEY, MerchantViewSet
from orders.models import Line, Order, Shipment
from orders.rules.shipment import CARRIERS
from orders.services.shipment import ship_order


class LineOut(serializers.ModelSerializer):
    """Of `quantity` pieces `to_send` leave the shop: those `called_off` were refunded before."""

    to_send = serializers.IntegerField(read_only=True)
    sku = serializers.CharField(source="variant.sku", read_only=True)

    class Meta:
        model = Line
        fields = [
            "title",
            "sku",
            "quantity",
            "to_send",
            "asked_back",
            "called_off",
            "list_price",
            "unit_price",
            "discount",
            "state",
        ]


class ShipmentOut(serializers.ModelSerializer):
    class Meta:
        model = Shipment
        fields = ["carrier", "tracking_number", "shipped_at"]


class OrderOut(serializers.ModelSerializer):
    """Amounts in minor units of `currency`."""

    lines = LineOut(many=True, read_only=True)
    shipments = ShipmentOut(many=True, read_only=True)
    address = serializers.CharField(source="whole_address", read_only=True)
    pickup_store = serializers.CharField(source="store.name", read_only=True, default=None)

    class Meta:
        model = Order
        fields = [
            "number",
            "state",
            "name",
            "phone",
            "region",
            "address",
            "pickup_store",
            "note",
            "currency",
            "goods",
            "discount",
            "shipping",
            "total",
            "placed_at",
            "paid_at",
            "lines",
            "shipments",
        ]


class ShipIn(serializers.Serializer):
    carrier = serializers.ChoiceField(choices=list(CARRIERS.items()))
    tracking_number = serializers.CharField(max_length=32)


class OrderViewSet(ListModelMixin, RetrieveModelMixin, MerchantViewSet):
    """Read this merchant's orders; ship one."""

    queryset = Order.objects.none()
    serializer_class = OrderOut
    lookup_field = "number"

    def get_queryset(self) -> QuerySet[Order]:
        orders = self.merchant.orders.select_related("store")
        return orders.prefetch_related("lines__variant", "shipments")

    @extend_schema(request=ShipIn, responses=OrderOut, parameters=[IDEMPOTENCY_KEY])
    @action(detail=True, methods=["post"])
    def ship(self, request: Request, **kwargs: Any) -> Response:
        """Ship every line of a paid order in one parcel."""
        order = self.get_object()
        data = ShipIn(data=request.data)
        data.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            ship_order(order=order, by=None, **data.validated_data)
            return OrderOut(self.get_queryset().get(pk=order.pk)).data

        return self.answer_once(request, act)
