"""The address of a picture, or of the drawing that stands where none was uploaded."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.templatetags.static import static

NO_PHOTO = "art/no-photo.svg"
NO_COVER = "art/no-cover.svg"


def photo_url(file: Any) -> str:
    """A product's photo: a file field, or the name of a file as a query brings it."""
    return _url(file) or static(NO_PHOTO)


def cover_url(file: Any) -> str:
    """A room's cover."""
    return _url(file) or static(NO_COVER)


def _url(file: Any) -> str:
    if not file:
        return ""
    return default_storage.url(file) if isinstance(file, str) else file.url
