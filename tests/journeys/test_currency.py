"""A shop whose currency has no cents, in a real browser: what a script writes is what is meant."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Troubles, chromium, desk, sign_in
from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("currency", "typed", "off", "most"),
    [
        ("JPY", "500", "¥500", "¥10,000"),
        ("JPY", "１,５００", "¥1,500", "¥30,000"),
        ("CNY", "5.5", "¥5.50", "¥110"),
        ("KRW", "5000", "₩5,000", "₩100,000"),
    ],
)
def test_the_preview_of_a_coupon_counts_in_the_currency_of_the_shop(
    server, shop, alice, account, currency, typed, off, most
):
    shop.currency = currency
    shop.save()
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/coupons/new/")
        page.locator("[name=amount]").fill(typed)
        page.locator("[name=issued]").fill("20")
        expect(page.locator("[data-amount]")).to_have_text(off)
        expect(page.locator("[data-cost-text]")).to_contain_text(most)
        if currency != "CNY":
            page.locator("[name=amount]").fill("5.5")  # half a yen is none
            expect(page.locator("[data-cost]")).to_be_hidden()
        assert troubles.found == []


def test_the_preview_of_a_gift_says_what_all_of_them_may_cost(server, shop, alice, account, cup):
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/coupons/new/")
        page.locator("[name=kind][value=gift]").check(force=True)
        page.locator("[name=issued]").fill("20")
        expect(page.locator("[data-cost]")).to_be_hidden()  # of what, nobody knows yet
        page.locator("[name=gift]").fill("nothing")
        expect(page.locator("[data-gift-found]")).to_contain_text("没有这个货号")
        expect(page.locator("[data-cost]")).to_be_hidden()
        page.locator("[name=gift]").fill(cup.variants.get().sku)
        expect(page.locator("[data-cost-text]")).to_contain_text("¥580")
        expect(page.locator("[data-gift-found]")).to_contain_text("¥29")
        page.locator("[name=kind][value=shipping]").check(force=True)
        expect(page.locator("[data-cost]")).to_be_hidden()
        assert troubles.found == []


def test_a_room_writes_prices_in_the_currency_of_its_shop(client, shop, live):
    shop.currency = "JPY"
    shop.save()
    page = client.get(f"/live/{live.public_id}/").text
    assert 'data-symbol="¥" data-digits="0"' in page
