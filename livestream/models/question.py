"""What shoppers ask, folded: one row for all who asked the same."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room, ShelfItem
from livestream.rules.question import QuestionState
from merchants.models import Staff


class Question(models.Model):
    """`asked` counts the lines that asked it. While a colleague answers it is hers until
    `taken_until`, so that two never answer at once.
    """

    STATES = {
        QuestionState.OPEN.value: _("Unanswered"),
        QuestionState.ANSWERED.value: _("Answered"),
        QuestionState.DISMISSED.value: _("Put aside"),
    }

    room = models.ForeignKey(Room, models.CASCADE, related_name="questions")
    item = models.ForeignKey(
        ShelfItem, models.SET_NULL, null=True, blank=True, related_name="questions"
    )
    text = models.CharField(_("text"), max_length=300)
    folded = models.CharField(max_length=300, editable=False)
    asked = models.PositiveIntegerField(_("times asked"), default=1)
    state = models.CharField(
        _("state"), max_length=9, choices=STATES, default=QuestionState.OPEN.value
    )
    asked_at = models.DateTimeField(_("first asked"))
    taken_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    taken_until = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Staff, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["pk"]
        indexes = [models.Index(fields=["room", "state"])]

    def __str__(self) -> str:
        return self.text
