"""What a clerk offers during a show, from her tool to the shopper's sheet: desk and phone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from livestream.models import Claim, Drop
from livestream.services.drop import open_drop
from livestream.services.shelf import show_next
from merchants.models import Stock
from orders.models import Order, Voucher
from tests.journeys.browser import Troubles
from tests.journeys.crew import in_room, open_tool, to_tools
from tests.orders.test_coupon import issued
from tests.servers import until

pytestmark = pytest.mark.slow


def test_a_coupon_is_dropped_claimed_once_and_taken_back(browser, server, live, coupon, clerk):
    mei, dan = (in_room(browser, server, live) for _ in range(2))
    troubles = Troubles(clerk, mei, dan)
    open_tool(clerk, "drop", "c").locator("button").click()
    to_tools(clerk)
    for one in (mei, dan):
        expect(one.locator("[data-drop]")).to_contain_text("20")
        one.locator("[data-drop]").click()
    mei.locator("#sheet footer button").dblclick()
    expect(mei.locator("#sheet .note--ok")).to_be_visible()
    expect(mei.locator("[data-drop] [data-got]")).to_be_attached()
    expect(clerk.locator(".cs-run")).to_contain_text("1 / 100")
    assert Voucher.objects.count() == 1
    mei.reload()  # what she has, she has
    expect(mei.locator("[data-drop] [data-got]")).to_be_visible()

    back = clerk.locator(".cs-run button")
    back.click()
    clerk.locator("#ask [data-dialog-close]").click()  # let it run
    expect(dan.locator("[data-drop]")).to_have_count(1)
    back.click()
    clerk.locator("#ask [data-ask-go]").click()
    expect(dan.locator("[data-drop]")).to_have_count(0)
    expect(clerk.locator(".cs-run")).to_have_count(0)
    dan.locator("#sheet footer button").click()  # his sheet was open
    expect(dan.locator("#sheet .note--warn")).to_be_visible()
    assert Voucher.objects.count() == 1
    assert troubles.found == []


def test_a_coupon_whose_time_is_up_leaves_the_video(browser, server, live, coupon):
    mei = in_room(browser, server, live)
    drop = open_drop(room=live, coupon=coupon, minutes=1)
    Drop.objects.update(ends_at=timezone.now() + timedelta(seconds=10))
    dan = in_room(browser, server, live)  # it is in his page, and she hears of it
    mei.context.set_offline(True)
    mei.context.set_offline(False)
    for one in (mei, dan):
        expect(one.locator(f"[data-drop={drop.public_id!r}]")).to_be_visible()
    for one in (mei, dan):
        expect(one.locator("[data-drop]")).to_have_count(0)


def test_the_last_copy_of_a_fair_coupon_goes_by_lot(browser, server, live, coupon, clerk):
    type(coupon).objects.update(issued=1)
    mei, dan = (in_room(browser, server, live) for _ in range(2))
    troubles = Troubles(clerk, mei, dan)
    tool = open_tool(clerk, "drop", "c")
    tool.locator("[name=fair]").check()
    tool.locator("button").click()
    for one in (mei, dan):
        one.locator("[data-drop]").click()
        one.locator("#sheet footer button").dblclick()
        expect(one.locator("#sheet [data-asked]")).to_be_visible()
    assert Claim.objects.count() == 2
    assert not Voucher.objects.exists()
    expect(mei.locator("#sheet [data-asked]")).to_have_count(0)
    expect(dan.locator("#sheet [data-asked]")).to_have_count(0)
    won = [one for one in (mei, dan) if one.locator("#sheet .note--ok").count()]
    assert len(won) == Voucher.objects.count() == 1
    lost = dan if won == [mei] else mei
    expect(lost.locator("#sheet a[href$='lots.txt']")).to_be_visible()
    assert troubles.found == []


def flash(clerk: Page) -> None:
    tool = open_tool(clerk, "flash", "f")
    tool.locator("[name=price]").fill("170")  # above the shop's: refused, and nothing is lost
    tool.locator("[name=quota]").fill("5")
    tool.locator("[name=per_buyer]").fill("2")
    tool.locator("[name=warm_up]").fill("10")
    tool.locator("button").click()
    expect(tool.locator(".cs-refusal")).to_be_visible()
    expect(tool.locator("[name=warm_up]")).to_have_value("10")
    tool.locator("[name=price]").fill("68")
    tool.locator("button").click()
    to_tools(clerk)


def test_a_flash_sale_from_its_warm_up_to_its_end(browser, server, live, variant, clerk):
    mei, dan = (in_room(browser, server, live) for _ in range(2))
    troubles = Troubles(clerk, mei, dan)
    flash(clerk)
    chip = mei.locator("[data-flash]")
    expect(chip).to_contain_text("68")
    expect(clerk.locator(".cs-run")).to_contain_text("0 / 5")
    chip.click()  # too early: the shop's price
    sheet = mei.locator("#sheet")
    expect(sheet.locator("[data-price]")).to_contain_text("168")
    expect(sheet.locator("[data-price]")).to_have_text(re.compile(r"^¥68\b"), timeout=20_000)
    expect(clerk.locator(".cs-run [data-begins]")).to_have_count(0)
    sheet.locator("[data-more]").click()
    sheet.locator("footer .btn--primary").click()
    sheet.locator("[name=phone]").fill("138 0013 8000")
    sheet.locator("[name=name]").fill("沈梅")
    sheet.locator("[name=region]").select_option("CN-ZJ")
    sheet.locator("[name=city]").fill("杭州")
    sheet.locator("[name=address]").fill("清河坊 12 号")
    expect(sheet.locator("[data-total]")).to_contain_text("136")
    sheet.locator("footer .btn--primary").dblclick()
    sheet.locator("[data-pay]").click()
    expect(sheet.locator("[data-paid]")).to_be_visible()
    assert Order.objects.get().total == 13600
    expect(clerk.locator(".cs-run")).to_contain_text("2 / 5")

    dan.locator("[data-flash]").click()
    price = dan.locator("#sheet [data-price]")
    expect(price).to_have_text(re.compile(r"^¥68\b"))
    clerk.locator(".cs-run button").click()
    clerk.locator("#ask [data-ask-go]").click()
    expect(dan.locator("[data-flash]")).to_have_count(0)
    expect(clerk.locator(".cs-run")).to_have_count(0)
    expect(price).to_have_text(re.compile("^¥168"))
    assert sum(row.available for row in Stock.objects.filter(variant=variant)) == 8
    assert troubles.found == []


def test_she_gets_a_gift_beside_money_off_and_may_choose_otherwise(
    browser, server, live, longjing, cup
):
    """The sum, the gift and the button follow what she chooses; the video plays on."""
    glass, both = cup.variants.get(), {"stackable": True, "listed": True}
    coupons = [
        issued(longjing.merchant, name="减二十", amount=2000, **both),
        issued(longjing.merchant, name="满额礼", kind="gift", gift=glass, **both),
    ]
    show_next(room=live)
    mei = in_room(browser, server, live)
    troubles = Troubles(mei)
    for one in coupons:
        mei.goto(f"/orders/coupons/{one.public_id}/")
        mei.locator("main form .btn--primary").click()
        expect(mei.locator(".note--ok")).to_be_visible()
    mei.goto(f"/live/{live.public_id}/")
    mei.wait_for_selector("html[data-started]")
    mei.locator("[data-pin-link]").click()
    sheet = mei.locator("#sheet")
    sheet.locator("[data-more]").wait_for()
    sheet.locator("footer .btn--primary").click()
    expect(sheet.locator("[data-gift]")).to_contain_text("耐热玻璃杯")
    expect(sheet.locator("[data-total]")).to_contain_text("148")
    sheet.locator("[data-coupons] summary").click()
    sheet.locator("[data-coupons] label", has_text="减二十").last.click()  # alone
    expect(sheet.locator("[data-gift]")).to_have_count(0)
    expect(sheet.locator("[data-total]")).to_contain_text("148")
    expect(sheet.locator("[data-coupons]")).to_have_attribute("open", "")
    expect(sheet.locator("[name=coupons]:checked")).to_be_focused()
    sheet.locator("[data-coupons] label").first.click()
    expect(sheet.locator("[data-gift]")).to_have_count(1)
    wanted = {"name": "沈梅", "phone": "138 0013 8000", "city": "杭州", "address": "清河坊 12 号"}
    sheet.locator("[name=region]").select_option("CN-ZJ")
    for name, value in wanted.items():
        sheet.locator(f"[name={name}]").fill(value)
    sheet.locator("footer .btn--primary").click()
    assert until(lambda: Order.objects.exists())
    order = Order.objects.get()
    assert [one.coupon for one in order.vouchers] == coupons
    assert order.lines.get(price_rule="gift").variant == glass
    assert troubles.found == []
