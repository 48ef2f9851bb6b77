"""A physical shop of a merchant."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant


class Store(models.Model):
    """Where stock lies and where customers may collect.

    `week` is empty (unknown) or holds seven days from Monday on, each `["09:00", "21:00"]` or None
    for closed.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="stores")
    name = models.CharField(_("name"), max_length=40)
    city = models.CharField(_("city"), max_length=40)
    address = models.CharField(_("address"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    week = models.JSONField(_("opening hours"), default=list, blank=True)
    hours_note = models.CharField(_("about the opening hours"), max_length=80, blank=True)
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    pickup = models.BooleanField(_("customers may collect here"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="store_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def hours(self) -> str:
        """When it is open, in words."""
        return self.hours_note
