"""At the practice bank, in a real browser: what can go wrong is chosen, and the page goes on."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from orders.models import Order, Payment
from orders.tasks import ask_gateways
from tests.journeys.browser import Troubles, chromium, desk, phone, sign_in
from tests.journeys.conftest import PASSWORD

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("size", [phone, desk])
def test_a_payment_whose_message_is_lost_is_found_and_the_page_goes_on(server, order, size):
    with chromium() as browser:
        page = size(browser, server.url).new_page()
        troubles = Troubles(page)
        page.goto(f"/orders/{order.number}/pay/")
        page.locator("summary").click()
        page.locator("[value=failure]").click()
        expect(page.locator("[role=alert]")).to_be_visible()
        page.locator("summary").click()
        page.locator("[value=lost]").click()
        expect(page.locator("[data-wait]")).to_be_visible()
        Payment.objects.filter(state="created").update(next_ask_at=timezone.now())
        ask_gateways()
        page.wait_for_url(f"**/orders/{order.number}/")
        expect(page.locator("[data-order-state=paid]")).to_be_visible()
        assert Order.objects.get().state == "paid"
        assert troubles.found == []


@pytest.mark.parametrize("size", [phone, desk])
def test_every_open_page_of_a_clerk_says_how_many_wait_to_be_packed(
    server, order, bob, account, size
):
    with chromium() as browser:
        orders = size(browser, server.url).new_page()
        sign_in(orders, account(bob).email, PASSWORD)
        orders.goto("/dashboard/tea/orders/")
        goods = orders.context.new_page()  # a page that shows no order
        goods.goto("/dashboard/tea/products/")
        troubles = Troubles(orders, goods)
        numbers = [page.locator("[data-to-ship]").filter(visible=True) for page in (orders, goods)]
        for number in numbers:
            expect(number.locator(".count")).to_have_count(0)
        expect(orders.locator("#to-pack")).not_to_contain_text("1")

        shopper = phone(browser, server.url).new_page()
        shopper.goto(f"/orders/{order.number}/pay/")
        shopper.locator("[data-pay]").click()
        expect(shopper.locator("[data-order-state=paid]")).to_be_visible()

        for number in numbers:
            expect(number.locator(".count").filter(visible=True)).to_have_text("1")
        expect(orders.locator("#to-pack")).to_contain_text("1")
        expect(orders.locator("#tab-to_ship .count")).to_have_text("1")
        assert troubles.found == []
