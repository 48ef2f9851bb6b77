"""A flash sale for whoever pays first: an order holds nothing, the payment takes the piece."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from livestream.errors import FlashAlone, FlashLimit
from livestream.models import FlashPurchase, FlashSale
from livestream.rules.flash import HEARD
from livestream.selectors.invariant import ALL
from livestream.services.flash import close_flash, sweep_flash_sales
from livestream.services.flash_first import alone
from livestream.services.rush import buy_each
from livestream.services.sale import buy_in_room
from merchants.models import Customer, Notification, Stock
from merchants.rules.stock import Reason
from merchants.selectors.invariant import offenders
from merchants.services.stock import change_stock
from orders.errors import NotAtStore, NotTogether, WrongState
from orders.models import BankEntry, Order, Refund
from orders.payments import sandbox
from orders.rules.line import LineState
from orders.services.order import Contact, move_order
from orders.services.payment import open_payment
from orders.tasks import expire_orders, send_refunds
from tests.livestream.test_flash import announce, begin
from tests.orders.test_order_batch import wish


@pytest.fixture(autouse=True)
def _every_invariant_holds(db):
    with override("en"):
        yield
    assert list(offenders(ALL, timezone.now())) == []


@pytest.fixture
def sale(live, longjing, variant) -> FlashSale:
    """Three pieces, one for each, first to pay gets it."""
    found = announce(
        live, live.items.get(product=longjing), variant, quota=3, per_buyer=1, pay_first=True
    )
    begin(found)
    found.refresh_from_db()
    return found


def buy(live, sale, number=1, count=1, basket=None, **more) -> Order:
    customer = Customer.objects.create(merchant=live.merchant, device=uuid.uuid4())
    return buy_in_room(
        room=live,
        customer=customer,
        basket=basket or {sale.variant_id: count},
        contact=Contact("n", f"+86138000001{number:02}", address="x", region="CN-ZJ", **more),
        language="en",
        voucher=None,
        device=customer.device,
        expected_total=None,
    )


def pay(order: Order) -> Order:
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))
    order.refresh_from_db()
    return order


def reserved(sale) -> int:
    return Stock.objects.get(variant=sale.variant).reserved


def test_ordering_holds_nothing_and_paying_takes_the_piece(live, sale):
    order = buy(live, sale)
    sale.refresh_from_db()
    assert (sale.sold, order.first_to_pay) == (0, True)
    assert order.pay_by <= sale.ends_at
    assert reserved(sale) == 3  # the quota alone
    pay(order)
    sale.refresh_from_db()
    assert (order.state, sale.sold) == (LineState.PAID, 1)
    assert FlashPurchase.objects.get().taken
    assert reserved(sale) == 3  # two of the quota, one of the order


def test_more_may_order_than_there_are_pieces_and_who_pays_late_has_it_back(live, sale):
    orders = [buy(live, sale, number) for number in range(5)]
    messages = [sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)) for order in orders]
    for message in reversed(messages):
        sandbox.receive(message)
    sale.refresh_from_db()
    assert sale.sold == 3
    states = list(Order.objects.order_by("pk").values_list("state", flat=True))
    assert states == [LineState.EXPIRED] * 2 + [LineState.PAID] * 3
    assert list(offenders(ALL, timezone.now())) == []
    for _again in range(3):
        send_refunds()
        sandbox.receive(messages[0])  # told again, it is no second refund
    late = Refund.objects.filter(order__in=orders[:2])
    assert {(one.kind, one.state, one.amount) for one in late} == {
        ("surplus", "refunded", orders[0].total)
    }
    assert Refund.objects.count() == 2
    assert sum(BankEntry.objects.values_list("amount", flat=True)) == 3 * orders[0].total
    said = Notification.objects.get(key__contains=f"sms:refund_due:{messages[0].payment}")
    assert "Others paid first" in said.body
    assert sale.room.merchant.name in said.body


def test_nobody_is_sent_to_the_bank_for_what_is_gone(live, sale):
    early, late = [buy(live, sale, number) for number in range(3)], buy(live, sale, 9)
    for order in early:
        pay(order)
    with pytest.raises(WrongState, match="Others paid first"):
        open_payment(order=late, gateway=sandbox.NAME)
    assert buy(live, sale, 10).pool == ""  # at the usual price, from the shelf
    sweep_flash_sales(timezone.now())
    expire_orders()
    late.refresh_from_db()
    assert late.state == LineState.EXPIRED


def test_money_that_comes_after_the_sale_goes_back(live, sale):
    order = buy(live, sale)
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    close_flash(sale=sale)
    assert reserved(sale) == 0
    sandbox.receive(message)
    order.refresh_from_db()
    assert order.state == LineState.EXPIRED
    assert order.to_pay_back == order.total


def test_money_of_an_order_that_expired_still_takes_a_piece_that_is_left(live, sale):
    order = buy(live, sale)
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    sandbox.receive(message)
    order.refresh_from_db()
    assert order.state == LineState.PAID


def test_nobody_has_more_than_her_share_however_she_orders(live, sale):
    order = buy(live, sale)
    customer, device = order.customer, order.device
    again = {
        "room": live,
        "customer": customer,
        "basket": {sale.variant_id: 1},
        "contact": Contact("n", order.phone, address="x", region="CN-ZJ"),
        "language": "en",
        "voucher": None,
        "device": device,
        "expected_total": None,
    }
    with pytest.raises(FlashLimit):
        buy_in_room(**again)
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    move_order(order=order, to=LineState.EXPIRED, by=None)
    pay(buy_in_room(**again))
    sandbox.receive(message)  # of the one that had expired: she has hers by now
    order.refresh_from_db()
    assert order.state == LineState.EXPIRED
    assert order.to_pay_back == order.total
    sale.refresh_from_db()
    assert sale.sold == 1


def test_it_is_ordered_by_itself(live, sale, cup):
    with pytest.raises(FlashAlone):
        buy(live, sale, basket={sale.variant_id: 1, cup.variants.get().pk: 1})
    assert not Order.objects.exists()


def test_it_is_collected_where_it_lies(live, sale, store, shop):
    far = shop.stores.create(name="far", city="x", position=9)
    with pytest.raises(NotAtStore):
        buy(live, sale, store=far)
    order = pay(buy(live, sale, store=store))
    assert order.state == LineState.PAID


def test_it_is_taken_from_where_it_is_collected(live, sale, variant, store, shop):
    """Pieces of two stores are put aside: the second store's are given out there."""
    close_flash(sale=sale)
    second = shop.stores.create(name="Second", city="Hangzhou", position=9)
    facts = {"variant": variant, "by": None}
    here = Stock.objects.get(variant=variant, store=store).on_hand
    change_stock(store=store, delta=2 - here, reason=Reason.WRITTEN_OFF, **facts)
    change_stock(store=second, delta=1, reason=Reason.RECEIVED, **facts)
    again = announce(live, sale.item, variant, quota=3, per_buyer=1, pay_first=True)
    begin(again)
    there = pay(buy(live, again, store=second))
    assert there.state == LineState.PAID
    place = Stock.objects.get(variant=variant, store=second)
    assert (place.on_hand, place.reserved) == (1, 1)


