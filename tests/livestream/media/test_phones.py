"""Phones: what the clerk's asks of its camera and screen, and the shopper's of its browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browser import chromium, desk, phone
from tests.livestream.test_console_page import console
from tests.servers import session_of, until

pytestmark = pytest.mark.slow
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)
# A phone that is held upright, and turned later: its camera follows. It notes what it is asked for.
PHONE = """
window.asked = { sides: [], awake: [] };
const sensor = Object.assign(document.createElement("canvas"), { width: 360, height: 640 });
const pen = sensor.getContext("2d");
setInterval(() => {
  pen.fillStyle = `hsl(${performance.now() / 20} 60% 50%)`;
  pen.fillRect(0, 0, sensor.width, sensor.height);
}, 50);
window.turn = () => { [sensor.width, sensor.height] = [sensor.height, sensor.width]; };
navigator.mediaDevices.getUserMedia = async ({ video }) => {
  window.asked.sides.push(video.facingMode);
  return sensor.captureStream(20);
};
navigator.wakeLock.request = async (kind) => {
  window.asked.awake.push(kind);
  return { release: () => window.asked.awake.push("released") };
};
"""
HELD = "asked.awake.reduce((held, word) => held + (word === 'screen' ? 1 : -1), 0)"
# WeChat: nothing plays before its bridge is there.
WECHAT = """
const play = HTMLMediaElement.prototype.play;
let bridge = false;
document.addEventListener("WeixinJSBridgeReady", () => { bridge = true; }, true);
HTMLMediaElement.prototype.play = function () {
  return bridge ? play.call(this) : Promise.reject(new DOMException("not yet", "NotAllowedError"));
};
"""


@pytest.fixture(autouse=True)
def _rows_beside_a_loop(monkeypatch):
    """Playwright's sync API keeps a loop in this thread; the ORM is still called from none."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def sends(page: Page) -> None:
    expect(page.locator("[data-publish]")).to_have_attribute("data-publishing", "true")


def test_a_clerks_phone_is_turned_and_flipped_and_stays_awake(server, browser, live, as_bob):
    context = desk(browser, server.url)
    context.add_init_script(PHONE)
    page = console(context, server, live, session_of(as_bob))
    sends(page)

    def listed() -> str:
        return page.request.get(f"/hls/{live.public_id}/live.m3u8").text()

    until(lambda: "#EXTINF" in listed(), 30)
    assert "#EXT-X-DISCONTINUITY" not in listed()
    assert page.evaluate(HELD) == 1
    page.evaluate("turn()")
    until(
        lambda: "#EXT-X-DISCONTINUITY" in listed(), 30
    )  # the wide picture follows the upright one
    sends(page)
    assert page.evaluate("asked.sides") == ["user"]
    page.locator("[data-camera-flip]").click()
    page.wait_for_function("() => asked.sides.at(-1) === 'environment'")
    sends(page)
    page.evaluate(
        "document.querySelector('[data-publish]').dispatchEvent(new Event('publish:end'))"
    )
    page.wait_for_function(f"() => ({HELD}) === 0")  # no lock is left behind


def test_a_shoppers_phone_plays_in_its_place_and_as_it_can(server, browser, live):
    apple = phone(browser, server.url, user_agent=IPHONE).new_page()
    apple.goto(f"/live/{live.public_id}/")
    video = apple.locator("video")
    for name in ("playsinline", "webkit-playsinline", "x5-playsinline", "muted"):
        assert video.get_attribute(name) is not None, name
    apple.wait_for_function("() => document.querySelector('video').src.endsWith('/live.m3u8')")

    context = phone(browser, server.url)
    context.add_init_script(WECHAT)
    wechat = context.new_page()
    wechat.goto(f"/live/{live.public_id}/")
    wechat.wait_for_selector("html[data-started]")
    wechat.wait_for_function("() => document.querySelector('video').src.startsWith('blob:')")
    wechat.evaluate("document.dispatchEvent(new Event('WeixinJSBridgeReady'))")
    wechat.wait_for_function("() => !document.querySelector('video').paused")
    assert wechat.evaluate("document.querySelector('video').muted")
    for width, way in ((1024, ".lr-bar .bag"), (1280, ".lr-left")):  # to the shelf, at any width
        wechat.set_viewport_size({"width": width, "height": 768})
        expect(wechat.locator(way)).to_be_visible()
