"""Photos that came ahead of their product: the form in which they were chosen came back, with an
error or with its table, and the product is not there yet. They wait for whoever chose them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from merchants.models import Merchant, Photo, Product, User
from merchants.rules.picture import PhotoState
from merchants.services.photo import Picture, Upload, last_place, leave, remove_photo

KEPT = timedelta(days=1)
MOST = 30  # of one person in one shop: a form that comes back for ever fills no disk


def ahead_of(*, merchant: Merchant, by: User, photos: Iterable[int]) -> QuerySet[Photo]:
    """Those of `photos` that she chose in this shop and that no product has yet, in their order."""
    mine = Photo.whole.filter(product=None, merchant=merchant, by=by)
    return mine.filter(pk__in=list(photos)).order_by("pk")


@transaction.atomic
def keep_ahead(
    *, merchant: Merchant, by: User, uploads: Iterable[Upload], picture: Picture | None = None
) -> list[Photo]:
    """Keep checked uploads, or one picture, for a product that she is about to make.

    Her oldest ones make room. Whoever forgets them has them for a day.
    """
    facts = {"merchant": merchant, "by": by, "came_at": timezone.now()}
    kept = [leave(upload, **facts) for upload in uploads]
    if picture is not None:
        sizes = {"image": picture.image, "card": picture.card, "thumb": picture.thumb}
        kept.append(Photo.objects.create(**sizes, **facts))
    for photo in Photo.whole.filter(product=None, merchant=merchant, by=by).order_by("-pk")[MOST:]:
        _drop(photo)
    return kept


@transaction.atomic
def take_up(*, product: Product, by: User, photos: Iterable[int]) -> int:
    """Those of `photos` that are hers are the product's from now on, last and in their order.

    One that a worker still prepares goes on being prepared. Returns how many there were.
    """
    found = ahead_of(merchant=product.merchant, by=by, photos=photos)
    keys = list(found.exclude(state=PhotoState.REFUSED.value).values_list("pk", flat=True))
    first = last_place(product) + 1
    taken = 0
    for place, pk in enumerate(keys, start=first):
        mine = Photo.whole.filter(pk=pk, product=None)
        # It is the product's now: whoever chose it may leave without it.
        taken += mine.update(
            product=product,
            alt=product.name,
            position=place,
            merchant=None,
            by=None,
            came_at=None,
        )
    return taken


def forget_ahead(now: datetime) -> int:
    """Photos whose product never came are deleted after a day, with their files."""
    old = Photo.whole.filter(product=None, came_at__lt=now - KEPT)
    return sum(_drop(photo) for photo in old)


@transaction.atomic
def _drop(photo: Photo) -> int:
    """Delete it, unless it was taken up this very moment."""
    still = Photo.whole.select_for_update().filter(pk=photo.pk, product=None).first()
    if still is None:
        return 0
    remove_photo(photo=still)
    return 1
