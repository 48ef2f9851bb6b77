"""A store is counted while it sells: what was found against what was known when it was found."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchants.errors import BadQuantity
from merchants.models import AuditEntry, Stock, StockMovement, Stocktake, Store, Variant
from merchants.rules.audit import Action
from merchants.rules.stock import Reason
from merchants.rules.stocktake import StocktakeState
from merchants.selectors.stocktake import progress_of
from merchants.services import stock
from merchants.services.counter import sell_at_counter
from merchants.services.stock import TakenOut, change_stock, reserve
from merchants.services.stocktake import (
    CountBelowHeld,
    CountedMeanwhile,
    CountedTakenOut,
    CountOutsold,
    CountTooHigh,
    MovedMeanwhile,
    RestMoved,
    StocktakeOver,
    apply_stocktake,
    begin_stocktake,
    count_one_more,
    discard_stocktake,
    forget_count,
    set_count,
)
from tests.conftest import product_of
from tests.races.shopper import at_once

HTMX = {"HX-Request": "true"}


@pytest.fixture
def stocktake(store, bob) -> Stocktake:
    return begin_stocktake(store=store, by=bob)


@pytest.fixture
def glass(cup) -> Variant:
    return cup.variants.get()


@pytest.fixture
def url(shop, stocktake):
    def url(name: str = "") -> str:
        name = f"merchants:stocktake_{name}" if name else "merchants:stocktake"
        return reverse(name, args=[shop.slug, stocktake.public_id])

    return url


def left(variant: Variant) -> int:
    return variant.stock.get().on_hand


def book(stocktake: Stocktake, by, **more) -> Stocktake:
    """As somebody who looks at the count as it is now."""
    stocktake.refresh_from_db()
    return apply_stocktake(stocktake=stocktake, by=by, version=stocktake.version, **more)


def test_what_is_sold_between_counting_and_booking_stays_sold(stocktake, variant, store, bob):
    set_count(stocktake=stocktake, variant=variant, counted=8, by=bob)
    sell_at_counter(variant=variant, store=store, by=bob, quantity=3)
    book(stocktake, bob)
    assert left(variant) == 5  # ten by the ledger, eight found, three sold
    move = StockMovement.objects.first()
    assert (move.delta, move.reason, move.reference) == (-2, Reason.COUNTED, stocktake.reference)


def test_booked_twice_it_is_booked_once(stocktake, variant, bob):
    set_count(stocktake=stocktake, variant=variant, counted=8, by=bob)
    book(stocktake, bob)
    again = book(Stocktake.objects.get(), bob)
    assert again.state == StocktakeState.APPLIED
    assert left(variant) == 8
    assert AuditEntry.objects.filter(action=Action.STOCKTAKE_APPLIED.value).count() == 1


def test_fewer_than_orders_hold_names_the_goods_and_books_nothing(
    shop, stocktake, variant, glass, bob
):
    reserve(merchant=shop, basket={variant.pk: 6}, reference="o")
    set_count(stocktake=stocktake, variant=variant, counted=5, by=bob)
    set_count(stocktake=stocktake, variant=glass, counted=49, by=bob)
    with pytest.raises(CountBelowHeld) as refusal:
        book(stocktake, bob)
    assert refusal.value.goods == ["明前龙井"]
    assert (left(variant), left(glass)) == (10, 50)
    assert Stocktake.objects.get().state == StocktakeState.OPEN
    assert not AuditEntry.objects.exists()


def test_what_moves_between_two_scans_is_counted_again_by_number(
    as_bob, url, stocktake, variant, store, bob
):
    Variant.objects.filter(pk=variant.pk).update(barcode="690")
    for _ in range(4):
        count_one_more(stocktake=stocktake, variant=variant, by=bob)
    sell_at_counter(variant=variant, store=store, by=bob)  # one that was not scanned yet
    answer = as_bob.post(url("count"), {"code": "690", "form_key": "k"}, headers=HTMX)
    assert answer.status_code == 409
    assert "明前龙井 有售出或到货" in answer.text
    assert stocktake.lines.get().counted == 4
    set_count(stocktake=stocktake, variant=variant, counted=8, by=bob)
    line = count_one_more(stocktake=stocktake, variant=variant, by=bob)  # behind the box
    assert (line.counted, line.expected) == (9, 9)
    book(stocktake, bob)
    assert left(variant) == 9


def test_as_many_in_as_out_between_two_scans_is_seen_too(stocktake, variant, store, bob):
    count_one_more(stocktake=stocktake, variant=variant, by=bob)
    sell_at_counter(variant=variant, store=store, by=bob)
    change_stock(variant=variant, store=store, delta=1, reason=Reason.RECEIVED, by=bob)
    with pytest.raises(MovedMeanwhile):
        count_one_more(stocktake=stocktake, variant=variant, by=bob)
    assert stocktake.lines.get().counted == 1


def test_a_second_look_by_number_is_a_look_of_its_own(stocktake, variant, store, bob):
    set_count(stocktake=stocktake, variant=variant, counted=4, by=bob)
    sell_at_counter(variant=variant, store=store, by=bob)
    line = set_count(stocktake=stocktake, variant=variant, counted=9, by=bob)
    assert (line.counted, line.expected) == (9, 9)
    forget_count(stocktake=stocktake, variant=variant)
    book(stocktake, bob)
    assert left(variant) == 9


def test_what_nobody_counted_stays_unless_it_is_said_to_be_gone(
    shop, stocktake, variant, glass, store, bob
):
    set_count(stocktake=stocktake, variant=variant, counted=10, by=bob)
    assert progress_of(stocktake).left == 1
    book(stocktake, bob)
    assert left(glass) == 50
    another = begin_stocktake(store=store, by=bob)
    set_count(stocktake=another, variant=variant, counted=10, by=bob)
    book(another, bob, gone=50)
    assert (left(glass), left(variant)) == (0, 10)


@pytest.mark.parametrize("meanwhile", ["another line", "the same line", "one more", "forgotten"])
def test_what_a_colleague_counts_meanwhile_is_shown_before_it_is_booked(
    as_alice, url, stocktake, variant, glass, bob, carol, meanwhile
):
    set_count(stocktake=stocktake, variant=variant, counted=8, by=bob)
    page = as_alice.get(url())
    seen = page.context["stocktake"].version
    assert f'name="version" value="{seen}"' in page.text
    if meanwhile == "another line":
        set_count(stocktake=stocktake, variant=glass, counted=0, by=carol)
    elif meanwhile == "the same line":
        set_count(stocktake=stocktake, variant=variant, counted=2, by=carol)
    elif meanwhile == "one more":
        count_one_more(stocktake=stocktake, variant=variant, by=carol)
    else:
        forget_count(stocktake=stocktake, variant=variant)
    answer = as_alice.post(url("apply"), {"version": seen}, headers={"Accept-Language": "en"})
    assert answer.status_code == 409
    assert "went on counting while you looked" in answer.text
    assert answer.context["shown"] == "off"
    assert (left(variant), left(glass)) == (10, 50)
    assert not StockMovement.objects.filter(reason=Reason.COUNTED.value).exists()
    fresh = answer.context["stocktake"].version
    assert f'name="version" value="{fresh}"' in answer.text
    assert as_alice.post(url("apply"), {"version": fresh}).status_code == 302
    wanted = {"another line": 8, "the same line": 2, "one more": 9, "forgotten": 10}
    assert left(variant) == wanted[meanwhile]
    assert left(glass) == (0 if meanwhile == "another line" else 50)


def test_the_count_she_looked_at_is_booked_once_and_no_other(stocktake, variant, bob, carol):
    set_count(stocktake=stocktake, variant=variant, counted=8, by=bob)
    seen = Stocktake.objects.get().version
    count_one_more(stocktake=stocktake, variant=variant, by=carol)
    with pytest.raises(CountedMeanwhile):
        apply_stocktake(stocktake=stocktake, by=bob, version=seen)
    book(stocktake, carol)
    with pytest.raises(StocktakeOver):  # a colleague has booked what she never saw
        apply_stocktake(stocktake=stocktake, by=bob, version=seen)
    assert left(variant) == 9


def test_the_rest_is_gone_as_it_was_looked_at(as_alice, url, stocktake, variant, glass, store, bob):
    set_count(stocktake=stocktake, variant=variant, counted=10, by=bob)
    page = as_alice.get(url())
    seen = {"version": page.context["stocktake"].version, "pieces": "50", "rest": "1"}
    assert 'name="pieces" value="50"' in page.text
    change_stock(variant=glass, store=store, delta=300, reason=Reason.RECEIVED, by=bob)
    answer = as_alice.post(url("apply"), seen, headers={"Accept-Language": "en"})
    assert answer.status_code == 409
    assert "some were sold or came in while you looked" in answer.text
    assert 'name="pieces" value="350"' in answer.text
    with pytest.raises(RestMoved):
        book(stocktake, bob, gone=50)
    assert left(glass) == 350
    assert as_alice.post(url("apply"), seen | {"pieces": "350"}).status_code == 302
    assert left(glass) == 0


def test_what_was_sold_beyond_what_was_found_is_not_blamed_on_orders(
    as_alice, url, stocktake, variant, store, bob
):
    set_count(stocktake=stocktake, variant=variant, counted=2, by=bob)
    sell_at_counter(variant=variant, store=store, by=bob, quantity=5)  # of two that were found
    with pytest.raises(CountOutsold, match="明前龙井"):
        book(stocktake, bob)
    seen = {"version": Stocktake.objects.get().version}
    answer = as_alice.post(url("apply"), seen, headers={"Accept-Language": "en"})
    assert answer.status_code == 409
    assert "sold or moved since the count than was found" in answer.text
    assert "online orders" not in answer.context["trouble"]
    assert left(variant) == 5
    assert stocktake.lines.get().counted == 2


def test_more_than_a_store_holds_is_named_too(stocktake, variant, store, bob):
    set_count(stocktake=stocktake, variant=variant, counted=9_999_999, by=bob)
    change_stock(variant=variant, store=store, delta=50, reason=Reason.RECEIVED, by=bob)
    with pytest.raises(CountTooHigh, match="明前龙井"):
        book(stocktake, bob)
    assert left(variant) == 60


def test_there_is_one_open_count_of_a_store(stocktake, store, alice):
    assert begin_stocktake(store=store, by=alice) == stocktake
    discard_stocktake(stocktake=stocktake, by=alice)
    assert begin_stocktake(store=store, by=alice) != stocktake


def test_nothing_is_counted_into_one_that_is_over(stocktake, variant, bob):
    discard_stocktake(stocktake=stocktake, by=bob)
    found = {"stocktake": stocktake, "variant": variant}
    for act in (
        lambda: count_one_more(by=bob, **found),
        lambda: set_count(counted=1, by=bob, **found),
        lambda: forget_count(**found),
        lambda: book(stocktake, bob),
        lambda: discard_stocktake(stocktake=stocktake, by=bob),
    ):
        with pytest.raises(StocktakeOver):
            act()
    assert left(variant) == 10


def test_foreign_goods_are_not_counted_here(stocktake, foreign_product, bob):
    with pytest.raises(BadQuantity):
        set_count(stocktake=stocktake, variant=foreign_product.variants.get(), counted=1, by=bob)


@pytest.mark.django_db(transaction=True)
def test_two_devices_that_find_five_each_have_found_ten(stocktake, variant, bob):
    def device() -> None:
        for _ in range(5):
            count_one_more(stocktake=stocktake, variant=variant, by=bob)

    assert at_once([device, device]) == [None, None]
    assert stocktake.lines.get().counted == 10


@pytest.mark.django_db(transaction=True)
def test_what_is_gone_is_locked_in_its_turn(shop, stocktake, variant, glass, bob, monkeypatch):
    """An order holds the counted goods and goes on to those that nobody has counted: the booking
    waits for it, and holds nothing that it wants."""
    set_count(stocktake=stocktake, variant=variant, counted=8, by=bob)
    begun, reservation = threading.Event(), stock._reservation

    def slow(*args):
        begun.set()
        time.sleep(0.3)
        return reservation(*args)

    def booking() -> None:
        assert begun.wait(20)
        book(stocktake, bob, gone=50)

    def order() -> None:
        reserve(merchant=shop, basket={variant.pk: 1, glass.pk: 1}, reference="o1")

    monkeypatch.setattr(stock, "_reservation", slow)
    assert variant.pk < glass.pk
    refusal, held = at_once([booking, order])
    assert isinstance(refusal, CountBelowHeld)
    assert held is None
    assert (left(variant), left(glass)) == (10, 50)


# --- pages ----------------------------------------------------------------------------------------


def test_a_clerk_counts_and_a_manager_books(as_bob, as_alice, url, variant, stocktake):
    Variant.objects.filter(pk=variant.pk).update(barcode="6901")
    for key in ("a", "a", "b"):
        answer = as_bob.post(url("count"), {"code": "6901", "form_key": key}, headers=HTMX)
        assert answer.status_code == 200
    assert stocktake.lines.get().counted == 2
    data = {"variant": variant.pk, "counted": "9"}
    assert as_bob.post(url("count"), data, headers=HTMX).status_code == 200
    assert stocktake.lines.get().counted == 9
    page = as_bob.get(url(), headers={"Accept-Language": "en"}).text
    assert "A manager or the owner books" in page
    assert url("apply") not in page
    assert as_bob.post(url("apply")).status_code == 403
    seen = {"version": Stocktake.objects.get().version}
    assert as_alice.post(url("apply"), seen).status_code == 302
    assert left(variant) == 9


@pytest.mark.parametrize("number", ["-1", "1.5", "many", "10000001"])
def test_an_absurd_count_is_refused_with_a_sentence(as_bob, url, variant, stocktake, number):
    data = {"variant": variant.pk, "counted": number}
    answer = as_bob.post(url("count"), data, headers=HTMX | {"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "Write a whole number from 0 to 1,000,000." in answer.text
    assert not stocktake.lines.exists()


@pytest.mark.parametrize("number", ["-1", "1.5", "many"])
def test_an_absurd_count_stays_in_its_field_with_the_sentence(as_bob, url, variant, number):
    as_bob.post(url("count"), {"variant": variant.pk, "counted": "7"}, headers=HTMX)
    data = {"variant": variant.pk, "counted": number}
    page = as_bob.post(url("count"), data, headers=HTMX | {"Accept-Language": "en"}).text
    assert f'value="{number}"' in page
    assert 'value="7"' not in page
    assert f'aria-invalid="true" aria-describedby="e-{variant.pk}"' in page
    assert page.count("Write a whole number from 0 to 1,000,000.") == 1, "beside its cause"
    assert Stocktake.objects.get().lines.get().counted == 7


def test_full_width_digits_are_digits_and_an_empty_field_forgets(as_bob, url, variant, stocktake):
    as_bob.post(url("count"), {"variant": variant.pk, "counted": "12"}, headers=HTMX)
    assert stocktake.lines.get().counted == 12
    as_bob.post(url("count"), {"variant": variant.pk, "counted": " "}, headers=HTMX)
    assert not stocktake.lines.exists()


def test_an_unknown_code_is_looked_for_by_name(as_bob, url, variant):
    answer = as_bob.post(url("count"), {"code": "龙井"}, headers=HTMX)
    assert answer.status_code == 422
    assert f'value="{variant.pk}"' in answer.text


@pytest.mark.parametrize("view", ["", "counted", "off", "left", "nonsense"])
def test_each_list_opens(as_alice, url, variant, glass, stocktake, bob, view):
    set_count(stocktake=stocktake, variant=variant, counted=8, by=bob)
    page = as_alice.get(url(), {"view": view, "category": "x"})
    assert page.status_code == 200
    assert ("耐热玻璃杯" in page.text) == (view == "left")


def test_the_page_asks_as_often_for_many_lines_as_for_few(as_alice, url, shop, stocktake, bob):
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            as_alice.get(url())
        return len(seen)

    count_one_more(stocktake=stocktake, variant=product_of(shop, "A", 1, 1).variants.get(), by=bob)
    cost()
    few = cost()
    for n in range(8):
        goods = product_of(shop, f"B{n}", 1, 1).variants.get()
        count_one_more(stocktake=stocktake, variant=goods, by=bob)
    assert cost() == few


def test_a_clerk_of_another_store_finds_no_count_here(as_bob, url, shop, store):
    second = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    shop.staff.get(user__email="bob@example.com").stores.set([second])
    assert as_bob.get(url()).status_code == 404
    assert as_bob.post(url("count"), {"code": "x"}).status_code == 404
    index = reverse("merchants:stocktake_list", args=[shop.slug])
    assert url() not in as_bob.get(index).text
    assert as_bob.post(index, {"store": store.pk}).status_code == 404


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5000])
def test_an_absurd_key_is_no_row(as_bob, url, shop, stocktake, digits):
    assert as_bob.post(url("count"), {"variant": digits}).status_code == 422
    begin = reverse("merchants:stocktake_list", args=[shop.slug])
    assert as_bob.post(begin, {"store": digits}).status_code == 404
    left = {"view": "left", "category": digits}
    assert as_bob.get(url(), left).status_code == 200


def test_a_nul_never_reaches_the_database(as_alice, url, variant, stocktake):
    nul = "\x00"
    forms = [
        {"code": f"{nul}4711"},
        {"variant": nul},
        {"variant": variant.pk, "counted": f"1{nul}"},
    ]
    with CaptureQueriesContext(connection) as seen:
        for form in forms:
            assert as_alice.post(url("count"), form, headers=HTMX).status_code == 422
        as_alice.post(url("apply"), {"version": nul, "pieces": nul, "rest": nul})
        as_alice.get(url(), {"view": nul, "category": nul, "page": nul})
    assert not [one for one in seen if nul in one["sql"]]


def test_goods_taken_out_since_are_named_and_get_no_pieces(
    as_bob, url, stocktake, variant, store, bob
):
    set_count(stocktake=stocktake, variant=variant, counted=12, by=bob)
    gone = {"variant": variant, "store": store, "by": bob}
    change_stock(delta=-10, reason=Reason.WRITTEN_OFF, **gone)
    Variant.objects.filter(pk=variant.pk).update(archived=True)
    with pytest.raises(CountedTakenOut, match="明前龙井"):
        book(stocktake, bob)
    for reason in (Reason.RECEIVED, Reason.RETURNED, Reason.COUNTED):
        with pytest.raises(TakenOut, match="明前龙井"):
            change_stock(delta=1, reason=reason, **gone)
    assert Stock.objects.get(variant=variant).on_hand == 0
    form = {"variant": variant.pk, "counted": "", "form_key": "k"}
    assert as_bob.post(url("count"), form, headers=HTMX).status_code == 200
    book(stocktake, bob)
    assert Stock.objects.get(variant=variant).on_hand == 0
