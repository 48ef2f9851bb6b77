"""Which pictures we open, and how large they may become. Pure."""

from __future__ import annotations

FORMATS = frozenset({"JPEG", "PNG", "WEBP", "HEIF"})
MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 50_000_000  # a 48-megapixel phone photo fits, a 60-megapixel bomb does not
PHOTO_SIZE = (1600, 1600)
THUMB_SIZE = (320, 320)
COVER_SIZE = (1080, 1920)


def fits(width: int, height: int) -> bool:
    """Whether a picture of this size may be decoded at all."""
    return 0 < width * height <= MOST_PIXELS
