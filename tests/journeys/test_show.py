"""A show as its crew works it, in real browsers: the run sheet during the show, the prompter on a
second device, a sale at the till. Once at a desk, once on a phone.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from livestream.models import Room
from livestream.services.shelf import set_item
from merchants.models import Stock, Variant
from merchants.rules.role import Role
from merchants.services.staff import add_staff
from tests.conftest import person, product_of
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD
from tests.livestream.test_rehearsed import after, rows
from tests.servers import Server, until

pytestmark = pytest.mark.slow
SIZES = pytest.mark.parametrize("size", [desk, phone], ids=["desk", "phone"])
CODE = "6901234567892"


@pytest.fixture
def helper(shop):
    user = person("erin@example.com", "Erin")
    add_staff(merchant=shop, user=user, role=Role.CLERK, host_name="小艾")
    return user


def console(page: Page, room: Room) -> None:
    page.goto(f"/dashboard/tea/rooms/{room.public_id}/console/")
    page.wait_for_selector("html[data-started]")


def names(room: Room) -> list[str]:
    return [item.product.name for item in room.items.select_related("product")]


@SIZES
def test_the_run_sheet_is_worked_while_the_show_runs(
    server: Server, shop, bob, helper, account, live, longjing, cup, size
):
    keemun = product_of(shop, "祁门红茶", 9800, 6)
    Variant.objects.filter(product=product_of(shop, "黄山毛峰", 7600, 5)).update(barcode=CODE)
    first = live.items.get(product=longjing)
    set_item(item=first, live_price=None, notes="三月二十二号采", objection="太贵\n一杯三块多")
    with chromium() as browser:
        shopper = phone(browser, server.url).new_page()
        shopper.goto(f"/live/{live.public_id}/")
        page = size(browser, server.url).new_page()
        second = phone(browser, server.url).new_page()
        troubles = Troubles(shopper, page, second)
        sign_in(page, account(bob).email, PASSWORD)
        sign_in(second, account(helper).email, PASSWORD)
        console(page, live)
        second.goto(f"/dashboard/tea/rooms/{live.public_id}/prompter/")
        expect(second.locator(".pr-next")).to_contain_text("明前龙井")

        next_button = page.locator("#next" if size is desk else "#dock-next")
        next_button.click()  # the card, the spotlight and the prompter turn together
        expect(second.locator(".pr-notes")).to_have_text("三月二十二号采")
        expect(second.locator(".pr-objection")).to_contain_text("一杯三块多")
        expect(shopper.locator(".lr-pin, [data-pin]").first).to_contain_text("明前龙井")

        if size is phone:
            page.locator("#dock-shelf").click()
        page.locator("#shelf-add").click()
        field = page.locator("#rs-code")
        field.fill("qmhc")
        page.locator(f"#rs-add-{keemun.public_id}").click()
        until(lambda: "祁门红茶" in names(live))
        field.fill("")
        field.focus()
        page.keyboard.type(CODE)  # a scanner
        page.keyboard.press("Enter")
        until(lambda: "黄山毛峰" in names(live))
        expect(page.locator("[data-items] li")).to_have_count(4)

        last = live.items.get(product=keemun)
        page.locator(f"#rs-up-{last.pk}").click()
        expect(page.locator("[data-items] li").nth(1)).to_contain_text("祁门红茶")
        page.wait_for_timeout(800)  # the list is written anew by the answer; then it stands still
        grip = page.locator("[data-items] li", has_text="黄山毛峰").locator("[data-grip]")
        place = page.locator("[data-items] li", has_text="明前龙井").bounding_box()
        held = grip.bounding_box()
        page.mouse.move(held["x"] + 8, held["y"] + 8)
        page.mouse.down()
        for step in range(1, 9):
            way = (place["y"] + 4 - held["y"] - 8) * step / 8
            page.mouse.move(held["x"] + 8, held["y"] + 8 + way)
        page.mouse.up()
        until(lambda: names(live)[0] == "黄山毛峰")

        page.locator(f"#rs-edit-{first.pk}").click()
        page.locator("#rs-live_price").fill("138")
        page.locator("#rs-minutes").fill("5")
        page.locator("#rs-notes").fill("八十度的水")
        page.locator(".rs-foot .btn--primary").click()
        expect(second.locator(".pr-notes")).to_have_text("八十度的水")
        expect(second.locator(".pr-time")).to_contain_text("5")
        expect(shopper.locator("[data-pin-price], .lr-pin").first).to_contain_text("138")
        page.locator(".sheet__head .x:visible").click()
        expect(page.locator("#runsheet")).to_be_hidden()
        assert troubles.found == []


def test_a_sale_at_the_till_shows_in_console_prompter_and_room(
    server: Server, shop, bob, helper, account, live, longjing, store
):
    with chromium() as browser:
        shopper = phone(browser, server.url).new_page()
        shopper.goto(f"/live/{live.public_id}/")
        page = desk(browser, server.url).new_page()
        till = phone(browser, server.url).new_page()
        sign_in(page, account(bob).email, PASSWORD)
        sign_in(till, account(helper).email, PASSWORD)
        console(page, live)
        page.locator("#next").click()
        page.locator("[data-prompt-toggle]").click()
        expect(page.locator("#prompt")).to_contain_text("10")
        till.goto("/dashboard/tea/counter/")
        till.wait_for_selector("html[data-started]")
        till.locator("#scan").focus()
        till.keyboard.type(longjing.variants.get().sku)
        till.keyboard.press("Enter")
        expect(page.locator("#shelf .cs-it", has_text="明前龙井")).to_contain_text("9")
        expect(page.locator(".cs-now__s")).to_contain_text("9")
        expect(page.locator("#prompt .pr-head")).to_contain_text(re.compile(r"\b9\b|9"))
        expect(shopper.locator("[data-pin-left]")).to_contain_text("9")


@SIZES
def test_a_rehearsal_from_its_button_to_its_score(
    server: Server, shop, bob, account, scheduled, longjing, size
):
    until(lambda: not Stock.objects.filter(stale=True).exists())  # the sweep has counted
    before = rows()
    with chromium() as browser:
        shopper = phone(browser, server.url).new_page()
        shopper.goto(f"/live/{scheduled.public_id}/")
        context = size(browser, server.url)
        context.grant_permissions(["camera", "microphone"], origin=server.url)
        page = context.new_page()
        troubles = Troubles(shopper, page)
        sign_in(page, account(bob).email, PASSWORD)
        console(page, scheduled)
        page.locator("[data-rehearse]").click()
        page.wait_for_selector("html[data-started] [data-stop-rehearsal]")
        page.locator("#next" if size is desk else "#dock-next").click()
        expect(page.locator("#shelf .cs-it").first).to_have_class(re.compile("now"))
        stage = page.locator("[data-publish]")
        expect(stage).to_have_attribute("data-publishing", "true")
        page.wait_for_timeout(6000)  # light and sound are measured

        after(scheduled, 70)
        lines = page.locator("[data-chat-lines]")
        expect(lines).to_contain_text("用户8841")
        if size is desk:
            watching, most = page.locator("#figures [data-module]"), page.locator("[data-peak]")
            until(lambda: 1 < int(watching.inner_text()) <= int(most.inner_text()))
        page.reload()  # it goes on where it was
        expect(lines.locator("li.q")).to_have_count(4)
        if size is phone:
            page.locator("#dock-reply").click()
        advert = lines.locator("li", has_text="用户8841").first
        advert.click()
        advert.locator("[data-act=guest]").click()
        page.locator("#guest [data-measure=ban]").click()
        expect(lines).not_to_contain_text("用户8841")
        asked = lines.locator("li.q").first
        asked.click()
        asked.locator("[data-act=reply]").click()
        page.locator("#console-say").fill("三月二十二号上午")
        page.keyboard.press("Enter")
        expect(lines).to_contain_text("三月二十二号上午")
        expect(page.locator("#console-say")).to_have_value("")
        expect(page.locator("#asked-count")).to_have_text("2")
        if size is phone:
            page.locator("#chat .x.only-phone").click()

        after(scheduled, 94)
        expect(page.locator("[data-cut]")).to_be_visible()
        expect(page.locator("#shelf .cs-it").first).to_have_class(re.compile("out"))
        expect(stage).to_have_attribute("data-publishing", "false")
        expect(page.locator("[data-cut]")).to_be_hidden()
        expect(stage).to_have_attribute("data-publishing", "true")
        page.wait_for_timeout(500)
        page.locator("[data-stop-rehearsal]").click()
        found = page.locator("#readiness")
        expect(found).to_be_visible()
        for name in ("uplink", "light", "sound", "spam", "cut"):
            fine = found.locator(f"[data-finding={name}]")
            expect(fine).to_have_class(re.compile("is-fine"))
        expect(found.locator("[data-finding=goods] a").first).to_have_attribute(
            "href", re.compile(longjing.public_id)
        )
        shopper.wait_for_timeout(300)
        assert shopper.locator("h1, .cd-title").first.is_visible()
        assert "用户8841" not in shopper.content()
        assert troubles.found == []
    now = rows()
    for table in ("livestream.Publication", "merchants.User"):  # the camera's; her last sign-in
        before.pop(table)
        now.pop(table)
    epochs = ("livestream.Room",)  # the fence of the camera, too
    assert {k: v for k, v in now.items() if k not in epochs} == {
        k: v for k, v in before.items() if k not in epochs
    }
