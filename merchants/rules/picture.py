"""Which pictures we open, and how large they may become. Pure."""

from __future__ import annotations

from enum import StrEnum

FORMATS = frozenset({"JPEG", "PNG", "WEBP", "HEIF"})
MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 50_000_000  # a 48-megapixel phone photo fits, a 60-megapixel bomb does not
PHOTO_SIZE = (1600, 1600)
CARD_SIZE = (640, 640)
THUMB_SIZE = (320, 320)
COVER_SIZE = (1080, 1920)
PAPER_SIZE = (2400, 2400)  # small print of a licence stays legible


class PhotoState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    REFUSED = "refused"


def fits(width: int, height: int) -> bool:
    """Whether a picture of this size may be decoded at all."""
    return 0 < width * height <= MOST_PIXELS
