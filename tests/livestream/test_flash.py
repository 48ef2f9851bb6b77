"""Flash sales: pieces put aside, a price inside its minutes only, and a limit for each buyer."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from livestream.errors import (
    BadFlash,
    FlashLimit,
    FlashOver,
    FlashRunning,
    HasFlash,
    NotCheaper,
    NotOnAir,
    TooFewPieces,
    UnderFlash,
)
from livestream.models import FlashPurchase, FlashSale, Room, Sale, ShelfItem
from livestream.rules.flash import FlashState, state_at, window
from livestream.selectors.flash import announced
from livestream.selectors.invariant import INVARIANTS
from livestream.selectors.room import live_prices
from livestream.services.flash import announce_flash, close_flash, flash_hold, sweep_flash_sales
from livestream.services.room import ban_room, end_room
from livestream.services.rush import buy_each, buy_together
from livestream.services.sale import buy_in_room
from livestream.services.shelf import remove_item, set_item
from merchants.models import Customer, Reservation, Stock
from merchants.selectors.invariant import offenders
from merchants.services.stock import release_part, reserve
from orders.errors import NotTogether, PriceMoved
from orders.models import Order
from orders.rules.line import LineState
from orders.services.order import Contact, move_order, place_order
from tests.conftest import DAN
from tests.orders.test_order_batch import wish


@pytest.fixture(autouse=True)
def _every_invariant_holds(db):
    yield
    assert list(offenders(INVARIANTS, timezone.now())) == []


@pytest.fixture
def item(live, longjing):
    return live.items.get(product=longjing)


def announce(live, item, variant, **other) -> FlashSale:
    facts = {"price": 6800, "quota": 5, "per_buyer": 2, "warm_up": 30, "minutes": 5, **other}
    return announce_flash(room=live, item=item, variant=variant, **facts)


def begin(sale: FlashSale) -> None:
    """Its warm-up is over."""
    now = timezone.now()
    FlashSale.objects.filter(pk=sale.pk).update(
        announced_at=now - timedelta(minutes=1), starts_at=now - timedelta(seconds=1)
    )


@pytest.fixture(params=["alone", "together"], autouse=True)
def way(request, monkeypatch):
    """Whoever buys here does so in a transaction of her own, or in a crowd's."""
    monkeypatch.setattr(f"{__name__}.chosen", request.param)


chosen = "alone"


def buy(*wanted, **more) -> Order:
    return {"alone": buy_alone, "together": buy_in_crowd}[chosen](*wanted, **more)


def buy_in_crowd(live, variant, count=1, *, customer=None, total=None, device=None, phone="1"):
    """Between two others, who want nothing that is there."""
    device = device or (customer.device if customer else None) or uuid.uuid4()
    phone = (customer.phone if customer else "") or f"+86138000000{phone:0>2}"
    contact = Contact("n", phone, region="CN-ZJ", city="c", address="a")
    live.merchant.shipping_fee = 0
    mine = wish(variant, count, contact=contact, device=device, total=total)
    others = [wish(variant, 900), wish(variant, 901)]
    outcome = buy_each(room=live, wishes=[others[0], mine, others[1]])[1]
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def buy_alone(live, variant, count=1, *, customer=None, total=None, device=None, phone="1"):
    customer = customer or Customer.objects.create(merchant=live.merchant, device=uuid.uuid4())
    return buy_in_room(
        room=live,
        customer=customer,
        basket={variant.pk: count},
        contact=Contact("n", f"+86138000000{phone:0>2}", store=live.merchant.stores.first()),
        language="en",
        voucher=None,
        device=device or customer.device or uuid.uuid4(),
        expected_total=total,
    )


def free(variant) -> int:
    return sum(row.available for row in Stock.objects.filter(variant=variant))


@pytest.mark.parametrize(("warm_up", "minutes"), [(9, 5), (301, 5), (30, 0), (30, 21)])
def test_lengths_have_limits(warm_up, minutes):
    assert window(warm_up, minutes, timezone.now()) is None


