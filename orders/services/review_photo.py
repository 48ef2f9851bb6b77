"""A buyer's photos: left with their originals while her request waits, developed by a worker.

As a product's photos (merchants.services.photo): judged by their headers at once, decoded one after
the other outside of any request, under a lease that the next worker inherits.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from merchants.errors import BadPicture
from merchants.rules.picture import PHOTO_SIZE, THUMB_SIZE, PhotoState
from merchants.services.photo import LEASE, MOST_ATTEMPTS, Upload
from merchants.services.picture import as_webp, read_picture
from orders.errors import TooManyPhotos
from orders.models import Review, ReviewPhoto, ReviewStep
from orders.rules.review import MOST_PHOTOS

logger = logging.getLogger(__name__)
KEPT = timedelta(days=1)  # that its author reads of a photo that could not be read


def leave_photos(review: Review, uploads: Sequence[Upload]) -> None:
    """Leave checked uploads beside a review whose row is locked. Raises TooManyPhotos."""
    if photos_of(review).count() + len(uploads) > MOST_PHOTOS:
        raise TooManyPhotos
    for upload in uploads:
        upload.file.seek(0)
        photo = ReviewPhoto(review=review, state=PhotoState.WAITING.value, came_at=timezone.now())
        photo.original.save("photo", File(upload.file), save=False)
        photo.save()


def photos_of(review: Review) -> Any:
    """Those that show, and those that will."""
    return ReviewPhoto.whole.filter(review=review).exclude(state=PhotoState.REFUSED.value)


def due(now: datetime) -> list[int]:
    """Photos that wait for a worker, or whose worker was killed; the oldest first."""
    waiting = ReviewPhoto.whole.filter(_free(now), state=PhotoState.WAITING.value)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:200])


def develop_photo(pk: int) -> bool:
    """Develop one photo that waits, if nobody else is doing so. True if it is done now."""
    now = timezone.now()
    until = now + LEASE
    mine = ReviewPhoto.whole.filter(_free(now), pk=pk, state=PhotoState.WAITING.value)
    if not mine.update(leased_until=until, attempts=F("attempts") + 1):
        return False
    photo = ReviewPhoto.whole.get(pk=pk)
    try:
        if photo.attempts > MOST_ATTEMPTS:
            raise BadPicture
        with photo.original.open() as file:
            size = photo.original.size
            picture = read_picture(cast(BinaryIO, file), size=size, box=PHOTO_SIZE)
    except (BadPicture, FileNotFoundError):
        return _settle(photo, until, state=PhotoState.REFUSED.value)
    photo.image.save("", as_webp(picture, PHOTO_SIZE), save=False)
    photo.thumb.save("", as_webp(picture, THUMB_SIZE, crop=True), save=False)
    made = {"image": photo.image.name, "thumb": photo.thumb.name}
    if _settle(photo, until, state=PhotoState.READY.value, **made):
        return True
    for kept in (photo.image, photo.thumb):  # another was faster, or it is gone
        kept.storage.delete(str(kept.name))
    return False


@transaction.atomic
def _settle(photo: ReviewPhoto, until: datetime, **changes: Any) -> bool:
    """Write what became of it, if the lease is still ours; its original is kept no longer."""
    original = str(photo.original.name)
    ours = ReviewPhoto.whole.filter(pk=photo.pk, state=PhotoState.WAITING.value, leased_until=until)
    if not ours.update(leased_until=None, original="", **changes):
        return False
    _forget([(photo.original, original)])
    return True


def forget_hidden(now: datetime) -> int:
    """Remove the photos of reviews that are hidden for KEEP_HIDDEN_PHOTOS days; how many reviews.

    What its author adds later is kept as long again. Safe to run twice, and to be killed.
    """
    if not settings.KEEP_HIDDEN_PHOTOS:
        return 0
    since = now - timedelta(days=settings.KEEP_HIDDEN_PHOTOS)
    old = _old(since).filter(review=OuterRef("pk"))
    found = _hidden(since).filter(Exists(old)).order_by("pk").values_list("pk", flat=True)
    done = 0
    for pk in list(found[:200]):
        try:
            done += _forget_of(pk, since, now)
        except Exception:  # a file that cannot be removed must not keep all others
            logger.exception("the photos of review %s could not be removed", pk)
    return done


@transaction.atomic
def _forget_of(pk: int, since: datetime, now: datetime) -> bool:
    """The guard is in the write: it has not been shown again since."""
    if not _hidden(since).filter(pk=pk).update(photos_gone_at=now):
        return False
    photos = _old(since).filter(review=pk)
    for photo in photos:
        # Before the row: killed in between, the row still names what has to go.
        for kept in (photo.original, photo.image, photo.thumb):
            if kept.name:
                kept.storage.delete(kept.name)
    photos.delete()
    return True


def _hidden(since: datetime) -> models.QuerySet[Review]:
    moved = ReviewStep.objects.filter(review=OuterRef("pk"), at__gt=since)
    return Review.objects.exclude(hidden_for="").filter(~Exists(moved))


def _old(since: datetime) -> models.QuerySet[ReviewPhoto]:
    return ReviewPhoto.whole.filter(Q(came_at=None) | Q(came_at__lte=since))


def forget_refused(now: datetime) -> None:
    """What was no picture is not spoken of for ever."""
    old = ReviewPhoto.whole.filter(state=PhotoState.REFUSED.value, came_at__lt=now - KEPT)
    old.delete()


def _forget(files: Iterable[tuple[Any, str]]) -> None:
    for file, name in files:
        transaction.on_commit(partial(file.storage.delete, name), robust=True)


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)
