"""What a rehearsal was like: how ready the room is, and what to mend."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from merchants.models import Staff


class Rehearsal(models.Model):
    """One rehearsal of a room. `findings` is what livestream.rules.readiness judged of it."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="rehearsals")
    by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("to"), null=True, blank=True)
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    findings = models.JSONField(_("findings"), default=dict, blank=True)

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.room} {self.started_at:%m-%d %H:%M}"
