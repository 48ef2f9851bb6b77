"""What is said in a room."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from merchants.models import Customer, Staff


class Message(models.Model):
    """One chat line. Row first, then push: what was acknowledged is here exactly once (P10)."""

    KINDS = {"say": _("Said"), "system": _("System"), "notice": _("Notice")}
    BADGES = {"host": _("Host"), "staff": _("Staff"), "regular": _("Regular")}

    room = models.ForeignKey(Room, models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=6, choices=KINDS, default="say")
    author_name = models.CharField(_("name"), max_length=20, blank=True)
    badge = models.CharField(max_length=7, choices=BADGES, blank=True)
    staff = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, blank=True, related_name="+")
    device = models.UUIDField(null=True, blank=True)
    text = models.CharField(_("text"), max_length=300)
    reply_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replies"
    )
    question = models.ForeignKey(
        "livestream.Question", models.SET_NULL, null=True, blank=True, related_name="lines"
    )
    client_key = models.CharField(max_length=36, null=True, blank=True)
    hidden = models.BooleanField(_("hidden"), default=False)
    shadowed = models.BooleanField(_("seen by its author alone"), default=False)
    at = models.DateTimeField(_("at"))
    entry: Any = None  # no column: what a line just written brought its author, her entry in a draw

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["pk"]
        indexes = [models.Index(fields=["room", "at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["room", "client_key"],
                condition=Q(client_key__isnull=False),
                name="message_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.text[:30]}"


class HeldLine(models.Model):
    """A line that waits for approval: all do, or it says a blocked `word`.

    Approved it becomes a `Message` with an id of that moment, so that who resumes from the last id
    she saw does not miss it.
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="held_lines")
    author_name = models.CharField(_("name"), max_length=20)
    badge = models.CharField(max_length=7, choices=Message.BADGES, blank=True)
    customer = models.ForeignKey(Customer, models.SET_NULL, null=True, blank=True, related_name="+")
    device = models.UUIDField(null=True, blank=True)
    text = models.CharField(_("text"), max_length=300)
    word = models.CharField(_("blocked word"), max_length=160, blank=True)
    reply_to = models.ForeignKey(Message, models.SET_NULL, null=True, blank=True, related_name="+")
    client_key = models.CharField(max_length=36, null=True, blank=True)
    at = models.DateTimeField(_("at"))
    judged_at = models.DateTimeField(_("judged"), null=True, blank=True)
    judged_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    message = models.OneToOneField(
        Message, models.SET_NULL, null=True, blank=True, related_name="held_line"
    )

    class Meta:
        verbose_name = _("held line")
        verbose_name_plural = _("held lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["room", "client_key"],
                condition=Q(client_key__isnull=False),
                name="held_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.text[:30]}"