@pytest.mark.parametrize(
    ("after", "closed", "left", "state"),
    [
        (-1, False, 5, FlashState.WARMING),
        (0, False, 5, FlashState.OPEN),
        (0, False, 0, FlashState.SOLD_OUT),
        (60, False, 5, FlashState.OVER),
        (0, True, 5, FlashState.OVER),
    ],
)
def test_a_sale_is_what_the_clock_says(after, closed, left, state):
    start = timezone.now()
    now = start + timedelta(seconds=after)
    lasts = {"starts_at": start, "ends_at": start + timedelta(seconds=60)}
    assert state_at(now, **lasts, closed_at=now if closed else None, left=left) is state


def test_its_pieces_are_put_aside(live, item, variant):
    before = free(variant)
    announce(live, item, variant)
    assert free(variant) == before - 5


def test_more_than_there_is_cannot_be_promised(live, item, variant):
    before = free(variant)
    with pytest.raises(TooFewPieces):
        announce(live, item, variant, quota=before + 1)
    assert not FlashSale.objects.exists()
    assert free(variant) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"warm_up": 5},
        {"minutes": 21},
        {"price": 0},
        {"price": 10**9},
        {"per_buyer": 0},
        {"per_buyer": 6},
    ],
)
def test_an_odd_sale_is_refused(live, item, variant, wrong):
    with pytest.raises(NotCheaper if wrong.get("price") else BadFlash):
        announce(live, item, variant, **wrong)


def test_it_is_cheaper_than_the_show_is_anyway(live, item, variant):
    set_item(item=item, live_price=6800, notes="")
    stale = ShelfItem.objects.get(pk=item.pk)
    stale.live_price = None  # a colleague's page, from before
    with pytest.raises(NotCheaper):
        announce(live, stale, variant, price=6800)
    assert announce(live, stale, variant, price=6799).price == 6799


def test_the_show_does_not_undercut_it(live, item, variant):
    sale = announce(live, item, variant, price=6800)
    for wrong in (6800, 100):
        with pytest.raises(UnderFlash):
            set_item(item=item, live_price=wrong, notes="")
        assert ShelfItem.objects.get(pk=item.pk).live_price is None
    ShelfItem.objects.filter(pk=item.pk).update(live_price=6000)  # from before there was a rule
    set_item(item=ShelfItem.objects.get(pk=item.pk), live_price=6000, notes="words alone")
    set_item(item=item, live_price=6801, notes="")
    close_flash(sale=sale)
    set_item(item=item, live_price=100, notes="")
    assert live_prices(live)[variant.pk] == 100


def test_a_foreign_variant_is_refused(live, item, cup):
    with pytest.raises(BadFlash):
        announce(live, item, cup.variants.get(), price=1)


def test_one_at_a_time_of_a_variant(live, item, variant):
    announce(live, item, variant)
    with pytest.raises(FlashRunning):
        announce(live, item, variant)


def test_only_a_show_on_air_has_one(scheduled, longjing, variant):
    with pytest.raises(NotOnAir):
        announce(scheduled, scheduled.items.get(product=longjing), variant)


def test_its_price_holds_inside_its_minutes_only(live, item, variant):
    sale = announce(live, item, variant)
    assert live_prices(live).get(variant.pk) != 6800
    begin(sale)
    assert live_prices(live)[variant.pk] == 6800
    FlashSale.objects.update(ends_at=timezone.now())
    assert live_prices(live).get(variant.pk) != 6800


def test_a_purchase_takes_its_pieces_out_of_the_quota(live, item, variant):
    sale = announce(live, item, variant)
    begin(sale)
    before = free(variant)
    order = buy(live, variant, 2, total=13600)
    sale.refresh_from_db()
    assert (order.total, sale.sold) == (13600, 2)
    assert free(variant) == before


def test_each_buyer_has_his_limit_on_every_device_and_tab(live, item, variant):
    begin(announce(live, item, variant))
    dan = Customer.objects.create(
        merchant=live.merchant, device=uuid.uuid4(), phone="+8613800000077"
    )
    first = buy(live, variant, 2, customer=dan)
    with pytest.raises(FlashLimit):
        buy(live, variant, 1, customer=dan, device=uuid.uuid4(), phone="2")
    with pytest.raises(FlashLimit):
        buy(live, variant, 1, device=dan.device, phone="3")
    move_order(order=first, to=LineState.CANCELLED, by=None)
    assert buy(live, variant, 1, customer=dan).total == 6800


def test_when_it_is_sold_out_the_price_is_the_shops_again(live, item, variant):
    begin(announce(live, item, variant, quota=2))
    buy(live, variant, 2)
    with pytest.raises(PriceMoved):
        buy(live, variant, 1, total=6800, phone="2")


