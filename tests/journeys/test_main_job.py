"""The main job, in two real browsers: a clerk goes live and a shopper buys.

Everything is pressed, nothing is called: room, coupon, shelf, camera, chat, pin, claim, checkout,
payment, shipment, tracking, end, replay.
"""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from livestream.models import Room
from merchants.models import Notification
from orders.models import Order
from tests.journeys.browser import Troubles, chromium, desk, phone, playing, sign_in, width
from tests.journeys.conftest import PASSWORD
from tests.servers import until

pytestmark = pytest.mark.slow


def test_a_clerk_goes_live_and_a_shopper_buys(server, shop, bob, account, longjing, cup):
    with chromium() as browser:
        clerk = desk(browser, server.url).new_page()
        troubles = Troubles(clerk)
        sign_in(clerk, account(bob).email, PASSWORD)
        issue_coupon(clerk)
        room = make_room(clerk, longjing.name)
        go_live(clerk, room)

        shopper = phone(browser, server.url).new_page()
        troubles.watch(shopper)
        watch(shopper, room)
        talk_both_ways(clerk, shopper)
        pin(clerk, shopper, longjing.name)
        claim(clerk, shopper)
        order = buy(shopper)
        assert order.discount == 2000
        see_it(clerk, order)
        ship(clerk, shopper, order)
        end_and_watch_again(clerk, shopper, room)
        assert troubles.found == []


def issue_coupon(clerk: Page) -> None:
    clerk.goto("/dashboard/tea/coupons/new/")
    terms = {"name": "龙井专场券", "amount": "20", "threshold": "128", "issued": "9"}
    for name, value in terms.items():
        clerk.locator(f"[name={name}]").fill(value)
    clerk.locator("main form button:not([type=button])").last.click()
    clerk.wait_for_url("**/coupons/")
    expect(clerk.locator("main")).to_contain_text("龙井专场券")


def make_room(clerk: Page, product: str) -> Room:
    clerk.goto("/dashboard/tea/rooms/new/")
    clerk.locator("[name=title]").fill("明前龙井到店")
    clerk.locator("main form button:not([type=button])").last.click()
    clerk.wait_for_url("**/shelf/")
    room = Room.objects.get()
    add = clerk.locator(f"form[action$='/{room.public_id}/shelf/add/']")
    clerk.locator("[data-sheet-open=pick]").first.click()
    for box in add.locator("[name=products]").all():
        box.check()
    add.locator("button:not([type=button])").last.click()
    until(lambda: room.items.count() == 2)
    clerk.locator(f"form[action$='/{room.public_id}/schedule/'] button").click()
    expect(clerk.locator(".toast")).to_be_visible()
    link = clerk.locator("[data-share] input").first
    expect(link).to_have_value(clerk.url.split("/dashboard/")[0] + f"/live/{room.public_id}/")
    return room


def go_live(clerk: Page, room: Room) -> None:
    clerk.goto(f"/dashboard/tea/rooms/{room.public_id}/console/")
    expect(clerk.locator("[data-camera-preview]")).to_be_visible()
    until(lambda: width(clerk, "[data-camera-preview]") > 0, 15)
    clerk.locator("[data-start]").click()
    expect(clerk.locator(".lamp").first).to_be_visible()
    until(lambda: Room.objects.get(pk=room.pk).epoch > 0, 20)


def watch(shopper: Page, room: Room) -> None:
    shopper.goto(f"/live/{room.public_id}/")
    until(lambda: playing(shopper) > 0, 20)
    before = playing(shopper)
    time.sleep(2)
    assert playing(shopper) > before + 1, "the frames do not advance"


def talk_both_ways(clerk: Page, shopper: Page) -> None:
    shopper.locator("[data-say-open]").click()
    say = shopper.locator(".lr-talk")
    say.locator("[data-chat-input]").fill("这个龙井哪天采的?")
    say.locator("[data-chat-form] .btn--primary").click()
    nickname = say.locator("[data-nickname-form] [name=nickname]")
    expect(nickname).to_be_visible()
    nickname.fill("沈梅")
    nickname.press("Enter")
    expect(clerk.locator("[data-chat-lines]")).to_contain_text("哪天采的", timeout=10_000)
    clerk.keyboard.press("/")
    clerk.locator("#console-say").fill("三月二十二号上午")
    clerk.keyboard.press("Enter")
    expect(say.locator("[data-chat-lines]")).to_contain_text("三月二十二号", timeout=10_000)
    shopper.keyboard.press("Escape")


