"""Pictures of what is broken or differs: re-encoded by us, and in private storage for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from django.core.files.base import ContentFile

from merchants.rules.picture import PHOTO_SIZE
from merchants.services.picture import as_webp, read_picture
from orders.errors import TooManyPhotos
from orders.models import Refund, RefundPhoto
from orders.rules.refund import MOST_PHOTOS


def develop_proof(*, file: BinaryIO, size: int) -> ContentFile[bytes]:
    """Read and re-encode an upload. Slow, and outside any transaction. Raises BadPicture."""
    return as_webp(read_picture(file, size=size, box=PHOTO_SIZE), PHOTO_SIZE)


def keep_photos(refund: Refund, photos: Sequence[ContentFile[bytes]]) -> None:
    """Within the transaction that opens the refund. Raises TooManyPhotos."""
    if len(photos) > MOST_PHOTOS:
        raise TooManyPhotos
    for photo in photos:
        RefundPhoto.objects.create(refund=refund, image=photo)
