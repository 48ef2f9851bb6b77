"""What would fill a log or a browser's console for nothing."""

from __future__ import annotations

from pathlib import Path

from django.contrib.staticfiles import finders
from django.urls import reverse

from config.media import media


def test_browsers_find_an_icon_where_they_look(client):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    assert answer.url.startswith("/static/art/favicon")
    assert finders.find("art/favicon.ico")


def test_the_apis_page_has_no_style_of_its_own_inside(client):
    page = client.get(reverse("api:docs")).text
    assert "<style" not in page
    assert "css/api.css" in page


def test_an_upload_comes_in_one_piece(rf, settings):
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True)
    (folder / "a.webp").write_bytes(b"RIFF")
    answer = media(rf.get("/media/a.webp"), "a.webp")
    assert not answer.streaming
    assert (answer.content, answer["Content-Length"]) == (b"RIFF", "4")
