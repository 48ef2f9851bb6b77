"""Requests already answered, so that the same one twice has one effect (P2)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AnsweredRequest(models.Model):
    """The answer to an idempotency key, committed together with the effect."""

    scope = models.CharField(max_length=60)
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="answered_once")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
