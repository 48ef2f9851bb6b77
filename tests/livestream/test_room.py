"""The life of a room, its shelf, and what is being explained."""

from __future__ import annotations

import asyncio
import io
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from livestream import broadcast
from livestream.errors import (
    BadStart,
    BadTitle,
    EmptyShelf,
    ForeignProduct,
    NotOnAir,
    ShelfClosed,
    WrongState,
)
from livestream.media import edge
from livestream.models import Replay, Room
from livestream.rules.price import price_in_room
from livestream.rules.room import MOVES, ON_AIR, RoomState, is_title, may_move, title_units
from livestream.selectors.room import live_prices, shelf, snapshot
from livestream.services import room as rooms
from livestream.services.drop import open_drop
from livestream.services.publication import open_publication
from livestream.services.shelf import (
    add_to_shelf,
    fill_shelf,
    hide_item,
    move_item,
    remove_item,
    set_item,
    show_item,
    show_next,
)
from merchants.errors import BadPicture
from merchants.models import Product
from merchants.rules.product import ProductState
from merchants.services.product import VariantData, save_product

states = st.sampled_from(list(RoomState))


@given(states, states)
def test_only_moves_on_the_map_are_allowed(old, new):
    assert may_move(old, new) == (new in MOVES[old])


@given(states)
def test_any_state_may_become_banned_but_the_banned(state):
    assert may_move(state, RoomState.BANNED) == (state != RoomState.BANNED)


@given(st.text(max_size=60))
def test_a_hanzi_counts_two(title):
    assert len(title) <= title_units(title) <= 2 * len(title)


def test_titles_of_three_to_seventeen_hanzi():
    assert is_title("龙井茶")
    assert is_title("龙" * 17)
    assert is_title("a" * 34)
    for wrong in ("", "龙井", "龙" * 18, "a" * 35, "     ", "abc"):
        assert not is_title(wrong)


def test_from_draft_to_replay(room):
    rooms.schedule_room(room=room)
    rooms.start_room(room=room)
    assert room.started_at
    rooms.pause_room(room=room)
    rooms.resume_room(room=room)
    rooms.interrupt_room(room=room)
    rooms.resume_room(room=room)
    show_item(room=room, item=room.items.first())
    rooms.end_room(room=room)
    assert room.ended_at
    assert not room.spotlights.filter(closed_at=None).exists()
    assert Replay.objects.get().state == "processing"
    with pytest.raises(WrongState):
        rooms.start_room(room=room)


def test_two_who_end_the_same_room_end_it_once(live):
    other = Room.objects.get(pk=live.pk)
    rooms.end_room(room=live)
    with pytest.raises(WrongState):
        rooms.end_room(room=other)


def test_a_start_in_the_past_or_beyond_half_a_year_is_refused(shop, host, longjing):
    now = timezone.now()
    for wrong in (now - timedelta(minutes=5), now + timedelta(days=200)):
        with pytest.raises(BadStart):
            rooms.make_room(merchant=shop, host=host, title="明前龙井", starts_at=wrong)
    with pytest.raises(BadTitle):
        rooms.make_room(merchant=shop, host=host, title="短", starts_at=now)
    assert not Room.objects.exists()


def test_an_empty_shelf_is_not_announced(room):
    fill_shelf(room=room, products=[])
    with pytest.raises(EmptyShelf):
        rooms.schedule_room(room=room)


def test_a_product_of_another_merchant_never_stands_on_the_shelf(room, foreign_product):
    with pytest.raises(ForeignProduct):
        add_to_shelf(room=room, product=foreign_product)
    with pytest.raises(ForeignProduct):
        fill_shelf(room=room, products=[foreign_product])
    assert room.items.count() == 2


def test_a_wrong_file_as_cover_keeps_the_old_one(room, picture):
    rooms.set_cover(room=room, file=picture()[0], size=100)
    before = room.cover.name
    with pytest.raises(BadPicture):
        rooms.set_cover(room=room, file=io.BytesIO(b"<svg onload=alert(1)>"), size=21)
    room.refresh_from_db()
    assert room.cover.name == before
    assert (room.cover.width, room.cover.height) == (1080, 1920)


def test_one_button_goes_through_the_shelf(live):
    first, second = live.items.order_by("position")
    assert show_next(room=live).item == first
    assert show_next(room=live).item == second
    assert show_next(room=live) is None
    assert [one.item for one in live.spotlights.order_by("pk")] == [first, second]
    assert not live.spotlights.filter(closed_at=None).exists()


