"""A user's place in a merchant."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant
from merchants.models.store import Store
from merchants.rules.role import Role

ROLE_LABELS = {
    Role.CLERK.value: _("Clerk"),
    Role.MANAGER.value: _("Manager"),
    Role.OWNER.value: _("Owner"),
}


class Staff(models.Model):
    """Role and stores of one user in one merchant. A user may serve many merchants."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="staff")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="places")
    role = models.PositiveSmallIntegerField(_("role"), choices=ROLE_LABELS)
    host_name = models.CharField(_("name in the live room"), max_length=15)
    picture = models.ImageField(_("picture"), upload_to="staff/", blank=True)
    stores = models.ManyToManyField(Store, related_name="staff", blank=True)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ["-role", "pk"]
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="one_place_each")]

    def __str__(self) -> str:
        return f"{self.host_name} ({self.get_role_display()})"

    @property
    def is_manager(self) -> bool:
        return self.role >= Role.MANAGER

    @property
    def is_owner(self) -> bool:
        return self.role >= Role.OWNER
