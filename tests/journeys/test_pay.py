"""At the practice bank, in a real browser: what can go wrong is chosen, and the page goes on."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from orders.models import Order, Payment
from orders.tasks import ask_gateways
from tests.journeys.browser import Troubles, chromium, desk, phone

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