def test_only_one_thing_is_explained_at_once(live):
    first, second = live.items.order_by("position")
    show_item(room=live, item=first)
    show_item(room=live, item=first)
    show_item(room=live, item=second)
    assert live.spotlights.filter(closed_at=None).get().item == second
    assert live.spotlights.count() == 2
    hide_item(room=live)
    assert not live.spotlights.filter(closed_at=None).exists()


def test_what_stands_on_another_shelf_is_not_explained_here(live, shop, host, longjing):
    other = rooms.make_room(
        merchant=shop, host=host, title="另一场直播", starts_at=live.starts_at, products=[longjing]
    )
    with pytest.raises(ForeignProduct):
        show_item(room=live, item=other.items.get())
    assert not live.spotlights.exists()


def test_nothing_is_explained_before_the_show(scheduled):
    with pytest.raises(NotOnAir):
        show_item(room=scheduled, item=scheduled.items.first())


def test_items_move_up_and_down_and_away(room):
    first, second = room.items.order_by("position")
    move_item(item=second, up=True)
    assert [item.pk for item in room.items.order_by("position")] == [second.pk, first.pk]
    move_item(item=room.items.get(pk=second.pk), up=True)
    assert [item.pk for item in room.items.order_by("position")] == [second.pk, first.pk]
    remove_item(item=room.items.get(pk=first.pk))
    assert room.items.count() == 1


def test_a_live_price_holds_only_on_air(scheduled, variant):
    item = scheduled.items.get(product=variant.product)
    set_item(item=item, live_price=13800, notes="豆香")
    assert live_prices(scheduled) == {}
    assert shelf(scheduled)[0].price == 16800
    live = rooms.start_room(room=scheduled)
    assert live_prices(live) == {variant.pk: 13800}
    card = shelf(live)[0]
    assert (card.price, card.was, card.left) == (13800, 16800, 10)


def test_the_snapshot_has_all_that_a_late_comer_needs(live):
    item = live.items.order_by("position").first()
    show_item(room=live, item=item)
    seen = snapshot(live)
    assert (seen["state"], seen["card"]["item"]) == ("live", item.pk)


def test_forgotten_rooms_expire_and_endless_shows_end(scheduled, shop, host, longjing):
    now = timezone.now()
    Room.objects.update(starts_at=now - timedelta(hours=25))
    rooms.sweep_rooms(now)
    scheduled.refresh_from_db()
    assert scheduled.state == RoomState.EXPIRED
    other = rooms.make_room(
        merchant=shop, host=host, title="明前龙井", starts_at=now, products=[longjing]
    )
    rooms.start_room(room=rooms.schedule_room(room=other))
    rooms.sweep_rooms(now + timedelta(hours=25))
    other.refresh_from_db()
    assert other.state == RoomState.ENDED


def test_every_state_on_air_is_public():
    assert {"live", "paused", "interrupted"} == ON_AIR


@pytest.fixture
def two_sizes(shop) -> Product:
    sizes = [
        VariantData(name="100g", sku="a1", price=16800),
        VariantData(name="250g", sku="a2", price=38800),
    ]
    return save_product(merchant=shop, name="狮峰龙井", variants=sizes)


def test_every_size_is_cheaper_by_the_same_amount(
    live, two_sizes, variant, django_assert_num_queries
):
    item = add_to_shelf(room=live, product=two_sizes)
    set_item(item=item, live_price=13800, notes="")
    set_item(item=live.items.get(product=variant.product), live_price=15800, notes="")
    small, large = two_sizes.variants.order_by("price")
    with django_assert_num_queries(2):  # live prices, and what runs as a flash sale
        prices = live_prices(live)
    assert prices == {small.pk: 13800, large.pk: 35800, variant.pk: 15800}
    card = next(one for one in shelf(live) if one.item == item)
    assert (card.price, card.was) == (13800, 16800)


money = st.integers(1, 10**9)


@given(money, money, st.none() | st.integers(0, 10**9))
def test_a_price_in_a_room_is_never_dearer_and_never_nothing(cheapest, more, live_price):
    price = price_in_room(cheapest + more, cheapest=cheapest, live_price=live_price)
    assert 1 <= price <= cheapest + more
    assert price >= price_in_room(cheapest, cheapest=cheapest, live_price=live_price)


