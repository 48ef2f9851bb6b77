"""The console in a real browser: what a clerk presses, on a desk and on a phone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from livestream.models import Message, Room
from livestream.services.chat import say
from livestream.services.line import Voice
from tests.journeys.browser import chromium, desk, phone
from tests.servers import Server, session_of

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _rows_beside_a_loop(monkeypatch):
    """Playwright's sync API keeps a loop in this thread; the ORM is still called from none."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def session(as_bob) -> str:
    return session_of(as_bob)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def console(context: BrowserContext, server: Server, room: Room, session: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
    page = context.new_page()
    page.goto(f"/dashboard/tea/rooms/{room.public_id}/console/")
    page.wait_for_load_state("networkidle")  # every module has come
    return page


def test_a_phone_leads_back_and_opens_what_its_dock_says(server, browser, live, coupon, session):
    context = phone(browser, server.url)
    page = console(context, server, live, session)
    expect(page.locator(".cs-back")).to_be_visible()
    expect(page.locator(".cs-back")).to_have_attribute("href", "/dashboard/tea/")

    dock = page.locator("#dock")
    dock.locator("[data-open-tool=drop-tool]").click()
    expect(page.locator("#drop-tool select")).to_be_focused()
    expect(page.locator("#notice-tool")).to_be_hidden()
    page.locator("#tools .x").click()
    dock.locator("[data-open-tool=notice-tool]").click()
    expect(page.locator("#notice-tool input[name=text]")).to_be_focused()
    expect(page.locator("#drop-tool")).to_be_hidden()
    page.locator("#tools .x").click()

    page.locator(".cs-cam [data-dialog-open=share]").click()
    address = f"{server.url}/live/{live.public_id}/"
    expect(page.locator("#share input")).to_have_value(address)

    shopper = context.new_page()
    shopper.goto(address)
    shopper.wait_for_function("() => document.querySelector('video').src")  # the player has come
    sound = shopper.locator("[data-sound]")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "false")
    assert shopper.eval_on_selector("video", "video => video.muted")


def test_staff_take_a_line_away_and_close_the_chat(server, browser, live, session):
    for text in ("是今年的吗", "加我微信低价"):
        say(room=live, voice=Voice("Lin"), text=text)
    guest = desk(browser, server.url).new_page()
    guest.goto(f"/live/{live.public_id}/")
    page = console(desk(browser, server.url), server, live, session)

    line = page.locator("[data-chat-lines] li", has_text="加我微信")
    line.click()
    line.locator("[data-act=hide]").click()
    for chat in (page.locator("[data-chat-lines]"), guest.locator(".lr-right [data-chat-lines]")):
        expect(chat).not_to_contain_text("加我微信")
        expect(chat).to_contain_text("是今年的吗")
    assert Message.objects.get(text="加我微信低价").hidden

    closed = guest.locator(".lr-right [data-chat-closed]")
    page.locator("[data-dialog-open=chat-pace]").click()
    page.locator("[data-mute] [data-act=mute]").click()
    expect(closed).to_be_visible()
    page.locator("[data-mute] [data-act=unmute]").click()
    expect(closed).to_be_hidden()
    expect(page.locator("[data-mute] [data-act=mute]")).to_be_visible()


def test_news_from_elsewhere_come_into_the_panels_and_move_nobody(
    server, browser, live, longjing, cup, session
):
    page = console(desk(browser, server.url), server, live, session)
    item = live.items.get(product=longjing)
    row = page.locator("#shelf .cs-it", has_text=longjing.name)
    button = page.locator(f"#show-{item.pk}")
    button.focus()
    shelf_page = f"/dashboard/tea/rooms/{live.public_id}/shelf/{item.pk}/"
    assert server.post(shelf_page, session, live_price="138", notes="三月二十二") < 400
    expect(row).to_contain_text("138")
    expect(button).to_be_focused()

    page.keyboard.press("Enter")  # shown now: its button has gone, she has not
    expect(row).to_have_class(re.compile("now"))
    expect(page.locator(f"#show-{item.pk}")).to_be_focused()
    page.locator("#open-notice").click()
    field = page.locator("#notice-tool input[name=text]")
    field.fill("明天还有")
    stock = f"/dashboard/tea/products/{longjing.public_id}/stock/"
    place, variant = live.merchant.stores.get(), longjing.variants.get()
    typed = {"store": str(place.pk), "variant": str(variant.pk), "reason": "counter_sale"}
    assert server.post(stock, session, **typed, quantity="3", form_token=uuid.uuid4().hex) < 400
    expect(row).to_contain_text("7")
    expect(page.locator(".cs-now__s")).to_contain_text("7")
    expect(field).to_have_value("明天还有")
    expect(field).to_be_focused()


