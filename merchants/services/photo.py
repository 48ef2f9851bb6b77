"""The verbs of product photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max

from merchants.models import Photo, Product
from merchants.rules.picture import PHOTO_SIZE, THUMB_SIZE
from merchants.services.picture import as_webp, read_picture
from merchants.signals import product_changed


@dataclass(frozen=True)
class Picture:
    """An upload as re-encoded by us, ready to be kept."""

    image: ContentFile[bytes]
    thumb: ContentFile[bytes]


def develop(*, file: BinaryIO, size: int) -> Picture:
    """Read and re-encode an upload. Slow, and outside any transaction. Raises BadPicture."""
    picture = read_picture(file, size=size)
    return Picture(as_webp(picture, PHOTO_SIZE), as_webp(picture, THUMB_SIZE, crop=True))


@transaction.atomic
def keep_photo(*, product: Product, picture: Picture, alt: str = "") -> Photo:
    """Put a picture last among the product's photos."""
    last = product.photos.aggregate(last=Max("position"))["last"]
    product_changed.state(product=product)
    return Photo.objects.create(
        product=product,
        image=picture.image,
        thumb=picture.thumb,
        alt=alt or product.name,
        position=0 if last is None else last + 1,
    )


def add_photo(*, product: Product, file: BinaryIO, size: int, alt: str = "") -> Photo:
    """Re-encode an upload and put it last among the product's photos. Raises BadPicture."""
    return keep_photo(product=product, picture=develop(file=file, size=size), alt=alt)


@transaction.atomic
def remove_photo(*, photo: Photo) -> None:
    """Forget a photo; its files go once the database agrees."""
    storage = photo.image.storage
    names = [str(photo.image.name), str(photo.thumb.name)]
    photo.delete()
    product_changed.state(product=photo.product)

    def forget() -> None:
        for name in names:
            storage.delete(name)

    transaction.on_commit(forget, robust=True)
