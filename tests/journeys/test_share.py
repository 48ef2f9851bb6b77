"""Handing a show on: the sheet with link and code, and posters that a phone's camera can follow."""

from __future__ import annotations

import io
from urllib.parse import urljoin

import pytest
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from livestream.rules.poster import SIZE
from livestream.services.poster import font_path
from tests.journeys.browser import Troubles
from tests.journeys.crew import in_room, is_phone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(font_path() is None, reason="no font with Chinese letters here"),
]


def poster_behind(page: Page, way: str) -> tuple[Image.Image, Page]:
    """The poster as it is saved, and the page that shows it."""
    link = page.locator(way)
    with page.expect_popup() as opened:
        link.click()
    answer = page.request.get(urljoin(page.url, link.get_attribute("href")))
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.body())), opened.value


def test_a_clerk_hands_out_a_poster_of_her_own(live, clerk):
    troubles = Troubles(clerk)
    clerk.locator("[data-dialog-open=share]:visible").click()
    link = clerk.locator("#share [data-share] input")
    expect(link).to_have_value(urljoin(clerk.url, f"/live/{live.public_id}/"))
    poster, shown = poster_behind(clerk, "#share a[href*='poster.png']")
    assert poster.size == SIZE
    assert shown.locator("img").evaluate("image => image.naturalWidth") == SIZE[0]
    assert "c=" in shown.url  # who comes by it came through her
    shown.close()
    expect(clerk.locator("#share")).to_be_visible()
    assert troubles.found == []


def test_a_shopper_hands_on_the_room_and_one_of_its_goods(browser, server, live, longjing, clerk):
    clerk.locator("#dock-next" if is_phone(clerk) else "#next").click()
    mei = in_room(browser, server, live, "沈梅")
    troubles = Troubles(mei)
    expect(mei.locator("[data-pin]")).to_contain_text("明前龙井")
    mei.locator(".lr-bar [data-share]").click()
    room, shown = poster_behind(mei, "#sheet a[href*='poster.png']")
    shown.close()
    mei.locator("#sheet [data-sheet-close]").first.click()
    mei.locator("[data-pin-link]").click()
    mei.locator("#sheet a[href*='/share/']").click()
    address = mei.locator("#sheet [data-share] input")
    item = live.items.get(product=longjing)
    path = reverse("watch:product", args=[live.public_id, item.pk])
    expect(address).to_have_value(urljoin(mei.url, path))
    goods, shown = poster_behind(mei, "#sheet a[href*='poster.png']")
    shown.close()
    assert room.size == goods.size == SIZE
    assert room.tobytes() != goods.tobytes()
    assert mei.locator("video").count() == 1  # she never left
    assert troubles.found == []
