"""A flash sale for whoever pays first, in real browsers: one piece, three who order it.

Mei pays and has it. Dan only ordered: he is told, on the page that lies open and at the bank. Eve
paid before Mei, but her bank spoke too late: her money comes back by itself (P5).
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from livestream.models import FlashSale, Room
from livestream.selectors.invariant import ALL
from merchants.models import Stock, Variant
from merchants.selectors.invariant import offenders
from orders.models import BankEntry, Order, Payment, Refund
from tests.journeys.browser import Troubles
from tests.journeys.crew import buy_in_sheet, in_room, open_tool, to_tools
from tests.servers import until

pytestmark = pytest.mark.slow
SAID = "先付先得"


def announce(clerk: Page, variant: Variant) -> None:
    """One piece, ten seconds from now; the switch by the keyboard."""
    tool = open_tool(clerk, "flash", "f")
    tool.locator("[name=variant]").select_option(str(variant.pk))
    for name, value in {"price": "68", "quota": "1", "per_buyer": "1", "warm_up": "10"}.items():
        tool.locator(f"[name={name}]").fill(value)
    tool.locator("[name=pay_first]").focus()
    clerk.keyboard.press("Space")
    expect(tool.locator("[name=pay_first]")).to_be_checked()
    tool.locator("button").click()
    to_tools(clerk)
    expect(clerk.locator(".cs-run")).to_contain_text(SAID)


def order(page: Page, name: str, phone: str) -> Order:
    """As far as the bank's counter, having read twice that nothing is held."""
    page.locator("[data-flash]").click()
    sheet = page.locator("#sheet")
    expect(sheet.locator("[data-price]")).to_have_text(re.compile(r"^¥68\b"))
    expect(sheet.locator(".note--info")).to_contain_text(SAID)
    buy_in_sheet(page, name=name, phone=phone, pay=False)
    expect(sheet).to_contain_text(SAID)
    return Order.objects.get(name=name)


def open_page(page: Page, placed: Order) -> Page:
    """Her order's page, in a second tab."""
    tab = page.context.new_page()
    tab.goto(f"/orders/{placed.number}/")
    return tab


def test_one_pays_first_one_is_told_and_one_has_her_money_back(
    browser, server, live: Room, variant, clerk: Page
):
    shoppers = [in_room(browser, server, live) for _each in range(3)]
    mei, dan, eve = shoppers
    troubles = Troubles(clerk, *shoppers)
    announce(clerk, variant)
    expect(clerk.locator(".cs-run [data-begins]")).to_have_count(0, timeout=20_000)
    hers = order(mei, "沈梅", "138 0013 8001")
    his = order(dan, "大山", "138 0013 8002")
    late = order(eve, "小艾", "138 0013 8003")
    assert FlashSale.objects.get().sold == 0  # three orders, and nothing is taken
    assert Stock.objects.get(variant=variant).reserved == 1  # the quota alone

    waits = open_page(dan, his)
    troubles.watch(waits)
    expect(waits.locator("[data-order-state=pending_payment]")).to_contain_text(SAID)
    expect(waits.locator("#pay")).to_be_visible()
    # Nobody asks Eve's bank before Mei has paid.
    Payment.objects.filter(order=late).update(next_ask_at=timezone.now() + timedelta(hours=1))
    eve.locator("#sheet summary").click()
    eve.locator("#sheet [value=lost]").click()
    expect(eve.locator("#sheet [data-wait]")).to_be_visible()
    mei.locator("#sheet [data-pay]").dblclick()
    expect(mei.locator("#sheet [data-paid]")).to_be_visible()
    expect(clerk.locator(".cs-run")).to_contain_text("1 / 1")

    dan.locator("#sheet [data-pay]").click()
    expect(dan.locator("#sheet .note--warn")).to_contain_text("别人先付了款")
    expect(dan.locator("#sheet [data-pay]")).to_have_count(0)
    expect(waits.locator("[data-order-state=expired]")).to_be_visible(timeout=60_000)
    expect(waits.locator("[data-order-state]")).to_contain_text("别人先付了")
    expect(waits.locator("#pay")).to_have_count(0)

    # As her order ends, her bank is asked after all: her waiting sheet hears of it.
    told = eve.locator("#sheet .note--warn")
    expect(told).to_contain_text("别人先付了", timeout=60_000)
    eve.locator("#sheet [data-track]").click()
    until(lambda: Refund.objects.filter(order=late, state="refunded").exists(), 30)
    eve.reload()
    expect(eve.locator("[data-order-state=expired]")).to_contain_text("钱已退回")
    expect(eve.locator("[data-refund=refunded]")).to_be_visible()

    moved = BankEntry.objects.values_list("amount", flat=True)
    assert sorted(moved) == [-late.total, late.total, hers.total]  # Dan was never charged
    hers.refresh_from_db()
    assert (hers.state, Stock.objects.get(variant=variant).reserved) == ("paid", 1)
    assert [str(one) for one in offenders(ALL, timezone.now())] == []
    assert troubles.found == []