def test_a_sheet_of_the_phone_stays_open_while_news_come(
    server, browser, live, longjing, cup, session
):
    page = console(phone(browser, server.url), server, live, session)
    page.locator("#dock-shelf").click()
    shelf = page.locator("#shelf")
    expect(shelf).to_be_in_viewport()
    item = live.items.get(product=cup)
    shelf_page = f"/dashboard/tea/rooms/{live.public_id}/shelf/{item.pk}/"
    assert server.post(shelf_page, session, live_price="19", notes="") < 400
    expect(shelf).to_contain_text("19")
    page.wait_for_timeout(600)  # as long as a sheet takes to go
    expect(shelf).to_be_in_viewport()


def test_a_coupon_is_issued_beside_the_show_and_the_picture_goes_on(server, browser, live, session):
    page = console(desk(browser, server.url), server, live, session)
    stage = page.locator("[data-publish]")
    expect(stage).to_have_attribute("data-publishing", "true")
    page.locator("#open-drop").click()
    with page.context.expect_page() as opened:
        page.locator("#drop-tool a").click()
    coupon = opened.value
    for name, value in {"name": "龙井券", "amount": "20", "issued": "9"}.items():
        coupon.locator(f"[name={name}]").fill(value)
    coupon.locator("main form button:not([type=button])").last.click()
    coupon.wait_for_url("**/coupons/")
    coupon.close()
    page.evaluate("dispatchEvent(new Event('focus'))")  # no window has the focus here
    expect(page.locator("#drop-tool select[name=coupon]")).to_be_visible()
    expect(stage).to_have_attribute("data-publishing", "true")


SOURCES = """
() => document.querySelector("[data-camera-preview]").srcObject
  .getTracks().map(track => [track.kind, track.getSettings().deviceId])
"""


def test_another_microphone_is_taken_while_the_show_goes_on_and_is_remembered(
    server, browser, live, session
):
    page = console(desk(browser, server.url), server, live, session)
    stage = page.locator("[data-publish]")
    expect(stage).to_have_attribute("data-publishing", "true")
    page.locator(".cs-mic [data-dialog-open=sources]").click()
    sound = page.locator("#source-audio")
    expect(sound).to_be_enabled()
    used = dict(page.evaluate(SOURCES))
    expect(sound).to_have_value(used["audio"])
    ids = sound.locator("option").evaluate_all("all => all.map(one => one.value)")
    other = next(one for one in ids if one != used["audio"])
    sound.select_option(other)
    page.wait_for_function(
        f"id => Object.fromEntries(({SOURCES.strip()})()).audio === id", arg=other
    )
    expect(stage).to_have_attribute("data-publishing", "true")
    assert dict(page.evaluate(SOURCES))["video"] == used["video"]
    page.reload()
    expect(stage).to_have_attribute("data-publishing", "true")
    assert dict(page.evaluate(SOURCES))["audio"] == other


def test_a_phone_comes_to_its_second_screens_and_sources(server, browser, live, session):
    context = phone(browser, server.url)
    context.grant_permissions(["camera", "microphone"], origin=server.url)
    page = console(context, server, live, session)
    more = page.locator("#more")
    page.locator(".cs-cam [data-dialog-open=more]").tap()
    more.locator("[data-dialog-open=devices]").tap()
    expect(more).to_be_hidden()
    helper = page.locator("#devices [data-device=helper]")
    expect(helper).to_be_visible()
    expect(page.locator("#devices [data-device=wall]")).to_be_visible()
    with context.expect_page() as opened:
        helper.tap()
    expect(opened.value.locator(".hp-main #chat")).to_be_visible()
    page.locator("#devices [data-dialog-close]").tap()
    page.locator(".cs-cam [data-dialog-open=more]").tap()
    more.locator("[data-dialog-open=sources]").tap()
    expect(page.locator("#source-video")).to_be_visible()
    page.locator("#sources [data-dialog-close]").tap()
    expect(page.locator("#sources")).to_be_hidden()
