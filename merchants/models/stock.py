"""How many there are, where, and why: stock, its ledger, and what is held for whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant
from merchants.models.product import Product, Variant
from merchants.models.store import Store
from merchants.rules.stock import Reason

REASON_LABELS = {
    Reason.RECEIVED.value: _("Received"),
    Reason.COUNTER_SALE.value: _("Sold at the counter"),
    Reason.ORDER.value: _("Sold online"),
    Reason.RETURNED.value: _("Returned"),
    Reason.COUNTED.value: _("Counted"),
    Reason.WRITTEN_OFF.value: _("Written off"),
    Reason.TRANSFERRED.value: _("Moved between stores"),
}


class Stock(models.Model):
    """One variant in one store. Written only by merchants.services.stock.

    The CHECK constraints are the second lock on the door; the first is inside the UPDATE. A row
    that moved since its product was last counted up is `stale` (services.level).
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="stock")
    store = models.ForeignKey(Store, models.PROTECT, related_name="stock")
    on_hand = models.IntegerField(_("on hand"), default=0, editable=False)
    reserved = models.IntegerField(_("reserved"), default=0, editable=False)
    stale = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("stock")
        verbose_name_plural = _("stock")
        constraints = [
            models.UniqueConstraint(fields=["variant", "store"], name="stock_once"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="on_hand_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")),
                name="reserved_within_on_hand",
            ),
        ]
        indexes = [models.Index("variant", name="stock_stale", condition=Q(stale=True))]

    def __str__(self) -> str:
        return f"{self.variant} @ {self.store}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Level(models.Model):
    """Free pieces of a product in one store, as last counted up: what lists filter and sort by."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="levels")
    store = models.ForeignKey(Store, models.CASCADE, related_name="levels")
    free = models.IntegerField(_("free"), default=0)

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        constraints = [models.UniqueConstraint(fields=["product", "store"], name="level_once")]
        indexes = [models.Index(fields=["store", "free"])]

    def __str__(self) -> str:
        return f"{self.free} × {self.product} @ {self.store}"


class StockMovement(models.Model):
    """One change of `on_hand`, kept for ever. `on_hand` is always the sum of its movements."""

    stock = models.ForeignKey(Stock, models.PROTECT, related_name="movements")
    delta = models.IntegerField(_("change"))
    reason = models.CharField(_("reason"), max_length=12, choices=REASON_LABELS)
    reference = models.CharField(_("reference"), max_length=40, blank=True)
    note = models.CharField(_("note"), max_length=80, blank=True)
    unit_price = models.PositiveBigIntegerField(
        _("unit price"), null=True, blank=True, help_text=_("In minor units, of a counter sale.")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(delta=0), name="movement_moves_something")
        ]

    def __str__(self) -> str:
        return f"{self.delta:+d} {self.get_reason_display()}"


class Reservation(models.Model):
    """Pieces held for a promise (an unpaid or undelivered order) of one merchant.

    Open while `closed_at` is empty; the sum of the open ones is the stock's `reserved`.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="reservations")
    stock = models.ForeignKey(Stock, models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField(_("quantity"))
    reference = models.CharField(_("reference"), max_length=40, db_index=True)
    opened_at = models.DateTimeField(_("since"))
    closed_at = models.DateTimeField(_("until"), null=True, blank=True)
    taken = models.BooleanField(_("taken"), default=False)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_holds_something")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.stock} ({self.reference})"
