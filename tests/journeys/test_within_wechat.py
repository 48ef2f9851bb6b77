"""The page that hands WeChat's own browser what it needs to pay, with a bridge of our own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order, Payment
from orders.services.payment import keep_step, open_payment
from tests.journeys.browser import Troubles, chromium, phone
from tests.orders.test_gateways import connect

pytestmark = pytest.mark.slow
HANDED = {
    "appId": "wxd678efh567hg6787",
    "timeStamp": "1764460800",
    "nonceStr": "n0nce",
    "package": "prepay_id=wx1",
    "signType": "RSA",
    "paySign": 'quotes " and <signs> stay',
}
# As WeChat's browser has it: there after a moment, answering by a call of ours.
BRIDGE = """
window.asked = [];
setTimeout(() => {
  window.WeixinJSBridge = { invoke: (name, what, answer) => {
    window.asked.push([name, what]);
    setTimeout(() => answer({ err_msg: `get_brand_wcpay_request:${window.say ?? "cancel"}` }), 50);
  } };
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
}, 200);
"""


@pytest.fixture
def waiting(order: Order, shop, alice) -> Payment:
    """She has been to WeChat and is back a minute ago; the bank is asked in an hour."""
    connect(shop, "wechatpay", alice)
    payment = open_payment(order=order, gateway="wechatpay", way="jsapi")
    keep_step(payment=payment, step={"kind": "bridge", "value": HANDED})
    now = timezone.now()
    times = {"created_at": now - timedelta(minutes=1), "next_ask_at": now + timedelta(hours=1)}
    Payment.objects.update(**times)
    payment.refresh_from_db()
    return payment


def at_wait(page: Page, order: Order) -> None:
    page.goto(f"/orders/{order.number}/wait/")


def test_wechats_till_opens_by_itself_and_again_when_pressed(server, order, waiting):
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        troubles = Troubles(page)
        page.add_init_script(BRIDGE)
        at_wait(page, order)
        trouble = page.locator("[data-bridge-trouble]")
        expect(trouble).to_contain_text("还没付款")  # she went back from the till
        assert page.evaluate("window.asked") == [["getBrandWCPayRequest", HANDED]]
        page.evaluate("window.say = 'ok'")
        with page.expect_response(lambda one: one.request.method == "POST") as told:
            page.locator("[data-bridge]").click()
        assert told.value.url.endswith(f"/orders/{order.number}/wait/")
        page.wait_for_load_state()
        assert Order.objects.get().state == "pending_payment", "the browser's word proves nothing"
        assert Payment.objects.get().next_ask_at < waiting.next_ask_at, "the bank is asked sooner"
        page.wait_for_timeout(500)
        assert page.evaluate("window.asked") == [], "and no till opens again"
        assert troubles.found == []


@pytest.mark.parametrize("said", ["fail", "fail:no permission", "", "something new"])
def test_what_does_not_say_that_she_went_back_is_not_called_unpaid(server, order, waiting, said):
    """The till may have failed after her money went: she is not sent to pay twice."""
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        page.add_init_script(f"{BRIDGE}\nwindow.say = {said!r};")
        at_wait(page, order)
        trouble = page.locator("[data-bridge-trouble]")
        expect(trouble).to_contain_text("微信没有说付没付成")
        expect(trouble).to_contain_text("我已付款")
        expect(page.locator("[data-bridge]")).to_be_enabled()


def test_the_till_opens_by_itself_once_for_one_payment(server, order, waiting):
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        page.add_init_script(BRIDGE)
        at_wait(page, order)
        closed = page.locator("[data-bridge-trouble]")  # seen once she is back from the till
        expect(closed).to_be_visible()
        page.reload()
        page.wait_for_timeout(1000)
        assert page.evaluate("window.asked") == [], "loaded again, it waits for her"
        page.locator("[data-bridge]").click()
        expect(closed).to_be_visible()
        assert len(page.evaluate("window.asked")) == 1
        Payment.objects.update(public_id="anotherpaymentof")  # another till
        page.reload()
        expect(closed).to_be_visible()
        assert len(page.evaluate("window.asked")) == 1


def test_elsewhere_it_says_where_it_works(server, order, waiting):
    with chromium() as browser:
        page = phone(browser, server.url).new_page()
        troubles = Troubles(page)
        at_wait(page, order)
        expect(page.locator("[data-bridge-trouble]")).to_have_text(
            "只能在微信里这样付。请换一种方式。"
        )
        expect(page.locator("[data-bridge]")).to_be_enabled()
        assert troubles.found == []