def test_one_more_than_the_rest_is_refused(live, item, variant):
    begin(announce(live, item, variant, quota=3, per_buyer=3))
    buy(live, variant, 2)
    with pytest.raises(FlashOver):
        buy(live, variant, 2, phone="2")


def test_who_never_bought_has_his_limit_too(live, item, variant):
    begin(announce(live, item, variant))
    with pytest.raises(FlashLimit):
        buy(live, variant, 3)
    assert not FlashPurchase.objects.exists()


@pytest.mark.parametrize("how", ["by the clock", "by hand"])
def test_who_was_faster_than_the_end_but_came_late_pays_no_flash_price(live, item, variant, how):
    """The sale was running when her basket was priced; it is over when her pieces are taken."""
    sale = announce(live, item, variant)
    begin(sale)
    dan = Customer.objects.create(merchant=live.merchant, device=uuid.uuid4())
    basket = {variant.pk: 1}
    sales, hold = flash_hold(room=live, basket=basket, customer=dan, device=dan.device)
    assert list(sales) == [variant.pk]
    if how == "by hand":
        close_flash(sale=sale)
    else:
        FlashSale.objects.update(ends_at=timezone.now())
    with pytest.raises(FlashOver), transaction.atomic():
        hold(merchant=live.merchant, basket=basket, reference="late", store=None)
    sale.refresh_from_db()
    assert sale.sold == 0


def test_the_rest_goes_back_when_it_is_over(live, item, variant):
    before = free(variant)
    sale = announce(live, item, variant)
    begin(sale)
    buy(live, variant, 2)
    sweep_flash_sales(timezone.now() + timedelta(minutes=10))
    sale.refresh_from_db()
    assert sale.closed_at is not None
    assert free(variant) == before - 2
    close_flash(sale=sale)  # a second time changes nothing
    assert free(variant) == before - 2


def test_the_end_of_the_show_ends_it(live, item, variant):
    before = free(variant)
    announce(live, item, variant)
    end_room(room=live)
    assert free(variant) == before
    assert not announced(live, timezone.now()).exists()


def test_what_is_in_a_sale_stays_on_the_shelf(live, item, variant):
    announce(live, item, variant)
    with pytest.raises(HasFlash):
        remove_item(item=item)


def test_a_refused_tool_stays_open_with_the_sentence_and_what_was_typed(live, variant, as_bob):
    wanted = {"variant": variant.pk, "price": "168", "quota": 7, "per_buyer": 2}
    wanted |= {"warm_up": 45, "minutes": 3}
    where = f"/dashboard/tea/rooms/{live.public_id}/console/flash/"
    answer = as_bob.post(where, wanted, headers={"HX-Request": "true"})
    tool = answer.text.split('id="flash-tool"')[1].split("</form>")[0]
    assert answer.status_code == 422
    assert " hidden>" not in tool.split(">")[0] + ">"
    assert 'role="alert"' in tool
    for value in ("168", "7", "45", "3"):
        assert f'value="{value}"' in tool or f'value="{value}.00"' in tool
    assert not FlashSale.objects.exists()


def test_part_of_a_reservation_is_given_back(shop, variant):
    before = free(variant)
    reserve(merchant=shop, basket={variant.pk: 5}, reference="r")
    assert release_part(merchant=shop, reference="r", quantity=2) == 2
    assert free(variant) == before - 3
    assert release_part(merchant=shop, reference="r", quantity=9) == 3
    assert free(variant) == before


def test_each_line_says_which_rule_made_its_price(live, item, variant, cup):
    item.live_price = 13800
    item.save()
    shown = buy(live, variant, total=13800).lines.get()
    assert (shown.price_rule, shown.unit_price, shown.list_price) == ("live", 13800, 16800)
    begin(announce(live, item, variant))
    assert buy(live, variant, total=6800, phone="2").lines.get().price_rule == "flash"
    dan = Customer.objects.create(merchant=live.merchant)
    basket = {cup.variants.get().pk: 1}
    plain = place_order(
        merchant=live.merchant, customer=dan, basket=basket, contact=DAN, language="en"
    )
    assert plain.lines.get().price_rule == "list"


