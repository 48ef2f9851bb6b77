"""/api/v1/merchants/<merchant>/rooms/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from livestream.models import Room
from livestream.rules.room import SHELF_LIMIT, WECHAT, RoomState
from livestream.services.room import make_room, schedule_room
from merchants.api.door import IDEMPOTENCY_KEY, MerchantViewSet
from merchants.models import Product, Staff
from merchants.rules.role import Role


class RoomOut(serializers.ModelSerializer):
    """`live_status` is the number of the closed WeChat component, where it had one."""

    id = serializers.CharField(source="public_id", read_only=True)
    host = serializers.CharField(source="host_name", read_only=True)
    live_status = serializers.SerializerMethodField()
    products = serializers.SerializerMethodField()
    address = serializers.SerializerMethodField()

    class Meta:
        model = Room
        fields = [
            "id",
            "title",
            "state",
            "live_status",
            "host",
            "starts_at",
            "started_at",
            "ended_at",
            "likes",
            "products",
            "address",
        ]

    def get_live_status(self, room: Room) -> int | None:
        return WECHAT.get(RoomState(room.state))

    def get_products(self, room: Room) -> list[str]:
        return [item.product.public_id for item in room.items.all()]

    def get_address(self, room: Room) -> str:
        return f"/live/{room.public_id}/"


class RoomIn(serializers.Serializer):
    title = serializers.CharField(max_length=34)
    starts_at = serializers.DateTimeField()
    products = serializers.ListField(
        child=serializers.CharField(max_length=10), max_length=SHELF_LIMIT, default=list
    )
    host = serializers.EmailField(required=False, help_text="A member of staff; else the owner.")


class RoomViewSet(ListModelMixin, RetrieveModelMixin, MerchantViewSet):
    """Read this merchant's rooms; make one; schedule it."""

    queryset = Room.objects.none()
    serializer_class = RoomOut
    lookup_field = "public_id"

    def get_queryset(self) -> QuerySet[Room]:
        rooms = self.merchant.rooms.select_related("host", "merchant")
        return rooms.prefetch_related("items__product")

    @extend_schema(request=RoomIn, responses={201: RoomOut}, parameters=[IDEMPOTENCY_KEY])
    def create(self, request: Request, **kwargs: Any) -> Response:
        """A draft with its shelf in the order of `products`."""
        data = RoomIn(data=request.data)
        data.is_valid(raise_exception=True)
        wanted = data.validated_data
        host = self._host(wanted.get("host"))
        products = self._products(wanted["products"])

        def act() -> dict[str, Any]:
            room = make_room(
                merchant=self.merchant,
                host=host,
                title=wanted["title"],
                starts_at=wanted["starts_at"],
                products=products,
            )
            return RoomOut(room).data

        return self.answer_once(request, act, status=201)

    @extend_schema(request=None, responses=RoomOut, parameters=[IDEMPOTENCY_KEY])
    @action(detail=True, methods=["post"])
    def schedule(self, request: Request, **kwargs: Any) -> Response:
        """Announce a draft: its address shows the countdown."""
        room = self.get_object()
        return self.answer_once(request, lambda: RoomOut(schedule_room(room=room)).data)

    def _host(self, email: str | None) -> Staff:
        staff = self.merchant.staff.all()
        if email is None:
            return staff.filter(role=Role.OWNER.value).order_by("pk")[0]
        host = staff.filter(user__email=email.lower()).first()
        if host is None:
            raise serializers.ValidationError({"host": ["Nobody here has this address."]})
        return host

    def _products(self, ids: list[str]) -> list[Product]:
        found = {
            product.public_id: product
            for product in self.merchant.products.filter(public_id__in=ids)
        }
        missing = [public_id for public_id in ids if public_id not in found]
        if missing:
            raise serializers.ValidationError({"products": [f"Unknown: {', '.join(missing)}"]})
        return [found[public_id] for public_id in dict.fromkeys(ids)]
