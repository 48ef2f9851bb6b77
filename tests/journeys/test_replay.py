"""What remains of a show: chapters that its clerk made by showing, a clip per product, the film."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page, expect

from livestream.models import Room
from livestream.services.sale import buy_in_room
from merchants.models import Customer, Product
from tests.conftest import DAN
from tests.journeys.browser import Troubles, desk, phone, playing, width
from tests.journeys.crew import at_console, in_room, signed
from tests.servers import session_of, until

pytestmark = pytest.mark.slow
SHOWN = 8_000  # ms; what is explained for less than five seconds makes no clip


def ordered(shopper: Page, room: Room, product: Product) -> str:
    """The number of an order of hers in this room."""
    cookies = {one["name"]: one["value"] for one in shopper.context.cookies()}
    device = UUID(SessionStore(cookies["sessionid"])["device"])
    customer = Customer.objects.get_or_create(merchant=room.merchant, device=device)[0]
    variant = product.variants.get()
    order = {"basket": {variant.pk: 1}, "voucher": None, "expected_total": variant.price}
    who = {"customer": customer, "device": device, "contact": DAN, "language": "en"}
    return buy_in_room(room=Room.objects.get(pk=room.pk), **order, **who).number


@pytest.mark.parametrize("size", [desk, phone], ids=["desk", "phone"])
def test_a_show_becomes_chapters_clips_and_a_film(browser, server, live, longjing, as_bob, size):
    context = size(browser, server.url)
    context.grant_permissions(["camera", "microphone"], origin=server.url)
    clerk = at_console(signed(context, server, session_of(as_bob)), live)
    expect(clerk.locator("[data-publish]")).to_have_attribute("data-publishing", "true")
    mei = in_room(browser, server, live, "沈梅")
    troubles = Troubles(clerk, mei)
    until(lambda: playing(mei) > 0, 30)
    following = clerk.locator("#next" if size is desk else "#dock-next")
    for name in ("明前龙井", "耐热玻璃杯"):
        following.click()
        expect(mei.locator("[data-pin]")).to_contain_text(name)
        clerk.wait_for_timeout(SHOWN)
    number = ordered(mei, live, longjing)
    clerk.locator(".cs-end").click()
    clerk.locator("[data-end]").click()

    over = clerk.locator("#over")
    over.locator("a.btn--primary").wait_for()  # the replay is there; nobody loaded the page again
    over.locator("a[download$='.mp4']").wait_for(timeout=60_000)
    with clerk.expect_download() as coming:
        over.locator("a[download$='.mp4']").click()
    film = Path(coming.value.path()).read_bytes()
    assert coming.value.suggested_filename == "明前龙井到店.mp4"
    assert film[4:8] == b"ftyp"
    assert len(film) > 20_000
    over.locator("a.btn--primary").click()
    for page in (clerk, mei):
        page.locator("[data-replay]").wait_for()
        page.wait_for_selector("html[data-started]")
        chapters = page.locator(".ch li")
        expect(chapters).to_have_count(2)
        second = chapters.nth(1).locator("[data-second]")
        at = int(second.get_attribute("data-second"))
        assert at >= SHOWN // 1000 - 1
        second.click()
        until(lambda page=page, at=at: at < playing(page, "#replay") < at + 10, 20)
        expect(chapters.nth(1)).to_have_attribute("aria-current", "true")
        expect(chapters.nth(0)).not_to_have_attribute("aria-current", "true")

    mei.goto(f"/s/tea/p/{longjing.public_id}/")
    mei.locator(".pd__show-p").click()
    until(lambda: width(mei, ".pd__show video") > 0, 20)
    until(lambda: playing(mei, ".pd__show video") > 1, 20)
    length = mei.eval_on_selector(".pd__show video", "video => video.duration")
    assert 5 < length < 60
    for page, way in ((mei, f"/orders/{number}/"), (clerk, f"/dashboard/tea/orders/{number}/")):
        page.goto(way)  # what was said when it was ordered
        page.locator(".pd__show-p").click()
        until(lambda page=page: playing(page, ".pd__show-v video") > 1, 20)
    assert troubles.found == []
