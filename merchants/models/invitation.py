"""An offer to work in a shop. A place is given only to who accepts it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from merchants.models.address import secret_id
from merchants.models.merchant import Merchant
from merchants.models.staff import ROLE_LABELS
from merchants.models.store import Store

SIGNER = signing.Signer(salt="merchants.invitation", sep=".")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> InvitationQuerySet:
        """What can still be accepted."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now)

    def behind(self, token: str) -> Invitation | None:
        """The invitation that a link belongs to, whatever became of it."""
        try:
            public_id = SIGNER.unsign(token)
        except signing.BadSignature:
            return None
        return self.filter(public_id=public_id).first()


class Invitation(models.Model):
    """Role and stores for one person, good for a week and for one acceptance.

    With an `email` only the account with that verified address may accept; without one, whoever
    holds the link. The link is this row's `public_id` with our signature: nobody who reads the
    rows can make one, and staff can copy it again.
    """

    public_id = models.CharField(max_length=16, unique=True, default=secret_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.PositiveSmallIntegerField(_("role"), choices=ROLE_LABELS)
    stores = models.ManyToManyField(Store, related_name="+", blank=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("invited"))
    expires_at = models.DateTimeField(_("until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["merchant", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="invitation_ends_once",
                condition=Q(accepted_at__isnull=True) | Q(revoked_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.email or self.public_id} → {self.merchant}"

    @property
    def path(self) -> str:
        """The address under which it is read and accepted."""
        return reverse("join", args=[SIGNER.sign(self.public_id)])
