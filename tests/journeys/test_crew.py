"""More than one who works a show: handed over, helped from a second phone, rested; keys alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from livestream.models import Message, Room
from livestream.services.crew import set_crew
from merchants.models import Staff
from merchants.rules.role import Role
from merchants.services.staff import add_staff
from tests.conftest import person
from tests.journeys.browser import Troubles, desk, phone, playing, sign_in
from tests.journeys.conftest import PASSWORD
from tests.journeys.crew import at_console, choose, in_room, line, say_aloud, signed
from tests.servers import Server, session_of, until

pytestmark = pytest.mark.slow
SIZES = pytest.mark.parametrize("size", [desk, phone], ids=["desk", "phone"])


@pytest.fixture
def erin(shop, account) -> Staff:
    user = account(person("erin@example.com", "Erin"))
    return add_staff(merchant=shop, user=user, role=Role.CLERK, host_name="小艾")


def colleague(browser: Browser, server: Server, size, user) -> Page:
    context = size(browser, server.url)
    context.grant_permissions(["camera", "microphone"], origin=server.url)
    page = context.new_page()
    sign_in(page, user.email, PASSWORD)
    return page


def is_sending(page: Page) -> None:
    expect(page.locator("[data-publish]")).to_have_attribute("data-publishing", "true")


@SIZES
def test_a_show_is_handed_over_and_goes_on(browser, server, live, as_bob, erin, size):
    set_crew(room=live, backup=None, assistants=[erin])
    context = size(browser, server.url)
    context.grant_permissions(["camera", "microphone"], origin=server.url)
    bob = at_console(signed(context, server, session_of(as_bob)), live)
    is_sending(bob)
    other = colleague(browser, server, phone if size is desk else desk, erin.user)
    other.goto(f"/dashboard/tea/rooms/{live.public_id}/console/")
    other.wait_for_selector("html[data-started]")
    expect(other.locator("[data-camera-preview]")).to_have_count(0)
    mei = in_room(browser, server, live, "沈梅")
    troubles = Troubles(bob, other, mei)
    until(lambda: playing(mei) > 0, 20)

    if size is phone:
        bob.locator(".cs-end").click()
    bob.locator("[data-dialog-open=handover]:visible").click()
    expect(bob.locator("#end-show")).to_be_hidden()
    bob.locator("#handover [name=to]", has_text="小艾").dblclick()
    expect(bob.locator("#handover")).to_be_hidden()
    expect(line(mei, "小艾").first).to_be_visible()
    is_sending(bob)  # until she takes it
    other.locator("[data-crew] a").click()
    other.wait_for_selector("html[data-started]")
    other.locator("[data-publish-takeover]").click()
    is_sending(other)
    expect(bob.locator("[data-publish-sentence]")).to_be_visible()
    before = playing(mei)
    until(lambda: playing(mei) > before + 1, 20)
    assert Message.objects.filter(kind="system").count() == 1
    room = Room.objects.get()
    assert (room.host, room.state) == (erin, "live")
    assert troubles.found == []


@SIZES
def test_a_helper_works_the_show_from_another_device(
    browser, server, live, as_bob, erin, longjing, size
):
    bob = at_console(signed(desk(browser, server.url), server, session_of(as_bob)), live)
    helper = colleague(browser, server, size, erin.user)
    bob.locator("[data-dialog-open=devices]:visible").click()
    way = bob.locator("#devices a[href$='/helper/']").get_attribute("href")
    bob.keyboard.press("Escape")
    helper.goto(way)
    helper.wait_for_selector("html[data-started]")
    mei = in_room(browser, server, live, "沈梅")
    troubles = Troubles(bob, helper, mei)
    say_aloud(mei, "好喝")
    choose(helper, "好喝", "reply")
    helper.locator("#console-say").fill("谢谢")
    helper.locator("#console-say").press("Enter")
    expect(line(mei, "谢谢").first).to_contain_text("小艾")

    if size is phone:
        helper.locator("[data-shows-part=shelf]").click()
    item = live.items.get(product=longjing)
    helper.locator(f"#show-{item.pk}").click()
    expect(mei.locator("[data-pin]")).to_contain_text("明前龙井")
    expect(bob.locator("#tools .cs-now")).to_contain_text("明前龙井")
    helper.context.set_offline(True)
    expect(helper.locator(".hp-lost")).to_be_visible()
    bob.keyboard.press("n")
    expect(mei.locator("[data-pin]")).to_contain_text("耐热玻璃杯")
    helper.context.set_offline(False)
    expect(helper.locator(".hp-lost")).to_be_hidden()
    expect(helper.locator("#shelf .cs-it", has_text="耐热玻璃杯")).to_have_class(re.compile("now"))
    assert troubles.found == []


@SIZES
def test_the_picture_rests_and_goes_on_and_the_show_ends(
    browser, server, live, as_bob, longjing, size
):
    context = size(browser, server.url)
    context.grant_permissions(["camera", "microphone"], origin=server.url)
    bob = at_console(signed(context, server, session_of(as_bob)), live)
    is_sending(bob)
    mei, dan = (in_room(browser, server, live, name) for name in ("沈梅", "老周"))
    troubles = Troubles(bob, mei, dan)
    until(lambda: playing(mei) > 0, 20)
    bob.locator("[value=pause]").click()
    slate = mei.locator("[data-banner=paused]")
    expect(slate).to_be_visible()
    lamp = mei.locator(".lr-row2 .lamp")
    expect(lamp).to_be_hidden()  # it burns while there is a picture
    expect(mei.locator("[data-state-pill=paused]")).to_be_visible()
    say_aloud(mei, "等你")
    expect(line(dan, "等你").first).to_be_visible()
    dan.reload()
    expect(dan.locator("[data-banner=paused]")).to_be_visible()
    bob.locator("[value=resume]").click()
    is_sending(bob)
    expect(slate).to_be_hidden()
    expect(lamp).to_be_visible()
    before = playing(mei)
    until(lambda: playing(mei) > before + 1, 20)

    bob.locator(".cs-end").click()
    bob.locator("#end-show [autofocus]").click()  # not yet
    assert Room.objects.get().state == "live"
    bob.locator(".cs-end").click()
    bob.locator("[data-end]").click()
    expect(bob.locator("#over")).to_be_visible()
    for one in (mei, dan):
        expect(one.locator("[data-replay]")).to_be_visible()
    bob.go_back()
    bob.wait_for_load_state()
    assert Room.objects.get().state == "ended"
    assert troubles.found == []


def test_a_show_is_worked_by_keys_alone(browser, server, live, as_bob, coupon):
    bob = at_console(signed(desk(browser, server.url), server, session_of(as_bob)), live)
    mei = in_room(browser, server, live)
    pin = mei.locator("[data-pin]")
    bob.keyboard.press("2")
    expect(pin).to_contain_text("耐热玻璃杯")
    expect(bob.locator("#tools .cs-now")).to_contain_text("耐热玻璃杯")
    bob.keyboard.press("1")
    expect(pin).to_contain_text("明前龙井")
    expect(bob.locator("#tools .cs-now")).to_contain_text("明前龙井")  # what she presses from
    bob.keyboard.press("n")
    expect(pin).to_contain_text("耐热玻璃杯")
    for key, name in (("c", "drop"), ("d", "draw"), ("f", "flash"), ("a", "notice")):
        bob.locator("h1").click()
        bob.keyboard.press(key)
        expect(bob.locator(f"#{name}-tool")).to_be_visible()
        bob.keyboard.press("Escape")
    bob.locator("h1").click()
    mute = bob.locator("[data-camera-mute]")
    bob.keyboard.press("m")
    expect(mute).to_have_attribute("aria-pressed", "true")
    bob.keyboard.press("/")
    bob.keyboard.type("n1m")  # typed, not pressed
    expect(bob.locator("#console-say")).to_have_value("n1m")
    expect(pin).to_contain_text("耐热玻璃杯")
    expect(mute).to_have_attribute("aria-pressed", "true")
    bob.locator("h1").click()
    bob.keyboard.press("?")
    expect(bob.locator("#keys")).to_be_visible()
    bob.locator("#keys [value=off]").click()
    bob.wait_for_selector("[data-keys=off]")
    bob.keyboard.press("1")
    bob.keyboard.press("/")
    expect(bob.locator("#console-say")).not_to_be_focused()
    expect(pin).to_contain_text("耐热玻璃杯")
