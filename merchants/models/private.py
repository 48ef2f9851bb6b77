"""Where files lie that have no address: sheets, licences, photos as they were uploaded."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible
class PrivateFiles(FileSystemStorage):
    """Files that no address leads to; a view may hand one to whom it belongs."""

    @property
    def base_location(self) -> Path:
        return Path(settings.VAR_DIR) / "private"

    @property
    def location(self) -> str:
        return str(self.base_location.absolute())
