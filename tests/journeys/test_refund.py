"""Two pieces are bought; one is asked back before it is sent, the other comes back after it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from merchants.models import Variant
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.models import BankEntry, Order, Refund
from orders.rules.refund import RefundState
from tests.journeys.browser import Troubles, desk, phone
from tests.journeys.crew import signed
from tests.servers import session_of, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("open_", [desk, phone], ids=["desk", "phone"])
def test_money_goes_back_for_one_of_two_and_then_for_the_other(
    browser, server, shop, longjing, variant, as_alice, open_
):
    shopper = open_(browser, server.url).new_page()
    owner = signed(open_(browser, server.url), server, session_of(as_alice)).new_page()
    troubles = Troubles(shopper, owner)
    order = buy_two(shopper, variant.pk)
    detail = f"/dashboard/tea/orders/{order.number}/"

    ask(shopper, "1")
    owner.goto(detail)
    expect(owner.locator("main")).to_contain_text("The wrong size")
    expect(owner.locator("#ship")).to_have_count(0)
    owner.locator("[data-refund=requested] .btn--primary").click()
    first = until(lambda: Refund.objects.filter(state=RefundState.REFUNDED).first(), 20)
    assert first.amount == order.total // 2
    # Her open page has heard of it by itself.
    expect(shopper.locator("[data-refund=refunded]")).to_be_visible(timeout=15_000)

    owner.goto(detail)
    expect(owner.locator("main")).to_contain_text("×1")
    owner.locator("[name=tracking_number]").fill("SF7654321")
    owner.locator("#ship .btn--primary").click()
    until(lambda: Order.objects.filter(pk=order.pk, state="shipped").exists())

    ask(shopper, "1")
    owner.goto(detail)
    owner.locator("[data-refund=requested] .btn--primary").click()
    form = shopper.locator("[data-refund=awaiting_return] form").first
    expect(form).to_be_visible(timeout=15_000)
    form.locator("[name=tracking_number]").fill("SF1234567")
    form.locator(".btn--primary").click()
    expect(shopper.locator("main")).to_contain_text("SF1234567")
    owner.goto(detail)
    owner.locator("[data-refund=awaiting_return] .btn--primary").click()
    until(lambda: Refund.objects.filter(state=RefundState.REFUNDED).count() == 2, 20)
    expect(shopper.locator("[data-refund=refunded]")).to_have_count(2, timeout=15_000)
    assert sum(BankEntry.objects.values_list("amount", flat=True)) == 0
    assert variant.stock.get().on_hand == 10  # both are on the shelf again
    assert troubles.found == []


def buy_two(page: Page, variant: int) -> Order:
    page.goto(f"/orders/checkout/tea/?variant={variant}&quantity=2")
    page.locator("[name=name]").fill("沈梅")
    page.locator("[name=phone]").fill("138 0000 2688")
    page.locator("[name=region]").select_option("CN-ZJ")
    page.locator("[name=city]").fill("杭州")
    page.locator("[name=address]").fill("杭州市上城区 清河坊 12 号")
    page.locator("main form .btn--primary").last.click()
    page.wait_for_url("**/pay/")
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/pay/" not in url)
    return Order.objects.get(paid_at__isnull=False)


def ask(page: Page, pieces: str) -> None:
    page.locator("a[href$='/refund/']").click()
    page.locator("[name^=line-]").fill(pieces)
    page.locator("[name=words]").fill("The wrong size")
    page.locator("main form .btn--primary").click()
    expect(page.locator("[data-refund=requested]")).to_be_visible()


@pytest.mark.parametrize("open_", [desk, phone], ids=["desk", "phone"])
def test_a_shirt_that_does_not_fit_is_exchanged_for_another(
    browser, server, shop, longjing, variant, store, as_alice, open_
):
    large = Variant.objects.create(
        merchant=shop, product=longjing, name="大罐", sku="large", price=variant.price - 1000
    )
    change_stock(variant=large, store=store, delta=1, reason=Reason.RECEIVED, by=None)
    shopper = open_(browser, server.url).new_page()
    owner = signed(open_(browser, server.url), server, session_of(as_alice)).new_page()
    troubles = Troubles(shopper, owner)
    order = buy_two(shopper, variant.pk)
    detail = f"/dashboard/tea/orders/{order.number}/"
    owner.goto(detail)
    owner.locator("[name=tracking_number]").fill("SF7654321")
    owner.locator("#ship .btn--primary").click()
    until(lambda: Order.objects.filter(pk=order.pk, state="shipped").exists())

    shopper.reload()
    shopper.locator("a[href$='/refund/']").click()
    instead = shopper.locator("select[name^=for-]")
    expect(instead).to_be_hidden()  # nobody is asked who wants money
    shopper.locator("[name=kind][value=exchange]").check()
    expect(instead).to_be_visible()
    instead.select_option(str(large.pk))
    shopper.locator("[name^=line-]").fill("1")
    shopper.locator("main form .btn--primary").click()
    expect(shopper.locator("[data-refund=requested]")).to_contain_text("大罐")

    owner.goto(detail)
    owner.locator("[data-refund=requested] .btn--primary").click()
    expect(owner.locator("[data-refund=awaiting_return]")).to_be_visible()
    assert large.stock.get().reserved == 1
    form = shopper.locator("[data-refund=awaiting_return] form").first
    expect(form).to_be_visible(timeout=15_000)
    form.locator("[name=tracking_number]").fill("SF1234567")
    form.locator(".btn--primary").click()
    expect(shopper.locator("main")).to_contain_text("SF1234567")

    owner.goto(detail)
    owner.locator("[data-refund=awaiting_return] .btn--primary").click()
    owner.wait_for_url(lambda url: order.number not in url)  # to the order that goes out for it
    owner.locator("[name=tracking_number]").fill("SF1111111")
    owner.locator("#ship .btn--primary").click()
    refund = until(lambda: Refund.objects.filter(state=RefundState.REFUNDED).first(), 20)
    assert refund.amount == 1000  # what the other one costs less
    link = shopper.locator(f"[data-refund] a[href*='{refund.replacement.number}']")
    shopper.reload()
    link.click()
    expect(shopper.locator("main")).to_contain_text("SF1111111")
    assert (large.stock.get().on_hand, variant.stock.get().on_hand) == (0, 9)
    assert troubles.found == []
