"""What is sold: products, their variants and photos."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from merchants.models.address import short_id
from merchants.models.merchant import Merchant
from merchants.models.private import PrivateFiles
from merchants.rules.picture import PhotoState
from merchants.rules.product import ProductState

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

STATE_LABELS = {
    ProductState.DRAFT.value: _("Draft"),
    ProductState.ON_SALE.value: _("On sale"),
    ProductState.ARCHIVED.value: _("Archived"),
}


PHOTO_LABELS = {
    PhotoState.WAITING.value: _("Being prepared"),
    PhotoState.READY.value: _("Ready"),
    PhotoState.REFUSED.value: _("No picture"),
}


class Category(models.Model):
    """A heading under which a merchant files products."""

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="categories")
    name = models.CharField(_("name"), max_length=30)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="category_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    def on_sale(self) -> ProductQuerySet:
        """What a shopper may see and buy."""
        return self.filter(state=ProductState.ON_SALE)

    def matching(self, folded: str, merchant: Merchant | None = None) -> ProductQuerySet:
        """Products whose name, pinyin, SKU or barcode holds each of the folded words.

        With the `merchant` whose they are, only his words are read.
        """
        if not folded:
            return self
        words = ProductWords.objects.matching(folded)
        words = words if merchant is None else words.filter(merchant=merchant)
        return self.filter(pk__in=words.values("product"))


class Product(models.Model):
    """One thing on the shelf, with one variant or several.

    `options` is [[name, [value, …]], …], such as size and colour; each variant names one value of
    each. What lists sort by is kept beside it: `price_from` by services.product;
    `free` pieces over all stores and `low` (a variant at its threshold) by services.level, which
    comes a moment after the stock itself.
    """

    public_id = models.CharField(max_length=10, unique=True, default=short_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="products")
    category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="products"
    )
    name = models.CharField(_("name"), max_length=60)
    description = models.TextField(_("description"), max_length=4000, blank=True)
    state = models.CharField(
        _("state"), max_length=8, choices=STATE_LABELS, default=ProductState.ON_SALE.value
    )
    options = models.JSONField(default=list, blank=True)
    price_from = models.PositiveBigIntegerField(editable=False, default=0)
    free = models.IntegerField(editable=False, default=0)
    low = models.BooleanField(editable=False, default=False)
    version = models.PositiveIntegerField(editable=False, default=1)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = ProductQuerySet.as_manager()
    if TYPE_CHECKING:
        variants: RelatedManager[Variant]
        photos: RelatedManager[Photo]

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-pk"]
        indexes = [
            # The tabs of the inventory, then its orders: each answers from the index alone, also
            # on a page far down (bench.inventory).
            models.Index(fields=["merchant", "state", "free"]),
            models.Index(fields=["merchant", "state", "low", "free"]),
            models.Index(fields=["merchant", "free", "id", "state"]),
            models.Index(fields=["merchant", "price_from", "id", "state"]),
            models.Index(fields=["merchant", "name", "id", "state"]),
            models.Index(fields=["category", "free", "id", "state"]),
        ]

    def __str__(self) -> str:
        return self.name


class ProductWordsQuerySet(models.QuerySet["ProductWords"]):
    def matching(self, folded: str) -> ProductWordsQuerySet:
        """Rows that hold each of the folded words (see rules.search)."""
        found = self
        for word in folded.split():
            found = found.filter(text__contains=word)
        return found


class ProductWords(models.Model):
    """What a search looks in: name, pinyin, specifications, SKUs, barcodes, folded.

    A table of its own because it is read from end to end: a row of a product is five times as wide.
    Written by services.product.
    """

    product = models.OneToOneField(Product, models.CASCADE, primary_key=True, related_name="words")
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+")
    text = models.TextField()

    objects = ProductWordsQuerySet.as_manager()

    class Meta:
        verbose_name = _("words of a product")
        verbose_name_plural = _("words of products")

    def __str__(self) -> str:
        return str(self.product)


class VariantManager(models.Manager["Variant"]):
    def get_queryset(self) -> models.QuerySet[Variant]:
        return super().get_queryset().filter(archived=False)


class Variant(models.Model):
    """What is counted and priced: a size or a colour of a product, or the product itself.

    One that was taken out is `archived`: orders and the ledger still name it, and nothing else
    finds it, for `objects` and every list of variants leave it out.
    """

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="variants")
    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    name = models.CharField(_("specification"), max_length=40, blank=True)
    sku = models.CharField(_("SKU"), max_length=40)
    barcode = models.CharField(_("barcode"), max_length=40, blank=True)
    price = models.PositiveBigIntegerField(_("price"), help_text=_("In minor units."))
    compare_at = models.PositiveBigIntegerField(_("price before"), null=True, blank=True)
    low_stock = models.PositiveIntegerField(_("low stock from"), default=5)
    low_since = models.DateTimeField(_("low since"), null=True, editable=False)
    weight = models.PositiveIntegerField(_("weight in grams"), null=True, blank=True)
    shelf_place = models.CharField(
        _("shelf place"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("Where it lies, as a pick list names it: A2-3."),
    )
    options = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    archived = models.BooleanField(_("taken out"), default=False, editable=False)

    objects = VariantManager()
    whole = models.Manager()  # noqa: DJ012

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("sku"), "merchant", name="sku_once"),
            models.UniqueConstraint(
                fields=["merchant", "barcode"], condition=~Q(barcode=""), name="barcode_once"
            ),
            models.CheckConstraint(
                condition=Q(compare_at__isnull=True) | Q(compare_at__gt=F("price")),
                name="compare_at_above_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.name}".strip()


def photo_path(photo: Photo, filename: str) -> str:
    """A random name: the uploaded one is never trusted."""
    return f"photos/{uuid.uuid4().hex}.webp"


def original_path(photo: Photo, filename: str) -> str:
    return f"photos/{uuid.uuid4().hex}"


class PhotoManager(models.Manager["Photo"]):
    def get_queryset(self) -> models.QuerySet[Photo]:
        return super().get_queryset().filter(state=PhotoState.READY.value)


class Photo(models.Model):
    """A picture of a product, as re-encoded by us in the sizes that pages use.

    While it waits for a worker it has only its `original`, which nobody is served; one that turned
    out to be no picture keeps the `trouble` instead. Both are found through `whole` alone:
    `objects` and every list of photos hold what can be shown. One that came ahead of its product
    has none yet: it waits for `by` of `merchant`, who chose it (services.photo_ahead).
    """

    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, related_name="photos"
    )
    merchant = models.ForeignKey(Merchant, models.CASCADE, null=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, editable=False, related_name="+"
    )
    came_at = models.DateTimeField(null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=8, choices=PHOTO_LABELS, default=PhotoState.READY.value
    )
    original = models.FileField(
        upload_to=original_path, storage=PrivateFiles(), blank=True, editable=False
    )
    original_name = models.CharField(max_length=120, blank=True, editable=False)
    trouble = models.CharField(max_length=200, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    image = models.ImageField(
        upload_to=photo_path,
        width_field="width",
        height_field="height",
        blank=True,
        editable=False,
    )
    card = models.ImageField(upload_to=photo_path, blank=True, editable=False)
    thumb = models.ImageField(upload_to=photo_path, blank=True, editable=False)
    width = models.PositiveIntegerField(null=True, editable=False)
    height = models.PositiveIntegerField(null=True, editable=False)
    alt = models.CharField(_("description for those who cannot see it"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = PhotoManager()
    whole = models.Manager()  # noqa: DJ012

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="photo_is_somebodys",
                condition=Q(product__isnull=False)
                | Q(merchant__isnull=False, by__isnull=False, came_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.alt or str(self.product or self.original_name)
