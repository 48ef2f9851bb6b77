"""News on its way to a person: the one transactional outbox."""

from __future__ import annotations

import json

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.expressions import Combinable
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant
from merchants.models.staff import Staff
from merchants.models.store import Store
from merchants.rules.notification import Channel

MANY = "mul"  # ISO 639-2: `body` holds subject and text in every language of the house
CHANNEL_LABELS = {
    Channel.IN_APP.value: _("In the dashboard"),
    Channel.EMAIL.value: _("E-mail"),
    Channel.SMS.value: _("Text message"),
}


class NotificationQuerySet(models.QuerySet["Notification"]):
    def for_staff(self, staff: Staff) -> NotificationQuerySet:
        """The notices on the dashboard that concern her: a manager all, a clerk those of no store
        or of one of hers."""
        bell = self.filter(merchant=staff.merchant_id, channel=Channel.IN_APP.value)
        return bell if staff.is_manager else bell.filter(concerns(Value(staff.pk)))


def concerns(staff: Combinable) -> Q:
    """Whether a notice is of no store, or of one that the clerk with this key serves."""
    of = Notification.stores.through.objects.filter(notification=OuterRef("pk"))
    return ~Exists(of) | Exists(of.filter(store__staff=staff))


class Notification(models.Model):
    """Written in the same transaction as the fact it tells; delivered later by the worker.

    `key` makes it once only. `claimed_until` is the lease of the worker that is sending it:
    a killed worker's lease runs out and another takes over. `sent_at` is set exactly once.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="notifications")
    channel = models.CharField(_("channel"), max_length=6, choices=CHANNEL_LABELS)
    key = models.CharField(_("key"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=30)
    stores = models.ManyToManyField(
        Store, related_name="+", blank=True, help_text=_("Whom it concerns; everybody if empty.")
    )
    to = models.CharField(_("to"), max_length=254, blank=True)
    language = models.CharField(_("language"), max_length=10)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    path = models.CharField(_("link"), max_length=200, blank=True)
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("given up"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    trouble = models.CharField(_("last trouble"), max_length=300, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-pk"]
        indexes = [
            models.Index(
                "due_at",
                name="notification_due",
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.to or self.get_channel_display()}"

    @property
    def words(self) -> dict[str, tuple[str, str]]:
        """{language: (subject, text)}; of news to one person there is one language."""
        if self.language != MANY:
            return {self.language: (self.subject, self.body)}
        return {name: (said[0], said[1]) for name, said in json.loads(self.body).items()}

    @property
    def headline(self) -> str:
        """The subject in the reader's language."""
        return self._said()[0]

    @property
    def text(self) -> str:
        """The text in the reader's language."""
        return self._said()[1]

    def _said(self) -> tuple[str, str]:
        words = self.words
        reader, house = get_language() or "", settings.LANGUAGE_CODE
        return words.get(reader) or words.get(house) or next(iter(words.values()))
