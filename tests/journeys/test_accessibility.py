"""What a screen reader meets: axe looks at every screen of moving in and of the live room, in the
demo shop.

Both languages, desk and phone, light and dark. axe finds no more than a program can see: names,
roles, contrast. What it takes for granted (a list that style made none) is asked for beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys.browser import chromium, desk, phone
from tests.screens import ADMIN, HOST, ROOT, Screen, arrive, demo, screens, sign_in_as, speak

pytestmark = pytest.mark.slow
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = {"serious", "critical"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOK = """async ({ tags, only }) => {
  const runOnly = only ? { type: "rule", values: only } : { type: "tag", values: tags };
  const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
  return violations.map(({ id, impact, nodes }) => ({
    id, impact,
    nodes: nodes.map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`),
  }));
}"""
SEMANTICS = """() => {
  const lost = [];
  const of = (all) => [...document.querySelectorAll(all)];
  for (const list of of("ul, ol"))
    if (getComputedStyle(list).listStyleType === "none" && !list.closest("[role=list], nav"))
      lost.push(`${list.className} is no list for Safari`);
  for (const part of of("table, thead, tbody, tr, th, td")) {
    const { display } = getComputedStyle(part);
    if (display !== "none" && !display.startsWith("table") && !part.hasAttribute("role"))
      lost.push(`${part.tagName} ${part.className} is ${display} and says no role`);
  }
  if (of("h1").length !== 1) lost.push(`${of("h1").length} h1`);
  let last = 0;
  for (const heading of of("h1, h2, h3, h4").filter((one) => one.checkVisibility())) {
    const level = Number(heading.tagName[1]);
    if (level > last + 1) lost.push(`h${level} ${heading.textContent.trim()} after h${last}`);
    last = level;
  }
  return [...new Set(lost)];
}"""
# What lies under a bar that sticks is reached by scrolling: axe would call it too small to press.
UNSTUCK = """() => document.querySelectorAll(".savebar").forEach((bar) => {
  bar.style.position = "static";
})"""
LEFT_OUT = ("live", "console", "countdown", "replay", "discover", "found", "tracking", "my-orders")
LEFT_OUT += ("room", "order", "coupon", "checkout", "payments", "missing")

MONEY = ("exchange", "first")  # goods for goods, and first to pay
LEFT_OUT += MONEY

LIVE_ROOM = ("live", "console", "helper", "prompter", "wall", "draw", "countdown", "replay")


@pytest.fixture(scope="module")
def shop_on_show() -> Iterator[tuple[Browser, str, Path]]:
    with demo() as (url, folder), chromium() as browser:
        yield browser, url, folder


def chosen(folder: Path) -> list[Screen]:
    return [one for one in screens(folder) if not one.name.startswith(LEFT_OUT)]


# Five minutes each: two of the four, between them both sizes and both languages.
@pytest.mark.parametrize(("open_", "language"), [(phone, "zh-hans"), (desk, "en")])
def test_every_screen_of_moving_in_can_be_read_by_a_machine(shop_on_show, open_, language):
    assert_readable(shop_on_show, open_, language, chosen(shop_on_show[2]))


@pytest.mark.parametrize(("open_", "language"), [(phone, "zh-hans"), (desk, "en")])
def test_every_screen_of_the_live_room_can_be_read_by_a_machine(shop_on_show, open_, language):
    wanted = [one for one in screens(shop_on_show[2]) if one.name.startswith(LIVE_ROOM)]
    assert_readable(shop_on_show, open_, language, wanted)


@pytest.mark.parametrize(("open_", "language"), [(phone, "zh-hans"), (desk, "en")])
def test_every_screen_of_exchange_and_first_to_pay_can_be_read_by_a_machine(
    shop_on_show, open_, language
):
    wanted = [one for one in screens(shop_on_show[2]) if one.name.startswith(MONEY)]
    assert_readable(shop_on_show, open_, language, wanted)


def assert_readable(shop_on_show, open_, language: str, wanted: list[Screen]) -> None:
    browser, url, _folder = shop_on_show
    guest, staff, admin = (open_(browser, url) for _who in range(3))
    sign_in_as(staff, HOST)
    sign_in_as(admin, ADMIN)
    for context in (guest, staff, admin):
        speak(context, language)
        context.set_default_timeout(30_000)
    found: dict[str, list[str]] = {}
    for screen in wanted:
        context = admin if screen.admin else staff if screen.staff else guest
        if troubles := looked_at(context, screen):
            found[screen.name] = troubles
    for context in (guest, staff, admin):
        context.close()
    assert not found, "\n".join(f"{name}: {one}" for name in found for one in found[name])


def looked_at(context: BrowserContext, screen: Screen) -> list[str]:
    page = context.new_page()
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    arrive(page, screen)
    page.evaluate(AXE.read_text())
    page.evaluate(UNSTUCK)
    troubles = [*told(page), *([] if screen.admin else page.evaluate(SEMANTICS))]
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    if screen.admin:
        page.wait_for_timeout(300)  # its colours change slowly
    troubles += [f"dark: {one}" for one in told(page, only=["color-contrast"])]
    page.close()
    return troubles


def told(page: Page, only: list[str] | None = None) -> list[str]:
    found: list[dict[str, Any]] = page.evaluate(LOOK, {"tags": RULES, "only": only})
    return [
        f"{one['id']}: {node}" for one in found if one["impact"] in GRAVE for node in one["nodes"]
    ]


def test_axe_would_see_what_it_looks_for(shop_on_show):
    """The negative control: a page with a nameless button and grey on grey is not let through."""
    browser, url, _folder = shop_on_show
    page = desk(browser, url).new_page()
    page.goto("/terms/")
    page.evaluate(AXE.read_text())
    assert told(page) == []
    page.evaluate(
        """() => {
          const bad = document.createElement("p");
          bad.append(document.createElement("button"), "grey");
          bad.style.color = "#999"; bad.style.background = "#aaa";
          document.querySelector("main").append(bad);
        }"""
    )
    assert {one.split(":")[0] for one in told(page)} == {"button-name", "color-contrast"}
