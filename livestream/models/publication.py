"""The stream of a room: who published when, and what remains of it."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from merchants.models import Staff

EMBEDDED = "embedded"
TAKEOVER = "takeover"  # the event of a publisher who took the room from another by the same key
EXPIRED = "expired"  # the trouble of a replay that was kept for its time


class Publication(models.Model):
    """One encoder session of one publisher. `epoch` rises with each and is never reused."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="publications")
    epoch = models.PositiveIntegerField()
    publisher = models.UUIDField()
    by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    codec = models.CharField(max_length=80, blank=True)
    provider = models.CharField(max_length=20, default=EMBEDDED)
    session = models.CharField(
        max_length=120, blank=True, help_text=_("What a media server calls this publisher.")
    )
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints = [models.UniqueConstraint(fields=["room", "epoch"], name="epoch_once")]

    def __str__(self) -> str:
        return f"{self.room} #{self.epoch}"


class Replay(models.Model):
    """The recording of an ended room."""

    STATES = {"processing": _("Processing"), "ready": _("Ready"), "failed": _("Failed")}

    room = models.OneToOneField(Room, models.CASCADE, related_name="replay")
    state = models.CharField(_("state"), max_length=10, choices=STATES, default="processing")
    duration_ms = models.PositiveIntegerField(_("duration"), default=0, help_text=_("In ms."))
    path = models.CharField(max_length=120, blank=True)
    trouble = models.CharField(_("trouble"), max_length=300, blank=True)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    runs = models.JSONField(default=list, blank=True, editable=False)  # rules.playlist.runs

    class Meta:
        verbose_name = _("replay")
        verbose_name_plural = _("replays")

    def __str__(self) -> str:
        return str(self.room)

    @property
    def is_film(self) -> bool:
        """Only the film is left of it: one file, and no playlist."""
        return self.path.endswith(".mp4")


class StreamKeyQuerySet(models.QuerySet["StreamKey"]):
    def in_force(self, now: datetime) -> StreamKeyQuerySet:
        """Keys that open a stream: not taken back, in their time, of somebody who works here."""
        return self.filter(revoked_at=None, expires_at__gt=now, by__user__is_active=True)


class StreamKey(models.Model):
    """The right to publish one room through a media server, until it is revoked or has expired.

    `name` is the stream's name at the server, new for each key; of the secret only a hash is kept.
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="stream_keys")
    provider = models.CharField(max_length=20)
    name = models.CharField(max_length=40, unique=True)
    secret_hash = models.CharField(max_length=64)
    by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    issued_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("to"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = StreamKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("stream key")
        verbose_name_plural = _("stream keys")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.provider} · {self.room}"


class StreamEvent(models.Model):
    """What a media server told us, once: hooks are repeated, and come in any order."""

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=160)
    room = models.ForeignKey(Room, models.CASCADE, related_name="stream_events")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("stream event")
        verbose_name_plural = _("stream events")
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="stream_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.kind} · {self.room}"
