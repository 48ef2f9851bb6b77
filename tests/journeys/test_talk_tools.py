"""The chat of a show in hand: announced, pinned, slowed, closed, and who spoils it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from livestream.models import Message, Question, Room, Sanction
from merchants.rules.role import Role
from merchants.services.staff import add_staff
from tests.conftest import person
from tests.journeys.browser import Troubles, phone
from tests.journeys.conftest import PASSWORD
from tests.journeys.crew import (
    choose,
    in_room,
    line,
    open_tool,
    say_aloud,
    to_chat,
)
from tests.servers import until

pytestmark = pytest.mark.slow


def test_a_notice_is_pinned_announced_and_taken_away(browser, server, live, clerk):
    mei = in_room(browser, server, live, "沈梅")
    troubles = Troubles(clerk, mei)
    tool = open_tool(clerk, "notice", "a")
    tool.locator("[name=text]").fill("  ")
    tool.locator("[value=announce]").click()
    expect(tool.locator(".cs-refusal")).to_be_visible()
    tool.locator("[name=text]").fill("八点半发券")
    tool.locator("[value=announce]").click()
    said = mei.locator(".lr-talk .notice")
    expect(said).to_contain_text("八点半发券")
    clerk.reload()
    clerk.wait_for_selector("html[data-started]")
    tool = open_tool(clerk, "notice", "a")
    tool.locator("[name=text]").fill("三月二十二号采")
    clerk.keyboard.press("Enter")
    pinned = mei.locator(".lr-talk [data-chat-pinned]")
    expect(pinned).to_contain_text("三月二十二号采")
    to_chat(clerk)
    choose(clerk, "八点半发券", "hide")  # a slip: gone everywhere
    expect(said).to_have_count(0)
    say_aloud(mei, "今年的好香")
    choose(clerk, "今年的好香", "pin")
    expect(pinned).to_contain_text("今年的好香")
    mei.reload()
    expect(pinned).to_contain_text("今年的好香")
    clerk.locator("[data-unpin]").click()
    expect(pinned).to_be_hidden()
    assert troubles.found == []


def test_a_shadow_banned_guest_talks_to_himself(browser, server, live, clerk):
    mei, dan = (in_room(browser, server, live, name) for name in ("沈梅", "老周"))
    to_chat(clerk)
    say_aloud(dan, "买别家的")
    choose(clerk, "买别家的", "guest")
    clerk.locator("[data-measure=shadow]").click()
    expect(clerk.locator("#guest")).to_be_hidden()
    say_aloud(dan, "别家便宜")
    expect(line(clerk, "别家便宜").locator("[data-only-he]")).to_be_visible()
    expect(line(dan, "别家便宜").first).to_be_visible()
    dan.reload()
    expect(line(dan, "别家便宜").first).to_be_visible()
    say_aloud(mei, "喜欢这家")
    expect(line(mei, "喜欢这家").first).to_be_visible()
    expect(line(mei, "别家便宜")).to_have_count(0)
    mei.reload()
    expect(line(mei, "喜欢这家").first).to_be_visible()
    expect(line(mei, "别家便宜")).to_have_count(0)


def test_a_banned_guest_is_told_at_once_and_the_others_stay(browser, server, live, clerk):
    mei, dan = (in_room(browser, server, live, name) for name in ("沈梅", "老周"))
    to_chat(clerk)
    say_aloud(dan, "买别家的")
    choose(clerk, "买别家的", "guest")
    clerk.locator("[data-measure=ban]").click()
    expect(dan.locator("[data-module='livestream/connection']")).to_be_visible()
    say_aloud(mei, "还在吗")
    expect(line(clerk, "还在吗")).to_be_visible()
    dan.reload()
    expect(dan.locator("video")).to_have_count(0)
    assert Sanction.objects.get().measure == "ban"


def test_the_chat_is_slowed_and_closed_and_what_was_typed_stays(browser, server, live, clerk):
    mei = in_room(browser, server, live, "沈梅")
    to_chat(clerk)
    clerk.locator("[data-dialog-open=chat-pace]").click()
    clerk.locator("[name=slow_seconds]").select_option("60")
    clerk.locator("[data-pace] .btn--primary").click()
    expect(clerk.locator("#chat-pace")).to_be_hidden()
    for text in ("第一句", "第二句"):
        say_aloud(mei, text)
        if text == "第一句":
            expect(line(clerk, text)).to_be_visible()
            expect(mei.locator("#say-phone")).to_have_value("")
    expect(mei.locator(".lr-say [data-chat-error]")).to_be_visible()
    expect(mei.locator("#say-phone")).to_have_value("第二句")
    for text in ("店里先说", "店里再说"):  # the shop waits for nobody
        clerk.locator("#console-say").fill(text)
        clerk.locator("#console-say").press("Enter")
        expect(line(mei, text).first).to_be_visible()

    clerk.locator("[data-dialog-open=chat-pace]").click()
    clerk.locator("[data-act=mute]").click()
    closed = mei.locator(".lr-say [data-chat-closed]")
    expect(closed).to_be_visible()
    mei.reload()
    mei.wait_for_selector("html[data-started]")
    mei.locator("[data-say-open]").click()
    expect(closed).to_be_visible()
    clerk.locator("[data-act=unmute]").click()
    expect(closed).to_be_hidden()
    expect(mei.locator("#say-phone")).to_have_value("第二句")
    assert Message.objects.filter(text="第二句").count() == 0


def test_a_question_is_one_for_all_and_one_colleague_has_it(
    browser, server, shop, live, account, clerk
):
    erin = person("erin@example.com", "Erin")
    add_staff(merchant=shop, user=erin, role=Role.CLERK, host_name="小艾")
    helper = phone(browser, server.url).new_page()
    helper.goto("/accounts/login/")
    helper.locator("[name=login]").fill(account(erin).email)
    helper.locator("[name=password]").fill(PASSWORD)
    helper.keyboard.press("Enter")
    helper.wait_for_url("**/dashboard/**")
    helper.goto(f"/dashboard/tea/rooms/{live.public_id}/helper/")
    helper.wait_for_selector("html[data-started]")
    mei, dan = (in_room(browser, server, live, name) for name in ("沈梅", "老周"))
    to_chat(clerk)
    for one, text in ((mei, "今天能发货吗？"), (dan, "今天能发货吗")):
        say_aloud(one, text)
    for page in (clerk, helper):
        page.locator("[data-show=asked]").click()
        expect(page.locator("[data-question] .count")).to_contain_text("2")
    helper.locator("[data-question-act=reply]").click()
    expect(clerk.locator("[data-question]")).to_contain_text("小艾")
    expect(clerk.locator("[data-question-act=reply]")).to_have_count(0)
    helper.locator("[data-question-act=leave]").click()
    expect(clerk.locator("[data-question-act=reply]")).to_be_visible()
    clerk.locator("[data-question-act=reply]").click()
    clerk.locator("#console-say").fill("今天发")
    clerk.locator("#console-say").press("Enter")
    for page in (helper, clerk):
        expect(page.locator("[data-question]")).to_have_count(0)
    expect(line(mei, "今天发").first).to_be_visible()
    assert Question.objects.get().state == "answered"
    say_aloud(dan, "可以自提吗？")
    expect(helper.locator("[data-question]")).to_have_count(1)
    clerk.locator("[data-question-act=aside]").click()
    expect(helper.locator("[data-question]")).to_have_count(0)
    until(lambda: Question.objects.filter(state="dismissed").count() == 1)
    assert Room.objects.get().state == "live"
