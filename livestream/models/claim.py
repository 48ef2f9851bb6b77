"""Who asked for a copy of a fair offer, and when as she saw it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from livestream.models.drop import Drop
from merchants.models import Customer


class Claim(models.Model):
    """One shopper's claim while a fair drop gathers; `won` once the copies are given out."""

    drop = models.ForeignKey(Drop, models.CASCADE, related_name="claims")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="claims")
    handle = models.CharField(max_length=16)
    at = models.DateTimeField(_("at"))
    latency_ms = models.PositiveIntegerField(_("picture behind"), default=0)
    late_ms = models.PositiveIntegerField(_("since she saw it"), default=0)
    on_time = models.BooleanField(_("on time"))
    won = models.BooleanField(_("got a copy"), null=True, blank=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["drop", "customer"], name="claimed_once"),
            models.UniqueConstraint(fields=["drop", "handle"], name="claim_handle_once"),
        ]

    def __str__(self) -> str:
        return f"{self.handle} · {self.drop}"

    @property
    def late_seconds(self) -> str:
        """From seeing to pressing."""
        return f"{self.late_ms / 1000:.1f}"

    @property
    def behind_seconds(self) -> str:
        """How far her picture is behind."""
        return f"{self.latency_ms / 1000:.1f}"