def test_of_the_shows_price_and_the_sales_she_pays_the_lower(
    client, live, item, variant, cup, store
):
    """Sheet, cart and order say the same, whichever way she comes and whatever goes along: also if
    the show asks less after all, which no verb of ours does."""
    begin(announce(live, item, variant))
    ShelfItem.objects.filter(pk=item.pk).update(live_price=6000)
    where = reverse("watch:checkout", args=[live.public_id])
    sheet = client.get(where, {"variant": variant.pk, "quantity": 1})
    assert sheet.context["quote"].sum.goods == 6000
    assert live_prices(live)[variant.pk] == 6000
    assert buy(live, variant, total=6000).goods == 6000
    glass = cup.variants.get()
    beside = [replace(wish(variant, total=6000), contact=picked_up("2", None)), wish(glass)]
    live.merchant.shipping_fee = 0
    assert [order.goods for order in buy_each(room=live, wishes=beside)] == [6000, 2900]
    both = buy_in_room(
        room=live,
        customer=Customer.objects.create(merchant=live.merchant),
        basket={variant.pk: 1, glass.pk: 1},
        contact=picked_up("3", store),
        language="en",
        voucher=None,
        device=uuid.uuid4(),
        expected_total=8900,
    )
    assert [line.unit_price for line in both.lines.order_by("unit_price")] == [2900, 6000]


def picked_up(phone: str, store) -> Contact:
    return Contact("n", f"+86138000000{phone:0>2}", region="CN-ZJ", address="a", store=store)


def test_what_is_all_put_aside_for_the_sale_can_still_be_checked_out(client, live, item, variant):
    begin(announce(live, item, variant, quota=free(variant)))
    assert free(variant) == 0
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    where = reverse("watch:checkout", args=[live.public_id])
    page = client.get(where, {"variant": variant.pk, "quantity": 1})
    assert page.status_code == 200
    assert "Flash sale" in page.text
    assert "68" in page.text


def test_what_is_odd_in_a_crowd_goes_the_other_way(live, item, variant, cup, store):
    begin(announce(live, item, variant))
    for odd in (
        replace(wish(variant), basket={variant.pk: 1, cup.variants.get().pk: 1}),
        wish(variant, contact=Contact("n", DAN.phone, store=store)),
    ):
        with pytest.raises(NotTogether):
            buy_together(live, odd)
    assert not FlashPurchase.objects.exists()


def test_a_crowd_shares_one_quota_first_come_first_served(live, item, variant, cup):
    sale = announce(live, item, variant, quota=5)
    begin(sale)
    Room.objects.update(pinned="全场包邮")
    before = free(variant)
    wishes = [
        wish(variant, 2),
        wish(variant, 2),
        wish(variant, 2),
        wish(variant),
        wish(cup.variants.get()),
    ]
    outcomes = buy_each(room=live, wishes=wishes)
    assert [type(one).__name__ for one in outcomes] == [
        "Order",
        "Order",
        "FlashOver",
        "Order",
        "Order",
    ]
    sale.refresh_from_db()
    assert (sale.sold, sale.purchases.count(), Sale.objects.count()) == (5, 3, 4)
    assert free(variant) == before
    assert set(Sale.objects.values_list("pinned", flat=True)) == {"全场包邮"}
    held = Reservation.objects.filter(stock__variant=variant, closed_at=None)
    assert sorted(held.values_list("reference", "quantity")) == sorted(
        (order.number, order.lines.get().quantity)
        for order in outcomes
        if isinstance(order, Order) and order.lines.get().variant == variant
    )


def test_a_crowd_meets_the_limit_within_itself(live, item, variant):
    begin(announce(live, item, variant))
    device = uuid.uuid4()
    outcomes = buy_each(room=live, wishes=[wish(variant, device=device) for _tab in range(3)])
    assert [type(one).__name__ for one in outcomes] == ["Order", "Order", "FlashLimit"]


def test_nothing_is_bought_in_a_crowd_from_a_room_that_was_closed(
    live, item, variant, foreign_product
):
    mine = [wish(variant), wish(foreign_product.variants.get())]
    first, foreign = buy_each(room=live, wishes=mine)
    assert (type(first), type(foreign).__name__) == (Order, "BadBasket")
    ban_room(room=live)
    assert [type(one).__name__ for one in buy_each(room=live, wishes=[wish(variant)])] == [
        "SellsNothing"
    ]
