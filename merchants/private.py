"""How a file that has no address reaches the one whom it belongs to."""

from __future__ import annotations

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpResponse


def picture_answer(picture: FieldFile) -> HttpResponse:
    """The picture itself; nobody on the way keeps a copy."""
    try:
        with picture.open() as file:
            body = file.read()
    except FileNotFoundError as trouble:
        raise Http404 from trouble
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(body, content_type="image/webp", headers=headers)
