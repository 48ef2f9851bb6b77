""" "Tell me when it starts." """

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from merchants.models import Customer


class Reminder(models.Model):
    """One shopper's wish to hear of one show, by e-mail or text message."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="reminders")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="reminders")
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField(_("asked"), auto_now_add=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(fields=["room", "customer"], name="reminded_once"),
            models.CheckConstraint(
                condition=~Q(email="") | ~Q(phone=""), name="reminder_reaches_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} · {self.room}"
