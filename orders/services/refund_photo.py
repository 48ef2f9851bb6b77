"""Pictures of what is broken or differs: re-encoded by us, in private storage, and not for ever."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from merchants.rules.picture import PHOTO_SIZE
from merchants.services.picture import as_webp, read_picture
from orders.errors import TooManyPhotos
from orders.models import Dispute, Refund, RefundPhoto, RefundStep
from orders.models.refund import RefundQuerySet
from orders.rules.dispute import WITHIN
from orders.rules.refund import MOST_PHOTOS, OPEN

logger = logging.getLogger(__name__)


def develop_proof(*, file: BinaryIO, size: int) -> ContentFile[bytes]:
    """Read and re-encode an upload. Slow, and outside any transaction. Raises BadPicture."""
    return as_webp(read_picture(file, size=size, box=PHOTO_SIZE), PHOTO_SIZE)


def keep_photos(refund: Refund, photos: Sequence[ContentFile[bytes]]) -> None:
    """Within the transaction that opens the refund. Raises TooManyPhotos."""
    if len(photos) > MOST_PHOTOS:
        raise TooManyPhotos
    for photo in photos:
        RefundPhoto.objects.create(refund=refund, image=photo)


def forget_photos(now: datetime) -> int:
    """Remove the photos of refunds that are over for KEEP_REFUND_PHOTOS days; how many refunds.

    Safe to run twice, and to be killed: what is still there goes the next time.
    """
    if not settings.KEEP_REFUND_PHOTOS:
        return 0
    with_photos = _over(now).filter(Exists(RefundPhoto.objects.filter(refund=OuterRef("pk"))))
    found = with_photos.order_by("pk").values_list("pk", flat=True)[:200]
    done = 0
    for pk in list(found):
        try:
            done += _forget(pk, now)
        except Exception:  # a file that cannot be removed must not keep all others
            logger.exception("the photos of refund %s could not be removed", pk)
    return done


@transaction.atomic
def _forget(pk: int, now: datetime) -> bool:
    """Files and rows of one refund. The guard is in the write: nobody has begun anew since."""
    if not _over(now).filter(pk=pk).update(photos_gone_at=now):
        return False
    photos = RefundPhoto.objects.filter(refund=pk)
    for photo in photos:
        # Before the row: killed in between, the row still names what has to go.
        photo.image.storage.delete(str(photo.image.name))
    photos.delete()
    return True


def _over(now: datetime) -> RefundQuerySet:
    """Those with which nothing has happened for so long, nor can: neither by buyer, shop or
    platform, nor with what the platform has given after all."""
    since = now - max(timedelta(days=settings.KEEP_REFUND_PHOTOS), WITHIN)
    moved = RefundStep.objects.filter(refund=OuterRef("pk"), at__gt=since)
    judged = Dispute.objects.filter(
        Q(decided_at=None) | Q(decided_at__gt=since) | Q(outcome__state__in=OPEN),
        refund=OuterRef("pk"),
    )
    return Refund.objects.exclude(state__in=OPEN).filter(~Exists(moved), ~Exists(judged))
