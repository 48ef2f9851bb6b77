"""Make a stranger's file into a picture of ours: opened by header, re-encoded, stripped."""

from __future__ import annotations

import io
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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


def check_picture(file: BinaryIO, *, size: int) -> None:
    """Judge an upload by its length and its header, decoding nothing. Raises BadPicture."""
    with _speaking():
        _opened(file, size)
    file.seek(0)


def read_picture(file: BinaryIO, *, size: int, box: tuple[int, int] | None = None) -> Image.Image:
    """Decode an upload of `size` bytes, upright, without metadata, made to fit `box`.

    The format comes from the bytes, never from the name; the pixel count is read from the header
    before anything is decoded. With a `box` a large JPEG is never decoded in full.
    Raises BadPicture with a sentence that says what is wrong.
    """
    with _speaking(), _desk:
        picture = _opened(file, size)
        if box is not None:
            picture.draft("RGB", box)
        picture.load()
        plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        orientation = picture.getexif().get(0x0112, 1)
        del picture
        if box is not None:
            plain.thumbnail(box)
        return _upright(plain, orientation)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    """As ImageOps.exif_transpose, on pixels that have lost their EXIF."""
    turn = _TURNS.get(orientation)
    picture.info.clear()
    return picture if turn is None else picture.transpose(turn)


def _opened(file: BinaryIO, size: int) -> Image.Image:
    """The picture with its header read and nothing decoded."""
    if size > MOST_BYTES:
        raise BadPicture(_("This picture is larger than 20 MB. Choose a smaller one."))
    file.seek(0)
    if file.read(5) == b"%PDF-":
        raise BadPicture(_("A PDF does not work here. Photograph the paper instead."))
    file.seek(0)
    picture = Image.open(file, formats=sorted(FORMATS))
    if not fits(*picture.size):
        raise BadPicture(_too_many_pixels(picture.size))
    return picture


@contextmanager
def _speaking() -> Iterator[None]:
    """Whatever a decoder raises becomes a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            yield
    except BadPicture:
        raise
    except Image.DecompressionBombError as trouble:
        raise BadPicture(_too_many_pixels(None)) from trouble
    except Exception as trouble:  # decoders raise anything at all on hostile bytes
        raise BadPicture from trouble


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
