"""What stands where nobody has uploaded a picture."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from livestream.selectors.room import card_event, shelf

OURS = {"icons", "mark", "no-photo", "no-cover"}
SCENES = {"shells/_promise.html", "merchants/style/kit.html"}  # drawings meant as drawings


def test_no_page_wears_the_demo_shops_goods():
    folder = Path(settings.BASE_DIR) / "templates"
    for page in folder.rglob("*.html"):
        if page.relative_to(folder).as_posix() not in SCENES:
            drawn = set(re.findall(r"art/([\w-]+)\.svg", page.read_text()))
            assert drawn <= OURS, page


def test_goods_without_photo_and_rooms_without_cover_have_our_drawing(client, live, longjing):
    product = client.get(reverse("shop:product", args=["tea", longjing.public_id])).text
    assert "art/no-photo.svg" in product
    assert "art/no-photo.svg" in client.get(reverse("shop:front", args=["tea"])).text
    assert "art/no-cover.svg" in client.get("/").text
    assert card_event(shelf(live)[0])["picture"].endswith("art/no-photo.svg")