def test_who_paid_in_time_has_it_although_we_hear_late(live, sale):
    order = buy(live, sale)
    payment = open_payment(order=order, gateway=sandbox.NAME)
    now = timezone.now()
    begun, over = now - timedelta(minutes=5), now - timedelta(seconds=2)
    FlashSale.objects.filter(pk=sale.pk).update(announced_at=begun, starts_at=begun, ends_at=over)
    Order.objects.filter(pk=order.pk).update(placed_at=begun, pay_by=over)
    sweep_flash_sales(now)
    sandbox.receive(sandbox.charge(payment))
    order.refresh_from_db()
    assert order.state == LineState.PAID
    sweep_flash_sales(now + HEARD)
    sale.refresh_from_db()
    assert sale.closed_at is not None


def test_a_gift_of_the_same_kind_is_no_part_of_it(sale):
    with pytest.raises(FlashAlone):
        alone({sale.variant_id: 1}, {sale.variant_id: 2})


def test_a_crowd_is_told_to_come_one_by_one(live, sale):
    assert isinstance(buy_each(room=live, wishes=[wish(sale.variant)])[0], NotTogether)


def test_the_room_the_checkout_and_the_order_say_it_clearly(client, live, sale):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    said = "Ordering holds nothing for you"
    sheet = client.get(reverse("watch:product", args=[live.public_id, sale.item_id])).text
    assert said in sheet
    url = reverse("watch:checkout", args=[live.public_id])
    form = client.get(f"{url}?variant={sale.variant_id}&quantity=1").text
    assert said in form
    assert "We hold the goods" not in form
    order = buy(live, sale)
    page = client.get(reverse("track:order", args=[order.number])).text
    assert "Nothing is held for you" in page
    Order.objects.filter(pk=order.pk).update(device=client.session["device"])
    mine = client.get(reverse("track:mine")).text
    assert "First to pay gets it; pay by" in mine
    assert "Held for you" not in mine
    message = sandbox.charge(open_payment(order=order, gateway=sandbox.NAME))
    close_flash(sale=sale)
    sandbox.receive(message)
    assert "Others paid first" in client.get(reverse("track:order", args=[order.number])).text


def test_at_the_bank_in_the_sheet_she_is_told_why_she_cannot_pay(client, live, sale):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    early, late = [buy(live, sale, number) for number in range(3)], buy(live, sale, 9)
    pays = reverse("track:pay", args=[late.number])
    assert "data-pay" in client.get(pays, HTTP_HX_REQUEST="true").text
    for order in early:
        pay(order)
    why = "Others paid first, or the sale is over. Nothing was charged."
    told = client.post(pays, HTTP_HX_REQUEST="true").text
    assert why in told
    assert "Thank you" not in told
    assert not BankEntry.objects.filter(number=late.payments.get().public_id).exists()
    page = client.get(reverse("track:order", args=[late.number])).text
    assert "Nothing was charged" not in page  # said once
    sweep_flash_sales(timezone.now())  # its time is cut short, and then it ends
    assert why in client.post(pays, HTTP_HX_REQUEST="true").text
    expire_orders()
    assert why in client.post(pays, HTTP_HX_REQUEST="true").text


def test_the_console_has_a_switch_for_it(as_bob, live, variant):
    url = reverse("livestream:console_flash", args=[live.merchant.slug, live.public_id])
    form = {"variant": variant.pk, "price": "68", "quota": 2, "per_buyer": 1}
    form |= {"warm_up": 30, "minutes": 5, "pay_first": "on"}
    assert as_bob.post(url, form).status_code in {200, 204, 302}
    assert FlashSale.objects.get().pay_first


def test_a_sale_without_it_works_as_before(live, longjing, variant):
    found = announce(live, live.items.get(product=longjing), variant, quota=3, per_buyer=1)
    begin(found)
    order = buy(live, found)
    found.refresh_from_db()
    assert (found.sold, order.pool) == (1, "")
    assert order.pay_by - order.placed_at > timedelta(minutes=14)
