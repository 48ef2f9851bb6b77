"""Two coupons in one order, and coupons that are good at some stores only."""

from __future__ import annotations

import uuid
from itertools import product

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from merchants.models import Customer, Stock, Store
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock
from orders.errors import CouponUnfit
from orders.models import Coupon, Order, Voucher
from orders.payments import sandbox
from orders.rules.coupon import CouponKind, Terms, may_join
from orders.rules.line import LineState
from orders.rules.refund import RefundKind
from orders.services.coupon import claim_coupon
from orders.services.coupon_counter import take_voucher
from orders.services.order import Contact, move_order, place_order, quote
from orders.services.payment import open_payment
from orders.services.refund import approve_refund, request_refund
from orders.services.saving import cheapest, offers
from tests.conftest import DAN
from tests.orders.test_cart import contact
from tests.orders.test_checkout import hidden
from tests.orders.test_coupon import issued
from tests.test_invariants import broken

TOGETHER = {"stackable": True}


@pytest.fixture
def glass(cup):
    return cup.variants.get()


@pytest.fixture
def held(shop, dan, glass):
    """Dan's vouchers by name; what costs the parcel is wanted of an order below the free limit."""
    coupons = {
        "off": issued(shop, name="减五元", amount=500, **TOGETHER),
        "percent": issued(shop, name="八折", kind="percent", percent=20),
        "parcel": issued(shop, name="包邮", kind="shipping", **TOGETHER),
        "gift": issued(shop, name="满额礼", kind="gift", gift=glass, **TOGETHER),
    }
    return {name: claim_coupon(coupon=one, customer=dan) for name, one in coupons.items()}


def plain(shop, glass, pieces=1, **more):
    return quote(merchant=shop, basket={glass.pk: pieces}, **more)


def buy(shop, dan, glass, voucher, extra, **more) -> Order:
    facts = {"merchant": shop, "customer": dan, "contact": DAN, "language": "en"}
    facts |= {"basket": {glass.pk: 1}, "voucher": voucher, "extra": extra}
    return place_order(**facts | more)


# --- the rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), list(product(CouponKind, CouponKind)))
def test_one_that_takes_off_and_one_that_does_not(one, other):
    off = {CouponKind.AMOUNT, CouponKind.PERCENT}
    both = Terms(one, stackable=True), Terms(other, stackable=True)
    assert may_join(*both) is ((one in off) != (other in off))
    assert not may_join(Terms(one), Terms(other, stackable=True))
    assert not may_join(Terms(one, stackable=True), Terms(other))


def test_the_best_allowed_is_taken_and_all_are_offered_in_order(shop, glass, held):
    found = offers(plain(shop, glass), held.values())
    told = [[one.coupon.name for one in offer.vouchers] for offer in found]
    # 29.00 and 8.00 for the parcel; a gift of 29.00: 5+29, 29, 5+8, 8, 5.80, 5, nothing
    assert told == [
        ["减五元", "满额礼"],
        ["满额礼"],
        ["减五元", "包邮"],
        ["包邮"],
        ["八折"],
        ["减五元"],
        [],
    ]
    assert [offer.saved for offer in found] == [500, 0, 1300, 800, 580, 500, 0]
    assert cheapest(plain(shop, glass), held.values()).key == found[0].key


def test_what_may_not_be_joined_is_not(shop, dan, glass, held):
    order = buy(shop, dan, glass, held["percent"], held["parcel"])
    assert (order.voucher, order.extra, order.shipping) == (held["percent"], None, 800)
    with pytest.raises(CouponUnfit):  # a gift is never left out silently
        buy(shop, dan, glass, held["percent"], held["gift"])
    assert broken() == set()


def test_two_copies_of_one_coupon_are_one_offer(shop, dan, glass):
    coupon = issued(shop, amount=500, per_customer=2)
    copies = [claim_coupon(coupon=coupon, customer=dan) for _each in range(2)]
    assert len(offers(plain(shop, glass), copies)) == 2


# --- orders -------------------------------------------------------------------------------------


def test_both_are_used_and_both_come_back(shop, dan, glass, held):
    order = buy(shop, dan, glass, held["off"], held["parcel"])
    assert (order.goods, order.discount, order.shipping, order.total) == (2900, 500, 0, 2400)
    assert Voucher.objects.filter(state="redeemed").count() == 2
    assert broken() == set()
    move_order(order=order, to=LineState.CANCELLED, by=None)
    assert not Voucher.objects.filter(state="redeemed").exists()
    assert not Coupon.objects.exclude(redeemed=0).exists()
    assert broken() == set()


def test_the_clock_gives_both_back_and_late_money_takes_both_again(shop, dan, glass, held):
    order = buy(shop, dan, glass, held["off"], held["gift"])
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    assert not Voucher.objects.filter(state="redeemed").exists()
    sandbox.receive(message)
    order.refresh_from_db()
    assert order.state == "paid"
    assert Voucher.objects.filter(state="redeemed").count() == 2
    assert broken() == set()


