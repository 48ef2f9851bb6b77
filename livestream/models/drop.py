"""A coupon released in a room."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from merchants.models.address import short_id
from orders.models import Coupon


class Drop(models.Model):
    """Open until `ends_at`, or until it is withdrawn.

    A `fair` one gathers claims first (rules/claim.py) and gives its copies out at once, in the
    order of a `seed` whose hash was shown at the opening; `opened_at` is its instant in the
    programme.
    """

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="drops")
    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="drops")
    opened_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    claimed = models.PositiveIntegerField(_("claimed here"), default=0, editable=False)
    fair = models.BooleanField(_("fair to slow lines"), default=False)
    seed = models.CharField(max_length=64, blank=True, editable=False)
    allotted_at = models.DateTimeField(_("given out"), null=True, blank=True)

    class Meta:
        verbose_name = _("drop")
        verbose_name_plural = _("drops")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("opened_at")), name="drop_lasts")
        ]

    def __str__(self) -> str:
        return f"{self.coupon} · {self.room}"

    @property
    def gathers(self) -> bool:
        """Whether claims are gathered, to be served together."""
        return self.fair and self.allotted_at is None
