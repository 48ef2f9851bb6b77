"""Nothing that is needed while talking needs a scroll: the console at every size, and its keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from livestream.models import Room
from livestream.services.chat import say
from livestream.services.line import Voice
from livestream.services.shelf import add_to_shelf, set_item, show_item
from tests.conftest import product_of
from tests.journeys.browser import chromium
from tests.servers import Server, session_of

pytestmark = pytest.mark.slow
WIDE = [
    ".cs-end",
    "#next",
    "#edit-now",
    "#show-nothing",
    "#open-drop",
    "#open-flash",
    "#open-draw",
    "#open-notice",
]
WIDE += [
    "#shelf-add",
    "[data-camera-mute]",
    "[data-prompt-toggle]",
    "#console-say",
    "[data-show=asked]",
]
PHONE = [".cs-end", "#dock-next", "#dock-shelf", "#dock-drop", "#dock-flash", "#dock-notice"]
PHONE += [
    "[data-dialog-open=more]",
    "#dock-reply",
    "[data-camera-mute]",
    "[data-prompt-toggle]",
    "[data-camera-flip]",
]
SIZES = [
    (1440, 900, WIDE),
    (1366, 768, WIDE),
    (1024, 768, WIDE),
    (820, 1180, WIDE),
    (768, 1024, WIDE),
    (390, 844, PHONE),
    (320, 568, PHONE),
]


@pytest.fixture(autouse=True)
def _rows_beside_a_loop(monkeypatch):
    """Playwright's sync API keeps a loop in this thread; the ORM is still called from none."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def busy(live, shop, longjing) -> Room:
    """A show in full swing: fourteen goods, long talking points, a chat."""
    for number in range(12):
        add_to_shelf(room=live, product=product_of(shop, f"茶 {number} 号 特级礼盒装", 9800, 5))
    item = live.items.get(product=longjing)
    notes = "三月二十二号上午采\n豆香；八十度的水\n有人问农残，把检测单举起来"
    set_item(item=item, live_price=13800, notes=notes, objection="太贵\n一杯三块", minutes=5)
    show_item(room=live, item=item)
    for number in range(20):
        say(room=live, voice=Voice(f"客人{number}"), text="这个是哪天采的？")
    return live


def console(
    browser: Browser, server: Server, room: Room, session: str, width: int, height: int
) -> tuple[BrowserContext, Page]:
    phone = width < 720
    context = browser.new_context(
        base_url=server.url,
        viewport={"width": width, "height": height},
        locale="zh-CN",
        is_mobile=phone,
        has_touch=phone,
    )
    context.grant_permissions(["camera", "microphone"], origin=server.url)
    context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
    page = context.new_page()
    page.goto(f"/dashboard/tea/rooms/{room.public_id}/console/")
    page.wait_for_selector("html[data-started]")
    return context, page


# Whether the middle of an element is in the window and nothing lies over it.
SEEN = """
element => {
  const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
  if (!width || !height) return "has no size";
  const fits = left > -1 && top > -1 && right < innerWidth + 1 && bottom < innerHeight + 1;
  if (!fits) return "is outside";
  const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  if (element.contains(over) || over?.contains(element)) return "";
  return `lies under ${over?.outerHTML.slice(0, 80)}`;
}
"""


@pytest.mark.parametrize(("width", "height", "needed"), SIZES, ids=[f"{w}" for w, _h, _n in SIZES])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_is_needed_while_talking_is_in_sight(
    server, browser, busy, as_bob, width, height, needed, language
):
    context, page = console(browser, server, busy, session_of(as_bob), width, height)
    cookie = {"name": "django_language", "value": language, "url": server.url}
    context.add_cookies([cookie])
    page.reload()
    page.wait_for_selector("html[data-started]")
    expect(page.locator("[data-publish]")).to_have_attribute("data-publishing", "true")
    found = {name: page.locator(name).first.evaluate(SEEN) for name in needed}
    assert {name: why for name, why in found.items() if why} == {}
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize(("width", "height"), [(w, h) for w, h, _needed in SIZES])
@pytest.mark.parametrize("tool", ["drop", "draw", "flash", "notice"])
def test_an_open_tool_shows_the_button_that_sends_it(
    server, browser, busy, coupon, as_bob, width, height, tool
):
    _context, page = console(browser, server, busy, session_of(as_bob), width, height)
    page.locator(f"#dock-{tool}" if width < 720 else f"#open-{tool}").click()
    page.wait_for_timeout(400)  # the phone's sheet comes up
    assert page.locator(f"#{tool}-tool button.btn >> nth=0").evaluate(SEEN) == ""


