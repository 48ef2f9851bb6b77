"""A count of what really lies in a store, before it is booked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models.address import short_id
from merchants.models.merchant import Merchant
from merchants.models.product import Variant
from merchants.models.store import Store
from merchants.rules.stocktake import StocktakeState

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

STOCKTAKE_LABELS = {
    StocktakeState.OPEN.value: _("Being counted"),
    StocktakeState.APPLIED.value: _("Booked"),
    StocktakeState.DISCARDED.value: _("Thrown away"),
}


class Stocktake(models.Model):
    """One count of one store. Its lines are what was found; the rest is left as it is."""

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="stocktakes")
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name=_("store"))
    state = models.CharField(
        _("state"), max_length=9, choices=STOCKTAKE_LABELS, default=StocktakeState.OPEN.value
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    begun_at = models.DateTimeField(_("begun"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    version = models.PositiveIntegerField(default=0, editable=False)  # of what was counted so far

    if TYPE_CHECKING:
        lines: RelatedManager[StocktakeLine]

    class Meta:
        verbose_name = _("stocktake")
        verbose_name_plural = _("stocktakes")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.store} {self.begun_at:%Y-%m-%d}"

    @property
    def reference(self) -> str:
        """What the ledger says about a movement of this count."""
        return f"stocktake {self.public_id}"


class StocktakeLine(models.Model):
    """Pieces found of one variant, beside what the ledger said at that moment.

    The difference is what gets booked, so that a sale between counting and booking stays sold.
    """

    stocktake = models.ForeignKey(Stocktake, models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    counted = models.PositiveIntegerField(_("counted"))
    expected = models.IntegerField(_("expected"))
    counted_at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("counted variant")
        verbose_name_plural = _("counted variants")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["stocktake", "variant"], name="counted_once")
        ]

    def __str__(self) -> str:
        return f"{self.counted} × {self.variant}"

    @property
    def difference(self) -> int:
        return self.counted - self.expected
