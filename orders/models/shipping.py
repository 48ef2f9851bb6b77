"""What parcels cost where it is not as usual, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant
from merchants.models.address import short_id
from merchants.rules.region import written_address

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class ShippingRule(models.Model):
    """Some regions, and what a parcel costs there; without a fee nothing is sent there."""

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="shipping_rules")
    fee = models.PositiveBigIntegerField(_("shipping fee"), null=True, blank=True)
    free_from = models.PositiveBigIntegerField(_("free shipping from"), null=True, blank=True)

    if TYPE_CHECKING:
        regions: RelatedManager[ShippingRegion]

    class Meta:
        verbose_name = _("shipping rule")
        verbose_name_plural = _("shipping rules")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.public_id


class ShippingRegion(models.Model):
    """One region of a rule; the constraint keeps two rules from naming the same."""

    rule = models.ForeignKey(ShippingRule, models.CASCADE, related_name="regions")
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    region = models.CharField(_("region"), max_length=6)

    class Meta:
        verbose_name = _("shipping region")
        verbose_name_plural = _("shipping regions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "region"], name="one_rule_a_region")
        ]

    def __str__(self) -> str:
        return self.region


class Place(models.Model):
    """The parts of an address."""

    PLACE = ("region", "city", "district", "address", "postcode")

    region = models.CharField(_("region"), max_length=6, blank=True)
    city = models.CharField(_("city"), max_length=40, blank=True)
    district = models.CharField(_("district"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=12, blank=True)

    class Meta:
        abstract = True

    @property
    def whole_address(self) -> str:
        """As it is written on a parcel."""
        return written_address(
            region=self.region,
            city=self.city,
            district=self.district,
            street=self.address,
            postcode=self.postcode,
        )
