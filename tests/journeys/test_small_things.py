"""Small things that only a browser shows: a cover before it is sent, a brand on one line."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.journeys.browser import chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.slow


def cover(colour: str) -> dict[str, object]:
    file = BytesIO()
    Image.new("RGB", (540, 960), colour).save(file, "PNG")
    return {"name": "cover.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_a_cover_is_seen_before_it_is_sent(server, alice, account, room):
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        account(alice)
        sign_in(page, "alice@example.com", PASSWORD)
        page.goto(f"/dashboard/tea/rooms/{room.public_id}/")
        picture = page.locator(".rm-cover img")
        before = picture.get_attribute("src")
        field = page.locator("input[name=cover]")
        field.set_input_files(cover("#1d6547"))
        shown = "img => img.src.startsWith('blob:') && img.naturalWidth"
        expect(picture).to_have_js_property("naturalWidth", 540)
        assert picture.evaluate(shown) == 540
        heic = {"name": "cover.heic", "mimeType": "image/heic", "buffer": b"no browser reads it"}
        field.set_input_files(heic)
        expect(picture).to_have_attribute("src", re.compile(f"{before}$"))
        field.set_input_files([])
        expect(picture).to_have_attribute("src", re.compile(f"{before}$"))


@pytest.mark.parametrize("path", ["/", "/orders/", "/s/tea/"])
def test_the_brand_stands_on_one_line_on_the_narrowest_phone(server, shop, path):
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(path)
        brand = page.locator(".brandmark span").first
        height = brand.evaluate("span => span.getBoundingClientRect().height")
        assert height < 2 * brand.evaluate("span => parseFloat(getComputedStyle(span).fontSize)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
