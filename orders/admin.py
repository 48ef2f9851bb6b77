"""Support staff may look at orders and cancel them, but never edit them by hand."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from merchants.admin import ReadOnlyAdmin, ReadOnlyInline, act
from merchants.errors import RuleBroken
from merchants.models import User
from merchants.private import picture_answer
from orders.forms.dispute import DecisionForm
from orders.models import (
    BankEntry,
    CartItem,
    CounterUse,
    Coupon,
    Dispute,
    GatewayAccount,
    LedgerEntry,
    Line,
    Order,
    OrderNote,
    OrderTag,
    ParcelEvent,
    Payment,
    Refund,
    RefundPhoto,
    RefundPiece,
    RefundStep,
    Review,
    ReviewPhoto,
    ReviewReport,
    ReviewStep,
    Shipment,
    ShippingRegion,
    ShippingRule,
    Step,
    Voucher,
    Waiting,
)
from orders.rules.dispute import Verdict
from orders.rules.line import LineState
from orders.selectors.money import money_text
from orders.services.dispute import decide_dispute
from orders.services.order import move_order


class LineInline(ReadOnlyInline):
    model = Line
    readonly_fields = ["asked_back", "called_off"]
    fields = [
        "title",
        "quantity",
        "asked_back",
        "called_off",
        "list_price",
        "unit_price",
        "discount",
        "state",
    ]


class StepInline(ReadOnlyInline):
    model = Step
    fields = ["at", "state", "by"]


class PaymentInline(ReadOnlyInline):
    model = Payment
    readonly_fields = ["paid_back"]
    fields = [
        "gateway",
        "way",
        "transaction",
        "amount",
        "paid_back",
        "state",
        "refund_due",
        "settled_at",
        "asks",
        "next_ask_at",
        "trouble",
    ]


class ShipmentInline(ReadOnlyInline):
    model = Shipment
    fields = ["carrier", "tracking_number", "shipped_at", "by"]


class RefundInline(ReadOnlyInline):
    model = Refund
    fk_name = "order"
    readonly_fields = ["public_id"]
    fields = ["public_id", "kind", "state", "money", "amount", "words", "answer", "requested_at"]


@admin.register(GatewayAccount)
class GatewayAccountAdmin(ReadOnlyAdmin):
    """Who is connected where. The keys are shown to nobody."""

    list_display = ["merchant", "gateway", "number", "connected_at"]
    list_filter = ["gateway"]
    list_select_related = ["merchant"]
    search_fields = ["merchant__name", "number"]
    fields = ["merchant", "gateway", "number", "by", "connected_at"]


class NoteInline(ReadOnlyInline):
    model = OrderNote
    fields = ["at", "text", "by"]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = ["number", "merchant", "name", "state", "total", "placed_at"]
    list_filter = ["state"]
    list_select_related = ["merchant"]
    search_fields = ["number", "name", "phone", "merchant__name"]
    date_hierarchy = "placed_at"
    inlines = [LineInline, StepInline, NoteInline, PaymentInline, RefundInline, ShipmentInline]
    actions = ["cancel"]

    @admin.action(description=_("Cancel, and give the stock back"), permissions=["view"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        by = cast(User, request.user)
        found = orders.select_related("merchant", "voucher")
        act(self, request, found, lambda one: move_order(order=one, to=LineState.CANCELLED, by=by))


@admin.register(OrderTag)
class OrderTagAdmin(ReadOnlyAdmin):
    list_display = ["name", "merchant"]
    list_select_related = ["merchant"]
    search_fields = ["name", "merchant__name"]


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "order", "gateway", "amount", "state", "refund_due", "settled_at"]
    list_select_related = ["order"]
    list_filter = ["state", "refund_due", "gateway"]
    search_fields = ["public_id", "transaction", "order__number"]


class PieceInline(ReadOnlyInline):
    model = RefundPiece
    fields = ["line", "quantity", "amount"]


class RefundPhotoInline(ReadOnlyInline):
    """Which there are: they lie in private, and what a buyer shows the platform hangs on her
    dispute."""

    model = RefundPhoto
    readonly_fields = ["public_id"]
    fields = ["public_id"]


class RefundStepInline(ReadOnlyInline):
    model = RefundStep
    fields = ["at", "state", "by"]


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "order", "kind", "state", "money", "amount", "requested_at"]
    list_select_related = ["order"]
    list_filter = ["state", "money", "kind"]
    search_fields = ["public_id", "transaction", "order__number", "merchant__name"]
    inlines = [PieceInline, RefundPhotoInline, RefundStepInline]


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin):
    """Read and decided here, once: what is decided cannot be changed."""

    list_display = ["refund", "merchant", "opened_at", "answered_at", "verdict", "decided_by"]
    list_select_related = ["merchant", "refund", "decided_by"]
    list_filter = [("decided_at", admin.EmptyFieldListFilter), "verdict"]
    search_fields = ["refund__public_id", "refund__order__number", "merchant__name"]
    date_hierarchy = "opened_at"
    form = DecisionForm
    facts = ["merchant", "order", "asked", "photos", "words", "opened_at"]
    facts += ["refusal", "answer", "answered_at"]
    fields = [*facts, "verdict", "reason", "decided_by", "decided_at", "outcome"]
    readonly_fields = [*facts, "decided_by", "decided_at", "outcome"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only what waits, and only by a superuser, as everything that is done to orders here."""
        undecided = obj is None or (isinstance(obj, Dispute) and obj.is_open)
        return bool(request.user.is_superuser) and undecided

    @admin.display(description=_("order"))
    def order(self, dispute: Dispute) -> str:
        return dispute.refund.order.number

    @admin.display(description=_("wanted back"))
    def asked(self, dispute: Dispute) -> str:
        refund = dispute.refund
        pieces = [str(piece) for piece in refund.pieces.select_related("line")]
        amount = money_text(refund.amount, refund.currency)
        return " · ".join([*pieces, amount, refund.get_kind_display(), refund.words])

    @admin.display(description=_("photos"))
    def photos(self, dispute: Dispute) -> str:
        links = (
            (reverse("admin:orders_dispute_photo", args=[dispute.pk, photo.public_id]), place)
            for place, photo in enumerate(dispute.refund.photos.all(), 1)
        )
        return format_html_join(" · ", '<a href="{}" target="_blank">{}</a>', links) or "–"

    def get_urls(self) -> list[URLPattern]:
        desk = self.admin_site.admin_view(self.photo)
        own = path("<int:pk>/photos/<slug:photo>/", desk, name="orders_dispute_photo")
        return [own, *super().get_urls()]

    def photo(self, request: HttpRequest, pk: int, photo: str) -> HttpResponse:
        """What the buyer asked the platform to look at, and no other picture."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = RefundPhoto.objects.filter(refund__dispute=pk)
        return picture_answer(get_object_or_404(rows, public_id=photo).image)

    @admin.display(description=_("why it was refused"))
    def refusal(self, dispute: Dispute) -> str:
        return dispute.refund.answer

    def save_model(self, request: HttpRequest, obj: Dispute, form: Any, change: bool) -> None:
        """Nothing is saved by hand: the verb decides."""
        wanted = form.cleaned_data
        by = cast(User, request.user)
        decide_dispute(
            dispute=obj, verdict=Verdict(wanted["verdict"]), reason=wanted["reason"], by=by
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal of the verb is a sentence on the page; nothing was written."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except RuleBroken as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect(request.path)


class ShippingRegionInline(ReadOnlyInline):
    model = ShippingRegion
    fields = ["region"]


@admin.register(ShippingRule)
class ShippingRuleAdmin(ReadOnlyAdmin):
    list_display = ["public_id", "merchant", "fee", "free_from"]
    list_select_related = ["merchant"]
    search_fields = ["public_id", "merchant__name", "regions__region"]
    inlines = [ShippingRegionInline]


@admin.register(CartItem)
class CartItemAdmin(ReadOnlyAdmin):
    list_display = ["variant", "quantity", "merchant", "at"]
    list_select_related = ["variant__product", "merchant"]
    search_fields = ["variant__sku", "merchant__name"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "merchant", "reference", "account", "amount", "currency"]
    list_select_related = ["merchant"]
    list_filter = ["account"]
    search_fields = ["reference", "order__number", "merchant__name"]
    date_hierarchy = "at"


@admin.register(BankEntry)
class BankEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "number", "transaction", "amount", "currency"]
    search_fields = ["number", "transaction"]


@admin.register(Shipment)
class ShipmentAdmin(ReadOnlyAdmin):
    list_display = ["order", "carrier", "tracking_number", "shipped_at", "by"]
    list_select_related = ["order", "by"]
    search_fields = ["tracking_number", "order__number"]


@admin.register(ParcelEvent)
class ParcelEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "shipment", "state", "text"]
    list_select_related = ["shipment"]
    search_fields = ["shipment__tracking_number", "text"]


@admin.register(Coupon)
class CouponAdmin(ReadOnlyAdmin):
    list_display = [
        "name",
        "merchant",
        "kind",
        "amount",
        "gift",
        "issued",
        "claimed",
        "redeemed",
        "ends_at",
    ]
    list_filter = ["kind"]
    list_select_related = ["merchant", "gift__product"]
    search_fields = ["name", "merchant__name"]


@admin.register(Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    list_display = ["coupon", "customer", "state", "claimed_at"]
    list_select_related = ["coupon", "customer"]
    list_filter = ["state"]
    search_fields = ["coupon__name", "customer__phone"]


@admin.register(Waiting)
class WaitingAdmin(ReadOnlyAdmin):
    list_display = ["variant", "quantity", "merchant", "state", "joined_at", "offer_until"]
    list_select_related = ["variant__product", "merchant"]
    list_filter = ["state"]
    search_fields = ["variant__sku", "merchant__name", "phone"]


@admin.register(CounterUse)
class CounterUseAdmin(ReadOnlyAdmin):
    list_display = ["voucher", "store", "goods", "saving", "gift", "by", "at", "undone_at"]
    list_select_related = ["voucher__coupon", "voucher__customer", "store", "gift__product", "by"]
    search_fields = ["voucher__code", "voucher__coupon__name"]


class ReviewPhotoInline(ReadOnlyInline):
    model = ReviewPhoto
    readonly_fields = ["image"]
    fields = ["image"]


class ReviewReportInline(ReadOnlyInline):
    model = ReviewReport
    fields = ["at", "reason"]


class ReviewStepInline(ReadOnlyInline):
    model = ReviewStep
    fields = ["at", "state", "reason", "by"]


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """Hidden ones too, with who hid them, and for what."""

    list_display = ["product", "stars", "text", "hidden_for", "merchant", "written_at"]
    list_select_related = ["product", "merchant"]
    list_filter = ["stars", "hidden_for"]
    search_fields = ["product__name", "merchant__name", "text", "line__order__number"]
    raw_id_fields = ["line"]
    inlines = [ReviewPhotoInline, ReviewReportInline, ReviewStepInline]