def pin(clerk: Page, shopper: Page, product: str) -> None:
    first, second = [item.product.name for item in Room.objects.get().items.order_by("position")]
    card = shopper.locator("[data-pin]")
    clerk.locator("#next").click()
    expect(card).to_contain_text(first)
    expect(clerk.locator("#tools .cs-now")).to_contain_text(first)
    clerk.keyboard.press("n")
    expect(card).to_contain_text(second)
    expect(clerk.locator("#tools .cs-now")).to_contain_text(second)
    clerk.locator(".cs-it", has_text=first).locator("button").click()
    expect(card).to_contain_text(first)
    expect(clerk.locator(".cs-it.now")).to_contain_text(first)
    clerk.locator(".cs-it", has_text=product).locator("button, .cs-onair").first.click()
    expect(card).to_contain_text(product)
    expect(card).to_contain_text("168")


def claim(clerk: Page, shopper: Page) -> None:
    clerk.locator("#open-drop").click()
    clerk.locator("#drop-tool button").click()
    chip = shopper.locator("[data-drops] a")
    expect(chip).to_contain_text("20")
    chip.click()
    sheet = shopper.locator("#sheet")
    sheet.locator("form button").click()
    expect(sheet.locator(".note--ok")).to_be_visible()
    sheet.locator("[data-sheet-close]").last.click()
    expect(clerk.locator("#tools .cs-run")).to_contain_text("1 / 9")


def buy(shopper: Page) -> Order:
    playing_before = playing(shopper)
    shopper.locator("[data-pin-link]").click()
    sheet = shopper.locator("#sheet")
    sheet.locator("[data-more]").wait_for()
    sheet.locator("footer .btn--primary").click()
    sheet.locator("[name=phone]").fill("138 0013 8000")
    sheet.locator("[name=name]").fill("沈梅")
    sheet.locator("footer .btn--primary").click()  # no address yet: a sentence, nothing lost
    expect(sheet.locator(".field--error")).to_have_count(3)
    expect(sheet.locator("[name=name]")).to_have_value("沈梅")
    sheet.locator("[name=region]").select_option("CN-ZJ")
    sheet.locator("[name=city]").fill("杭州")
    sheet.locator("[name=address]").fill("杭州市上城区 清河坊 12 号")
    expect(sheet.locator("[data-discount]")).to_contain_text("20")
    expect(sheet.locator("[data-total]")).to_contain_text("148")
    sheet.locator("footer .btn--primary").dblclick()
    pay = sheet.locator("[data-pay]")
    expect(pay).to_contain_text("148")
    pay.dblclick()
    expect(sheet.locator("[data-paid]")).to_be_visible()
    order = Order.objects.get()
    assert (order.state, order.total) == ("paid", 14800)
    assert playing(shopper) > playing_before, "the video stopped while she bought"
    return order


def see_it(clerk: Page, order: Order) -> None:
    feed = clerk.locator("[data-feed]")
    expect(feed).to_contain_text("沈梅")
    expect(clerk.locator("[data-orders]")).to_have_text("1")
    expect(clerk.locator("[data-turnover]")).to_contain_text("148")
    news = Notification.objects.filter(kind="order_paid")
    until(lambda: not news.filter(sent_at=None).exists(), 15)
    assert news.filter(channel="sms").count() == 1


def ship(clerk: Page, shopper: Page, order: Order) -> None:
    tracking = shopper.context.new_page()
    tracking.goto(f"/orders/{order.number}/")
    orders = clerk.context.new_page()
    orders.goto("/dashboard/tea/orders/")
    expect(orders.locator("main")).to_contain_text("沈梅")
    orders.goto(f"/dashboard/tea/orders/{order.number}/")
    orders.locator("[name=tracking_number]").fill("123")
    ship_form = orders.locator("form[action$='/ship/']")
    ship_form.locator("button:not([type=button])").last.click()
    expect(orders.locator(".field--error")).to_be_visible()
    orders.locator("[name=carrier]").select_option("sf")
    orders.locator("[name=tracking_number]").fill("SF1234567890")
    ship_form.locator("button:not([type=button])").last.click()
    until(lambda: Order.objects.get().state == "shipped")
    expect(tracking.locator("[data-tracking]")).to_have_text("SF1234567890", timeout=10_000)
    orders.close()
    tracking.close()


def end_and_watch_again(clerk: Page, shopper: Page, room: Room) -> None:
    clerk.locator("[data-dialog-open=end-show]").click()
    clerk.locator("[data-end]").click()
    ended = time.monotonic()
    shopper.locator("[data-replay]").wait_for(timeout=30_000)
    assert time.monotonic() - ended < 30, "the replay was not ready within 30 seconds"
    shopper.locator("[data-second]").first.click()
    until(lambda: playing(shopper) > 1, 20)
    assert Room.objects.get(pk=room.pk).state == "ended"