def test_what_is_on_now_is_edited_from_its_card(server, browser, busy, as_bob):
    _context, page = console(browser, server, busy, session_of(as_bob), 1366, 768)
    page.locator("#edit-now").click()
    expect(page.locator("#runsheet #rs-live_price")).to_have_value("138")


def test_keys_press_buttons_and_can_be_turned_off(server, browser, busy, coupon, as_bob):
    _context, page = console(browser, server, busy, session_of(as_bob), 1440, 900)
    page.keyboard.press("?")
    keys = page.locator("#keys")
    expect(keys).to_be_visible()
    expect(keys.locator("dl > div:visible")).not_to_have_count(0)
    expect(keys.locator("dl > div", has_text="9")).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("2")
    expect(page.locator(".cs-now__t > b")).to_have_text("耐热玻璃杯")
    page.keyboard.press("n")
    expect(page.locator(".cs-now__t > b")).to_have_text("茶 0 号 特级礼盒装")
    page.keyboard.press("m")
    expect(page.locator("[data-camera-mute]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("f")
    expect(page.locator("#flash-tool")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".cs-top h1").click()
    page.keyboard.press("/")
    page.keyboard.type("n2")
    expect(page.locator("#console-say")).to_have_value("n2")
    expect(page.locator(".cs-now__t > b")).to_have_text("茶 0 号 特级礼盒装")
    page.locator(".cs-top [data-dialog-open=keys]").click()
    page.locator("#keys [value=off]").click()
    page.wait_for_selector("html[data-started] .cs[data-keys=off]")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("n")
    page.keyboard.press("?")
    page.wait_for_timeout(500)
    expect(keys).to_be_hidden()
    expect(page.locator(".cs-now__t > b")).to_have_text("茶 0 号 特级礼盒装")


def test_ending_a_coupon_early_asks(server, browser, busy, coupon, as_bob):
    _context, page = console(browser, server, busy, session_of(as_bob), 1440, 900)
    page.locator("#open-drop").click()
    page.locator("#drop-tool .btn--primary").click()
    back = page.locator("[id^=withdraw-]")
    expect(back).to_be_visible()
    back.click()
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Escape")
    expect(back).to_be_visible()
    back.click()
    page.locator("#ask [data-ask-go]").click()
    expect(back).to_have_count(0)


def test_a_long_shelf_is_found_by_typing_and_stays_found_while_news_come(
    server, browser, busy, cup, as_bob
):
    session = session_of(as_bob)
    _context, page = console(browser, server, busy, session, 1366, 768)
    page.locator("#shelf-find").fill("玻璃")
    expect(page.locator("#shelf .cs-it:visible")).to_have_count(1)
    item = busy.items.get(product=cup)
    path = f"/dashboard/tea/rooms/{busy.public_id}/shelf/{item.pk}/"
    assert server.post(path, session, live_price="19", notes="") < 400
    expect(page.locator("#shelf .cs-it:visible")).to_contain_text("19")
    expect(page.locator("#shelf .cs-it:visible")).to_have_count(1)
    expect(page.locator("#shelf-find")).to_have_value("玻璃")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1366, 768)])
def test_a_helper_has_chat_and_shelf_and_nothing_else(server, browser, busy, as_bob, width, height):
    _context, page = console(browser, server, busy, session_of(as_bob), width, height)
    page.goto(f"/dashboard/tea/rooms/{busy.public_id}/helper/")
    page.wait_for_selector("html[data-started]")
    expect(page.locator("[data-publish], #tools, .cs-end")).to_have_count(0)
    page.locator("#console-say").fill("三月二十二号")
    page.keyboard.press("Enter")
    expect(page.locator("[data-chat-lines]")).to_contain_text("三月二十二号")
    assert page.locator("#console-say").evaluate(SEEN) == ""
    if width < 720:
        page.locator("[data-shows-part=shelf]").click()
    page.locator("#shelf .cs-it .btn").first.click()
    expect(page.locator("#shelf .cs-it.now")).to_contain_text("耐热玻璃杯")
    page.locator("#shelf-add").click()
    expect(page.locator("#rs-code")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
