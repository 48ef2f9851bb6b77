"""Platform admins may look at every show, and ban one."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from livestream.models import (
    Drop,
    Message,
    Publication,
    Reminder,
    Replay,
    Room,
    Sale,
    ShelfItem,
    Spotlight,
)
from livestream.services.room import ban_room
from merchants.admin import ReadOnlyAdmin, ReadOnlyInline, act


class ShelfItemInline(ReadOnlyInline):
    model = ShelfItem
    fields = ["position", "product", "live_price", "notes"]


class PublicationInline(ReadOnlyInline):
    model = Publication
    fields = ["epoch", "publisher", "by", "codec", "started_at", "ended_at"]


@admin.register(Room)
class RoomAdmin(ReadOnlyAdmin):
    list_display = ["title", "merchant", "state", "starts_at", "viewers_peak", "likes"]
    list_filter = ["state"]
    list_select_related = ["merchant"]
    search_fields = ["title", "public_id", "merchant__name"]
    inlines = [ShelfItemInline, PublicationInline]
    actions = ["ban"]

    @admin.action(description=_("Ban: nobody sees it any more"), permissions=["view"])
    def ban(self, request: HttpRequest, rooms: QuerySet[Room]) -> None:
        act(self, request, rooms.select_related("merchant"), lambda room: ban_room(room=room))


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ["at", "room", "author_name", "badge", "text", "hidden"]
    list_select_related = ["room"]
    list_filter = ["kind", "badge", "hidden"]
    search_fields = ["text", "author_name", "room__title"]


@admin.register(Spotlight)
class SpotlightAdmin(ReadOnlyAdmin):
    list_display = ["room", "item", "opened_at", "closed_at"]
    list_select_related = ["room", "item__product"]
    search_fields = ["room__title", "item__product__name"]


@admin.register(Drop)
class DropAdmin(ReadOnlyAdmin):
    list_display = ["coupon", "room", "opened_at", "ends_at", "claimed", "withdrawn_at"]
    list_select_related = ["coupon", "room"]
    search_fields = ["coupon__name", "room__title"]


@admin.register(Replay)
class ReplayAdmin(ReadOnlyAdmin):
    list_display = ["room", "state", "duration_ms", "ready_at", "trouble"]
    list_select_related = ["room"]
    list_filter = ["state"]
    search_fields = ["room__title"]


@admin.register(Reminder)
class ReminderAdmin(ReadOnlyAdmin):
    list_display = ["room", "customer", "language", "created_at"]
    list_select_related = ["room", "customer"]
    search_fields = ["room__title"]


@admin.register(Sale)
class SaleAdmin(ReadOnlyAdmin):
    list_display = ["room", "order", "at"]
    list_select_related = ["room", "order"]
    search_fields = ["room__title", "order__number"]


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    list_display = ["room", "epoch", "by", "codec", "started_at", "ended_at"]
    list_select_related = ["room", "by"]
    search_fields = ["room__title"]
