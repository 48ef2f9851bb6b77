"""An owner brings her goods in from a spreadsheet, in a real browser, at a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from merchants.models import Stock
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD
from tests.merchants.sheets import SHOP, SHOPIFY, SHOPIFY_2025, SQUARE, WOO
from tests.merchants.sheets import TILL as SHIRTS
from tests.servers import until

pytestmark = pytest.mark.slow
TILL = """桂芳茶行 三月库存,,,,
品名,编码,分类,零售价,现存
白毫银针,BH-50,茶叶,「一百八」,12
正山小种,ZS-125,茶叶,92.00,7
"""


def choose(page: Page, content: str, name: str, encoding: str = "utf-8") -> None:
    """Upload a sheet and take its columns as they were guessed."""
    page.goto("/dashboard/tea/imports/")
    file = {"name": name, "mimeType": "text/csv", "buffer": content.encode(encoding)}
    page.locator("[name=file]").set_input_files(files=[file])  # type: ignore[list-item]
    page.locator("main form button").click()
    page.locator(".savebar button").click()
    expect(page.locator("#check")).to_be_visible(timeout=30_000)


def bring_in(page: Page) -> None:
    page.locator(".imp-go").click()
    expect(page.locator("main")).to_contain_text("已导入", timeout=30_000)


@pytest.mark.parametrize("open_", [desk, phone])
def test_a_sheet_of_the_till_is_mended_brought_in_and_undone(server, shop, alice, account, open_):
    with chromium() as browser:
        page = open_(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        choose(page, TILL, "三月.csv", "gb18030")

        cell = page.locator("#cell-3-price")
        expect(cell).to_have_value("「一百八」")
        cell.fill("180")
        cell.press("Enter")
        expect(page.locator(".imp-go")).to_contain_text("2")
        assert not shop.variants.exists(), "nothing reaches the shop before she says so"

        bring_in(page)
        silver = shop.variants.get(sku="BH-50")
        assert (silver.price, Stock.objects.get(variant=silver).on_hand) == (18000, 12)
        page.goto("/dashboard/tea/products/")
        expect(page.locator("main")).to_contain_text("白毫银针")

        page.go_back()
        page.get_by_role("link", name="撤销这次导入").click()
        asked = page.locator("dialog#undo")
        expect(asked).to_contain_text("2")  # it asks, in numbers
        expect(asked.locator("[data-dialog-close]")).to_be_focused()  # on the safe side
        page.keyboard.press("Enter")
        expect(asked).to_be_hidden()
        assert shop.variants.exists()
        page.get_by_role("link", name="撤销这次导入").click()
        asked.locator(".btn--danger").click()
        until(lambda: not shop.variants.exists(), 30)
        assert troubles.found == []


EXPORTS = [  # (file, its name, its encoding, what is chosen in the preview, {SKU: grams})
    (SHOPIFY, "products_export_1.csv", "utf-8", "Size 250 g", {"LJ-50": 60, "LJ-250": 286}),
    (SHOPIFY_2025, "products.csv", "utf-8", "Colour Red · Size L", {"TEE-RL": 180, "TEE-BM": 190}),
    (WOO, "wc-product-export.csv", "utf-8-sig", "Colour Red", {"HOODIE-B": 600, "HOODIE-R": 650}),
    (SQUARE, "catalog.csv", "utf-8", "Size Large · Milk Oat", {"LAT-S": None, "MUF": 113}),
    (SHIRTS, "商品.csv", "gb18030", "颜色 蓝 · 尺码 M", {"CS-RL": 240, "SJ-1": 46}),
    (SHOP, "商品导出.csv", "gb18030", "包装 罐装 · 净含量 100克", {"LJ-G100": 200, "BLB": None}),
]


@pytest.mark.parametrize("open_", [desk, phone])
def test_exports_of_other_shop_systems_come_in_as_they_are(server, shop, alice, account, open_):
    """One browser for all of them, each beside what came before."""
    with chromium() as browser:
        page = open_(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        for content, name, encoding, chosen, weights in EXPORTS:
            choose(page, content, name, encoding)
            page.goto(f"{page.url.split('?')[0]}?only=all")
            expect(page.locator("#check")).to_contain_text(chosen)
            bring_in(page)
            found = shop.variants.filter(sku__in=weights)
            assert dict(found.values_list("sku", "weight")) == weights
        assert troubles.found == []
        tee = shop.products.get(name="Cotton tee")
        page.goto(f"/s/tea/p/{tee.public_id}/")
        expect(page.locator("main")).to_contain_text("Colour")
        page.goto(f"/dashboard/tea/products/{tee.public_id}/")
        expect(page.locator("[name=option_0_values]")).to_have_value("Red、Blue")
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) <= 0
