"""Who may not speak, which words may not be said, and which answers lie ready."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room
from livestream.rules.moderation import LONGEST_REPLY, LONGEST_WORD, Measure
from merchants.models import Customer, Merchant, Staff


class Sanction(models.Model):
    """A measure against one shopper, known by customer and by device, never by nickname.

    In force until it is lifted or `until` has passed; without a room it holds in all of the shop's.
    """

    MEASURES = {
        Measure.MUTE.value: _("Muted"),
        Measure.BAN.value: _("Banned"),
        Measure.SHADOW.value: _("Shadow banned"),
    }

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="sanctions")
    room = models.ForeignKey(Room, models.CASCADE, null=True, blank=True, related_name="sanctions")
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, blank=True, related_name="sanctions"
    )
    device = models.UUIDField(_("device"), null=True, blank=True, db_index=True)
    name = models.CharField(_("name"), max_length=20, blank=True)
    measure = models.CharField(_("measure"), max_length=6, choices=MEASURES)
    reason = models.CharField(_("reason"), max_length=120, blank=True)
    by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("at"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("sanction")
        verbose_name_plural = _("sanctions")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(customer__isnull=False) | Q(device__isnull=False),
                name="sanction_of_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_measure_display()}: {self.name}"


class BlockedWord(models.Model):
    """A word that no guest may say, in one shop or, without a merchant, on the whole platform.

    `folded` is what lines are searched for (livestream.rules.moderation).
    """

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, null=True, blank=True, related_name="blocked_words"
    )
    word = models.CharField(_("word"), max_length=LONGEST_WORD)
    folded = models.CharField(max_length=LONGEST_WORD * 4, editable=False)

    class Meta:
        verbose_name = _("blocked word")
        verbose_name_plural = _("blocked words")
        ordering = ["folded"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "folded"], name="word_once"),
            models.UniqueConstraint(
                fields=["folded"], condition=Q(merchant__isnull=True), name="platform_word_once"
            ),
        ]

    def __str__(self) -> str:
        return self.word


class QuickReply(models.Model):
    """An answer that lies ready for every clerk of the shop."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="quick_replies")
    text = models.CharField(_("text"), max_length=LONGEST_REPLY)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("quick reply")
        verbose_name_plural = _("quick replies")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.text
