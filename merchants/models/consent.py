"""Who agreed to which words, and when: append-only, read in the admin."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.rules.consent import Document

DOCUMENT_LABELS = {
    Document.TERMS.value: _("Terms"),
    Document.PRIVACY.value: _("Privacy notice"),
}


class Consent(models.Model):
    """One person's yes to one version of the terms or of the privacy notice.

    `language` is the one in which it was offered to her.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="consents")
    document = models.CharField(_("document"), max_length=10, choices=DOCUMENT_LABELS)
    version = models.CharField(_("version"), max_length=20)
    language = models.CharField(_("language"), max_length=10, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "document", "version"], name="consent_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_document_display()} {self.version}"
