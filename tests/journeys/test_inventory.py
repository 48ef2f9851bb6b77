"""An owner finds, ticks and changes goods: by hand on a phone, by keyboard alone at a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.conftest import product_of
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.slow


def test_prices_of_ticked_goods_change_after_a_look(server, shop, alice, account):
    goods = [product_of(shop, f"龙井 {n}", 6800, 3) for n in range(3)]
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/products/?sort=name")
        bar = page.locator("[data-bar]")
        expect(bar).to_be_hidden()
        page.locator("[data-tick]").nth(0).tap()
        page.locator("[data-tick]").nth(1).tap()
        expect(bar.locator("[data-count]")).to_have_text("2")
        bar.locator("[value=change]").tap()
        expect(page.locator("#id_value")).to_be_hidden()
        page.locator("#id_way").select_option("cheaper_percent")
        page.locator("#id_value").fill("１０")
        page.locator("[value=preview]:visible").tap()
        expect(page.locator("#preview")).to_contain_text("61")
        assert goods[0].variants.get().price == 6800
        page.locator("[value=apply]").tap()
        page.wait_for_url("**/products/?sort=name")
        expect(page.locator("[data-row]").nth(0)).to_contain_text("61")
        assert [one.variants.get().price for one in goods] == [6100, 6100, 6800]
        assert troubles.found == []


def test_the_list_works_by_keyboard_alone(server, shop, alice, account):
    product_of(shop, "黄山毛峰", 7600, 3)
    found = product_of(shop, "明前龙井", 16800, 3)
    other = product_of(shop, "龙井茶点", 5800, 9)
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/products/?sort=name")
        page.wait_for_selector("html[data-started]")
        page.keyboard.press("ArrowDown")
        expect(page.locator("[data-open]").first).to_be_focused()
        page.keyboard.press("/")
        page.keyboard.type("lj")
        expect(page.locator("[data-row]")).to_have_count(2)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("x")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("x")
        expect(page.locator("[data-count]")).to_have_text("2")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/products/{found.public_id}/")
        page.go_back()
        page.wait_for_selector("html[data-started]")
        page.locator("[data-all]").check()
        page.locator("[data-bar] [value=archived]").click()
        expect(page.locator("[data-row]")).to_have_count(0)
        for one in (found, other):
            one.refresh_from_db()
            assert one.state == "archived"
        assert troubles.found == []


def test_a_number_is_put_right_in_its_row_and_taken_back(server, shop, alice, account):
    stock = product_of(shop, "黄山毛峰", 7600, 3).variants.get().stock.get()
    other = product_of(shop, "祁门红茶", 7600, 40)
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/products/")
        page.wait_for_selector("html[data-started]")
        ticks = page.locator("[data-tick]")
        for at in range(2):  # and stay ticked
            ticks.nth(at).tap()
        for _twice in range(2):
            page.locator("[data-step='1']").first.tap()
        toast = page.locator(".toast")
        expect(toast).to_contain_text("3 → 5")
        stock.refresh_from_db()
        assert stock.on_hand == 5
        expect(page.locator("[data-count]")).to_have_text("2")
        address = page.url
        page.locator("#q").evaluate("field => { field.value = 'not sent yet'; }")
        toast.locator("button").tap()
        left = page.locator("[name=left]").first
        expect(left).to_have_value("3")
        stock.refresh_from_db()
        assert stock.on_hand == 3
        assert page.url == address
        expect(page.locator("[data-row]", has_text=other.name)).to_be_visible()
        expect(page.locator("[data-tick]:checked")).to_have_count(2)
        expect(page.locator("[data-count]")).to_have_text("2")
        left.fill("8")
        page.locator("h1").tap()
        expect(toast).to_contain_text("3 → 8")
        stock.refresh_from_db()
        assert stock.on_hand == 8
        assert troubles.found == []
