"""What a customer agreed to pay for, and how far along it is."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Case, F, GeneratedField, Q, Value, When
from django.db.models.functions import Lower, Right
from django.utils.translation import gettext_lazy as _

from merchants.models import Customer, Merchant, Store, Variant
from merchants.models.address import secret_id
from orders.models.coupon import Voucher
from orders.models.note import OrderNote, OrderTag
from orders.models.shipping import Place
from orders.rules.line import (
    GIVES_STOCK_BACK,
    PARTLY_SHIPPED,
    UNSENT,
    LineState,
    may_move,
    stations,
)
from orders.rules.price import PriceRule
from orders.rules.review import ARRIVED

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from orders.models.payment import Payment
    from orders.models.refund import Refund
    from orders.models.shipment import Shipment

LINE_LABELS = {
    LineState.PENDING.value: _("Unpaid"),
    LineState.PAID.value: _("To ship"),
    LineState.SHIPPED.value: _("Shipped"),
    LineState.READY.value: _("Ready to collect"),
    LineState.DELIVERED.value: _("Delivered"),
    LineState.COLLECTED.value: _("Collected"),
    LineState.COMPLETED.value: _("Completed"),
    LineState.CANCELLED.value: _("Cancelled"),
    LineState.EXPIRED.value: _("Expired"),
    LineState.REFUNDED.value: _("Refunded"),
}
PRICE_RULE_LABELS = {
    PriceRule.LIST.value: _("List price"),
    PriceRule.LIVE.value: _("Live price"),
    PriceRule.FLASH.value: _("Flash sale"),
    PriceRule.GIFT.value: _("Gift"),
    PriceRule.SWAP.value: _("In exchange"),
}
ORDER_LABELS = LINE_LABELS | {PARTLY_SHIPPED: _("Partly shipped")}
# What somebody did, where the state says what is to be done next.
STEP_LABELS = ORDER_LABELS | {
    LineState.PENDING.value: _("Order placed"),
    LineState.PAID.value: _("Paid"),
}


# Where staff look for it: what of the work is left. The database keeps it in step with `state`.
PARCEL = Q(store__isnull=True)
STAGES: dict[str, Q] = {
    "to_ship": Q(state__in=[LineState.PAID.value, PARTLY_SHIPPED]) & PARCEL,
    "ready": Q(state__in=[LineState.PAID.value, LineState.READY.value]),
    "unpaid": Q(state=LineState.PENDING.value),
    "shipped": Q(state=LineState.SHIPPED.value),
    "done": Q(
        state__in=[
            LineState.DELIVERED.value,
            LineState.COLLECTED.value,
            LineState.COMPLETED.value,
        ]
    ),
    "ended": Q(state__in=sorted(state.value for state in GIVES_STOCK_BACK)),
}


class OrderQuerySet(models.QuerySet["Order"]):
    def overdue(self, now: datetime) -> OrderQuerySet:
        """Unpaid orders whose hold on stock has run out."""
        return self.filter(state=LineState.PENDING, pay_by__lte=now)


class Order(Place):
    """One customer's purchase from one merchant.

    `number` is unguessable: whoever knows it may see the tracking page. `state` repeats what
    `order_state` derives from the lines, so that lists can filter; only orders.services write it.
    `voucher` takes something off the goods, `extra` pays the parcel or brings a gift: each voucher
    has one place only, so the two constraints let none be in two live orders.
    """

    number = models.CharField(max_length=16, unique=True, default=secret_id, editable=False)
    # Which request placed it, and what that one asked: the same again gets this order (P2).
    request_key = models.CharField(max_length=64, unique=True, null=True, editable=False)
    request_mark = models.CharField(max_length=64, default="", editable=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="orders")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    device = models.UUIDField(null=True, blank=True, editable=False)
    remembered = models.BooleanField(default=True, editable=False)  # in her address book
    voucher = models.ForeignKey(
        Voucher, models.PROTECT, null=True, blank=True, related_name="orders"
    )
    extra = models.ForeignKey(
        Voucher,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders_beside",
        verbose_name=_("parcel or gift voucher"),
    )
    # The colleague by whose link she came. No constraint: the link may outlive the account, and a
    # crowd that came by one link need not lock its row.
    shared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("brought by"),
    )
    state = models.CharField(
        _("state"),
        max_length=16,
        choices=ORDER_LABELS,
        default=LineState.PENDING.value,
        editable=False,
    )
    name = models.CharField(_("name"), max_length=40)
    phone = models.CharField(_("phone"), max_length=20)
    email = models.EmailField(_("e-mail"), blank=True)
    store = models.ForeignKey(
        Store,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        help_text=_("Where it is collected; empty: sent as a parcel."),
    )
    pickup_code = models.CharField(_("pick-up code"), max_length=6, blank=True, editable=False)
    note = models.CharField(_("note"), max_length=200, blank=True)
    tags = models.ManyToManyField(OrderTag, related_name="orders", blank=True)
    language = models.CharField(max_length=10, default="zh-hans", editable=False)
    currency = models.CharField(max_length=3, editable=False)
    goods = models.PositiveBigIntegerField(_("goods"), editable=False)
    discount = models.PositiveBigIntegerField(_("discount"), default=0, editable=False)
    shipping = models.PositiveBigIntegerField(_("shipping"), default=0, editable=False)
    total = models.PositiveBigIntegerField(_("total"), editable=False)
    placed_at = models.DateTimeField(_("placed"), editable=False)
    pay_by = models.DateTimeField(_("pay by"), editable=False)
    # Where its goods are taken from as it is paid; empty: they are held from the first moment.
    pool = models.CharField(max_length=40, blank=True, default="", editable=False)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True, editable=False)
    # What lists look for, worked out by the database itself so that an index can answer.
    stage = GeneratedField(
        expression=Case(*(When(q, Value(name)) for name, q in STAGES.items()), default=Value("")),
        output_field=models.CharField(max_length=8),
        db_persist=True,
    )
    name_key = GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=80), db_persist=True
    )
    phone_end = GeneratedField(
        expression=Right("phone", 4), output_field=models.CharField(max_length=4), db_persist=True
    )

    objects = OrderQuerySet.as_manager()
    if TYPE_CHECKING:
        lines: RelatedManager[Line]
        steps: RelatedManager[Step]
        notes: RelatedManager[OrderNote]
        payments: RelatedManager[Payment]
        refunds: RelatedManager[Refund]
        shipments: RelatedManager[Shipment]

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["merchant", "state", "-placed_at"]),
            models.Index(fields=["merchant", "stage", "placed_at", "id"], name="order_stage"),
            models.Index(fields=["merchant", "placed_at", "id"], name="order_placed"),
            models.Index(fields=["merchant", "store", "placed_at", "id"], name="order_store"),
            models.Index(
                fields=["merchant", "number"],
                name="order_number",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                fields=["merchant", "name_key"],
                name="order_name",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(
                fields=["merchant", "phone"],
                name="order_phone",
                opclasses=["int8_ops", "varchar_pattern_ops"],
            ),
            models.Index(fields=["merchant", "phone_end"], name="order_phone_end"),
            # A shopper's own list: what her device or her number bought, at every shop.
            models.Index("device", name="order_device", condition=Q(device__isnull=False)),
            models.Index("phone", name="order_of_number"),
            models.Index(
                fields=["merchant", "paid_at"],
                name="order_shared",
                condition=Q(shared_by__isnull=False),
            ),
            models.Index(
                "pay_by", name="order_open_pay_by", condition=Q(state=LineState.PENDING.value)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"],
                condition=~Q(state__in=["cancelled", "expired", "refunded"]),
                name="one_live_order_a_voucher",
            ),
            models.UniqueConstraint(
                fields=["extra"],
                condition=~Q(state__in=["cancelled", "expired", "refunded"]),
                name="one_live_order_an_extra",
            ),
            models.CheckConstraint(
                condition=Q(total=F("goods") - F("discount") + F("shipping")),
                name="total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(pay_by__gt=F("placed_at")), name="pay_by_after_placed"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_pickup(self) -> bool:
        return self.store_id is not None

    @property
    def state_word(self) -> str:
        """The state as this order's buyer and staff call it: who collects waits for no parcel."""
        if self.is_pickup and self.state == LineState.PAID:
            return str(_("Being prepared"))
        return self.get_state_display()

    @property
    def way(self) -> list[tuple[str, str]]:
        """The stations from order to goods, each a word and "done", "now" or ""."""
        return [
            (str(STEP_LABELS[station]), mark)
            for station, mark in stations(self.state, pickup=self.is_pickup)
        ]

    @property
    def story(self) -> list[Step]:
        """What has happened to it. That it was placed is its first step, and has no row."""
        return [Step(order=self, state=LineState.PENDING, at=self.placed_at), *self.steps.all()]

    @property
    def recipient(self) -> tuple[str, ...]:
        """Who gets the parcel, and where."""
        return self.name, self.phone, *(getattr(self, part) for part in self.PLACE)

    @property
    def address_key(self) -> str:
        """A name for who gets the parcel and where: the same of every order that went there."""
        return blake2b("\n".join(self.recipient).encode(), digest_size=8).hexdigest()

    @property
    def vouchers(self) -> list[Voucher]:
        """What was used for it, in the order in which they are locked."""
        return [one for one in (self.voucher, self.extra) if one is not None]

    @property
    def to_pay_back(self) -> int:
        """Money that came when the order could no longer be filled, or twice; not back yet."""
        return sum(
            refund.amount
            for refund in self.refunds.all()
            if refund.kind == "surplus" and refund.is_open
        )

    @property
    def came_too_much(self) -> bool:
        """Money came for it twice or too late, and went back or will."""
        return any(one.kind == "surplus" for one in self.refunds.all())

    @property
    def paid_back(self) -> int:
        """What of its price goes back or has gone."""
        return sum(one.paid_back for one in self.payments.all() if not one.refund_due)

    @property
    def waits_for_refund(self) -> bool:
        """Nothing leaves: its money is asked back and the shop has not answered."""
        return any(one.state == "requested" and one.unsent for one in self.refunds.all())

    @property
    def first_to_pay(self) -> bool:
        """Nothing is held for it: whoever pays first has the goods."""
        return self.pool != ""

    @property
    def is_replacement(self) -> bool:
        """It was sent for goods that came back, and nothing was paid anew."""
        return any(line.price_rule == PriceRule.SWAP for line in self.lines.all())

    @property
    def can_be_asked_back(self) -> bool:
        bought = (line for line in self.lines.all() if not line.is_gift)
        return self.paid_at is not None and any(line.left for line in bought)

    @property
    def can_be_exchanged(self) -> bool:
        """Something of it has been sent and is hers, a gift too."""
        away = (line for line in self.lines.all() if line.state not in UNSENT)
        return self.paid_at is not None and any(line.left for line in away)

    @property
    def can_ship(self) -> bool:
        return not self.is_pickup and self.state in {LineState.PAID, PARTLY_SHIPPED}

    @property
    def waits_for_her(self) -> bool:
        """Paid, and to be collected: her code is good for something."""
        return self.is_pickup and self.state in {LineState.PAID, LineState.READY}

    @property
    def to_pack(self) -> list[Line]:
        """The lines that are still here and go into a parcel."""
        return [line for line in self.lines.all() if line.state == LineState.PAID]

    @property
    def can_be_sent_elsewhere(self) -> bool:
        return not self.is_pickup and self.state in {LineState.PENDING, LineState.PAID}

    @property
    def can_cancel(self) -> bool:
        return self.state != PARTLY_SHIPPED and may_move(LineState(self.state), LineState.CANCELLED)


