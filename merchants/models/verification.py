"""Brand verification (品牌认证): who a merchant says she is, and what the platform found."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models.address import short_id
from merchants.models.merchant import Merchant
from merchants.models.private import PrivateFiles
from merchants.rules.verification import Claim, Paper, VerificationState

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

VERIFICATION_LABELS = {
    VerificationState.DRAFT.value: _("Not handed in"),
    VerificationState.SUBMITTED.value: _("Being looked at"),
    VerificationState.APPROVED.value: _("Approved"),
    VerificationState.REJECTED.value: _("To be mended"),
}
CLAIM_LABELS = {
    Claim.OWN.value: _("My own brand"),
    Claim.AUTHORISED.value: _("I may sell this brand"),
}
PAPER_LABELS = {
    Paper.LICENCE.value: _("Business licence"),
    Paper.TRADEMARK.value: _("Trademark certificate"),
    Paper.AUTHORISATION.value: _("Authorisation letter"),
}


class Verification(models.Model):
    """The one verification of a merchant. Moved only by merchants.services.verification.

    `version` goes up with each move: who decides on an older one is told.
    """

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.OneToOneField(Merchant, models.CASCADE, related_name="verification")
    state = models.CharField(
        _("state"), max_length=9, choices=VERIFICATION_LABELS, default=VerificationState.DRAFT.value
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    company = models.CharField(_("company on the licence"), max_length=80, blank=True)
    licence_number = models.CharField(_("licence number"), max_length=30, blank=True)
    brand = models.CharField(_("brand"), max_length=40, blank=True)
    trademark_number = models.CharField(_("trademark number"), max_length=20, blank=True)
    claim = models.CharField(
        _("the brand and you"), max_length=10, choices=CLAIM_LABELS, default=Claim.OWN.value
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    submitted_at = models.DateTimeField(_("handed in"), null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    if TYPE_CHECKING:
        papers: RelatedManager[VerificationPaper]

    class Meta:
        verbose_name = _("brand verification")
        verbose_name_plural = _("brand verifications")
        indexes = [models.Index(fields=["state", "submitted_at"])]

    def __str__(self) -> str:
        return f"{self.merchant} ({self.get_state_display()})"


def paper_path(paper: VerificationPaper, filename: str) -> str:
    """A random name: the uploaded one is never trusted."""
    return f"papers/{uuid.uuid4().hex}.webp"


class VerificationPaper(models.Model):
    """One picture, re-encoded by us. Served to the merchant's managers and to admins only."""

    verification = models.ForeignKey(Verification, models.CASCADE, related_name="papers")
    paper = models.CharField(_("paper"), max_length=13, choices=PAPER_LABELS)
    image = models.FileField(upload_to=paper_path, storage=PrivateFiles(), editable=False)
    file_name = models.CharField(max_length=120, editable=False)
    at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    class Meta:
        verbose_name = _("paper")
        verbose_name_plural = _("papers")
        constraints = [models.UniqueConstraint(fields=["verification", "paper"], name="paper_once")]

    def __str__(self) -> str:
        return self.get_paper_display()
