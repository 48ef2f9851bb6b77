"""Goods with options and photos, in real browsers: what a shopper can choose, and what a clerk does
with a phone's photos."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from livestream.services.shelf import add_to_shelf, show_item
from merchants.models import Product
from merchants.rules.stock import Reason
from merchants.services.product import VariantData, save_product
from merchants.services.stock import change_stock
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD
from tests.servers import until

pytestmark = pytest.mark.slow
COLOURS = {"红": "#c7391d", "绿": "#1d6547", "蓝": "#2a4d8f"}


@pytest.fixture
def shirt(shop, store) -> Product:
    """Red in S and L, blue in L only; green is sold out."""
    product = save_product(
        merchant=shop,
        name="棉布衫",
        options=[("颜色", ("红", "蓝", "绿")), ("尺码", ("S", "L"))],
        variants=[
            VariantData(
                name=f"{colour} / {size}", sku="", price=9900 + 1000 * at, options=(colour, size)
            )
            for colour in ("红", "蓝", "绿")
            for at, size in enumerate(("S", "L"))
        ],
    )
    for variant in product.variants.filter(name__in=["红 / S", "红 / L", "蓝 / L"]):
        change_stock(variant=variant, store=store, delta=3, reason=Reason.RECEIVED, by=None)
    return product


@pytest.mark.parametrize("open_", [desk, phone])
@pytest.mark.parametrize("place", ["page", "room", "sheet as a page"])
def test_a_shopper_chooses_colour_and_size(server, live, shirt, open_, place):
    item = add_to_shelf(room=live, product=shirt)
    with chromium() as browser:
        page = open_(browser, server.url).new_page()
        troubles = Troubles(page)
        if place == "page":
            page.goto(f"/s/tea/p/{shirt.public_id}/")
        elif place == "room":
            show_item(room=live, item=item)
            page.goto(f"/live/{live.public_id}/")
            page.wait_for_load_state("networkidle")
            page.locator("[data-pin-link]").click()
        else:
            page.goto(f"/live/{live.public_id}/shelf/{item.pk}/")
        choose(page)
        if place != "page":  # the button says what so many cost
            one = page.locator("[data-sum]").inner_text()
            page.locator("[data-more]").click()
            two = page.locator("[data-sum]").inner_text()
            assert [one, two] == ["¥99", "¥198"]
        assert troubles.found == []


def choose(page: Page) -> None:
    def option(value: str) -> object:
        return page.locator(f"[data-option] input[value='{value}']")

    expect(page.locator("[data-options]")).to_be_visible()
    expect(page.locator("[data-plain]")).to_be_hidden()
    for value in ("红", "S"):
        expect(option(value)).to_be_checked()  # the first that is there
    colour = "one => getComputedStyle(one.closest('label')).borderColor"
    assert option("红").evaluate(colour) != option("蓝").evaluate(colour), "what is chosen shows"
    expect(option("绿")).to_be_disabled()
    green = page.locator("[data-option] label", has_text="绿")
    expect(green.locator("[data-out]")).to_be_visible()  # the word, not only the colour
    page.locator("[data-option] label", has_text="蓝").click()
    expect(option("L")).to_be_checked()  # S is not there in blue
    small = page.locator("[data-option] label", has_text="S")
    expect(small.locator("[data-out]")).to_be_visible()
    chosen = page.locator("[name=variant]:checked")
    assert chosen.get_attribute("data-values") == "蓝\nL"
    price = page.locator(".ps-price, .pd__price [data-price]").first  # not the shelf's behind it
    assert "109" in price.inner_text()
    option("L").focus()
    page.keyboard.press(
        "ArrowLeft"
    )  # by keyboard: the other size moves the colour to what is there
    assert chosen.get_attribute("data-values") == "红\nS"


def photo(name: str) -> dict[str, object]:
    file = BytesIO()
    Image.new("RGB", (1200, 1600), COLOURS[name]).save(file, "JPEG")
    return {"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def test_a_clerk_puts_in_photos_orders_them_by_keyboard_and_says_what_is_on_them(
    server, bob, account, longjing
):
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(bob).email, PASSWORD)
        page.goto(f"/dashboard/tea/products/{longjing.public_id}/")
        camera = page.locator("#camera")
        assert camera.get_attribute("capture") == "environment"
        expect(page.locator("label[for=camera]")).to_be_visible()
        files = [photo(name) for name in COLOURS]
        page.locator("#photos input[type=file]:not([capture])").set_input_files(files=files)  # type: ignore[arg-type]
        page.locator("#photos form button.btn--block").click()
        expect(page.locator("#photos progress, #photos .job").first).to_be_visible(timeout=20_000)
        until(lambda: longjing.photos.exclude(thumb="").count() == 3, 60)
        expect(page.locator("#photos [data-photo] img")).to_have_count(3, timeout=20_000)

        first = longjing.photos.first().pk
        page.locator(f"#photo-{first}-later").focus()
        page.keyboard.press("Enter")
        until(lambda: longjing.photos.first().pk != first)
        expect(page.locator(f"#photo-{first}-later")).to_be_focused()  # and once more
        page.keyboard.press("Enter")
        until(lambda: longjing.photos.last().pk == first)
        expect(page.locator(f"#photo-{first}-later")).to_be_disabled()

        shown = page.locator("#photos [data-photo]")
        drag(page, shown.last, shown.first)
        until(lambda: longjing.photos.first().pk == first)

        words = page.locator(f"#photo-{first}-alt")
        words.fill("一碟明前龙井")
        words.press("Tab")
        until(lambda: longjing.photos.get(pk=first).alt == "一碟明前龙井")
        assert troubles.found == []


def drag(page: Page, photo: Locator, to: Locator) -> None:
    """By its grip, with the pointer."""
    photo.locator("[data-photo-drag]").hover()  # which may scroll
    page.mouse.down()
    place = to.bounding_box()
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 3, steps=8)
    page.mouse.up()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
@pytest.mark.parametrize("open_", [desk, phone])
def test_photos_of_a_new_product_survive_a_wrong_price(
    server, shop, alice, account, open_, scripts
):
    account(alice)
    with chromium() as browser:
        page = open_(browser, server.url, java_script_enabled=scripts).new_page()
        troubles = Troubles(page)
        sign_in(page, alice.email, PASSWORD)
        page.goto("/dashboard/tea/products/new/")
        page.locator("[name=name]").fill("祁门红茶")
        page.locator("[name$=-price]").fill("一百八")
        page.locator("#id_file").set_input_files([photo("红"), photo("绿")])  # type: ignore[list-item]
        page.locator(".savebar .btn--primary").click()
        ticks = page.locator("[name=ahead]")
        expect(ticks).to_have_count(2)
        expect(page.locator("[name=name]")).to_have_value("祁门红茶")
        expect(page.locator("#ahead-hint")).to_be_visible()
        if scripts:  # the worker prepares them meanwhile, and the page shows them
            expect(page.locator(".p-photo img")).to_have_count(2, timeout=20_000)
        ticks.nth(1).uncheck()
        page.locator("[name$=-price]").fill("180")
        page.locator(".savebar .btn--primary").click()
        page.wait_for_url(lambda url: "/products/new/" not in url)
        expect(page.locator("[data-photo]")).to_have_count(1)
        assert Product.objects.get(name="祁门红茶").merchant == shop
        assert troubles.found == []
