"""Platform admins may look at every show, ban one, and keep the words that no room lets through."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from livestream.errors import BadWord
from livestream.models import (
    Attendance,
    BlockedWord,
    Claim,
    Draw,
    Drop,
    Entry,
    FlashPurchase,
    FlashSale,
    Follow,
    HeldLine,
    Message,
    Minute,
    Publication,
    Question,
    QuickReply,
    Rehearsal,
    Reminder,
    Replay,
    Room,
    Sale,
    Sanction,
    ShelfItem,
    Spotlight,
    StreamEvent,
    StreamKey,
)
from livestream.rules.chat import clean
from livestream.rules.moderation import MOST_WORDS, is_word
from livestream.services.moderation import allow_again, block_everywhere
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
    list_display = ["at", "room", "author_name", "badge", "text", "hidden", "shadowed"]
    list_select_related = ["room"]
    list_filter = ["kind", "badge", "hidden", "shadowed"]
    search_fields = ["text", "author_name", "room__title"]


@admin.register(Spotlight)
class SpotlightAdmin(ReadOnlyAdmin):
    list_display = ["room", "item", "opened_at", "closed_at"]
    list_select_related = ["room", "item__product"]
    search_fields = ["room__title", "item__product__name"]


@admin.register(Drop)
class DropAdmin(ReadOnlyAdmin):
    exclude = ["seed"]  # it decides whose lot is drawn
    list_display = ["coupon", "room", "opened_at", "ends_at", "claimed", "withdrawn_at"]
    list_select_related = ["coupon", "room"]
    search_fields = ["coupon__name", "room__title"]


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    list_display = ["drop", "handle", "at", "latency_ms", "late_ms", "on_time", "won"]
    list_select_related = ["drop__coupon", "drop__room"]
    search_fields = ["handle", "drop__room__title"]


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


@admin.register(HeldLine)
class HeldLineAdmin(ReadOnlyAdmin):
    list_display = ["at", "room", "author_name", "text", "word", "judged_at", "judged_by"]
    list_select_related = ["room", "judged_by"]
    search_fields = ["text", "author_name", "room__title"]


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    list_display = ["text", "room", "item", "asked", "state", "answered_by"]
    list_select_related = ["room", "item__product", "answered_by"]
    list_filter = ["state"]
    search_fields = ["text", "room__title"]


@admin.register(Sanction)
class SanctionAdmin(ReadOnlyAdmin):
    list_display = ["name", "measure", "merchant", "room", "by", "at", "until", "lifted_at"]
    list_select_related = ["merchant", "room", "by"]
    list_filter = ["measure"]
    search_fields = ["name", "merchant__name", "room__title"]


class PlatformWordForm(ModelForm):
    """A word for the platform's list."""

    def clean_word(self) -> str:
        word: str = self.cleaned_data["word"]
        full = BlockedWord.objects.filter(merchant=None).count() >= MOST_WORDS
        if full or not is_word(clean(word)):
            raise ValidationError(BadWord.sentence)
        return word


@admin.register(BlockedWord)
class BlockedWordAdmin(ReadOnlyAdmin):
    """The words of every shop, to be read; those of the platform are put here and taken away."""

    list_display = ["word", "merchant"]
    list_filter = [("merchant", admin.EmptyFieldListFilter)]
    list_select_related = ["merchant"]
    search_fields = ["word", "merchant__name"]
    form = PlatformWordForm
    fields = ["word"]
    actions = ["allow"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def save_model(
        self, request: HttpRequest, obj: BlockedWord, form: ModelForm, change: bool
    ) -> None:
        obj.pk = block_everywhere(word=obj.word).pk

    @admin.action(description=_("Take off the platform's list"), permissions=["view"])
    def allow(self, request: HttpRequest, words: QuerySet[BlockedWord]) -> None:
        act(self, request, words.filter(merchant=None), lambda word: allow_again(word=word))


@admin.register(QuickReply)
class QuickReplyAdmin(ReadOnlyAdmin):
    list_display = ["text", "merchant"]
    list_select_related = ["merchant"]
    search_fields = ["text", "merchant__name"]


@admin.register(FlashSale)
class FlashSaleAdmin(ReadOnlyAdmin):
    list_display = ["variant", "room", "price", "quota", "sold", "starts_at", "ends_at"]
    list_select_related = ["variant__product", "room"]
    search_fields = ["room__title", "variant__product__name"]


@admin.register(FlashPurchase)
class FlashPurchaseAdmin(ReadOnlyAdmin):
    list_display = ["sale", "order", "customer", "quantity"]
    list_select_related = ["sale__variant__product", "sale__room", "order", "customer"]
    search_fields = ["order__number"]


@admin.register(Draw)
class DrawAdmin(ReadOnlyAdmin):
    exclude = ["seed"]  # it decides who wins; after the drawing its page shows it to everybody
    list_display = ["prize", "room", "state", "winners", "entry_count", "opened_at", "drawn_at"]
    list_select_related = ["room"]
    list_filter = ["state", "entry_by"]
    search_fields = ["prize", "room__title", "public_id"]


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ["draw", "name", "at", "place", "claimed_at"]
    list_select_related = ["draw__room"]
    search_fields = ["draw__prize", "name", "handle"]


@admin.register(Follow)
class FollowAdmin(ReadOnlyAdmin):
    list_display = ["customer", "merchant", "at"]
    list_select_related = ["customer", "merchant"]
    search_fields = ["merchant__name"]


@admin.register(Attendance)
class AttendanceAdmin(ReadOnlyAdmin):
    list_display = ["room", "device", "first_at", "last_at", "seconds"]
    list_select_related = ["room"]
    search_fields = ["room__title"]


@admin.register(Minute)
class MinuteAdmin(ReadOnlyAdmin):
    list_display = ["room", "at", "viewers", "arrived", "likes"]
    list_select_related = ["room"]
    search_fields = ["room__title"]


@admin.register(Rehearsal)
class RehearsalAdmin(ReadOnlyAdmin):
    list_display = ["room", "by", "started_at", "ended_at", "score"]
    list_select_related = ["room", "by"]
    search_fields = ["room__title"]


@admin.register(StreamKey)
class StreamKeyAdmin(ReadOnlyAdmin):
    exclude = ["secret_hash"]
    list_display = ["room", "provider", "by", "issued_at", "expires_at", "revoked_at"]
    list_select_related = ["room", "by"]
    search_fields = ["room__title"]


@admin.register(StreamEvent)
class StreamEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "room", "provider", "kind"]
    list_select_related = ["room"]
    search_fields = ["room__title", "event_id"]
