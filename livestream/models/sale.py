"""Which order came from which room: an order itself knows no room."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from livestream.rules.chat import LONGEST_PINNED
from orders.models import Order


class Sale(models.Model):
    """The link between a room and an order placed in it."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="sales")
    order = models.OneToOneField(Order, models.CASCADE, related_name="sale")
    at = models.DateTimeField(_("at"))
    pinned = models.CharField(_("what was pinned"), max_length=LONGEST_PINNED, blank=True)

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")

    def __str__(self) -> str:
        return f"{self.room} · {self.order}"