def test_late_money_goes_back_whole_if_one_of_them_is_used_elsewhere(shop, dan, glass, held):
    order = buy(shop, dan, glass, held["off"], held["parcel"])
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    buy(shop, dan, glass, None, held["parcel"])
    sandbox.receive(message)
    order.refresh_from_db()
    assert order.state == "expired"
    assert order.to_pay_back == 2400
    held["off"].refresh_from_db()
    assert held["off"].state == "claimed"  # taken for a moment, and let go with the rest
    assert broken() == set()


def test_a_refund_gives_back_what_was_paid_and_no_coupon_as_money(shop, dan, glass, bob, held):
    facts = {"basket": {glass.pk: 2}}
    order = buy(shop, dan, glass, held["off"], held["gift"], **facts)
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    line = order.lines.get(price_rule="list")
    for amount in (2650, 2650 + order.shipping):
        refund = request_refund(order=order, pieces={line.pk: 1}, kind=RefundKind.MONEY)
        approve_refund(refund=refund, version=refund.version, by=bob)
        refund.refresh_from_db()
        assert refund.amount == amount
    assert broken() == set()
    assert not Voucher.objects.filter(state="redeemed").exists()


def test_the_cap_counts_a_parcels_coupon_too(shop, dan, glass, held):
    buy(shop, dan, glass, None, held["parcel"])
    other = Customer.objects.create(merchant=shop, device=uuid.uuid4())
    second = claim_coupon(coupon=held["parcel"].coupon, customer=other)
    with pytest.raises(CouponUnfit):
        buy(shop, dan, glass, None, second)
    assert broken() == set()


def test_no_two_live_orders_hold_one_extra(shop, dan, glass, held):
    buy(shop, dan, glass, None, held["parcel"])
    other = buy(shop, dan, glass, None, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=other.pk).update(extra=held["parcel"])


def test_if_the_second_cannot_be_used_the_first_is_not_either(shop, dan, glass, held):
    Voucher.objects.filter(pk=held["parcel"].pk).update(state="revoked")
    with pytest.raises(CouponUnfit) as refusal:
        buy(shop, dan, glass, held["off"], held["parcel"])
    assert refusal.value.details["voucher"] == held["parcel"].pk
    assert not Order.objects.exists()
    held["off"].refresh_from_db()
    assert held["off"].state == "claimed"
    assert broken() == set()


# --- the checkout -------------------------------------------------------------------------------


