"""A shopper shows on her phone what is broken; the clerk sees it at the order, and nobody else."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Locator, Page, expect

from orders.models import Refund, RefundPhoto
from tests.journeys.browser import Troubles, desk, phone
from tests.journeys.crew import signed
from tests.journeys.test_refund import buy_two
from tests.servers import session_of

pytestmark = pytest.mark.slow


def photo(name: str, colour: str) -> dict[str, object]:
    file = BytesIO()
    Image.new("RGB", (1200, 900), colour).save(file, "JPEG")
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


def addresses(photos: Locator) -> list[str]:
    """Where the pictures of a card lie; each is there, as large as it was taken."""
    for one in photos.all():
        one.scroll_into_view_if_needed()  # they load when they come into sight
        expect(one).to_have_js_property("naturalWidth", 1200)
    return [one.get_attribute("src") or "" for one in photos.all()]


def refused(context: BrowserContext, paths: list[str]) -> bool:
    """Each of them is no picture for whoever this is: not found, or a page to sign in at."""
    for path in paths:
        answer = context.request.get(path, max_redirects=0)
        assert answer.status in {302, 404}
        assert "image" not in answer.headers.get("content-type", "")
    return True


def ask(page: Page) -> Refund:
    """First with a paper among the photos: said at its field, and nothing typed is lost."""
    page.locator("a[href$='/refund/']").click()
    page.locator("[name^=line-]").fill("1")
    page.locator("[name=reason]").select_option("broken")
    page.locator("[name=words]").fill("盖子裂了")
    field = page.locator("[name=file]")
    paper = {"name": "bill.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 a bill"}
    field.set_input_files([photo("lid.jpg", "#1d6547"), paper])
    expect(page.locator(".file__name")).to_contain_text("2")
    page.locator("main form .btn--primary").click()
    expect(page.locator("main .error", has_text="bill.pdf").first).to_be_visible()
    expect(page.locator("[name=words]")).to_have_value("盖子裂了")
    assert not Refund.objects.exists()
    field.set_input_files([photo("lid.jpg", "#1d6547"), photo("box.jpg", "#8a5a2b")])
    page.locator("main form .btn--primary").dblclick()
    expect(page.locator("[data-refund=requested]")).to_be_visible()
    return Refund.objects.get()


@pytest.mark.parametrize("open_", [desk, phone], ids=["desk", "phone"])
def test_she_shows_what_is_broken_to_the_shop_alone(
    browser, server, shop, longjing, variant, as_bob, other_shop, mallory, client, open_
):
    shopper = phone(browser, server.url).new_page()
    clerk = signed(open_(browser, server.url), server, session_of(as_bob)).new_page()
    troubles = Troubles(shopper, clerk)
    order = buy_two(shopper, variant.pk)
    refund = ask(shopper)
    assert RefundPhoto.objects.filter(refund=refund).count() == 2
    hers = addresses(shopper.locator("[data-refund] .rf-p img"))

    clerk.goto(f"/dashboard/tea/orders/{order.number}/")
    card = clerk.locator("[data-refund=requested]")
    expect(card).to_contain_text("盖子裂了")
    shown = addresses(card.locator(".rf-p img"))
    assert len(hers) == len(shown) == 2
    with clerk.expect_popup() as large:
        card.locator(".rf-p a").first.press("Enter")  # by the keyboard too
    expect(large.value.locator("img")).to_have_js_property("naturalWidth", 1200)

    stranger = phone(browser, server.url)  # who was sent the link of the order
    page = stranger.new_page()
    page.goto(f"/orders/{order.number}/")
    expect(page.locator("[data-refund=requested]")).to_be_visible()
    expect(page.locator(".rf-p")).to_have_count(0)
    assert refused(stranger, hers + shown)
    client.force_login(mallory)  # another shop's owner
    assert refused(signed(desk(browser, server.url), server, session_of(client)), hers + shown)
    assert refused(shopper.context, shown)  # the shop's own address is not hers
    assert troubles.found == []
