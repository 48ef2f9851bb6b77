"""Uploads under DEBUG. In production the web server in front hands them out, never Django."""

from __future__ import annotations

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.views.static import serve


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """The file in one piece: a stream from a thread is what ASGI warns of at every picture."""
    answer = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    if not isinstance(answer, FileResponse):
        return answer
    whole = HttpResponse(answer.getvalue(), headers=dict(answer.headers))
    if answer.file_to_stream is not None:
        answer.file_to_stream.close()  # not `answer.close()`: it would end the request
    return whole