@pytest.fixture
def told(monkeypatch) -> list[dict]:
    events: list[dict] = []
    monkeypatch.setattr(broadcast, "tell", lambda room, event, **more: events.append(event))
    return events


def test_who_takes_away_what_is_shown_clears_the_video(live, longjing, cup, told):
    show_item(room=live, item=live.items.get(product=longjing))
    remove_item(item=live.items.get(product=cup))
    assert told[-1] == {"type": "shelf.changed"}
    assert {"type": "item.pinned", "card": None} not in told
    remove_item(item=live.items.get(product=longjing))
    assert {"type": "item.pinned", "card": None} in told


def saved(product, capture, **changes):
    """The product page, saved: another name, price or state."""
    kept = product.variants.get()
    typed = {"name": kept.name, "sku": kept.sku, "price": kept.price, "id": kept.pk}
    named = changes.pop("name", product.name)
    state = changes.pop("state", ProductState.ON_SALE)
    product.refresh_from_db()
    with capture(execute=True):
        save_product(
            merchant=product.merchant,
            name=named,
            variants=[VariantData(**(typed | changes))],
            state=state,
            product=product,
            version=product.version,
        )


def test_a_product_that_is_saved_elsewhere_is_shown_as_it_is_now(
    live, longjing, told, django_capture_on_commit_callbacks
):
    show_item(room=live, item=live.items.get(product=longjing))
    told.clear()
    saved(longjing, django_capture_on_commit_callbacks, name="雨前龙井", price=9_900)
    card, shelf_news = told
    assert (card["card"]["name"], card["card"]["price"]) == ("雨前龙井", 9_900)
    assert shelf_news == {"type": "shelf.changed"}


def test_a_product_that_is_archived_leaves_the_video_and_the_shelf(
    live, longjing, cup, told, as_bob, django_capture_on_commit_callbacks
):
    show_item(room=live, item=live.items.get(product=longjing))
    told.clear()
    archived = ProductState.ARCHIVED
    saved(longjing, django_capture_on_commit_callbacks, state=archived)
    assert told == [{"type": "item.pinned", "card": None}, {"type": "shelf.changed"}]
    assert not live.spotlights.filter(closed_at__isnull=True).exists()
    panels = as_bob.get(reverse("livestream:console_panels", args=["tea", live.public_id])).text
    room_shelf = as_bob.get(reverse("watch:shelf", args=[live.public_id])).text
    for page in (panels, room_shelf):
        assert longjing.name not in page
        assert cup.name in page


def test_a_second_press_on_a_slow_line_skips_nothing(live, longjing, cup):
    first, second = live.items.get(product=longjing), live.items.get(product=cup)
    for _press in range(2):
        assert show_next(room=live, seen=0).item == first
    for _press in range(2):
        assert show_next(room=live, seen=first.pk).item == second


def test_a_product_of_no_open_room_is_nobodys_news(
    live, longjing, told, django_capture_on_commit_callbacks
):
    rooms.end_room(room=live)
    told.clear()
    saved(longjing, django_capture_on_commit_callbacks, price=9_900)
    assert told == []


def test_a_new_live_price_is_on_the_card_in_the_video_at_once(live, longjing, cup, told):
    item = live.items.get(product=longjing)
    show_item(room=live, item=item)
    told.clear()
    set_item(item=item, live_price=13_800, notes="")
    assert told[0]["card"]["price"] == 13_800
    told.clear()
    set_item(item=live.items.get(product=cup), live_price=2_000, notes="")
    assert told == [{"type": "shelf.changed"}]  # the video shows another


def test_the_shelf_of_an_ended_room_stays_as_it_was(live, longjing, cup):
    item = live.items.get(product=longjing)
    show_item(room=live, item=item)
    rooms.end_room(room=live)
    for verb in (
        lambda: remove_item(item=item),
        lambda: move_item(item=item, up=False),
        lambda: set_item(item=item, live_price=1, notes=""),
        lambda: add_to_shelf(room=live, product=cup),
        lambda: fill_shelf(room=live, products=[cup]),
    ):
        with pytest.raises(ShelfClosed):
            verb()
    assert (live.spotlights.count(), live.items.count()) == (1, 2)


def test_the_console_says_so_when_the_shelf_is_closed(as_bob, live, longjing):
    item = live.items.get(product=longjing)
    rooms.end_room(room=live)
    url = f"/dashboard/tea/rooms/{live.public_id}/shelf/{item.pk}/"
    assert as_bob.post(url, {"live_price": "1"}).status_code == ShelfClosed.status
    assert as_bob.post(url, {"do": "remove"}).status_code == ShelfClosed.status


