"""What the goods list shows of the shows, and ticked goods on their way to a shelf."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.errors import FullShelf, ShelfClosed
from livestream.models import Room
from livestream.rules.room import RoomState
from livestream.services import shelf as shelf_verbs
from livestream.services.room import make_room
from livestream.services.shelf import add_all_to_shelf
from merchants.models import Product
from merchants.rules.product import ProductState
from tests.conftest import product_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english(as_alice, as_bob):
    for client in (as_alice, as_bob):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def at(name: str) -> str:
    return reverse(f"livestream:{name}", args=["tea"])


def starts_in(room: Room, hours: int) -> None:
    Room.objects.filter(pk=room.pk).update(
        state=RoomState.SCHEDULED, starts_at=timezone.now() + timedelta(hours=hours)
    )


def test_the_list_names_what_runs_out_before_the_next_show(as_bob, shop, room):
    few, none = product_of(shop, "Few", 900, 2), product_of(shop, "None", 900, 0)
    plenty = product_of(shop, "Plenty", 900, 50)
    add_all_to_shelf(room=room, products=[few.pk, none.pk, plenty.pk])
    starts_in(room, 3)
    note = as_bob.get(at("at_risk")).text
    assert "1 running low, 1 sold out" in note
    assert note.index("None") < note.index("Few")
    assert "Plenty" not in note


def test_who_does_not_manage_puts_ticked_goods_on_a_shelf_and_changes_none(as_bob, shop, longjing):
    """As ADR 16 has it: assistants fill shelves; prices and states are the managers'."""
    page = as_bob.get(reverse("merchants:product_list", args=["tea"])).text
    assert f'name="products" value="{longjing.public_id}"' in page
    bar = page.partition('id="chosen"')[2].partition("</form>")[0]
    assert "data-shelve" in bar
    assert at("shelve") in page.partition('id="chosen"')[2][:200]
    assert 'name="do"' not in bar
    row = as_bob.post(
        reverse("merchants:product_left", args=["tea", longjing.public_id]),
        {"left": "x"},
        headers={"HX-Request": "true"},
    ).text
    assert "data-tick" in row  # and in a row that came alone


def test_a_show_far_ahead_asks_for_nothing_yet(as_bob, shop, room):
    add_all_to_shelf(room=room, products=[product_of(shop, "None", 900, 0).pk])
    starts_in(room, 30)
    assert not as_bob.get(at("at_risk")).text.strip()


def test_the_only_open_shelf_takes_them_at_once(as_bob, shop, room):
    room.items.all().delete()
    cup, pot = product_of(shop, "Mug", 900, 5), product_of(shop, "Pot", 900, 5)
    data = {"products": [cup.public_id, pot.public_id], "form_key": "k"}
    page = as_bob.post(at("shelve"), data, follow=True)
    assert f"2 products are on the shelf of “{room.title}”" in page.text
    assert list(room.items.order_by("position").values_list("product", flat=True)) == [
        cup.pk,
        pot.pk,
    ]


def test_of_several_shelves_one_is_chosen(as_bob, shop, host, room):
    other = make_room(merchant=shop, host=host, title="Another show", starts_at=room.starts_at)
    cup = product_of(shop, "Mug", 900, 5)
    page = as_bob.post(at("shelve"), {"products": [cup.public_id]})
    assert room.title in page.text
    assert "Another show" in page.text
    data = {"products": [cup.public_id], "room": other.public_id}
    as_bob.post(at("shelve"), data)
    assert other.items.get().product == cup
    assert not room.items.filter(product=cup).exists()


def test_without_a_show_it_says_how_to_come_to_one(as_bob, shop):
    cup = product_of(shop, "Mug", 900, 5)
    page = as_bob.post(at("shelve"), {"products": [cup.public_id]})
    assert "No show planned" in page.text


def test_what_is_not_on_sale_stays_off_and_is_told(as_bob, shop, room):
    cup, draft = product_of(shop, "Mug", 900, 5), product_of(shop, "Draft", 900, 5)
    Product.objects.filter(pk=draft.pk).update(state=ProductState.DRAFT)
    data = {"products": [cup.public_id, draft.public_id]}
    page = as_bob.post(at("shelve"), data, follow=True)
    assert "1 is not on sale and stayed off" in page.text
    assert not room.items.filter(product=draft).exists()


def test_goods_of_another_shop_do_not_come_in(as_bob, other_shop, room):
    foreign = product_of(other_shop, "Foreign", 900, 5)
    page = as_bob.post(at("shelve"), {"products": [foreign.public_id]}, follow=True)
    assert "Tick at least one product" in page.text
    assert add_all_to_shelf(room=room, products=[foreign.pk]) == (0, 1)


def test_twice_is_once_and_a_full_shelf_takes_none(shop, room, monkeypatch):
    room.items.all().delete()
    goods = [product_of(shop, f"Cup {n}", 900, 5).pk for n in range(3)]
    for _again in range(2):
        assert add_all_to_shelf(room=room, products=goods[:2]) == (2, 0)
    assert room.items.count() == 2
    monkeypatch.setattr(shelf_verbs, "SHELF_LIMIT", 2)
    with pytest.raises(FullShelf):
        add_all_to_shelf(room=room, products=goods)
    assert room.items.count() == 2


def test_a_show_that_is_over_takes_nothing(shop, room):
    Room.objects.filter(pk=room.pk).update(state=RoomState.ENDED)
    with pytest.raises(ShelfClosed):
        add_all_to_shelf(room=room, products=[product_of(shop, "Mug", 900, 5).pk])


def test_a_show_that_is_gone_puts_nothing_on_another_shelf(as_bob, shop, room):
    """She chose a show that was called off meanwhile: the only other one is not meant."""
    room.items.all().delete()
    mug = product_of(shop, "Mug", 900, 5)
    answer = as_bob.post(at("shelve"), {"products": [mug.public_id], "room": "goneforever"})
    assert answer.status_code == 200
    assert room.title in answer.text
    assert not room.items.exists()


def test_the_show_that_is_rehearsed_or_next_is_watched_and_not_one_that_never_began(
    as_bob, shop, room, host
):
    stale = make_room(
        merchant=shop, host=host, title="Yesterday", starts_at=timezone.now(), products=[]
    )
    starts_in(stale, -20)
    add_all_to_shelf(room=room, products=[product_of(shop, "None", 900, 0).pk])
    starts_in(room, 1)
    assert "1 product is sold out" in as_bob.get(at("at_risk")).text
    Room.objects.filter(pk=room.pk).update(state=RoomState.REHEARSING)
    assert "1 product is sold out" in as_bob.get(at("at_risk")).text
