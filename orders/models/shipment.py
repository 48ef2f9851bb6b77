"""A parcel on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Line, Order
from orders.rules.line import LineState

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

CARRIER_LABELS = {
    "sf": _("SF Express"),
    "yto": _("YTO Express"),
    "zto": _("ZTO Express"),
    "sto": _("STO Express"),
    "yunda": _("Yunda Express"),
    "jt": _("J&T Express"),
    "jd": _("JD Logistics"),
    "ems": _("EMS"),
    "post": _("China Post"),
    "deppon": _("Deppon Express"),
}


class Shipment(models.Model):
    """Some or all lines of an order in one parcel."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="shipments")
    carrier = models.CharField(_("carrier"), max_length=10, choices=CARRIER_LABELS)
    tracking_number = models.CharField(_("tracking number"), max_length=32)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    shipped_at = models.DateTimeField(_("shipped"))
    if TYPE_CHECKING:
        lines: RelatedManager[Line]

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_carrier_display()} {self.tracking_number}"

    @property
    def has_arrived(self) -> bool:
        return all(line.state != LineState.SHIPPED for line in self.lines.all())