def test_what_is_not_on_sale_leaves_the_room(live, longjing, cup, client, as_bob):
    first, second = live.items.order_by("position")
    show_item(room=live, item=first)
    Product.objects.filter(pk=longjing.pk).update(state="archived")
    assert [one.product for one in shelf(live)] == [cup]
    assert snapshot(live)["card"] is None
    assert client.get(f"/live/{live.public_id}/").status_code == 200
    assert client.get(f"/live/{live.public_id}/shelf/{first.pk}/").status_code == 404
    hide_item(room=live)
    with pytest.raises(ForeignProduct):
        show_item(room=live, item=first)
    assert show_next(room=live).item == second
    page = as_bob.get(f"/dashboard/tea/rooms/{live.public_id}/shelf/")
    assert longjing.name in page.text  # and can be taken away there


def status_of(path: str) -> int:
    """What the edge answers to a GET."""
    answers: list[dict] = []

    async def send(message):
        answers.append(message)

    scope = {"method": "GET", "path": path, "query_string": b"", "headers": []}
    asyncio.run(edge.serve(scope, None, send))
    return answers[0]["status"]


def test_nothing_of_a_banned_room_goes_on(live, coupon, settings, longjing):
    folder = settings.LIVE_ROOT / live.public_id
    folder.mkdir(parents=True)
    for name in ("seg0.m4s", "live.m3u8", "init0.mp4"):
        (folder / name).write_bytes(b"x")
    show_item(room=live, item=live.items.get(product=longjing))
    open_drop(room=live, coupon=coupon, minutes=5)
    open_publication(room=live, publisher=uuid.uuid4(), by=None)
    assert status_of(f"/hls/{live.public_id}/seg0.m4s") == 200
    rooms.ban_room(room=live)
    live.refresh_from_db()
    assert live.ended_at
    assert not live.spotlights.filter(closed_at=None).exists()
    assert not live.drops.filter(withdrawn_at=None).exists()
    assert not live.publications.filter(ended_at=None).exists()
    for name in ("seg0.m4s", "live.m3u8", "init0.mp4", "ll.m3u8"):
        assert status_of(f"/hls/{live.public_id}/{name}") == 404
        assert status_of(f"/hls/.banned/{live.public_id}/{name}") == 404
    kept = settings.LIVE_ROOT / ".banned" / live.public_id
    assert (kept / "seg0.m4s").exists()
    assert (kept / "epoch").read_text() == "ended"


def test_the_sweep_puts_away_what_a_ban_left_behind(live, settings):
    rooms.ban_room(room=live)
    for _ in range(2):  # a second time, beside what is there
        (settings.LIVE_ROOT / live.public_id).mkdir(parents=True)
        rooms.sweep_rooms(timezone.now())
        assert not (settings.LIVE_ROOT / live.public_id).exists()


def test_a_ban_keeps_when_a_show_ended(live):
    ended_at = rooms.end_room(room=live).ended_at
    rooms.ban_room(room=live)
    live.refresh_from_db()
    assert live.ended_at == ended_at


def test_one_room_that_cannot_be_swept_does_not_stop_the_rest(scheduled, room, shop, monkeypatch):
    now = timezone.now()
    other = rooms.make_room(
        merchant=shop, host=room.host, title="祁门红茶", starts_at=now, products=[]
    )
    Room.objects.filter(pk__in=[scheduled.pk, other.pk]).update(
        state="scheduled", starts_at=now - timedelta(hours=25)
    )
    real = rooms._move

    def move(room, to, **fields):
        if room.pk == scheduled.pk:
            raise RuntimeError("an odd row")
        return real(room, to, **fields)

    monkeypatch.setattr(rooms, "_move", move)
    rooms.sweep_rooms(now)
    other.refresh_from_db()
    assert other.state == RoomState.EXPIRED


def test_a_room_that_began_meanwhile_is_not_changed(scheduled, host):
    stale = Room.objects.get(pk=scheduled.pk)
    rooms.start_room(room=scheduled)
    with pytest.raises(WrongState):
        rooms.change_room(room=stale, title="另一个题目", starts_at=stale.starts_at, host=host)
    scheduled.refresh_from_db()
    assert scheduled.title == "明前龙井到店"
