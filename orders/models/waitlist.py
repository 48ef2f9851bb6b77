"""Who waits for what is sold out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, Variant
from merchants.models.address import secret_id
from orders.models.order import Order
from orders.rules.waitlist import OPEN, WaitState, held_under

WAIT_LABELS = {
    WaitState.WAITING.value: _("Waiting"),
    WaitState.OFFERED.value: _("Held for her"),
    WaitState.TAKEN.value: _("Has bought it"),
    WaitState.DECLINED.value: _("Declined"),
    WaitState.LAPSED.value: _("Time ran out"),
    WaitState.LEFT.value: _("No longer waits"),
}


class Waiting(models.Model):
    """One shopper's place in the line for a variant. Written only by orders.services.waitlist.

    `public_id` is her key to it. While `offered`, so many pieces are held under `reference` until
    `offer_until`.
    """

    public_id = models.CharField(max_length=16, unique=True, default=secret_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="waitlist")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="waitlist")
    device = models.UUIDField(editable=False)
    phone = models.CharField(_("phone"), max_length=20)
    language = models.CharField(max_length=10, default="zh-hans", editable=False)
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    state = models.CharField(
        _("state"), max_length=8, choices=WAIT_LABELS, default=WaitState.WAITING.value
    )
    order = models.OneToOneField(
        Order, models.PROTECT, null=True, blank=True, related_name="waited", editable=False
    )
    joined_at = models.DateTimeField(_("since"))
    offer_until = models.DateTimeField(_("held until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("waiting customer")
        verbose_name_plural = _("waiting customers")
        ordering = ["pk"]
        indexes = [
            models.Index(
                "variant", "id", name="wait_line", condition=Q(state=WaitState.WAITING.value)
            ),
            models.Index(
                "offer_until", name="wait_offers", condition=Q(state=WaitState.OFFERED.value)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "device"],
                condition=Q(state__in=[state.value for state in sorted(OPEN)]),
                name="one_place_in_line",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="waits_for_something"),
            models.CheckConstraint(
                condition=~Q(state=WaitState.OFFERED.value) | Q(offer_until__isnull=False),
                name="an_offer_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant}"

    @property
    def reference(self) -> str:
        return held_under(self.public_id)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
