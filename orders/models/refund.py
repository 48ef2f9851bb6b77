"""Money that goes back, and the pieces it goes back for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, Variant
from merchants.models.address import secret_id
from merchants.models.private import PrivateFiles
from orders.models.order import Line, Move, Order
from orders.models.payment import Payment
from orders.models.shipment import CARRIER_LABELS
from orders.rules.refund import OPEN, Leg, RefundKind, RefundState

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

KIND_LABELS = {
    RefundKind.MONEY.value: _("Money back"),
    RefundKind.RETURN.value: _("Send back, then money back"),
    RefundKind.EXCHANGE.value: _("Exchange"),
    RefundKind.GOODWILL.value: _("Part of the money"),
    RefundKind.SURPLUS.value: _("Paid too much"),
}
REFUND_LABELS = {
    RefundState.REQUESTED.value: _("Requested"),
    RefundState.APPROVED.value: _("Agreed"),
    RefundState.AWAITING.value: _("To be sent back"),
    RefundState.RETURNED.value: _("Came back"),
    RefundState.REFUNDED.value: _("Refunded"),
    RefundState.REFUSED.value: _("Not agreed"),
    RefundState.WITHDRAWN.value: _("Withdrawn"),
}
EXCHANGE_LABELS = {
    RefundState.REQUESTED.value: _("Exchange requested"),
    RefundState.REFUNDED.value: _("Exchanged"),
}
LEG_LABELS = {
    Leg.NONE.value: _("Not yet"),
    Leg.PROCESSING.value: _("On its way"),
    Leg.DONE.value: _("Done"),
    Leg.FAILED.value: _("Failed, is tried again"),
}
# Why she wants it, in words that decide nothing: the shop reads them.
REASONS = {
    "wrong": _("Ordered the wrong thing"),
    "unwanted": _("Do not want it any more"),
    "late": _("It takes too long"),
    "broken": _("Broken or spoilt"),
    "differs": _("Not as it was shown"),
    "missing": _("Something is missing"),
    "other": _("Something else"),
}


def photo_path(photo: RefundPhoto, filename: str) -> str:
    """A random name: the uploaded one is never trusted."""
    return f"refunds/{uuid.uuid4().hex}.webp"


class RefundQuerySet(models.QuerySet["Refund"]):
    def open(self) -> RefundQuerySet:
        """Not answered, not come back or not paid yet."""
        return self.filter(state__in=OPEN)

    def asked(self) -> RefundQuerySet:
        """Open ones that a person has to do with: what came too much goes by itself."""
        return self.open().exclude(~Q(money=Leg.FAILED), kind=RefundKind.SURPLUS)

    def counted(self) -> RefundQuerySet:
        """Those whose pieces are gone, or are asked for: neither refused nor withdrawn."""
        return self.exclude(state__in=[RefundState.REFUSED, RefundState.WITHDRAWN])

    def overdue(self, now: datetime) -> RefundQuerySet:
        """Those for which somebody let the time run out."""
        return self.filter(
            state__in=[RefundState.REQUESTED, RefundState.AWAITING], answer_by__lte=now
        )

    def due(self, now: datetime) -> RefundQuerySet:
        """Those whose money a gateway is to be asked for now."""
        return self.filter(money__in=[Leg.PROCESSING, Leg.FAILED], next_try_at__lte=now)


class Refund(models.Model):
    """One amount that goes back from one payment. Written only by orders.services.refund.

    Of an exchange `credit` goes back in goods, as an order of its own, the `replacement`, and
    `amount` is what is left: often nothing.

    `public_id` is the number under which the gateway knows it, so that asking twice pays once.
    Every action carries the `version` it was decided on.
    """

    public_id = models.CharField(max_length=16, unique=True, default=secret_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="refunds")
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    kind = models.CharField(_("kind"), max_length=8, choices=KIND_LABELS)
    state = models.CharField(_("state"), max_length=16, choices=REFUND_LABELS)
    version = models.PositiveIntegerField(default=1, editable=False)
    amount = models.PositiveBigIntegerField(_("amount"), help_text=_("In minor units."))
    shipping = models.PositiveBigIntegerField(
        _("of it shipping"), default=0, help_text=_("In minor units.")
    )
    credit = models.PositiveBigIntegerField(
        _("paid in goods"), default=0, help_text=_("In minor units.")
    )
    replacement = models.OneToOneField(
        Order,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("replacement"),
    )
    currency = models.CharField(max_length=3)
    unsent = models.BooleanField(_("goods not sent yet"), default=False)
    reason = models.CharField(_("reason"), max_length=10, choices=REASONS, blank=True)
    words = models.CharField(_("in her words"), max_length=200, blank=True)
    answer = models.CharField(_("the shop's answer"), max_length=200, blank=True)
    carrier = models.CharField(_("carrier"), max_length=10, choices=CARRIER_LABELS, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=32, blank=True)
    money = models.CharField(_("money"), max_length=10, choices=LEG_LABELS, default=Leg.NONE.value)
    transaction = models.CharField(_("transaction"), max_length=64, blank=True)
    trouble = models.CharField(_("what the gateway says"), max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    requested_at = models.DateTimeField(_("requested"))
    answer_by = models.DateTimeField(_("to be answered by"), null=True, blank=True)
    done_at = models.DateTimeField(_("money went back"), null=True, blank=True)
    photos_gone_at = models.DateTimeField(_("photos removed"), null=True, editable=False)

    objects = RefundQuerySet.as_manager()
    if TYPE_CHECKING:
        photos: RelatedManager[RefundPhoto]
        pieces: RelatedManager[RefundPiece]
        steps: RelatedManager[RefundStep]

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["merchant", "state"]),
            models.Index(
                "next_try_at",
                name="refund_money_due",
                condition=Q(money__in=[Leg.PROCESSING.value, Leg.FAILED.value]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(unsent=True) | Q(kind=RefundKind.EXCHANGE.value),
                name="refund_gives_something",
            ),
            models.CheckConstraint(
                condition=Q(kind=RefundKind.EXCHANGE.value) | Q(credit=0, replacement=None),
                name="refund_in_goods_is_an_exchange",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(kind=RefundKind.SURPLUS.value),
                name="surplus_goes_back_once",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_exchange(self) -> bool:
        return self.kind == RefundKind.EXCHANGE

    @property
    def is_for_nothing(self) -> bool:
        """Goods for goods that cost nothing: no money can ever come of it."""
        return self.is_exchange and not self.amount + self.credit

    @property
    def state_word(self) -> str:
        """The state as people say it: what was exchanged was not refunded."""
        if self.is_exchange and self.state in EXCHANGE_LABELS:
            return str(EXCHANGE_LABELS[self.state])
        return self.get_state_display()

    @property
    def is_sent(self) -> bool:
        """The buyer has handed her parcel in."""
        return bool(self.tracking_number)

    @property
    def may_be_withdrawn(self) -> bool:
        return self.state == RefundState.REQUESTED or (
            self.state == RefundState.AWAITING and not self.is_sent
        )


class RefundPiece(models.Model):
    """So many pieces of one line, and what they cost; for `credit` of it `wanted` goes out."""

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="pieces")
    line = models.ForeignKey(Line, models.PROTECT, related_name="refunds")
    quantity = models.PositiveIntegerField(_("quantity"))
    amount = models.PositiveBigIntegerField(_("amount"))
    wanted = models.ForeignKey(
        Variant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("wanted instead"),
    )
    credit = models.PositiveBigIntegerField(_("paid in goods"), default=0)

    class Meta:
        verbose_name = _("refunded pieces")
        verbose_name_plural = _("refunded pieces")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="refund_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="refund_has_pieces"),
            models.CheckConstraint(
                condition=Q(credit__lte=F("amount")) & (Q(wanted__isnull=False) | Q(credit=0)),
                name="refund_credit_within_worth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.title}"


class RefundPhoto(models.Model):
    """What is broken, as its buyer sees it. No address leads to it: a view hands it to her, to the
    shop's staff, and to the platform's desk once she has asked the platform."""

    public_id = models.CharField(max_length=16, unique=True, default=secret_id, editable=False)
    refund = models.ForeignKey(Refund, models.CASCADE, related_name="photos")
    image = models.FileField(upload_to=photo_path, storage=PrivateFiles(), editable=False)

    class Meta:
        verbose_name = _("photo of a refund")
        verbose_name_plural = _("photos of refunds")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.public_id


class RefundStep(Move):
    """One move of a refund, kept for ever. `by` empty: the buyer, or the clock."""

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=16, choices=REFUND_LABELS)

    class Meta(Move.Meta):
        pass
