"""Who stands where in a journey through a show: the clerk at her console, shoppers in the room."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Locator, Page

from livestream.models import Room
from tests.journeys.browser import phone
from tests.servers import Server, guest_session


def signed(context: BrowserContext, server: Server, session: str) -> BrowserContext:
    """The context of somebody who has this session."""
    context.add_cookies([{"name": "sessionid", "value": session, "url": server.url}])
    return context


def at_console(context: BrowserContext, room: Room) -> Page:
    page = context.new_page()
    page.goto(f"/dashboard/tea/rooms/{room.public_id}/console/")
    page.wait_for_selector("html[data-started]")
    return page


def in_room(browser: Browser, server: Server, room: Room, name: str = "") -> Page:
    """A shopper on her phone, who may have chosen her nickname already."""
    page = signed(phone(browser, server.url), server, guest_session(name)).new_page()
    page.goto(f"/live/{room.public_id}/")
    page.wait_for_selector("html[data-started]")
    return page


def is_phone(page: Page) -> bool:
    return page.locator("#dock-shelf").is_visible()


def open_tool(page: Page, name: str, key: str) -> Locator:
    """A tool of the console, as the hand finds it: by its key, or in the phone's dock."""
    if is_phone(page):
        close_tools(page)
        page.locator(f"#dock-{name}").click()
    else:
        page.keyboard.press(key)
    tool = page.locator(f"#{name}-tool")
    tool.wait_for()
    return tool


def close_tools(page: Page) -> None:
    """Their sheet lies over the dock of a phone, after a reload too."""
    if page.url.endswith("#tools"):
        page.locator("#tools-close").click()


def to_tools(page: Page) -> None:
    """What runs: beside the camera at a desk, in a sheet on a phone."""
    if is_phone(page) and not page.url.endswith("#tools"):
        page.locator("#dock-now").click()


def to_chat(page: Page) -> None:
    if is_phone(page) and not page.url.endswith("#chat"):
        close_tools(page)
        page.locator("#dock-reply").click()


def say_aloud(page: Page, text: str) -> None:
    field = page.locator("#say-phone")
    if not field.is_visible():
        page.locator("[data-say-open]").click()
    field.fill(text)
    field.press("Enter")


def line(page: Page, text: str) -> Locator:
    return page.locator("[data-chat-lines] li", has_text=text)


def choose(page: Page, text: str, act: str) -> None:
    """What may be done about a line of the chat."""
    line(page, text).click()
    line(page, text).locator(f"[data-act={act}]").click()


def buy_pinned(page: Page, *, name: str = "沈梅", pay: bool = True) -> None:
    """One piece of what is being explained, without leaving the picture."""
    page.locator("[data-pin-link]").click()
    buy_in_sheet(page, name=name, pay=pay)


def buy_in_sheet(
    page: Page, *, name: str = "沈梅", phone: str = "138 0013 8000", pay: bool = True
) -> None:
    """What stands in the sheet, from its button to the receipt."""
    sheet = page.locator("#sheet")
    sheet.locator("footer .btn--primary").click()
    sheet.locator("[name=phone]").fill(phone)
    sheet.locator("[name=name]").fill(name)
    sheet.locator("[name=region]").select_option("CN-ZJ")
    sheet.locator("[name=city]").fill("杭州")
    sheet.locator("[name=address]").fill("清河坊 12 号")
    sheet.locator("footer .btn--primary").dblclick()
    sheet.locator("[data-pay]").wait_for()
    if pay:
        sheet.locator("[data-pay]").click()
        sheet.locator("[data-paid]").wait_for()
