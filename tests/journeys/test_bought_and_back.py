"""Bought in the room with a coupon, collected at the counter with the code, one of two pieces
brought back for its money, reviewed, answered: a shopper on her phone, and the shop.
"""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from livestream.models import Room
from livestream.services.drop import open_drop
from livestream.services.shelf import show_item
from merchants.models import Product
from merchants.selectors.invariant import offenders
from orders.models import BankEntry, Order, Refund, Review
from orders.rules.refund import RefundState
from orders.selectors.invariant import INVARIANTS
from tests.journeys.browser import Troubles, desk, phone
from tests.journeys.crew import in_room, signed
from tests.servers import session_of, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [desk, phone], ids=["desk", "phone"])
def test_two_are_bought_one_comes_back_and_both_say_what_they_think(
    browser: Browser, server, live: Room, coupon, longjing: Product, variant, as_alice, size
):
    show_item(room=live, item=live.items.get(product=longjing))
    open_drop(room=live, coupon=coupon, minutes=5)
    shopper = in_room(browser, server, live, "沈梅")
    shop = signed(size(browser, server.url), server, session_of(as_alice)).new_page()
    troubles = Troubles(shopper, shop)

    order = buy_two(shopper)
    assert (order.discount, order.total) == (2000, 2 * 16800 - 2000)
    hand_over(shop, shopper, order)
    refund = bring_one_back(shop, shopper, order)
    assert refund.amount == order.total // 2
    assert sum(BankEntry.objects.values_list("amount", flat=True)) == order.total // 2
    assert variant.stock.get().on_hand == 9  # of ten two went, and one is on the shelf again
    review_and_answer(shop, shopper, order, longjing)

    coupon.refresh_from_db()
    assert coupon.redeemed == 1  # one piece came back, and the order is one all the same
    assert [str(one) for one in offenders(INVARIANTS, timezone.now())] == []
    assert troubles.found == []


def buy_two(page: Page) -> Order:
    page.locator("[data-drops] a").click()
    sheet = page.locator("#sheet")
    sheet.locator("form button").click()
    expect(sheet.locator(".note--ok")).to_be_visible()
    sheet.locator("[data-sheet-close]").last.click()
    page.locator("[data-pin-link]").click()
    sheet.locator("[data-more]").click()
    sheet.locator("footer .btn--primary").click()
    sheet.locator("[name=phone]").fill("138 0013 8000")
    sheet.locator("[name=name]").fill("沈梅")
    sheet.locator(".seg__i", has=page.locator("[name=method][value=pickup]")).click()
    expect(sheet.locator("[data-total]")).to_contain_text("316")
    sheet.locator("footer .btn--primary").dblclick()
    sheet.locator("[data-pay]").dblclick()
    expect(sheet.locator("[data-paid]")).to_be_visible()
    return Order.objects.get(paid_at__isnull=False)


def hand_over(shop: Page, shopper: Page, order: Order) -> None:
    shop.goto(f"/dashboard/tea/orders/{order.number}/")
    shop.locator("#hand-over .btn--primary").click()
    until(lambda: Order.objects.filter(pk=order.pk, state="ready_for_pickup").exists())
    shopper.goto(f"/orders/{order.number}/")
    code = shopper.locator(".ot__code b").inner_text()
    shop.goto("/dashboard/tea/orders/pickup/")
    shop.locator(".pk-typed summary").click()
    shop.locator("[name=whose]").fill("8000")
    wrong = f"{(int(code) + 1) % 10**6:06}"
    shop.locator("[name=code]").fill(wrong)
    shop.keyboard.press("Enter")
    expect(shop.locator("#code-error")).to_be_visible()
    shop.locator("[name=code]").fill(code)
    shop.keyboard.press("Enter")
    expect(shop.locator("#found")).to_contain_text("×2")
    shop.locator("[name=hand_over]").dblclick()
    until(lambda: Order.objects.filter(pk=order.pk, state="collected").exists())
    assert order.steps.filter(state="collected").count() == 1


def bring_one_back(shop: Page, shopper: Page, order: Order) -> Refund:
    shopper.goto(f"/orders/{order.number}/")
    shopper.locator("a[href$='/refund/']").click()
    shopper.locator("[name^=line-]").fill("1")
    shopper.locator("[name=words]").fill("一盒送人，一盒用不上")
    shopper.locator("main form .btn--primary").dblclick()
    expect(shopper.locator("[data-refund=requested]")).to_be_visible()
    detail = f"/dashboard/tea/orders/{order.number}/"
    shop.goto(detail)
    shop.locator("[data-refund=requested] .btn--primary").dblclick()
    expect(shopper.locator("[data-refund=awaiting_return]")).to_be_visible(timeout=15_000)
    shop.goto(detail)
    shop.locator("[data-refund=awaiting_return] .btn--primary").dblclick()
    until(lambda: Refund.objects.filter(state=RefundState.REFUNDED).exists(), 30)
    shopper.reload()  # what stands open to be typed into is not changed under her hands
    expect(shopper.locator("[data-refund=refunded]")).to_be_visible()
    return Refund.objects.get()


def review_and_answer(shop: Page, shopper: Page, order: Order, product: Product) -> None:
    shopper.goto(f"/orders/{order.number}/")
    shopper.locator("a[href*='/reviews/write/']").first.click()
    shopper.locator(".rv-pick__i").nth(1).click()
    shopper.locator("[name=text]").fill("茶很香，退货也爽快")
    shopper.locator("main form .btn--primary").dblclick()
    review = until(lambda: Review.objects.filter(text__contains="爽快").first())
    assert Review.objects.count() == 1
    shop.goto("/dashboard/tea/reviews/")
    expect(shop.locator("main")).to_contain_text("茶很香")
    answer = shop.locator(f"form[action$='/{review.public_id}/reply/']")
    shop.locator(f"#review-{review.public_id} summary").first.click()
    answer.locator("[name=text]").fill("谢谢，欢迎再来店里喝茶")
    answer.locator(".btn--primary").click()
    until(lambda: Review.objects.exclude(reply="").exists())
    shopper.goto(f"/orders/reviews/of/tea/{product.public_id}/")
    expect(shopper.locator("main")).to_contain_text("退货也爽快")
    expect(shopper.locator("main")).to_contain_text("欢迎再来店里喝茶")
