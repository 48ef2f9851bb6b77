"""What those say who bought, with their photos, the shop's reply, and what was hidden and why."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, Product
from merchants.models.address import secret_id
from merchants.models.private import PrivateFiles
from merchants.models.product import PHOTO_LABELS
from merchants.rules.picture import PhotoState
from orders.models.order import Line, Move
from orders.rules.review import HideReason, ReviewMove, masked_name

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

REASON_LABELS = {
    HideReason.INSULT.value: _("Insults somebody"),
    HideReason.ADVERTISING.value: _("Advertises something else"),
    HideReason.PRIVATE.value: _("Shows somebody's private data"),
    HideReason.OTHER_GOODS.value: _("Is about other goods"),
}
MOVE_LABELS = {
    ReviewMove.HIDDEN.value: _("Hidden"),
    ReviewMove.SHOWN.value: _("Shown again"),
}


def photo_path(photo: ReviewPhoto, filename: str) -> str:
    """A random name: the uploaded one is never trusted."""
    return f"reviews/{uuid.uuid4().hex}.webp"


def original_path(photo: ReviewPhoto, filename: str) -> str:
    return f"reviews/{uuid.uuid4().hex}"


class Review(models.Model):
    """One buyer's word on one line. Written only by orders.services.review.

    `product` and `merchant` repeat what the line says, so that a product finds its reviews.
    `hidden_for` is empty while everybody may read it.
    """

    public_id = models.CharField(max_length=16, unique=True, default=secret_id, editable=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="reviews")
    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    line = models.OneToOneField(Line, models.CASCADE, related_name="review")
    stars = models.PositiveSmallIntegerField(_("stars"))
    text = models.CharField(_("text"), max_length=500, blank=True)
    written_at = models.DateTimeField(_("written"))
    follow_up = models.CharField(_("after use"), max_length=500, blank=True)
    follow_up_at = models.DateTimeField(_("written after use"), null=True, blank=True)
    reply = models.CharField(_("reply"), max_length=500, blank=True)
    reply_version = models.PositiveSmallIntegerField(default=0, editable=False)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    replied_at = models.DateTimeField(_("replied"), null=True, blank=True)
    hidden_for = models.CharField(
        _("hidden for"), max_length=12, choices=REASON_LABELS, blank=True, default=""
    )
    photos_gone_at = models.DateTimeField(_("photos removed"), null=True, editable=False)

    if TYPE_CHECKING:
        photos: RelatedManager[ReviewPhoto]
        reports: RelatedManager[ReviewReport]
        steps: RelatedManager[ReviewStep]

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["product", "-id"], name="review_of_product"),
            models.Index(fields=["merchant", "-id"], name="review_of_merchant"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(stars__range=(1, 5)), name="one_to_five_stars"),
            models.CheckConstraint(
                condition=Q(follow_up="") | Q(follow_up_at__isnull=False), name="follow_up_has_time"
            ),
            models.CheckConstraint(
                condition=Q(reply="") | Q(replied_at__isnull=False), name="reply_has_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stars}★ {self.text[:40]}"

    @property
    def marks(self) -> range:
        """As many as stars, for a template to draw."""
        return range(self.stars)

    @property
    def name(self) -> str:
        return masked_name(self.line.order.name)


class ReviewPhotoManager(models.Manager["ReviewPhoto"]):
    def get_queryset(self) -> models.QuerySet[ReviewPhoto]:
        return super().get_queryset().filter(state=PhotoState.READY.value)


class ReviewPhoto(models.Model):
    """A buyer's picture, as re-encoded by us. Hiding the review gives its files new names.

    While it waits for a worker it has only its `original`, which nobody is served. Such a one, and
    what turned out to be no picture, is found through `whole` alone.
    """

    review = models.ForeignKey(Review, models.CASCADE, related_name="photos")
    state = models.CharField(
        _("state"), max_length=8, choices=PHOTO_LABELS, default=PhotoState.READY.value
    )
    original = models.FileField(
        upload_to=original_path, storage=PrivateFiles(), blank=True, editable=False
    )
    image = models.ImageField(upload_to=photo_path, blank=True, editable=False)
    thumb = models.ImageField(upload_to=photo_path, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    came_at = models.DateTimeField(null=True, editable=False)

    objects = ReviewPhotoManager()
    whole = models.Manager()  # noqa: DJ012

    class Meta:
        verbose_name = _("photo of a buyer")
        verbose_name_plural = _("photos of buyers")
        ordering = ["pk"]
        indexes = [
            models.Index(
                "id",
                name="review_photo_waits",
                condition=Q(state=PhotoState.WAITING.value),
            )
        ]

    def __str__(self) -> str:
        return str(self.image.name)


class ReviewReport(models.Model):
    """Somebody thinks that a review should not stand there. One for each device."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="reports")
    device = models.UUIDField(editable=False)
    reason = models.CharField(_("reason"), max_length=12, choices=REASON_LABELS)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("report of a review")
        verbose_name_plural = _("reports of reviews")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "device"], name="one_report_a_device")
        ]

    def __str__(self) -> str:
        return self.get_reason_display()


class ReviewStep(Move):
    """Somebody hid a review or showed it again; kept for ever."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=8, choices=MOVE_LABELS)
    reason = models.CharField(_("reason"), max_length=12, choices=REASON_LABELS, blank=True)

    class Meta(Move.Meta):
        pass
