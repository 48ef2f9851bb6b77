"""A timed price with its own pieces."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from livestream.models.room import Room, ShelfItem
from merchants.models import Customer, Variant
from merchants.models.address import short_id
from orders.models import Order


class FlashSale(models.Model):
    """`quota` pieces of one variant at `price` from `starts_at` to `ends_at`, by our clock.

    `pay_first`: a piece leaves the quota when it is paid, and ordering holds nothing.

    The quota is held from the announcement on (a reservation under `reference`); a purchase takes
    its pieces out of it, `sold` counts them, and what is left goes back when the sale is over.
    """

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="flash_sales")
    item = models.ForeignKey(ShelfItem, models.PROTECT, related_name="flash_sales")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="flash_sales")
    price = models.PositiveBigIntegerField(_("price"))
    quota = models.PositiveIntegerField(_("pieces"))
    per_buyer = models.PositiveIntegerField(_("at most for each"))
    announced_at = models.DateTimeField(_("announced"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    pay_first = models.BooleanField(_("first to pay gets it"), default=False)
    closed_at = models.DateTimeField(_("over"), null=True, blank=True)
    sold = models.PositiveIntegerField(_("sold"), default=0)

    class Meta:
        verbose_name = _("flash sale")
        verbose_name_plural = _("flash sales")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(announced_at__lte=F("starts_at")) & Q(starts_at__lt=F("ends_at")),
                name="flash_lasts",
            ),
            models.CheckConstraint(
                condition=Q(sold__lte=F("quota")) & Q(quota__gt=0), name="flash_within_quota"
            ),
            models.CheckConstraint(
                condition=Q(per_buyer__gt=0) & Q(per_buyer__lte=F("quota")), name="flash_shared"
            ),
            models.UniqueConstraint(
                fields=["variant"], condition=Q(closed_at__isnull=True), name="flash_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant} · {self.room}"

    @property
    def left(self) -> int:
        """Pieces that nobody has ordered yet."""
        return self.quota - self.sold

    @property
    def reference(self) -> str:
        """Under which its pieces are held."""
        return f"flash:{self.public_id}"


class FlashPurchase(models.Model):
    """Pieces of a flash sale in one order: what the limit for each buyer counts. Not `taken` from
    the quota until the order is paid, where the first to pay gets them."""

    sale = models.ForeignKey(FlashSale, models.PROTECT, related_name="purchases")
    order = models.ForeignKey(Order, models.CASCADE, related_name="flash_purchases")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    device = models.UUIDField(null=True, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    taken = models.BooleanField(_("taken from the quota"), default=True)

    class Meta:
        verbose_name = _("flash purchase")
        verbose_name_plural = _("flash purchases")
        constraints = [
            models.UniqueConstraint(fields=["sale", "order"], name="flash_purchase_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sale}"
