"""The pictures that come with a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from merchants.access import MerchantRequest
from merchants.errors import BadPicture
from merchants.models import Product
from merchants.rules.search import key_of
from merchants.services.photo import Picture, Upload, develop, keep_photo, leave_photos
from merchants.services.photo_ahead import MOST as MOST_AHEAD
from merchants.services.photo_ahead import ahead_of, keep_ahead

MOST = 9  # in one go: more would not fit into one request
AHEAD = "ahead"  # the field with the photos that a form has kept since it came before


@dataclass
class Arrived:
    """One photo as a picture already; several as uploads for a worker; and a sentence for each
    file that is none."""

    picture: Picture | None = None
    uploads: list[Upload] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not (self.picture or self.uploads or self.refused)

    def keep(self, product: Product) -> list[int]:
        """Put them last among the photos of a product. Returns their ids."""
        kept = leave_photos(product=product, uploads=self.uploads)
        if self.picture is not None:
            kept.append(keep_photo(product=product, picture=self.picture))
        return [photo.pk for photo in kept]


def arrived(request: HttpRequest) -> Arrived:
    """What came in the field `file`."""
    found = Arrived()
    files = cast(list[UploadedFile], request.FILES.getlist("file"))
    for file in files[:MOST]:
        upload = Upload(cast(BinaryIO, file), file.size or 0, str(file.name))
        try:
            if len(files) == 1:
                found.picture = develop(file=upload.file, size=upload.size)
            else:
                upload.check()
                found.uploads.append(upload)
        except BadPicture as refusal:
            found.refused.append(f"{file.name}{_(': ')}{refusal}")
    if len(files) > MOST:
        left = _(", ").join(str(file.name) for file in files[MOST:])
        found.refused.append(
            _("At most %(most)s photos at once. Choose these again: %(left)s")
            % {"most": MOST, "left": left}
        )
    return found


def asked_ahead(request: HttpRequest) -> list[int]:
    """The photos that stay ticked, of those that the form has kept."""
    return [key_of(typed) for typed in request.POST.getlist(AHEAD)[:MOST_AHEAD]]


def kept_ahead(request: MerchantRequest, came: Arrived) -> dict[str, Any]:
    """The photos that the form kept before, and those that came now and are kept from now on."""
    before = ahead_of(merchant=request.merchant, by=request.user, photos=asked_ahead(request))
    fresh = keep_ahead(
        merchant=request.merchant, by=request.user, uploads=came.uploads, picture=came.picture
    )
    return {"ahead": [*before, *fresh], "refused": came.refused}
