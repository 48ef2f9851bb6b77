"""The verbs of reviews: write, add photos and a word after use, reply, report, hide, show again.

Text is bounded and cleaned here. The shop's word list belongs to the chat of the live room, which
orders do not know: what gets past is reported by readers and hidden by the shop.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from merchants.errors import StaleVersion
from merchants.models import User
from merchants.services.notification import notify_all
from merchants.services.photo import Upload
from orders.errors import (
    AlreadyReviewed,
    NotArrived,
    NothingSaid,
    NotYourReview,
    TooEarly,
)
from orders.models import Line, RefundPiece, Review, ReviewPhoto, ReviewReport, ReviewStep
from orders.rules.refund import RefundState
from orders.rules.review import ARRIVED, USED_AFTER, HideReason, ReviewMove, tidy
from orders.services.review_photo import leave_photos


@transaction.atomic
def write_review(
    *, line: Line, device: uuid.UUID, stars: int, text: str, uploads: Sequence[Upload] = ()
) -> Review:
    """Say what one thinks of goods that have arrived, once for each line.

    Raises NotYourReview, NotArrived, AlreadyReviewed or TooManyPhotos, and changes nothing.
    """
    # Locked, so that of two the second waits, and what is read here is so when it is written.
    locked = Line.objects.select_for_update(of=("self",)).filter(pk=line.pk)
    found = locked.select_related("order__merchant", "order__store", "variant__product").get()
    if found.order.device is None or found.order.device != device:
        raise NotYourReview
    if found.state not in ARRIVED or _all_back(found):
        raise NotArrived
    if Review.objects.filter(line=found).exists():
        raise AlreadyReviewed
    review = Review.objects.create(
        merchant=found.order.merchant,
        product=found.variant.product,
        line=found,
        stars=stars,
        text=tidy(text),
        written_at=timezone.now(),
    )
    leave_photos(review, uploads)
    _tell_shop(review)
    return review


def _all_back(line: Line) -> bool:
    """Every piece of it was given back, and so was the money."""
    gone = RefundPiece.objects.filter(line=line, refund__state=RefundState.REFUNDED)
    return (gone.aggregate(n=Sum("quantity"))["n"] or 0) >= line.quantity


@transaction.atomic
def add_photos(*, review: Review, device: uuid.UUID, uploads: Sequence[Upload]) -> None:
    """Put more photos beside it. Raises NotYourReview or TooManyPhotos."""
    Review.objects.select_for_update().get(pk=review.pk)
    _hers(review, device)
    leave_photos(review, uploads)


@transaction.atomic
def follow_up(*, review: Review, device: uuid.UUID, text: str) -> None:
    """Tell how it turned out in use, once, from the next day on.

    Raises NotYourReview, NothingSaid, TooEarly or AlreadyReviewed.
    """
    now, said = timezone.now(), tidy(text)
    _hers(review, device)
    if not said:
        raise NothingSaid
    once = Review.objects.filter(
        pk=review.pk, follow_up_at=None, written_at__lte=now - USED_AFTER
    ).update(follow_up=said, follow_up_at=now)
    review.refresh_from_db()
    if not once:
        raise AlreadyReviewed if review.follow_up_at else TooEarly


@transaction.atomic
def reply_to(*, review: Review, version: int, text: str, by: User) -> None:
    """The shop's one answer. `version` is that of the answer seen: nobody overwrites a colleague's.

    Raises NothingSaid or StaleVersion.
    """
    said = tidy(text)
    if not said:
        raise NothingSaid
    mine = Review.objects.filter(pk=review.pk, reply_version=version).update(
        reply=said,
        reply_version=F("reply_version") + 1,
        replied_by=by,
        replied_at=timezone.now(),
    )
    review.refresh_from_db()
    if not mine:
        raise StaleVersion


@transaction.atomic
def report_review(*, review: Review, device: uuid.UUID, reason: HideReason) -> ReviewReport:
    """Tell the shop that it should look at this. The same device again: no effect."""
    facts = {"reason": reason.value, "at": timezone.now()}
    return ReviewReport.objects.get_or_create(review=review, device=device, defaults=facts)[0]


@transaction.atomic
def hide_review(*, review: Review, reason: HideReason, by: User) -> None:
    """Nobody reads its words and photos any more but its author, the shop and the platform.

    Its stars count on. Again: no effect, and the first reason stays.
    """
    if Review.objects.filter(pk=review.pk, hidden_for="").update(hidden_for=reason.value):
        _note(review, ReviewMove.HIDDEN, by, reason=reason.value)
        for photo in review.photos.all():
            _move_files(photo)
    review.refresh_from_db()


@transaction.atomic
def show_review(*, review: Review, by: User) -> None:
    """Everybody may read it again. Again: no effect."""
    if Review.objects.filter(pk=review.pk).exclude(hidden_for="").update(hidden_for=""):
        _note(review, ReviewMove.SHOWN, by)
    review.refresh_from_db()


def _note(review: Review, state: ReviewMove, by: User, reason: str = "") -> None:
    facts = {"by": by, "reason": reason, "at": timezone.now()}
    ReviewStep.objects.create(review=review, state=state.value, **facts)


def _move_files(photo: ReviewPhoto) -> None:
    """The old addresses lead nowhere: whoever has kept one sees it no more."""
    for kept in (photo.image, photo.thumb):
        storage, old = kept.storage, str(kept.name)
        if not storage.exists(old):
            continue
        with storage.open(old) as file:
            kept.save("", ContentFile(file.read()), save=False)
        transaction.on_commit(partial(storage.delete, old), robust=True)
    photo.save(update_fields=["image", "thumb"])


def _hers(review: Review, device: uuid.UUID) -> None:
    if review.line.order.device != device:
        raise NotYourReview


def _tell_shop(review: Review) -> None:
    """A notice on the dashboard; of what was collected, for those who serve there."""
    store = review.line.order.store

    def say() -> tuple[str, str]:
        words = {"stars": review.stars, "goods": review.product.name}
        return _("A review of %(goods)s: %(stars)s of 5") % words, review.text

    notify_all(
        merchant=review.merchant,
        kind="review",
        key=f"review:{review.public_id}",
        say=say,
        path=f"/dashboard/{review.merchant.slug}/reviews/",
        stores=[] if store is None else [store],
    )
