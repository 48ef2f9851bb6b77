"""Words that no guest may say, from the settings to the room; and the whole chat as a table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from livestream.models import BlockedWord, HeldLine, Message
from livestream.services.moderation import set_words
from tests.journeys.browser import Troubles, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD
from tests.journeys.crew import choose, close_tools, in_room, is_phone, line, say_aloud, to_chat
from tests.servers import Server

pytestmark = pytest.mark.slow
DISGUISED = "ｖ\u200bＸ ８\u200b8８ 有货"  # full-width, spaced, and with letters nobody sees
LOOKALIKE = "加我 wеchаt"  # two of its letters are Cyrillic


@pytest.fixture(params=[desk, phone], ids=["desk", "phone"])
def manager(request, browser: Browser, server: Server, shop, carol, account) -> Page:
    """Carol, who keeps the shop's lists."""
    page = request.param(browser, server.url).new_page()
    sign_in(page, account(carol).email, PASSWORD)
    return page


def keep(page: Page, words: str) -> None:
    page.locator("[name=words]").fill(words)
    page.locator(".savebar .btn--primary").click()
    page.wait_for_load_state()


def test_a_blocked_word_waits_however_it_is_written(browser, server, live, manager):
    set_words(merchant=None, words=["wechat"])  # the platform's
    mei, dan = (in_room(browser, server, live, name) for name in ("沈梅", "老周"))
    troubles = Troubles(manager, mei, dan)
    manager.goto("/dashboard/tea/settings/chat/")
    too_long = "很" * 41
    keep(manager, f"vx888\n{too_long}")
    expect(manager.locator("[role=alert]").first).to_be_visible()
    expect(manager.locator("[name=words]")).to_have_value(f"vx888\n{too_long}")
    assert not BlockedWord.objects.filter(word="vx888").exists()
    keep(manager, "vx888")
    expect(manager.locator("[name=words]")).to_have_value("vx888")
    manager.goto(f"/dashboard/tea/rooms/{live.public_id}/console/")
    manager.wait_for_selector("html[data-started]")
    to_chat(manager)
    for text in (DISGUISED, LOOKALIKE):
        say_aloud(dan, text)
        expect(dan.locator(".lr-say [data-chat-waits]")).to_be_visible()
        expect(manager.locator("[data-held]", has_text=text[-2:])).to_be_visible()
    say_aloud(mei, "有货吗")  # says none of them
    expect(line(dan, "有货吗").first).to_be_visible()
    for page in (mei, manager):
        expect(page.locator("[data-chat-lines]", has_text="8 8")).to_have_count(0)
    manager.locator("[data-held]", has_text="有货").locator("[data-held-act=dismiss]").click()
    manager.locator("[data-held]", has_text="加我").locator("[data-held-act=approve]").click()
    expect(manager.locator("[data-held]")).to_have_count(0)
    expect(line(mei, "加我").first).to_be_visible()
    assert line(mei, "８").count() == 0
    assert HeldLine.objects.filter(word="vx888").count() == 1
    assert troubles.found == []


def test_the_chat_is_taken_home_as_a_table(browser, server, live, manager):
    mei = in_room(browser, server, live, "沈梅")
    troubles = Troubles(manager, mei)
    manager.goto(f"/dashboard/tea/rooms/{live.public_id}/console/")
    manager.wait_for_selector("html[data-started]")
    to_chat(manager)
    for text in ('=HYPERLINK("http://x")', '哪天采的，"明前"吗？', "买别家的"):
        say_aloud(mei, text)
        expect(line(manager, text)).to_be_visible()
    choose(manager, "买别家的", "hide")
    expect(line(mei, "买别家的")).to_have_count(0)
    manager.locator("[data-dialog-open=chat-pace]").click()
    during = table(manager, "#chat-pace [data-chat-export]")
    manager.locator("#chat-pace [data-dialog-close]").click()
    assert [row[3].lstrip("'") for row in during[1:]] == [one.text for one in lines()]
    assert [row[1] for row in during[1:]] == ["沈梅"] * 3
    assert during[1][3] == '\'=HYPERLINK("http://x")'  # no program of a spreadsheet
    assert [bool(row[5]) for row in during[1:]] == [False, False, True]

    if is_phone(manager):
        manager.locator("#chat .x.only-phone").click()
    close_tools(manager)
    manager.locator(".cs-end").click()
    manager.locator("[data-end]").click()
    after = table(manager, "#over [data-chat-export]")
    expect(manager.locator("#console-say")).to_be_hidden()  # nobody is there to read it
    assert after[: len(during)] == during
    assert troubles.found == []


def lines() -> list[Message]:
    return list(Message.objects.filter(kind="say").order_by("pk"))


def table(page: Page, way: str) -> list[list[str]]:
    """The file that a press brings, as a spreadsheet opens it."""
    with page.expect_download() as coming:
        page.locator(way).click()
    assert coming.value.suggested_filename.endswith(".csv")
    text = Path(coming.value.path()).read_text("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(text[1:].splitlines()))