@pytest.fixture
def checkout(client, shop, glass, held):
    """A browser on Dan's device, its address, and what it asks for."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    url = reverse("track:checkout", args=["tea"])
    choice = {"variant": glass.pk, "quantity": 1}
    client.get(url, choice)
    Customer.objects.update(device=client.session["device"])
    return client, url, choice


def test_the_best_is_chosen_and_she_can_choose_another(checkout, held):
    client, url, choice = checkout
    page = client.get(url, choice).text
    best = f"{held['off'].pk}-{held['gift'].pk}"
    assert f'value="{best}" checked' in page
    # Without scripts: another one is pressed, and the new sum is shown before anything is ordered.
    wish = {"coupons": f"{held['off'].pk}-{held['parcel'].pk}"}
    form = hidden(page) | choice | contact()
    shown = client.post(url, form | wish)
    assert shown.status_code == 409
    assert not Order.objects.exists()
    form = hidden(shown.text) | choice | contact()
    assert form["expected_total"] == "2400"
    assert client.post(url, form | wish).status_code == 302
    order = Order.objects.get()
    assert (order.voucher, order.extra, order.total) == (held["off"], held["parcel"], 2400)


def test_what_she_chose_stays_chosen_and_what_is_not_to_be_had_gives_way(checkout, held):
    client, url, choice = checkout
    asked = choice | {"method": "delivery", "voucher": held["off"].pk, "extra": held["gift"].pk}
    none = client.get(url, asked | {"coupons": "-"}).text
    assert hidden(none)["expected_total"] == "3700"
    assert hidden(none)["chosen"] == "on"
    again = choice | {"method": "delivery", "coupons": "-", "chosen": "on"}
    assert hidden(client.get(url, again).text)["expected_total"] == "3700"
    wild = client.get(url, asked | {"coupons": "999-99999999999999999999"})
    assert hidden(wild.text)["voucher"] == str(held["off"].pk)
    assert "chosen" not in hidden(wild.text)


def test_one_of_two_that_does_not_fit_is_left_out_and_the_other_stays(checkout, shop, held):
    client, url, choice = checkout
    page = client.get(url, choice).text
    Voucher.objects.filter(pk=held["off"].pk).update(state="redeemed")
    refused = client.post(url, hidden(page) | choice | contact())
    assert refused.status_code == 409
    form = hidden(refused.text)
    assert (form["voucher"], form["extra"]) == ("", str(held["gift"].pk))
    assert client.post(url, form | choice | contact()).status_code == 302
    assert Order.objects.get().extra == held["gift"]


def test_tampered_vouchers_get_a_clear_answer(checkout, shop, held, other_shop):
    client, url, choice = checkout
    form = hidden(client.get(url, choice).text) | choice | contact()
    foreign = issued(other_shop, amount=2900)
    stranger = Customer.objects.create(merchant=other_shop, device=client.session["device"])
    theirs = claim_coupon(coupon=foreign, customer=stranger)
    for tampered in (
        {"voucher": theirs.pk},
        {"extra": theirs.pk},
        {"voucher": held["gift"].pk, "extra": held["off"].pk, "expected_total": 2400},
        {"voucher": held["off"].pk, "extra": held["off"].pk, "expected_total": 2700},
        {"voucher": "9" * 30},
        {"extra": "-1"},
    ):
        assert client.post(url, form | tampered).status_code in {409, 422}, tampered
        assert not Order.objects.exists()


# --- at some stores only ------------------------------------------------------------------------


@pytest.fixture
def second(shop, glass) -> Store:
    store = Store.objects.create(
        merchant=shop, name="文三路店", city="杭州", position=1, pickup=True
    )
    change_stock(variant=glass, store=store, delta=9, reason=Reason.RECEIVED, by=None)
    return store


@pytest.fixture
def local(shop, dan, second) -> Voucher:
    coupon = issued(shop, name="文三专享", amount=600, stores=[second])
    return claim_coupon(coupon=coupon, customer=dan)


def test_it_is_good_for_what_is_collected_there_alone(shop, store, second, dan, glass, local):
    assert cheapest(plain(shop, glass), [local]).used == []
    assert cheapest(plain(shop, glass, pickup=True), [local], store.pk).used == []
    assert cheapest(plain(shop, glass, pickup=True), [local], second.pk).used == [local]
    sent = buy(shop, dan, glass, local, None)
    assert (sent.voucher, sent.discount) == (None, 0)
    there = Contact("n", "+8613800002601", store=second)
    order = buy(shop, dan, glass, local, None, contact=there)
    assert (order.voucher, order.total) == (local, 2300)
    assert Stock.objects.get(store=second).reserved == 1
    assert broken() == set()


def test_it_is_good_at_its_own_counter_alone(shop, store, second, bob, local):
    with pytest.raises(CouponUnfit, match=store.name):
        take_voucher(voucher=local, store=store, goods=2900, by=bob)
    assert take_voucher(voucher=local, store=second, goods=2900, by=bob).saving == 600
    assert broken() == set()


def test_a_coupon_whose_stores_are_gone_is_good_nowhere(shop, second, glass, local):
    local.coupon.stores.clear()
    assert cheapest(plain(shop, glass, pickup=True), [local], second.pk).used == []


def test_the_checkout_says_where_and_takes_it_there(client, shop, store, second, glass, local):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    url = reverse("track:checkout", args=["tea"])
    choice = {"variant": glass.pk, "quantity": 1}
    client.get(url, choice)
    Customer.objects.update(device=client.session["device"])
    Store.objects.update(pickup=True)
    page = client.get(url, choice).text
    assert "only collected or at the counter: 文三路店" in page
    assert hidden(page)["voucher"] == ""
    asked = choice | {"method": "pickup", "store": second.pk}
    page = client.get(url, asked).text
    assert (hidden(page)["voucher"], hidden(page)["expected_total"]) == (str(local.pk), "2300")
    elsewhere = client.get(url, asked | {"store": store.pk}).text
    assert hidden(elsewhere)["expected_total"] == "2900"
    form = hidden(page) | asked | {"name": "沈梅", "phone": "138 0013 8000"}
    assert client.post(url, form | {"store": store.pk}).status_code == 409
    assert client.post(url, form).status_code == 302
    assert Order.objects.get().store == second


def test_a_form_issues_one_for_stores_of_this_shop(client, shop, second, alice, other_shop):
    client.force_login(alice)
    url = reverse("orders:coupon_new", args=["tea"])
    facts = {"name": "专享", "kind": "amount", "amount": "6", "issued": 5, "per_customer": 1}
    facts |= {"days": 7, "stackable": "on"}
    foreign = other_shop.stores.get().pk
    assert client.post(url, facts | {"stores": foreign}).status_code == 422
    assert client.post(url, facts | {"stores": second.pk}).status_code == 302
    coupon = Coupon.objects.get()
    assert (coupon.local, coupon.stackable, list(coupon.stores.all())) == (True, True, [second])
    assert "文三路店" in client.get(reverse("orders:coupon_list", args=["tea"])).text
