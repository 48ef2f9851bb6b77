"""The wall screen while a show runs: figures and curve move, and nobody on it has a full name."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from livestream.models import Minute
from tests.journeys.browser import Troubles
from tests.journeys.crew import buy_pinned, close_tools, in_room, is_phone, say_aloud
from tests.servers import until

pytestmark = pytest.mark.slow


def test_the_wall_tells_of_the_show_while_it_runs(browser, server, live, clerk):
    wall = clerk.context.new_page()
    wall.goto(f"/dashboard/tea/rooms/{live.public_id}/wall/")
    wall.wait_for_selector("html[data-started]")
    mei, dan = (in_room(browser, server, live, name) for name in ("沈梅", "老周"))
    troubles = Troubles(clerk, wall, mei, dan)
    expect(wall.locator("#wall-figures [data-module='livestream/presence']")).to_have_text("2")
    clerk.locator("#dock-next" if is_phone(clerk) else "#next").click()
    expect(mei.locator("[data-pin]")).to_contain_text("明前龙井")
    expect(wall.locator(".wl-mk")).to_contain_text("明前龙井")
    say_aloud(mei, "今年的好香")
    for _tap in range(3):
        dan.locator(".lr-bar .like >> nth=-1").click()
    for page in (wall, mei):
        expect(page.locator("[data-likes]").first).to_have_text("3")

    buy_pinned(mei)
    expect(wall.locator("[data-wall-turnover]")).to_contain_text("168")
    expect(wall.locator("[data-wall-orders]")).to_have_text("1")
    expect(wall.locator("#wall-best")).to_contain_text("明前龙井")
    expect(wall.locator("#wall-latest")).to_contain_text("沈")
    buy_pinned(dan, name="周建国", pay=False)
    expect(wall.locator("#wall-latest li")).to_have_count(2)
    expect(wall.locator("[data-wall-turnover]")).not_to_contain_text("336")
    said = wall.locator("body").inner_text()
    assert not re.search("沈梅|周建国|老周|138 ?0013|清河坊 12", said)

    until(lambda: Minute.objects.filter(room=live, viewers=2).exists(), 40)
    curve = wall.locator("#wall-curve svg").first
    expect(curve.locator("polyline")).to_have_attribute("points", re.compile(r"\d"))
    expect(curve).to_have_attribute("aria-label", re.compile("2"))  # most at once
    wall.locator(".wl-table summary").click()
    expect(wall.locator("#wall-curve-table tbody tr").first).to_be_visible()

    close_tools(clerk)
    clerk.locator(".cs-end").click()
    clerk.locator("[data-end]").click()
    expect(wall.locator("#wall-state .lamp")).to_have_count(0)
    expect(wall.locator("[data-wall-turnover]")).to_contain_text("168")
    assert troubles.found == []
