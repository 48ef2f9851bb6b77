"""Goods move from one store to another whole: none appears, none is lost, nobody waits for ever."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from merchants.errors import BadQuantity, OutOfStock
from merchants.models import Stock, StockMovement, Store
from merchants.rules.stock import Reason
from merchants.services.stock import change_stock, reserve
from merchants.services.transfer import SameStore, TransferRefused, transfer_stock
from tests.races.shopper import at_once

HTMX = {"HX-Request": "true"}


@pytest.fixture
def second(shop, store) -> Store:
    return Store.objects.create(merchant=shop, name="文三路店", city="杭州", position=1)


@pytest.fixture
def glass(cup):
    return cup.variants.get()


@pytest.fixture
def url(shop) -> str:
    return reverse("merchants:transfer", args=[shop.slug])


@pytest.fixture
def as_carol(client, carol):
    client.force_login(carol)
    return client


def there(variant) -> dict[str, int]:
    return dict(variant.stock.values_list("store__name", "on_hand"))


def test_two_movements_with_one_reference(variant, glass, store, second, bob):
    reference = transfer_stock(pieces={variant: 3, glass: 20}, source=store, target=second, by=bob)
    assert there(variant) == {"清河坊店": 7, "文三路店": 3}
    assert there(glass) == {"清河坊店": 30, "文三路店": 20}
    moves = StockMovement.objects.filter(reference=reference, stock__variant=variant)
    assert sorted(moves.values_list("delta", "note")) == [(-3, "文三路店"), (3, "清河坊店")]
    assert {move.reason for move in moves} == {Reason.TRANSFERRED}


def test_held_pieces_stay_and_nothing_else_goes_either(shop, variant, glass, store, second, bob):
    reserve(merchant=shop, basket={variant.pk: 8}, reference="o")
    with pytest.raises(TransferRefused) as refusal:
        transfer_stock(pieces={glass: 1, variant: 3}, source=store, target=second, by=bob)
    assert "明前龙井：" in str(refusal.value)
    assert there(glass) == {"清河坊店": 50}
    assert there(variant) == {"清河坊店": 10}


def test_it_is_refused_to_itself_to_strangers_and_of_nothing(
    variant, store, second, other_shop, bob
):
    with pytest.raises(SameStore):
        transfer_stock(pieces={variant: 1}, source=store, target=store, by=bob)
    for pieces, target in (
        ({variant: 1}, other_shop.stores.get()),
        ({variant: 0}, second),
        ({variant: -2}, second),
        ({}, second),
    ):
        with pytest.raises(BadQuantity):
            transfer_stock(pieces=pieces, source=store, target=target, by=bob)
    assert there(variant) == {"清河坊店": 10}


@pytest.mark.django_db(transaction=True)
def test_opposite_transfers_and_sales_at_once_neither_hang_nor_lose(
    shop, variant, glass, store, second, bob
):
    for one in (variant, glass):
        change_stock(variant=one, store=second, delta=30, reason=Reason.RECEIVED, by=bob)
    before = sum(Stock.objects.values_list("on_hand", flat=True))

    def mover(source: Store, target: Store) -> None:
        pieces = {variant: 1, glass: 2}
        for _ in range(15):
            with suppress(OutOfStock):
                transfer_stock(pieces=pieces, source=source, target=target, by=bob)

    def holder() -> None:
        for number in range(10):
            reserve(merchant=shop, basket={variant.pk: 1, glass.pk: 1}, reference=f"o{number}")

    ways = [(store, second), (second, store)] * 2
    results = at_once([partial(mover, *way) for way in ways] + [holder])
    assert results == [None] * 5
    assert sum(Stock.objects.values_list("on_hand", flat=True)) == before
    assert sum(Stock.objects.values_list("reserved", flat=True)) == 20


# --- pages ----------------------------------------------------------------------------------------


def test_in_a_shop_of_one_store_the_way_to_another_is_shown(as_carol, as_bob, shop, store, url):
    to_new = reverse("merchants:store_new", args=[shop.slug])
    assert to_new in as_carol.get(url).text
    assert to_new not in as_bob.get(url).text


def test_scanned_goods_gather_in_the_box_and_move_at_once(
    as_carol, url, variant, glass, store, second
):
    places = {"source": store.pk, "target": second.pk}
    answer = as_carol.post(url, places | {"code": variant.sku}, headers=HTMX)
    assert f'name="n-{variant.pk}" value="1"' in answer.text
    answer = as_carol.post(
        url, places | {f"n-{variant.pk}": "1", "code": variant.sku}, headers=HTMX
    )
    assert f'name="n-{variant.pk}" value="2"' in answer.text
    assert there(variant) == {"清河坊店": 10}
    data = places | {f"n-{variant.pk}": "2", f"n-{glass.pk}": "5", "go": "1", "form_key": "k"}
    for _ in range(2):
        assert as_carol.post(url, data).status_code == 302
    assert there(variant) == {"清河坊店": 8, "文三路店": 2}
    assert there(glass) == {"清河坊店": 45, "文三路店": 5}


def test_a_box_outlives_a_reload_until_it_is_moved_or_emptied(
    as_carol, url, variant, glass, store, second
):
    places = {"source": second.pk, "target": store.pk}
    as_carol.post(url, places | {f"n-{glass.pk}": "7", "code": variant.sku}, headers=HTMX)
    page = as_carol.get(url)
    for kept in (f'name="n-{glass.pk}" value="7"', f'name="n-{variant.pk}" value="1"'):
        assert kept in page.text
    assert page.context["source"] == second
    as_carol.post(url, places | {"clear": "1", f"n-{glass.pk}": "7"}, headers=HTMX)
    page = as_carol.get(url)
    assert 'name="n-' not in page.text
    assert page.context["source"] == second
    back = {"source": store.pk, "target": second.pk, f"n-{glass.pk}": "7", "form_key": "k"}
    as_carol.post(url, back | {"code": ""}, headers=HTMX)
    done = as_carol.post(url, back | {"go": "1"}, headers=HTMX)
    assert json.loads(done["HX-Trigger"])["toast"]["text"] == "已调到 文三路店：7 件"
    assert 'name="n-' not in done.text + as_carol.get(url).text


def test_a_store_that_she_serves_no_more_is_not_chosen_for_her(
    as_bob, url, shop, variant, store, second
):
    place = shop.staff.get(user__email="bob@example.com")
    third = Store.objects.create(merchant=shop, name="西溪店", city="杭州", position=2)
    place.stores.add(second, third)
    as_bob.post(url, {"source": second.pk, "target": third.pk, "code": variant.sku}, headers=HTMX)
    place.stores.remove(second)
    page = as_bob.get(url)
    assert page.context["source"] == store
    assert f'name="n-{variant.pk}"' in page.text


def test_a_scan_onto_a_wrong_number_is_refused_there_and_not_swallowed(
    as_carol, url, variant, store, second
):
    data = {"source": store.pk, "target": second.pk, f"n-{variant.pk}": "x", "code": variant.sku}
    answer = as_carol.post(url, data, headers=HTMX | {"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "Write a whole number from 0 to 1,000,000." in answer.text
    assert 'value="x"' in answer.text
    answer = as_carol.post(url, data | {f"n-{variant.pk}": "１０"}, headers=HTMX)
    assert 'value="11"' in answer.text


def test_a_full_box_says_so_and_drops_nothing(
    as_carol, url, variant, glass, store, second, monkeypatch
):
    monkeypatch.setattr("merchants.views.transfer.MOST", 1)
    data = {"source": store.pk, "target": second.pk, f"n-{glass.pk}": "3", "code": variant.sku}
    answer = as_carol.post(url, data, headers=HTMX | {"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "The box is full." in answer.text
    assert f'name="n-{glass.pk}" value="3"' in answer.text


def test_what_cannot_move_says_why_beside_its_number(as_carol, url, variant, store, second):
    data = {"source": store.pk, "target": second.pk, f"n-{variant.pk}": "11", "go": "1"}
    answer = as_carol.post(url, data)
    assert answer.status_code == 422
    assert 'value="11"' in answer.text
    assert "明前龙井" in answer.text
    for wrong in ("-1", "x", "1.5"):
        answer = as_carol.post(url, data | {f"n-{variant.pk}": wrong})
        assert answer.status_code == 422
        assert f'value="{wrong}"' in answer.text
    assert as_carol.post(url, data | {"target": store.pk}).status_code == 422
    assert as_carol.post(url, data | {f"n-{variant.pk}": "0"}).status_code == 422
    assert there(variant) == {"清河坊店": 10}


def test_a_clerk_moves_between_her_stores_alone(as_bob, url, shop, variant, store, second):
    data = {"source": store.pk, "target": second.pk, f"n-{variant.pk}": "1", "go": "1"}
    assert as_bob.post(url, data).status_code == 422
    shop.staff.get(user__email="bob@example.com").stores.add(second)
    assert as_bob.post(url, data).status_code == 302
    assert there(variant)["文三路店"] == 1


def test_goods_of_another_shop_never_reach_the_box(as_carol, url, foreign_product, store, second):
    foreign = foreign_product.variants.get()
    places = {"source": store.pk, "target": second.pk}
    assert as_carol.post(url, places | {"code": foreign.sku}).status_code == 422
    assert as_carol.post(url, places | {"add": foreign.pk}).status_code == 422
    data = places | {f"n-{foreign.pk}": "1", "go": "1"}
    assert as_carol.post(url, data).status_code == 422


# --- the stock of one product ---------------------------------------------------------------------


@pytest.fixture
def stock(shop, longjing) -> str:
    return reverse("merchants:product_stock", args=[shop.slug, longjing.public_id])


def test_the_page_tells_what_happened_and_what_lay_there_then(
    as_carol, stock, variant, store, second, bob
):
    transfer_stock(pieces={variant: 3}, source=store, target=second, by=bob)
    page = as_carol.get(stock)
    assert page.status_code == 200
    assert [move.balance for move in page.context["moves"]] == [3, 7, 10]
    assert page.context["free"] == 10
    only = as_carol.get(stock, {"reason": "transferred", "store": second.pk})
    assert [move.balance for move in only.context["moves"]] == [3]
    assert as_carol.get(stock, {"reason": "x", "store": "x", "variant": "x"}).status_code == 200


def test_a_clerk_sees_and_books_her_stores_alone(as_bob, stock, shop, variant, store, second, bob):
    transfer_stock(pieces={variant: 3}, source=store, target=second, by=bob)
    page = as_bob.get(stock)
    assert [place.store for place in page.context["places"]] == [store]
    assert [move.balance for move in page.context["moves"]] == [7, 10]
    data = {"variant": variant.pk, "store": second.pk, "reason": "received", "quantity": "1"}
    assert as_bob.post(stock, data).status_code == 422
    shop.staff.get(user__email="bob@example.com").stores.clear()
    assert as_bob.get(stock).status_code == 200
    assert as_bob.post(stock, data | {"store": store.pk}).status_code == 422
    assert there(variant) == {"清河坊店": 7, "文三路店": 3}


def test_a_write_off_says_why_and_a_transfer_where_to(as_carol, stock, variant, store, second):
    data = {"variant": variant.pk, "store": store.pk, "quantity": "2"}
    assert as_carol.post(stock, data | {"reason": "written_off"}).status_code == 422
    assert as_carol.post(stock, data | {"reason": "transferred"}).status_code == 422
    done = as_carol.post(stock, data | {"reason": "written_off", "note": "碎了"})
    assert done.status_code == 302
    assert StockMovement.objects.first().note == "碎了"
    done = as_carol.post(stock, data | {"reason": "transferred", "target": second.pk})
    assert done.status_code == 302
    assert there(variant) == {"清河坊店": 6, "文三路店": 2}


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\n", "\u202e", "\u2028"])
def test_what_nobody_can_see_is_refused_at_the_note(as_carol, stock, variant, store, letter):
    data = {"variant": variant.pk, "store": store.pk, "reason": "received", "quantity": "3"}
    answer = as_carol.post(stock, data | {"note": f"单{letter}号"}, headers=HTMX)
    assert answer.status_code == 422
    assert answer.context["form"].errors["note"]
    assert 'value="3"' in answer.text
    assert there(variant) == {"清河坊店": 10}


def test_a_nul_never_reaches_the_database(as_carol, stock, url, variant, store, second):
    nul = "\x00"
    data = {"variant": variant.pk, "store": store.pk, "reason": "received", "quantity": "3"}
    places = {"source": store.pk, "target": second.pk}
    with CaptureQueriesContext(connection) as seen:
        for name in ("variant", "store", "reason", "quantity"):
            as_carol.post(stock, data | {name: f"{data[name]}{nul}", "note": ""})
        for asked in ("variant", "store", "reason", "page"):
            as_carol.get(stock, {asked: nul})
        for more in ({"code": f"{nul}x"}, {"add": nul}, {f"n-{variant.pk}": nul, "go": "1"}):
            assert as_carol.post(url, places | more).status_code == 422
        as_carol.post(url, {"source": nul, "target": nul, "code": variant.sku})
    queries = [one["sql"] for one in seen if "django_session" not in one["sql"]]
    assert not [sql for sql in queries if nul in sql]
    assert there(variant) == {"清河坊店": 10}


def test_full_width_digits_are_digits(as_carol, stock, variant, store):
    data = {"variant": variant.pk, "store": store.pk, "reason": "received", "quantity": "1,2"}
    assert as_carol.post(stock, data).status_code == 302
    assert there(variant) == {"清河坊店": 22}


def test_the_stock_page_asks_as_often_for_a_long_history(as_carol, stock, variant, store, bob):
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            as_carol.get(stock)
        return len(seen)

    cost()
    few = cost()
    for _ in range(40):
        change_stock(variant=variant, store=store, delta=1, reason=Reason.RECEIVED, by=bob)
    assert cost() == few


def test_foreign_products_have_no_stock_page(as_carol, shop, foreign_product):
    address = reverse("merchants:product_stock", args=[shop.slug, foreign_product.public_id])
    assert as_carol.get(address).status_code == 404


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5000])
def test_an_absurd_key_is_no_row(as_carol, url, variant, store, second, digits):
    data = {"source": store.pk, "target": second.pk}
    assert as_carol.post(url, data | {"add": digits}).status_code == 422
    assert as_carol.post(url, data | {f"n-{digits[:500]}": "1", "go": "1"}).status_code == 422
    assert there(variant) == {"清河坊店": 10}
