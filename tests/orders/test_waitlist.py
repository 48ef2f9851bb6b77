"""Waiting for what is sold out: the line, the offer, its time, and buying what is held."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from merchants.errors import OutOfStock
from merchants.models import Customer, Notification, Stock
from merchants.rules.stock import Reason
from merchants.selectors.invariant import offenders
from merchants.services.stock import change_stock
from orders import tasks
from orders.errors import NotSoldOut, OfferOver, TooManyWait
from orders.models import Order, Waiting
from orders.rules import waitlist as rules
from orders.selectors.invariant import INVARIANTS
from orders.selectors.waitlist import place_in_line
from orders.services import waitlist as verbs
from orders.services.order import place_order
from orders.services.waitlist import buy_in_turn, forget_waiting, leave_waitlist
from orders.tasks import serve_waitlists
from tests.conftest import DAN, product_of, stand_in_line

IN_SHEET = {"HX-Request": "true"}


@pytest.fixture
def pot(shop):
    return product_of(shop, "紫砂壶", 38800, 0).variants.get()


@pytest.fixture
def guest(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def receive(variant, store, pieces: int) -> None:
    change_stock(variant=variant, store=store, delta=pieces, reason=Reason.RECEIVED, by=None)


def states(*line: Waiting) -> list[str]:
    return [Waiting.objects.get(pk=one.pk).state for one in line]


def buy(waiting: Waiting, pieces: int = 1, **more) -> Order:
    customer = Customer.objects.create(merchant=waiting.merchant)
    fields = {"basket": {waiting.variant_id: pieces}, "contact": DAN, "language": "en"}
    wanted = fields | {"merchant": waiting.merchant, "customer": customer} | more
    return buy_in_turn(waiting=waiting, **wanted)


def sound() -> None:
    assert [str(one) for one in offenders(INVARIANTS, timezone.now())] == []


def test_what_comes_in_is_held_for_whoever_waited_longest(pot, store, shop, dan):
    first, second = stand_in_line(pot, phone=DAN.phone), stand_in_line(pot)
    assert [place_in_line(one) for one in (first, second)] == [1, 2]
    receive(pot, store, 1)
    serve_waitlists()
    assert states(first, second) == ["offered", "waiting"]
    assert place_in_line(second) == 1
    with pytest.raises(OutOfStock):  # nobody else gets it meanwhile
        place_order(merchant=shop, customer=dan, basket={pot.pk: 1}, contact=DAN, language="en")
    told = Notification.objects.get(kind="waitlist")
    assert (told.to, told.path) == (DAN.phone, f"/orders/waiting/{first.public_id}/")
    assert "half an hour" in told.body
    sound()


def test_served_again_nothing_changes(pot, store):
    first = stand_in_line(pot)
    receive(pot, store, 5)
    for _again in range(3):
        serve_waitlists()
    assert states(first) == ["offered"]
    assert Stock.objects.get(variant=pot).reserved == 1
    assert Notification.objects.filter(kind="waitlist").count() == 1


def test_she_buys_what_is_held_and_the_order_holds_it_then(pot, store):
    first = stand_in_line(pot, 2)
    receive(pot, store, 2)
    serve_waitlists()
    order = buy(first, 2)
    first.refresh_from_db()
    assert (first.state, first.order) == ("taken", order)
    assert Stock.objects.get(variant=pot).reserved == 2
    sound()
    with pytest.raises(OfferOver):
        buy(first)


def test_of_what_she_leaves_the_next_gets_hers(pot, store):
    first, second = stand_in_line(pot, 2), stand_in_line(pot)
    receive(pot, store, 2)
    serve_waitlists()
    buy(first, 1)
    serve_waitlists()
    assert states(first, second) == ["taken", "offered"]
    sound()


def test_an_offer_in_vain_goes_to_the_next_after_its_time(pot, store):
    first, second = stand_in_line(pot), stand_in_line(pot)
    receive(pot, store, 1)
    serve_waitlists()
    Waiting.objects.update(offer_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(OfferOver):
        buy(Waiting.objects.get(pk=first.pk))
    serve_waitlists()
    assert states(first, second) == ["lapsed", "offered"]
    sound()


def test_who_lets_it_go_gives_it_to_the_next_and_again_changes_nothing(pot, store):
    first, second = stand_in_line(pot), stand_in_line(pot)
    receive(pot, store, 1)
    serve_waitlists()
    offered = Waiting.objects.get(pk=first.pk)
    leave_waitlist(waiting=offered)
    leave_waitlist(waiting=offered)
    serve_waitlists()
    assert states(first, second) == ["declined", "offered"]
    leave_waitlist(waiting=stand_in_line(pot))
    assert sorted(states(*Waiting.objects.all())) == ["declined", "left", "offered"]
    sound()


def test_who_wants_more_than_there_is_holds_nobody_up(pot, store):
    many, few = stand_in_line(pot, 5), stand_in_line(pot, 1)
    receive(pot, store, 2)
    serve_waitlists()
    assert states(many, few) == ["waiting", "offered"]
    receive(pot, store, 4)
    serve_waitlists()
    assert states(many, few) == ["offered", "offered"]


def test_a_refused_order_leaves_the_offer_as_it_was(pot, store):
    first = stand_in_line(pot)
    receive(pot, store, 1)
    serve_waitlists()
    far = store.merchant.stores.create(name="西湖店", city="杭州")
    with pytest.raises(OutOfStock):
        buy(first, contact=replace(DAN, store=far))
    with pytest.raises(OfferOver):  # more than is held
        buy(first, 2)
    assert states(first) == ["offered"]
    sound()


def test_at_the_store_where_it_lies_she_can_collect_it(pot, store):
    first = stand_in_line(pot)
    receive(pot, store, 1)
    serve_waitlists()
    assert buy(first, contact=replace(DAN, store=store)).store == store


def test_standing_in_line_twice_is_one_place(pot):
    device = uuid.uuid4()
    assert stand_in_line(pot, device=device) == stand_in_line(pot, 3, device=device)
    assert Waiting.objects.count() == 1


def test_what_is_there_is_not_waited_for_unless_others_wait(pot, store):
    receive(pot, store, 1)
    with pytest.raises(NotSoldOut):
        stand_in_line(pot)
    first = stand_in_line(pot, 2)
    assert states(first, stand_in_line(pot)) == ["waiting", "waiting"]


def test_a_line_and_a_device_have_an_end(shop, pot, monkeypatch):
    monkeypatch.setattr(verbs, "MOST_WAITING", 2)
    stand_in_line(pot)
    stand_in_line(pot)
    with pytest.raises(TooManyWait):
        stand_in_line(pot)
    monkeypatch.setattr(verbs, "MOST_LISTS", 1)
    device = uuid.uuid4()
    stand_in_line(product_of(shop, "盖碗", 100, 0).variants.get(), device=device)
    with pytest.raises(TooManyWait):
        stand_in_line(product_of(shop, "公道杯", 100, 0).variants.get(), device=device)


def test_one_number_stands_in_few_lines_whatever_the_device(shop):
    for name in range(rules.MOST_LISTS):
        stand_in_line(product_of(shop, f"茶 {name}", 100, 0).variants.get(), phone=DAN.phone)
    with pytest.raises(TooManyWait):
        stand_in_line(product_of(shop, "茶杯", 100, 0).variants.get(), phone=DAN.phone)


def test_who_lets_offers_run_out_waits_a_day(pot, store):
    device = uuid.uuid4()
    for _vain in range(rules.MOST_LAPSED):
        stand_in_line(pot, device=device)
        receive(pot, store, 1)
        serve_waitlists()
        Waiting.objects.filter(state="offered").update(offer_until=timezone.now())
        serve_waitlists()
        change_stock(variant=pot, store=store, delta=-1, reason=Reason.WRITTEN_OFF, by=None)
    assert states(*Waiting.objects.all()) == ["lapsed"] * rules.MOST_LAPSED
    with pytest.raises(TooManyWait):
        stand_in_line(pot, device=device)


def test_twenty_who_want_too_much_do_not_hide_the_one_behind(pot, store):
    for number in range(rules.LOOK_AT):
        stand_in_line(pot, 9, phone=f"+86138000100{number:02}")
    few = stand_in_line(pot, 1, phone="+8613800010099")
    receive(pot, store, 1)
    serve_waitlists()
    assert states(few) == ["offered"]


def test_one_offer_that_cannot_lapse_keeps_nobody_waiting(pot, store, monkeypatch):
    first, second, third = (stand_in_line(pot, phone=f"+861380001000{n}") for n in range(3))
    receive(pot, store, 2)
    serve_waitlists()
    Waiting.objects.filter(state="offered").update(offer_until=timezone.now())
    real = tasks.lapse

    def broken(*, waiting, now):
        if waiting.pk == first.pk:
            raise ValueError
        return real(waiting=waiting, now=now)

    monkeypatch.setattr(tasks, "lapse", broken)
    serve_waitlists()
    assert states(first, second, third) == ["offered", "lapsed", "offered"]


def test_goods_that_are_no_longer_on_sale_are_offered_to_nobody(pot, store):
    first = stand_in_line(pot)
    receive(pot, store, 1)
    pot.product.state = "draft"
    pot.product.save()
    serve_waitlists()
    assert states(first) == ["waiting"]


def test_a_season_later_numbers_are_forgotten_but_not_of_an_order(pot, store):
    first, second = stand_in_line(pot), stand_in_line(pot)
    receive(pot, store, 1)
    serve_waitlists()
    buy(first)
    leave_waitlist(waiting=second)
    forget_waiting(timezone.now() + rules.REMEMBERED + timedelta(days=1))
    assert list(Waiting.objects.all()) == [first]
    assert Waiting.objects.get().phone == "", "an order keeps the place that it came from"


def test_a_wait_in_vain_is_forgotten_too(pot):
    stand_in_line(pot)
    forget_waiting(timezone.now() + rules.REMEMBERED - timedelta(days=1))
    assert Waiting.objects.exists()
    forget_waiting(timezone.now() + rules.REMEMBERED + timedelta(days=1))
    assert not Waiting.objects.exists()


# --- pages ----------------------------------------------------------------------------------------


def test_from_the_sold_out_product_to_the_order(guest, shop, pot, store):
    shown = guest.get(reverse("shop:product", args=[shop.slug, pot.product.public_id])).text
    join = reverse("track:waitlist_join", args=[shop.slug, pot.product.public_id])
    assert join in shown
    form = {"variant": pot.pk, "quantity": 1, "phone": "13800138000"}
    place = guest.post(join, form)
    waiting = Waiting.objects.get()
    assert place["Location"] == reverse("track:waitlist", args=[waiting.public_id])
    assert "You are next." in guest.get(place["Location"]).text
    receive(pot, store, 1)
    serve_waitlists()
    held = guest.get(place["Location"]).text
    assert "So long it is held for you." in held
    buy_url = reverse("track:waitlist_buy", args=[waiting.public_id])
    checkout = guest.get(buy_url, follow=True)
    assert f'action="{buy_url}"' in checkout.text
    order = {
        "variant": pot.pk,
        "quantity": 1,
        "name": "沈梅",
        "phone": "13800138000",
        "method": "delivery",
        "region": "CN-ZJ",
        "city": "杭州",
        "address": "清河坊 12 号",
        "expected_total": 38800,
        "key": str(uuid.uuid4()),
    }
    paid = guest.post(buy_url, order)
    assert paid.status_code == 302, paid.context["form"].errors
    assert paid["Location"] == reverse("track:pay", args=[Order.objects.get().number])
    assert guest.post(buy_url, order)["Location"] == paid["Location"], "pressed twice: one order"
    assert "You have ordered it" in guest.get(place["Location"]).text
    sound()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("quantity", "0", "From 1 to 9 pieces."),
        ("quantity", "10", "From 1 to 9 pieces."),
        ("quantity", "1.5", "From 1 to 9 pieces."),
        ("quantity", "-1", "From 1 to 9 pieces."),
        ("phone", "12", "138 0013 8000"),
        ("phone", "", ""),
        ("variant", "999999", "This is there again: buy it now."),
        ("variant", "x", ""),
    ],
)
def test_bad_input_gets_a_sentence_and_nobody_waits(guest, shop, pot, field, value, sentence):
    join = reverse("track:waitlist_join", args=[shop.slug, pot.product.public_id])
    form = {"variant": pot.pk, "quantity": "1", "phone": "13800138000"} | {field: value}
    answer = guest.post(join, form)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert sentence in answer.text
    assert not Waiting.objects.exists()


def test_goods_of_another_shop_cannot_be_waited_for_here(guest, shop, pot, foreign_product):
    join = reverse("track:waitlist_join", args=[shop.slug, pot.product.public_id])
    foreign = foreign_product.variants.get().pk
    form = {"variant": foreign, "quantity": "1", "phone": "13800138000"}
    assert guest.post(join, form).status_code == 422
    there = reverse("track:waitlist_join", args=[shop.slug, foreign_product.public_id])
    assert guest.get(there).status_code == 404


def test_another_device_sees_the_line_and_touches_nothing(guest, pot, store):
    waiting = stand_in_line(pot)
    url = reverse("track:waitlist", args=[waiting.public_id])
    assert DAN.phone not in guest.get(url).text
    guest.post(url)
    assert states(waiting) == ["waiting"]
    receive(pot, store, 1)
    serve_waitlists()
    buy_url = reverse("track:waitlist_buy", args=[waiting.public_id])
    assert guest.get(buy_url)["Location"] == url
    assert guest.post(buy_url)["Location"] == url
    assert states(waiting) == ["offered"]


def test_the_page_looks_for_itself_and_hears_only_of_changes(guest, pot, store):
    waiting = stand_in_line(pot)
    url = reverse("track:waitlist", args=[waiting.public_id])
    assert guest.get(url, {"at": "waiting-1"}, headers=IN_SHEET).status_code == 204
    receive(pot, store, 1)
    serve_waitlists()
    assert "held for you" in guest.get(url, {"at": "waiting-1"}, headers=IN_SHEET).text


def test_staff_see_who_waits_with_masked_numbers(as_bob, shop, pot):
    stand_in_line(pot, 2)
    url = reverse("orders:waitlist", args=[shop.slug, pot.product.public_id])
    text = as_bob.get(url).text
    assert "×2" in text
    assert DAN.phone not in text
