"""At the counter, in real browsers: a scanner that types, a live room that hears of it, a count of
the store while it sells, and a box of goods for the other store. Once at a desk, once on a phone.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from livestream.services.shelf import show_item
from merchants.models import Stock, StockMovement, Store, Variant
from merchants.services.counter import sell_at_counter
from tests.journeys.barcode import film_of
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD
from tests.servers import until

pytestmark = pytest.mark.slow
TEA, GLASS = "6901234567892", "6909876543210"
SIZES = pytest.mark.parametrize("size", [desk, phone], ids=["desk", "phone"])


@pytest.fixture
def goods(longjing, cup) -> tuple[Variant, Variant]:
    tea, glass = longjing.variants.get(), cup.variants.get()
    Variant.objects.filter(pk=tea.pk).update(barcode=TEA)
    Variant.objects.filter(pk=glass.pk).update(barcode=GLASS)
    return tea, glass


def scan(page: Page, *codes: str) -> None:
    """As a scanner does: keys into the page, whatever has the focus, and Enter."""
    for code in codes:
        page.keyboard.type(code)
        page.keyboard.press("Enter")


def there(variant: Variant, store: Store) -> int:
    found = Stock.objects.filter(variant=variant, store=store).first()
    return found.on_hand if found else 0


@SIZES
def test_scans_are_booked_in_order_and_the_room_hears_of_it(
    server, shop, bob, account, live, store, goods, size
):
    tea, glass = goods
    show_item(room=live, item=live.items.get(product=tea.product))
    with chromium() as browser:
        shopper = phone(browser, server.url).new_page()
        shopper.goto(f"/live/{live.public_id}/")
        left = shopper.locator("[data-pin-left]")  # told by the socket, without a reload
        expect(left).to_contain_text("10")
        page = size(browser, server.url).new_page()
        troubles = Troubles(page, shopper)
        sign_in(page, account(bob).email, PASSWORD)
        page.goto("/dashboard/tea/counter/")
        page.wait_for_selector("html[data-started]")
        page.locator("#scan").focus()
        scan(page, TEA, TEA, GLASS, TEA, GLASS)  # faster than any answer
        until(lambda: (there(tea, store), there(glass, store)) == (7, 48), 15)
        expect(page.locator("[data-pieces]")).to_have_text("5")
        moves = StockMovement.objects.filter(by=bob).order_by("pk")
        order = [move.stock.variant_id for move in moves.select_related("stock")]
        assert order == [one.pk for one in (tea, tea, glass, tea, glass)]

        page.locator("h1").click()  # the focus is elsewhere: the scanner does not care
        page.evaluate("document.activeElement.blur()")
        scan(page, TEA)
        until(lambda: there(tea, store) == 6)
        expect(left).to_contain_text("6")
        expect(page.locator("#last-title")).to_contain_text("龙井")
        scan(page, "4711")
        expect(page.locator("#till [role=alert]")).to_contain_text("4711")
        scan(page, TEA)
        until(lambda: there(tea, store) == 5)
        missed = page.locator("[data-scan-missed]")  # she did not look up in between
        expect(missed).to_contain_text("4711")
        missed.locator("button").click()
        expect(missed).to_be_hidden()
        line = page.locator(".s-line").first
        line.locator("button").nth(1).click()  # one more
        until(lambda: there(tea, store) == 4)
        expect(page.locator(".s-line__n").first).to_have_text("3")  # scans in a row are one line
        page.locator(".s-line").first.locator("[name=all]").click()
        until(lambda: there(tea, store) == 7)
        expect(page.locator(".s-line--back")).to_have_count(1)

        expect(left).to_contain_text("7")
        assert troubles.found == []


def test_a_scan_while_the_network_is_down_waits_and_is_booked_once(
    server, shop, bob, account, store, goods
):
    tea, _glass = goods
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        sign_in(page, account(bob).email, PASSWORD)
        page.goto("/dashboard/tea/counter/")
        page.wait_for_selector("html[data-started]")
        page.locator("#scan").focus()
        page.context.set_offline(True)
        scan(page, TEA, TEA)
        expect(page.locator("[data-scan-waiting]")).to_contain_text("2")
        assert there(tea, store) == 10
        page.context.set_offline(False)
        until(lambda: there(tea, store) == 8, 15)
        expect(page.locator("[data-scan-waiting]")).to_have_text("")
        page.reload()
        page.wait_for_timeout(800)
        assert there(tea, store) == 8


def test_each_press_is_one_piece_however_quick(server, shop, bob, account, store, goods):
    tea, _glass = goods
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        sign_in(page, account(bob).email, PASSWORD)
        page.goto("/dashboard/tea/counter/")
        page.wait_for_selector("html[data-started]")
        page.locator("#scan").focus()
        scan(page, TEA)
        more = page.locator(".s-line .stock__b").nth(1)
        expect(more).to_be_visible()
        more.evaluate("button => { for (let n = 0; n < 4; n++) button.click(); }")
        until(lambda: there(tea, store) == 5, 15)
        expect(page.locator("[data-pieces]")).to_have_text("5")
        page.context.route("**/counter/sell/", lambda route: route.fulfill(status=500))
        scan(page, TEA)
        expect(page.locator(".toast")).to_contain_text(TEA)
        page.context.unroute("**/counter/sell/")
        scan(page, TEA)  # what broke does not stand in the way of what follows
        until(lambda: there(tea, store) == 4, 15)


def test_the_camera_reads_a_barcode_once_for_each_look(
    server, shop, bob, account, store, goods, tmp_path
):
    tea, _glass = goods
    with chromium(f"--use-file-for-fake-video-capture={film_of(TEA, tmp_path)}") as browser:
        page = desk(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(bob).email, PASSWORD)
        page.goto("/dashboard/tea/counter/")
        page.locator("[data-scan-camera]").click()
        expect(page.locator("[data-scan-seen]")).to_have_text(TEA, timeout=15_000)
        until(lambda: there(tea, store) == 9, 15)
        page.wait_for_timeout(1000)  # it still looks at the same box
        assert there(tea, store) == 9
        page.locator("[data-scan-close]").click()
        expect(page.locator("[data-scan-dialog]")).to_be_hidden()
        assert page.evaluate("document.querySelector('video').srcObject.active") is False
        expect(page.locator("[data-pieces]")).to_have_text("1")
        assert troubles.found == []


@pytest.mark.parametrize(
    ("name", "word"),
    [("NotAllowedError", "允许"), ("NotFoundError", "没有摄像头"), ("Error", "占用")],
)
@pytest.mark.usefixtures("shop", "store", "goods")
def test_a_camera_that_is_denied_or_missing_says_so(server, bob, account, name, word):
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        refuse = f"async () => {{ throw new DOMException('', '{name}'); }}"
        page.add_init_script(f"navigator.mediaDevices.getUserMedia = {refuse}")
        sign_in(page, account(bob).email, PASSWORD)
        page.goto("/dashboard/tea/counter/")
        page.locator("[data-scan-camera]").click()
        expect(page.locator("[data-scan-seen]")).to_contain_text(word)
        page.keyboard.press("Escape")
        expect(page.locator("#scan")).to_be_visible()


@SIZES
def test_a_store_is_counted_while_it_sells(server, shop, alice, account, store, goods, size):
    tea, glass = goods
    with chromium() as browser:
        page = size(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/stocktakes/")
        page.locator("[name=store]").first.click()
        page.wait_for_url("**/stocktakes/*/")
        page.locator("#scan").focus()
        scan(page, *[TEA] * 8)
        expect(page.locator(".s-last__n b")).to_have_text("8", timeout=15_000)
        scan(page, GLASS)
        expect(page.locator("tbody tr")).to_have_count(2)
        found = page.locator("tbody tr", has_text="玻璃杯").locator("[name=counted]")
        found.fill("50")
        found.press("Tab")
        expect(page.locator("tbody tr", has_text="玻璃杯").locator(".s-diff")).to_have_text("0")
        sell_at_counter(variant=tea, store=store, by=alice, quantity=3)
        page.locator("form[action$='/apply/'] button").click()
        page.wait_for_url("**/stocktakes/*/")
        expect(page.locator(".page-head .pill--ok")).to_be_visible()
        assert (there(tea, store), there(glass, store)) == (5, 50)
        assert troubles.found == []


@pytest.mark.usefixtures("shop", "store", "goods")
def test_a_code_scanned_into_a_count_is_counted(server, alice, account):
    with chromium() as browser:
        page = desk(browser, server.url).new_page()
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/stocktakes/")
        page.locator("[name=store]").first.click()
        page.wait_for_selector("html[data-started] #scan")
        page.locator("#scan").focus()
        scan(page, TEA, TEA)
        found = page.locator("[name=counted]")
        expect(found).to_have_value("2", timeout=15_000)
        found.focus()
        page.wait_for_timeout(100)
        scan(page, TEA, TEA)
        expect(page.locator("[name=counted]")).to_have_value("4", timeout=15_000)


@SIZES
def test_a_box_of_goods_goes_to_the_other_store(server, shop, alice, account, store, goods, size):
    tea, glass = goods
    second = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    with chromium() as browser:
        page = size(browser, server.url).new_page()
        troubles = Troubles(page)
        sign_in(page, account(alice).email, PASSWORD)
        page.goto("/dashboard/tea/transfer/")
        page.wait_for_selector("html[data-started]")
        page.locator("#scan").focus()
        scan(page, TEA, GLASS, TEA)  # faster than any answer
        expect(page.locator(f"[name=n-{tea.pk}]")).to_have_value("2")
        expect(page.locator(f"[name=n-{glass.pk}]")).to_have_value("1")
        page.reload()  # the box is still full
        page.wait_for_selector("html[data-started]")
        expect(page.locator(f"[name=n-{tea.pk}]")).to_have_value("2")
        number = page.locator(f"[name=n-{glass.pk}]")
        number.fill("59")
        number.focus()
        page.wait_for_timeout(100)
        scan(page, GLASS)  # with the focus in a number: it is a scan all the same
        expect(page.locator(f"[name=n-{glass.pk}]")).to_have_value("60")
        page.locator("[name=go]").click()
        expect(page.locator("#list [role=alert], #list .error").first).to_be_visible()
        assert there(tea, second) == 0
        page.locator(f"[name=n-{glass.pk}]").fill("20")
        page.locator("[name=go]").click()
        page.locator("#scan").focus()
        scan(page, TEA)  # for the next box: it waits until this one is moved
        until(lambda: there(glass, second) == 20)
        expect(page.locator(".toast")).to_contain_text("22")
        expect(page.locator(f"[name=n-{tea.pk}]")).to_have_value("1")
        expect(page.locator("#list [name^=n-]")).to_have_count(1)
        assert (there(tea, store), there(tea, second)) == (8, 2)
        assert (there(glass, store), there(glass, second)) == (30, 20)
        page.goto(f"/dashboard/tea/products/{glass.product.public_id}/stock/")
        expect(page.locator("#stock tfoot")).to_contain_text("50")
        expect(page.locator(".s-ledger li")).to_have_count(3)
        assert troubles.found == []
