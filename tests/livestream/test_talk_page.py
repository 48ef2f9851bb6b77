"""The chat's tools in real browsers: a clerk at the counter, a shopper in the room."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from livestream.models import Message, Question, Sanction
from livestream.rules.room import RoomState
from livestream.services.moderation import set_quick_replies
from tests.journeys.browser import chromium, desk, phone
from tests.servers import Server, guest_session, session_of, until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _rows_beside_a_loop(monkeypatch):
    """Playwright's sync API keeps a loop in this thread; the ORM is still called from none."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["desk", "phone"])
def clerk(request, browser, server: Server, live, as_bob, shop) -> Page:
    set_quick_replies(merchant=shop, texts=["明天发货"])
    context = (desk if request.param == "desk" else phone)(browser, server.url)
    cookie = {"name": "sessionid", "value": session_of(as_bob), "url": server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(f"/dashboard/tea/rooms/{live.public_id}/console/")
    expect(page.locator("html[data-started]")).to_be_attached()
    if request.param == "phone":
        page.locator("#dock-reply").click()
    return page


@pytest.fixture
def shopper(browser, server: Server, live) -> Page:
    context = phone(browser, server.url)
    cookie = {"name": "sessionid", "value": guest_session("沈梅"), "url": server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(f"/live/{live.public_id}/")
    expect(page.locator("html[data-started]")).to_be_attached()
    return page


def say_aloud(page: Page, text: str) -> None:
    field = page.locator("#say-phone")
    if not field.is_visible():
        page.locator("[data-say-open]").click()
    field.fill(text)
    field.press("Enter")


def line(page: Page, text: str):
    return page.locator("[data-chat-lines] li", has_text=text)


def choose(page: Page, text: str, act: str) -> None:
    line(page, text).click()
    line(page, text).locator(f"[data-act={act}]").click()


def test_who_speaks_before_the_server_said_who_she_is_is_not_asked_for_a_name(
    browser, server: Server, live
):
    context = phone(browser, server.url)
    cookie = {"name": "sessionid", "value": guest_session("沈梅"), "url": server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    held: list[tuple[WebSocketRoute, str]] = []  # what the server says reaches her later

    def hold(line: WebSocketRoute) -> None:
        above = line.connect_to_server()
        above.on_message(lambda frame: held.append((line, frame)))

    page.route_web_socket(re.compile("/ws/live/"), hold)
    page.goto(f"/live/{live.public_id}/")
    until(lambda: page.wait_for_timeout(50) or held, 30)
    say_aloud(page, "有货吗？")
    expect(page.locator("[data-chat-form][aria-busy]").first).to_be_attached()
    expect(page.locator("[data-nickname-form]").filter(visible=True)).to_have_count(0)
    for line_, frame in held:
        line_.send(frame)
    until(lambda: page.wait_for_timeout(50) or Message.objects.filter(text="有货吗？").exists())
    expect(page.locator("[data-nickname-form]").filter(visible=True)).to_have_count(0)


def test_a_reply_reaches_the_shopper_and_answers_the_question(clerk, shopper, live):
    say_aloud(shopper, "有货吗？")
    expect(clerk.locator("#asked-count")).to_have_text("1")
    choose(clerk, "有货吗？", "reply")
    clerk.locator("[data-quick]").click()
    clerk.locator("#console-say").press("Enter")
    expect(line(shopper, "明天发货").first).to_contain_text("有货吗")
    expect(clerk.locator("#asked-count")).to_be_hidden()
    assert Question.objects.get().state == "answered"


def test_a_tap_elsewhere_puts_the_field_away_and_the_bar_is_there_again(shopper):
    say_aloud(shopper, "有货吗？")
    expect(shopper.locator("#say-phone")).to_have_value("")
    shopper.touchscreen.tap(195, 250)
    expect(shopper.locator("#say-phone")).to_be_hidden()
    shopper.locator(".lr-bar .bag").click()
    expect(shopper.locator("#bag")).to_be_visible()
    shopper.keyboard.press("Escape")
    shopper.locator("[data-say-open]").click()
    shopper.locator("#say-phone").fill("还有")
    shopper.touchscreen.tap(195, 250)
    expect(shopper.locator("#say-phone")).to_have_value("还有")  # what is typed is not put away
    expect(shopper.locator("#say-phone")).to_be_visible()


def test_what_waits_is_let_through(clerk, shopper, live):
    clerk.locator("[data-dialog-open=chat-pace]").click()
    clerk.locator("[name=holds_chat]").check()
    clerk.locator("[data-pace] .btn--primary").click()
    expect(clerk.locator("#chat-pace")).to_be_hidden()
    say_aloud(shopper, "加我")
    expect(shopper.locator(".lr-say [data-chat-waits]")).to_be_visible()
    expect(line(shopper, "加我")).to_have_count(0)
    clerk.locator("[data-held-act=approve]").click()
    expect(line(shopper, "加我").first).to_be_visible()
    expect(clerk.locator("[data-held]")).to_have_count(0)


def test_a_muted_guest_is_told_and_keeps_what_he_typed(clerk, shopper, live):
    say_aloud(shopper, "买别家的")
    choose(clerk, "买别家的", "guest")
    clerk.locator("[data-measure=mute][data-minutes='5']").click()
    expect(clerk.locator("#guest")).to_be_hidden()
    say_aloud(shopper, "还是别家好")
    expect(shopper.locator(".lr-say [data-chat-error]")).to_be_visible()
    expect(shopper.locator("#say-phone")).to_have_value("还是别家好")
    assert Sanction.objects.get().measure == "mute"
    assert Message.objects.count() == 1


def test_a_banned_guest_is_sent_out(clerk, shopper, live):
    say_aloud(shopper, "买别家的")
    choose(clerk, "买别家的", "guest")
    clerk.locator("[data-measure=ban]").click()
    expect(clerk.locator("#guest")).to_be_hidden()
    shopper.reload()
    expect(shopper.get_by_role("heading", level=1)).to_be_visible()
    expect(shopper.locator("video")).to_have_count(0)
    live.refresh_from_db()
    assert live.state == RoomState.LIVE


def test_a_question_is_answered_aloud(clerk, shopper, live):
    say_aloud(shopper, "有货吗？")
    clerk.locator("[data-show=asked]").click()
    clerk.locator("[data-question-act=answered]").click()
    expect(clerk.locator("[data-question]")).to_have_count(0)
    assert Question.objects.get().state == "answered"


def test_the_arrows_choose_a_line_and_enter_opens_its_tools(clerk, shopper, live):
    say_aloud(shopper, "好喝")
    expect(line(clerk, "好喝")).to_be_visible()
    clerk.locator("[data-chat-scroll]").focus()
    clerk.keyboard.press("ArrowUp")
    clerk.keyboard.press("Enter")
    expect(line(clerk, "好喝").locator("[data-act=reply]")).to_be_focused()
    clerk.keyboard.press("Escape")
    expect(line(clerk, "好喝").locator("[data-act]")).to_have_count(0)
