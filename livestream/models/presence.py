"""Who watched, how long, and how many at once: honest figures, one row a viewer or a minute."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room


class Attendance(models.Model):
    """One device in one show: however many tabs and reloads, it is one viewer."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="attendances")
    device = models.UUIDField(_("device"))
    first_at = models.DateTimeField(_("first seen"))
    last_at = models.DateTimeField(_("last seen"))
    seconds = models.PositiveIntegerField(_("seconds watched"), default=0)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        constraints = [models.UniqueConstraint(fields=["room", "device"], name="attended_once")]

    def __str__(self) -> str:
        return f"{self.room} · {self.seconds} s"


class Minute(models.Model):
    """One minute of a show: the most who watched at once, who came new, and the hearts."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="minutes")
    at = models.DateTimeField(_("minute"))
    viewers = models.PositiveIntegerField(_("viewers"), default=0)
    arrived = models.PositiveIntegerField(_("new viewers"), default=0)
    likes = models.PositiveIntegerField(_("likes"), default=0)

    class Meta:
        verbose_name = _("minute")
        verbose_name_plural = _("minutes")
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["room", "at"], name="minute_once")]

    def __str__(self) -> str:
        return f"{self.room} {self.at:%H:%M}"
