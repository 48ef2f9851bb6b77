"""/api/v1/merchants/<merchant>/orders/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from merchants.api.door import IDEMPOTENCY_KEY, MerchantViewSet
from orders.errors import WrongState
from orders.models import Line, Order, Shipment
from orders.models.shipment import CARRIER_LABELS
from orders.rules.line import UNSENT
from orders.services.shipment import ship_order


class LineOut(serializers.ModelSerializer):
    """Of `quantity` pieces `to_send` leave the shop: those `called_off` were refunded before.
    `price_rule` says what made `unit_price`; a line of a `gift` costs nothing."""

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
            "price_rule",
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
    carrier = serializers.ChoiceField(choices=list(CARRIER_LABELS.items()))
    tracking_number = serializers.CharField(max_length=32)
    skus = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        allow_empty=False,
        max_length=100,
        help_text="Which lines are in the parcel; all that are still here if left out.",
    )


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
        """Ship lines of a paid order in one parcel: every one that is still here, or `skus`."""
        order = self.get_object()
        data = ShipIn(data=request.data)
        data.is_valid(raise_exception=True)

        def act() -> dict[str, Any]:
            facts = dict(data.validated_data)
            skus = facts.pop("skus", None)
            ship_order(order=order, by=None, lines=_lines(order, skus), **facts)
            return OrderOut(self.get_queryset().get(pk=order.pk)).data

        return self.answer_once(request, act)


def _lines(order: Order, skus: list[str] | None) -> set[int] | None:
    """The lines that these name. Raises WrongState for one that the order does not have."""
    if skus is None:
        return None
    # Of two lines of one thing (one is a gift) the one that is still here; the other goes along.
    lines = sorted(order.lines.all(), key=lambda line: line.state in UNSENT)
    found = {line.variant.sku: line.pk for line in lines}
    if unknown := [sku for sku in skus if sku not in found]:
        raise WrongState(_("There is no %(sku)s in this order.") % {"sku": unknown[0]})
    return {found[sku] for sku in skus}
