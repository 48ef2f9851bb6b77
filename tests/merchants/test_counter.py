"""The till: one scan is one piece, gone from the live room at once, and can be taken back."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from merchants.models import StockMovement, Store, Variant
from merchants.rules.stock import Reason, closing, codes, last_days, staircase
from merchants.selectors.stock import find_variant, till_lines, till_total
from merchants.services.counter import NothingToTakeBack, sell_at_counter, take_back
from merchants.services.stock import HeldForOrders, change_stock, reserve
from tests.conftest import product_of

EAN = "6901234567892"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def tea(variant) -> Variant:
    Variant.objects.filter(pk=variant.pk).update(barcode=EAN, sku="LJ-01a")
    variant.refresh_from_db()
    return variant


@pytest.fixture
def at(shop):
    return lambda name: reverse(f"merchants:{name}", args=[shop.slug])


@pytest.fixture
def scan(as_bob, at, store):
    def scan(code: str, key: str = "", **more):
        data = {"code": code, "form_key": key or uuid.uuid4().hex, "store": store.pk}
        return as_bob.post(at("counter_sell"), data | more, headers=HTMX)

    return scan


def left(variant: Variant) -> int:
    return variant.stock.get().on_hand


@pytest.mark.parametrize(
    "typed", [EAN, f" {EAN}\n", "６９０１２３４５６７８９２", "lj-01A", "LJ-01A", "LJ-01a"]
)
def test_a_scan_books_one_piece(scan, tea, bob, typed):
    answer = scan(typed)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div class="s-till" id="till"')
    assert left(tea) == 9
    move = StockMovement.objects.first()
    assert (move.delta, move.reason, move.by) == (-1, Reason.COUNTER_SALE, bob)


def test_a_upc_is_an_ean_without_its_zero(shop, tea):
    Variant.objects.filter(pk=tea.pk).update(barcode="0012345678905")
    assert find_variant(shop, "012345678905") == tea
    Variant.objects.filter(pk=tea.pk).update(barcode="012345678905")
    assert find_variant(shop, "0012345678905") == tea


def test_the_barcode_goes_before_the_sku(shop, tea, cup):
    Variant.objects.filter(product=cup).update(sku=EAN)
    assert find_variant(shop, EAN) == tea


def test_codes_of_nothing_are_none(shop, tea):
    assert codes("  ") == codes("\x00 ") == []
    assert codes("69\x0001") == ["6901"]
    assert find_variant(shop, "  ") is None


def test_foreign_goods_have_no_code_here(other_shop, scan, tea, foreign_product):
    foreign = foreign_product.variants.get()
    Variant.objects.filter(pk=foreign.pk).update(barcode="999")
    answer = scan("999")
    assert answer.status_code == 422
    assert "999" in answer.text
    assert left(foreign) == 5


def test_the_same_scan_sent_twice_is_booked_once(scan, tea):
    assert {scan(EAN, key="one").status_code, scan(EAN, key="one").status_code} == {200}
    assert left(tea) == 9


def test_scans_of_the_same_goods_grow_one_line(scan, tea, cup, store, bob):
    scan(EAN)
    scan(EAN)
    scan(cup.variants.get().sku)
    scan(EAN)
    lines = till_lines(store, bob, timezone.now().replace(hour=0))
    assert [(line.variant, line.sold) for line in lines] == [
        (tea, 1),
        (cup.variants.get(), 1),
        (tea, 2),
    ]


def test_unknown_words_are_looked_for_by_name(scan, tea):
    answer = scan("龙井")
    assert answer.status_code == 422
    assert 'name="variant"' in answer.text
    assert left(tea) == 10
    assert 'name="variant"' not in scan("bicycle").text


def test_a_name_is_looked_up_without_a_warning_and_a_code_is_not(scan, tea):
    assert "note--warn" not in scan("龙井").text
    assert "note--warn" in scan("bicycle").text
    assert "note--warn" in scan(EAN[:-1]).text


def test_goods_found_by_name_are_sold_by_one_tap(as_bob, at, store, tea):
    assert f'value="{tea.pk}"' in as_bob.get(at("counter"), {"q": "龙井"}).text
    as_bob.post(at("counter_sell"), {"variant": tea.pk, "store": store.pk}, headers=HTMX)
    assert left(tea) == 9


def test_it_works_without_a_script(as_bob, at, store, tea):
    form = {"form_key": "k", "store": store.pk}
    answer = as_bob.post(at("counter_sell"), form | {"code": EAN}, follow=True)
    assert answer.redirect_chain[-1][0] == at("counter")
    assert "明前龙井" in answer.text
    wrong = as_bob.post(at("counter_sell"), form | {"code": "zzz"})
    assert wrong.status_code == 422
    assert 'id="scan"' in wrong.text


def test_held_pieces_say_why_they_stay(as_bob, shop, scan, tea):
    reserve(merchant=shop, basket={tea.pk: 10}, reference="o")
    as_bob.cookies["django_language"] = "en"
    answer = scan(EAN)
    assert answer.status_code == 409
    assert "held for online orders" in answer.text
    assert left(tea) == 10


def test_what_is_gone_says_so(as_bob, scan, tea, store, bob):
    as_bob.cookies["django_language"] = "en"
    sell_at_counter(variant=tea, store=store, by=bob, quantity=10)
    answer = scan(EAN)
    assert answer.status_code == 409
    assert "none of it left" in answer.text


def test_a_line_grows_shrinks_and_goes(as_bob, at, scan, tea, store, bob):
    scan(EAN)
    line = till_lines(store, bob, timezone.now().replace(hour=0))[0].key
    form = {"line": line, "store": store.pk}
    post = lambda name, **data: as_bob.post(at(name), form | data, headers=HTMX)  # noqa: E731
    assert post("counter_sell", variant=tea.pk).status_code == 200
    assert left(tea) == 8
    assert post("counter_back").status_code == 200
    assert left(tea) == 9
    assert post("counter_back", all="1").status_code == 200
    assert left(tea) == 10
    assert post("counter_back", all="1").status_code == 409
    assert post("counter_back").status_code == 409
    assert left(tea) == 10
    moves = StockMovement.objects.filter(reference=f"till {line}")
    assert sum(moves.values_list("delta", flat=True)) == 0
    assert till_total(store, bob, timezone.now().replace(hour=0))["pieces"] == 0


def test_nobody_takes_back_the_line_of_another(as_alice, at, scan, tea, store, bob, alice):
    scan(EAN)
    line = till_lines(store, bob, timezone.now().replace(hour=0))[0]
    assert (
        as_alice.post(at("counter_back"), {"line": line.key, "store": store.pk}).status_code == 422
    )
    assert left(tea) == 9
    for wrong in ("", "till", "import abc", "till zzz"):
        with pytest.raises(NothingToTakeBack):
            take_back(store=store, reference=wrong, by=alice)


def test_an_import_is_no_line_of_the_till(tea, store, bob):
    sale = {"variant": tea, "store": store, "by": bob, "reference": "import abc"}
    change_stock(delta=-1, reason=Reason.COUNTER_SALE, **sale)
    with pytest.raises(NothingToTakeBack):
        take_back(store=store, reference="import abc", by=bob)


def test_she_chooses_among_her_stores_and_no_other(as_bob, at, shop, scan, tea, store):
    second = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    place = shop.staff.get(user__email="bob@example.com")
    foreign = Store.objects.create(merchant=shop, name="西溪店", city="杭州", position=2)
    place.stores.add(second)
    assert 'id="scan"' not in as_bob.get(at("counter")).text
    assert scan(EAN, store=foreign.pk)["HX-Redirect"] == at("counter")
    assert "现在不负责的门店" in as_bob.get(at("counter")).text
    assert as_bob.post(at("counter_sell"), {"code": EAN}).status_code == 302
    assert left(tea) == 10
    assert as_bob.post(at("counter_store"), {"store": foreign.pk}).status_code == 404
    assert as_bob.post(at("counter_store"), {"store": "x"}).status_code == 404
    assert as_bob.post(at("counter_store"), {"store": store.pk}).status_code == 302
    assert scan(EAN).status_code == 200
    place.stores.set([second])  # somebody moved her: the till follows
    assert scan(EAN).headers["HX-Redirect"] == at("counter")
    assert left(tea) == 9
    place.stores.clear()
    assert 'id="scan"' not in as_bob.get(at("counter")).text


def test_a_till_books_at_the_store_it_was_written_for(as_bob, at, shop, scan, tea, store):
    second = Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)
    shop.staff.get(user__email="bob@example.com").stores.add(second)
    change_stock(variant=tea, store=second, delta=5, reason=Reason.RECEIVED, by=None)
    as_bob.post(at("counter_store"), {"store": store.pk})
    assert f'name="store" value="{store.pk}"' in as_bob.get(at("counter")).text
    as_bob.post(at("counter_store"), {"store": second.pk})  # in another tab
    answer = scan(EAN)
    assert f'name="store" value="{store.pk}"' in answer.text
    assert {one.store: one.on_hand for one in tea.stock.all()} == {store: 9, second: 5}
    line = till_lines(store, answer.wsgi_request.user, timezone.now().replace(hour=0))[0]
    back = {"line": line.key, "store": store.pk}
    assert as_bob.post(at("counter_back"), back, headers=HTMX).status_code == 200
    assert {one.store: one.on_hand for one in tea.stock.all()} == {store: 10, second: 5}


def test_the_total_is_todays_and_hers(as_bob, scan, tea, cup, store, bob, alice):
    sell_at_counter(variant=tea, store=store, by=alice)
    scan(EAN)
    scan(cup.variants.get().sku)
    day = timezone.now().replace(hour=0)
    assert till_total(store, bob, day) == {"pieces": 2, "amount": 16800 + 2900, "lines": 2}
    tomorrow = timezone.now() + timedelta(days=1)
    assert till_total(store, bob, tomorrow) == {"pieces": 0, "amount": 0, "lines": 0}


def test_a_new_price_leaves_alone_what_was_sold_before(as_bob, at, scan, tea, store, bob):
    scan(EAN)
    scan(EAN)
    Variant.objects.filter(pk=tea.pk).update(price=20000)
    day = timezone.now().replace(hour=0)
    assert till_total(store, bob, day)["amount"] == 2 * 16800
    page = as_bob.get(at("counter"), headers={"Accept-Language": "en"}).text
    assert "336" in page
    assert "¥200" not in page
    scan(EAN)  # at the new price: a line of its own
    assert [(line.sold, line.price) for line in till_lines(store, bob, day)] == [
        (1, 20000),
        (2, 16800),
    ]
    old = till_lines(store, bob, day)[1]
    form = {"line": old.key, "store": store.pk}
    as_bob.post(at("counter_sell"), form | {"variant": tea.pk}, headers=HTMX)  # its +
    assert till_total(store, bob, day)["amount"] == 2 * 16800 + 2 * 20000
    as_bob.post(at("counter_back"), form, headers=HTMX)
    assert till_total(store, bob, day)["amount"] == 16800 + 2 * 20000
    assert left(tea) == 7


def test_a_sale_of_before_prices_were_kept_counts_at_todays(tea, cup, store, bob):
    line = sell_at_counter(variant=tea, store=store, by=bob)
    StockMovement.objects.filter(reference=line).update(unit_price=None)
    day = timezone.now().replace(hour=0)
    assert till_total(store, bob, day)["amount"] == 16800
    assert sell_at_counter(variant=tea, store=store, by=bob, reference=line) != line
    take_back(store=store, reference=line, by=bob)
    assert till_total(store, bob, day) == {"pieces": 1, "amount": 16800, "lines": 2}
    glass = cup.variants.get()
    assert sell_at_counter(variant=glass, store=store, by=bob, reference=line) != line


def test_the_page_asks_as_often_for_many_lines_as_for_few(as_bob, at, shop, store, bob):
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            as_bob.get(at("counter"))
        return len(seen)

    first = product_of(shop, "A", 100, 9).variants.get()
    sell_at_counter(variant=first, store=store, by=bob)
    cost()
    few = cost()
    for n in range(8):
        more = product_of(shop, f"B{n}", 100, 9).variants.get()
        sell_at_counter(variant=more, store=store, by=bob)
    assert cost() == few


def test_a_refusal_says_how_many_are_free(shop, tea, store, bob):
    reserve(merchant=shop, basket={tea.pk: 8}, reference="o")
    with pytest.raises(HeldForOrders) as refusal:
        sell_at_counter(variant=tea, store=store, by=bob, quantity=3)
    assert refusal.value.details == {"free": 2}


def test_the_plot_goes_back_from_what_is_there():
    days = last_days(timezone.localdate(), 3)
    assert closing(7, {days[2]: -1, days[1]: 5}, days) == [3, 8, 7]
    assert staircase([0, 4], top=4, width=10, height=8) == "M0,8.0H5.0V0.0H10.0"


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5000])
def test_an_absurd_key_is_no_row(as_bob, at, store, tea, digits):
    assert (
        as_bob.post(at("counter_sell"), {"variant": digits, "store": store.pk}).status_code == 422
    )
    assert as_bob.post(at("counter_store"), {"store": digits}).status_code == 404
    assert left(tea) == 10


def test_a_nul_never_reaches_the_database(as_bob, at, scan, tea, store):
    assert scan(f"\x00{EAN}\x00").status_code == 200
    form = {"line": "a\x00b", "store": store.pk}
    with CaptureQueriesContext(connection) as seen:
        assert as_bob.post(at("counter_back"), form).status_code == 422
        as_bob.post(at("counter_sell"), form | {"variant": tea.pk})
    assert not [query for query in seen if "\x00" in query["sql"]]
