"""The verbs of product photos."""

from __future__ import annotations

from typing import BinaryIO

from django.db import transaction
from django.db.models import Max

from merchants.models import Photo, Product
from merchants.rules.picture import PHOTO_SIZE, THUMB_SIZE
from merchants.services.picture import as_webp, read_picture
from merchants.signals import product_changed


def add_photo(*, product: Product, file: BinaryIO, size: int, alt: str = "") -> Photo:
    """Re-encode an upload and put it last among the product's photos. Raises BadPicture."""
    picture = read_picture(file, size=size)
    image = as_webp(picture, PHOTO_SIZE)
    thumb = as_webp(picture, THUMB_SIZE, crop=True)
    with transaction.atomic():
        last = product.photos.aggregate(last=Max("position"))["last"]
        product_changed.state(product=product)
        return Photo.objects.create(
            product=product,
            image=image,
            thumb=thumb,
            alt=alt or product.name,
            position=0 if last is None else last + 1,
        )


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
