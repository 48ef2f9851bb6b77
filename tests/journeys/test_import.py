"""An owner brings her goods in from a spreadsheet, in a real browser, at a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from merchants.models import Stock
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD
from tests.merchants.sheets import SHOPIFY, SQUARE, WOO
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
        page.get_by_role("button", name="撤销这次导入").click()
        until(lambda: not shop.variants.exists(), 30)
        assert troubles.found == []


@pytest.mark.parametrize(
    ("content", "name", "skus"),
    [
        (SHOPIFY, "products_export_1.csv", {"LJ-50", "LJ-250", "CUP"}),
        (WOO, "wc-product-export.csv", {"HOODIE-B", "HOODIE-R", "CAP"}),
        (SQUARE, "catalog.csv", {"LAT-S", "LAT-L", "MUF"}),
    ],
)
def test_exports_of_other_shop_systems_come_in_as_they_are(
    server, shop, alice, account, content, name, skus
):
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        sign_in(page, account(alice).email, PASSWORD)
        choose(page, content, name)
        bring_in(page)
        assert set(shop.variants.values_list("sku", flat=True)) == skus
