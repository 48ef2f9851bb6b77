"""Make a stranger's file into a picture of ours: opened by header, re-encoded, stripped."""

from __future__ import annotations

import io
import threading
import uuid
import warnings
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

from merchants.errors import BadPicture
from merchants.rules.picture import FORMATS, MOST_BYTES, MOST_PIXELS, fits

register_heif_opener(thumbnails=False)
# A 50-megapixel photo is a few hundred megabytes while it is open: not many at once.
_desk = threading.BoundedSemaphore(2)


def read_picture(file: BinaryIO, *, size: int) -> Image.Image:
    """Decode an upload of `size` bytes, upright, without metadata.

    The format comes from the bytes, never from the name; the pixel count is read from the header
    before anything is decoded. Raises BadPicture with a sentence that says what is wrong.
    """
    if size > MOST_BYTES:
        raise BadPicture(_("This picture is larger than 20 MB. Choose a smaller one."))
    try:
        with _desk, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if file.read(5) == b"%PDF-":
                raise BadPicture(_("A PDF does not work here. Photograph the paper instead."))
            file.seek(0)
            picture = Image.open(file, formats=sorted(FORMATS))
            if not fits(*picture.size):
                raise BadPicture(_too_many_pixels(picture.size))
            picture.load()
            upright = ImageOps.exif_transpose(picture)
    except BadPicture:
        raise
    except Image.DecompressionBombError as trouble:
        raise BadPicture(_too_many_pixels(None)) from trouble
    except Exception as trouble:  # decoders raise anything at all on hostile bytes
        raise BadPicture from trouble
    return upright.convert("RGBA" if "A" in upright.getbands() else "RGB")


def _too_many_pixels(size: tuple[int, int] | None) -> str:
    most = MOST_PIXELS // 1_000_000
    if size is None:
        return _("This picture has more than %(most)s megapixels.") % {"most": most}
    return _("This picture has %(has)s megapixels; at most %(most)s work.") % {
        "has": size[0] * size[1] // 1_000_000,
        "most": most,
    }


def as_webp(picture: Image.Image, box: tuple[int, int], *, crop: bool = False) -> ContentFile:
    """Encode to fit `box` (cropped to fill it if `crop`), never enlarged past its own size."""
    if crop:
        picture = ImageOps.fit(picture, box)
    else:
        picture = picture.copy()
        picture.thumbnail(box)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4)
    return ContentFile(out.getvalue(), name=f"{uuid.uuid4().hex}.webp")