class Line(models.Model):
    """One variant within an order, at the price agreed on the day.

    `asked_back` counts the pieces for which a refund is open or done; `called_off` those of them
    that never left the shop. Only orders.services.refund writes them. `credit` is what goods that
    were given back have paid for it, in minor units (orders.services.exchange).
    """

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="lines")
    shipment = models.ForeignKey(
        "orders.Shipment", models.PROTECT, null=True, blank=True, related_name="lines"
    )
    title = models.CharField(_("title"), max_length=110)
    quantity = models.PositiveIntegerField(_("quantity"))
    list_price = models.PositiveBigIntegerField(_("list price"))
    unit_price = models.PositiveBigIntegerField(_("price"))
    price_rule = models.CharField(
        _("price rule"),
        max_length=5,
        choices=PRICE_RULE_LABELS,
        default=PriceRule.LIST.value,
    )
    discount = models.PositiveBigIntegerField(_("discount"), default=0)
    credit = models.PositiveBigIntegerField(_("paid with goods"), default=0, editable=False)
    asked_back = models.PositiveIntegerField(_("asked back"), default=0, editable=False)
    called_off = models.PositiveIntegerField(_("called off"), default=0, editable=False)
    state = models.CharField(
        _("state"), max_length=16, choices=LINE_LABELS, default=LineState.PENDING.value
    )

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_has_goods"),
            models.CheckConstraint(
                condition=Q(called_off__lte=F("asked_back")) & Q(asked_back__lte=F("quantity")),
                name="no_piece_back_twice",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"

    @property
    def amount(self) -> int:
        return self.quantity * self.unit_price

    @property
    def is_gift(self) -> bool:
        return self.price_rule == PriceRule.GIFT

    @property
    def words(self) -> str:
        """What it is, and whether it is given: for lists that show no price."""
        return str(_("%(goods)s (gift)") % {"goods": self.title}) if self.is_gift else self.title

    @property
    def list_amount(self) -> int:
        return self.quantity * self.list_price

    @property
    def paid(self) -> int:
        """What it cost in the end, in money or in goods, its share of the coupon taken off."""
        return self.amount - self.discount + self.credit

    @property
    def left(self) -> int:
        """Pieces that can still be asked back."""
        return self.quantity - self.asked_back

    @property
    def has_arrived(self) -> bool:
        """She has it in her hands, and may say what she thinks of it."""
        return self.state in ARRIVED

    @property
    def to_send(self) -> int:
        """Pieces that leave the shop, or have left it."""
        return self.quantity - self.called_off


class Move(models.Model):
    """What something became, when, and by whose hand. `state` is with each kind of move."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("at"))
    if TYPE_CHECKING:

        def get_state_display(self) -> str: ...

    class Meta:
        abstract = True
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.at:%Y-%m-%d %H:%M}"


class Step(Move):
    """One move of an order after it was placed, kept for ever."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=16, choices=ORDER_LABELS)

    class Meta(Move.Meta):
        pass

    @property
    def word(self) -> str:
        return str(STEP_LABELS[self.state])
