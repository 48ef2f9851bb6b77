"""A parcel on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.order import Line, Order
from orders.rules.line import LineState
from orders.rules.tracking import ParcelState

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

PARCEL_LABELS = {
    ParcelState.COLLECTED.value: _("Picked up by the carrier"),
    ParcelState.MOVING.value: _("On its way"),
    ParcelState.DELIVERING.value: _("Being delivered"),
    ParcelState.DELIVERED.value: _("Delivered"),
    ParcelState.TROUBLE.value: _("Needs a look"),
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
    asked_at = models.DateTimeField(_("asked about"), null=True, blank=True, editable=False)
    told_since = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Its provider tells of it by itself.")
    )
    if TYPE_CHECKING:
        lines: RelatedManager[Line]
        events: RelatedManager[ParcelEvent]

    class Meta:
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_carrier_display()} {self.tracking_number}"

    @property
    def has_arrived(self) -> bool:
        return all(line.state != LineState.SHIPPED for line in self.lines.all())


class ParcelEvent(models.Model):
    """Where a parcel was, as its carrier says. Written by orders.services.tracking, once each."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"))
    text = models.CharField(_("what happened"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=PARCEL_LABELS)

    class Meta:
        verbose_name = _("parcel event")
        verbose_name_plural = _("parcel events")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["shipment", "at", "text"], name="parcel_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.text}"
