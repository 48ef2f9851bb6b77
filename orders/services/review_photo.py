"""A buyer's photos: left with their originals while her request waits, developed by a worker.

As a product's photos (merchants.services.photo): judged by their headers at once, decoded one after
the other outside of any request, under a lease that the next worker inherits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from merchants.errors import BadPicture
from merchants.rules.picture import PHOTO_SIZE, THUMB_SIZE, PhotoState
from merchants.services.photo import LEASE, MOST_ATTEMPTS, Upload
from merchants.services.picture import as_webp, read_picture
from orders.errors import TooManyPhotos
from orders.models import Review, ReviewPhoto
from orders.rules.review import MOST_PHOTOS

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


def forget_refused(now: datetime) -> None:
    """What was no picture is not spoken of for ever."""
    old = ReviewPhoto.whole.filter(state=PhotoState.REFUSED.value, came_at__lt=now - KEPT)
    old.delete()


def _forget(files: Iterable[tuple[Any, str]]) -> None:
    for file, name in files:
        transaction.on_commit(partial(file.storage.delete, name), robust=True)


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)
