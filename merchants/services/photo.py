"""The verbs of product photos.

One photo is developed while its request waits. Several are left with their originals, in private
storage and judged by their headers only; a worker develops them one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone
from django.utils.translation import override

from merchants.errors import BadPicture
from merchants.models import Photo, Product
from merchants.rules.picture import CARD_SIZE, PHOTO_SIZE, THUMB_SIZE, PhotoState
from merchants.services.picture import as_webp, check_picture, read_picture
from merchants.signals import product_changed

LEASE = timedelta(seconds=60)  # the largest photo takes a few
MOST_ATTEMPTS = 3  # a picture that ends its worker must not end the next one for ever


@dataclass(frozen=True)
class Picture:
    """An upload as re-encoded by us, ready to be kept."""

    image: ContentFile[bytes]
    card: ContentFile[bytes]
    thumb: ContentFile[bytes]


@dataclass(frozen=True)
class Upload:
    """A file as it came: `check`ed, not yet developed."""

    file: BinaryIO
    size: int
    name: str = ""

    def check(self) -> None:
        """Raises BadPicture for what its header gives away."""
        check_picture(self.file, size=self.size)


def develop(*, file: BinaryIO, size: int) -> Picture:
    """Read and re-encode an upload. Slow, and outside any transaction. Raises BadPicture."""
    picture = read_picture(file, size=size, box=PHOTO_SIZE)
    return Picture(
        as_webp(picture, PHOTO_SIZE),
        as_webp(picture, CARD_SIZE),
        as_webp(picture, THUMB_SIZE, crop=True),
    )


@transaction.atomic
def keep_photo(*, product: Product, picture: Picture, alt: str = "") -> Photo:
    """Put a picture last among the product's photos."""
    product_changed.state(product=product)
    return Photo.objects.create(
        product=product,
        image=picture.image,
        card=picture.card,
        thumb=picture.thumb,
        alt=alt or product.name,
        position=last_place(product) + 1,
    )


def add_photo(*, product: Product, file: BinaryIO, size: int, alt: str = "") -> Photo:
    """Re-encode an upload and put it last among the product's photos. Raises BadPicture."""
    return keep_photo(product=product, picture=develop(file=file, size=size), alt=alt)


@transaction.atomic
def leave_photos(*, product: Product, uploads: Iterable[Upload]) -> list[Photo]:
    """Leave checked uploads for a worker, last among the photos and in their order.

    Shoppers see each once it is developed.
    """
    first = last_place(product) + 1
    return [
        leave(upload, product=product, alt=product.name, position=place)
        for place, upload in enumerate(uploads, start=first)
    ]


def leave(upload: Upload, **facts: Any) -> Photo:
    """A photo that waits for a worker, with its original in private storage."""
    upload.file.seek(0)
    name = PurePath(upload.name).name[-120:]
    photo = Photo(state=PhotoState.WAITING.value, original_name=name, **facts)
    photo.original.save("photo", File(upload.file), save=False)
    photo.save()
    return photo


def due(now: datetime) -> list[int]:
    """Photos that wait for a worker, or whose worker was killed; the oldest first."""
    waiting = Photo.whole.filter(_free(now), state=PhotoState.WAITING.value)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def develop_photo(pk: int) -> bool:
    """Develop one photo that waits, if nobody else is doing so. True if it is done now.

    A worker that is killed meanwhile leaves the lease behind: it runs out, the next one follows.
    """
    now = timezone.now()
    until = now + LEASE
    mine = Photo.whole.filter(_free(now), pk=pk, state=PhotoState.WAITING.value)
    if not mine.update(leased_until=until, attempts=F("attempts") + 1):
        return False
    photo = Photo.whole.get(pk=pk)
    try:
        if photo.attempts > MOST_ATTEMPTS:
            raise BadPicture
        with photo.original.open() as file:
            picture = develop(file=cast(BinaryIO, file), size=photo.original.size)
    except (BadPicture, FileNotFoundError):
        with override(None):  # as a msgid: whoever reads it has her own language
            return _refuse(photo, until, str(BadPicture.sentence))
    return _finish(photo, until, picture)


@transaction.atomic
def _finish(photo: Photo, until: datetime, picture: Picture) -> bool:
    photo.image.save("", picture.image, save=False)
    photo.card.save("", picture.card, save=False)
    photo.thumb.save("", picture.thumb, save=False)
    made = {
        "image": photo.image.name,
        "card": photo.card.name,
        "thumb": photo.thumb.name,
        "width": photo.width,
        "height": photo.height,
    }
    original = str(photo.original.name)
    if not _settle(photo, until, state=PhotoState.READY.value, original="", **made):
        for file in (photo.image, photo.card, photo.thumb):  # another was faster, or it is gone
            file.storage.delete(str(file.name))
        return False
    _forget([(photo.original, original)])
    _tell(Photo.whole.select_related("product").get(pk=photo.pk))  # taken up meanwhile, perhaps
    return True


@transaction.atomic
def _refuse(photo: Photo, until: datetime, trouble: str) -> bool:
    original = str(photo.original.name)
    state = PhotoState.REFUSED.value
    if _settle(photo, until, state=state, trouble=trouble[:200], original=""):
        _forget([(photo.original, original)])
        return True
    return False


def _settle(photo: Photo, until: datetime, **changes: Any) -> int:
    """Write what became of it, if the lease is still ours."""
    ours = Photo.whole.filter(pk=photo.pk, state=PhotoState.WAITING.value, leased_until=until)
    return ours.update(leased_until=None, **changes)


@transaction.atomic
def move_photo(*, photo: Photo, to: int) -> None:
    """Give a photo the place `to` among all photos of its product; the first is the main one."""
    Product.objects.select_for_update().get(photos=photo)
    row = list(Photo.whole.filter(product=photo.product_id))
    row.remove(photo)
    row.insert(max(to, 0), photo)
    for place, one in enumerate(row):
        one.position = place
    Photo.whole.bulk_update(row, ["position"])
    _tell(photo)


@transaction.atomic
def describe_photo(*, photo: Photo, alt: str) -> None:
    """Say what is on it, for those who cannot see it."""
    Photo.whole.filter(pk=photo.pk).update(alt=alt)
    _tell(photo)


@transaction.atomic
def remove_photo(*, photo: Photo) -> None:
    """Forget a photo, whatever its state; its files go once the database agrees."""
    files = (photo.original, photo.image, photo.card, photo.thumb)
    names = [(file, str(file.name)) for file in files if file]
    photo.delete()
    _tell(photo)
    _forget(names)


def _tell(photo: Photo) -> None:
    """Its product looks otherwise now; one without a product is nobody's news."""
    if photo.product is not None:
        product_changed.state(product=photo.product)


def _forget(files: Iterable[tuple[Any, str]]) -> None:
    for file, name in files:
        transaction.on_commit(partial(file.storage.delete, name), robust=True)


def last_place(product: Product) -> int:
    """The place of the last of its photos; -1 without any."""
    last = Photo.whole.filter(product=product).aggregate(last=Max("position"))["last"]
    return -1 if last is None else last


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)
