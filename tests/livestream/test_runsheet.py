"""The run sheet: what is planned, what is said of each item, and what changes during the show."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from livestream.models import Spotlight
from livestream.rules.runsheet import Step, moved, parts, plan
from livestream.selectors.room import shelf
from livestream.selectors.runsheet import plan_of, prompt, spots_of
from livestream.services.room import end_room
from livestream.services.shelf import add_to_shelf, place_item, set_item, show_item, show_next
from merchants.models import Variant
from tests.conftest import product_of

EIGHT = datetime(2026, 3, 26, 12, tzinfo=UTC)


def at(room, rest: str = "") -> str:
    return f"/dashboard/tea/rooms/{room.public_id}/sheet/{rest}"


# --- rules ----------------------------------------------------------------------------------------


def test_a_plan_adds_up_what_is_planned_and_says_when_it_is_done():
    steps = [Step(1, 5), Step(2, 10), Step(3)]
    found = plan(steps, shown=(), on_now=None, begins=EIGHT)
    assert (found.minutes, found.to_go, found.untimed) == (15, 15, 1)
    assert found.until == EIGHT + timedelta(minutes=15)
    assert not found.is_late


def test_what_is_on_counts_for_the_rest_of_its_time():
    steps = [Step(1, 5, spent=120), Step(2, 10)]
    found = plan(steps, shown={1}, on_now=1, begins=EIGHT)
    assert (found.to_go, found.behind) == (13, 0)
    late = plan([Step(1, 5, spent=500), Step(2, 10)], shown={1}, on_now=1, begins=EIGHT)
    assert (late.to_go, late.behind) == (10, 200)
    assert late.is_late


def test_time_saved_on_one_makes_up_for_another():
    steps = [Step(1, 5, spent=400), Step(2, 5, spent=180), Step(3, spent=900), Step(4, 5)]
    found = plan(steps, shown={1, 2, 3}, on_now=None, begins=EIGHT)
    assert found.behind == -20
    assert found.to_go == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("太贵\n一罐泡四十杯", ("太贵", "一罐泡四十杯")),
        ("  太贵  ", ("太贵", "")),
        ("a\n\nb\nc", ("a", "b\nc")),
        ("", ("", "")),
    ],
)
def test_the_first_line_is_the_objection(text, said):
    assert parts(text) == said


@pytest.mark.parametrize(
    ("item", "before", "order"),
    [
        (3, 1, [3, 1, 2]),
        (1, 3, [2, 1, 3]),
        (1, None, [2, 3, 1]),
        (2, 2, [1, 3, 2]),
        (2, 9, [1, 3, 2]),
    ],
)
def test_an_item_goes_before_another_or_last(item, before, order):
    assert moved([1, 2, 3], item, before) == order


# --- what the rows say ----------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_prompter_turns_with_the_spotlight(live, longjing, cup):
    first, second = live.items.get(product=longjing), live.items.get(product=cup)
    set_item(item=first, live_price=None, notes="豆香", objection="太贵\n不贵", minutes=5)
    before = prompt(shelf(live), spots_of(live))
    assert (before.current, before.following.item) == (None, first)
    show_next(room=live)
    now = prompt(shelf(live), spots_of(live))
    assert (now.current.item, now.following.item) == (first, second)
    assert (now.objection, now.answer) == ("太贵", "不贵")
    show_next(room=live)
    assert prompt(shelf(live), spots_of(live)).following is None


@pytest.mark.django_db
def test_an_item_that_came_twice_has_its_times_added_up(live, longjing):
    item = live.items.get(product=longjing)
    set_item(item=item, live_price=None, notes="", minutes=5)
    now = timezone.now()
    for minutes in (10, 5):
        opened = now - timedelta(minutes=minutes)
        closed = opened + timedelta(minutes=4)
        Spotlight.objects.create(room=live, item=item, opened_at=opened, closed_at=closed)
    assert plan_of(live, shelf(live), spots_of(live), now).behind == 180


@pytest.mark.django_db
def test_a_show_that_is_ahead_begins_when_it_was_announced_for(scheduled, longjing):
    set_item(item=scheduled.items.get(product=longjing), live_price=None, notes="", minutes=30)
    found = plan_of(scheduled, shelf(scheduled), spots_of(scheduled), timezone.now())
    assert found.until == scheduled.starts_at + timedelta(minutes=30)


@pytest.mark.django_db
def test_a_shelf_of_five_hundred_is_put_in_order(room, shop, django_assert_max_num_queries):
    for number in range(498):
        add_to_shelf(room=room, product=product_of(shop, f"茶 {number}", 1000, 0))
    items = list(room.items.all())
    assert len(items) == 500
    with django_assert_max_num_queries(20):
        place_item(item=items[-1], before=items[0].pk)
    assert [one.pk for one in room.items.all()] == [items[-1].pk, *(one.pk for one in items[:-1])]


# --- the sheet over the console -------------------------------------------------------------------


@pytest.mark.django_db
def test_goods_are_found_by_name_pinyin_and_sku_and_say_what_is_there(as_bob, live, shop):
    product_of(shop, "祁门红茶", 9800, 3)
    for words in ("红茶", "qmhc", "TEA-祁门"):
        page = as_bob.get(at(live, "find/"), {"code": words}, headers={"HX-Request": "true"}).text
        assert "祁门红茶" in page, words
        assert 'name="product"' in page
    page = as_bob.get(at(live, "find/"), {"code": "明前"}, headers={"HX-Request": "true"}).text
    assert 'name="product"' not in page


@pytest.mark.django_db
def test_a_scanned_code_puts_its_product_on_the_shelf_once(as_bob, live, shop):
    tea = product_of(shop, "祁门红茶", 9800, 3)
    Variant.objects.filter(product=tea).update(barcode="6901234567892")
    for _ in range(2):
        answer = as_bob.post(
            at(live, "add/"), {"code": "6901234567892"}, headers={"HX-Request": "true"}
        )
        assert answer.status_code == 200
    assert [item.product.name for item in live.items.all()] == [
        "明前龙井",
        "耐热玻璃杯",
        "祁门红茶",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["4711", "", "   ", "\x00", "x" * 5000, "<script>", "%", "'"])
def test_a_code_of_nothing_changes_nothing(as_bob, live, code):
    answer = as_bob.post(at(live, "add/"), {"code": code}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert live.items.count() == 2
    if code == "4711":
        assert "“4711”" in answer.text or "4711" in answer.text


@pytest.mark.django_db
def test_goods_of_another_shop_are_not_there(as_bob, live, foreign_product):
    answer = as_bob.post(at(live, "add/"), {"product": foreign_product.public_id})
    assert answer.status_code == 404
    sku = foreign_product.variants.get().sku
    assert as_bob.post(at(live, "add/"), {"code": sku}).status_code == 422


@pytest.mark.django_db
def test_price_notes_and_minutes_are_set_during_the_show(
    as_bob, live, longjing, django_capture_on_commit_callbacks
):
    item = live.items.get(product=longjing)
    show_item(room=live, item=item)
    typed = {"live_price": "138", "notes": "豆香", "objection": "太贵\n不贵", "minutes": "5"}
    answer = as_bob.post(at(live, f"{item.pk}/"), typed, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "sheet:close" in json.loads(answer["HX-Trigger"])
    item.refresh_from_db()
    assert (item.live_price, item.minutes, item.objection) == (13800, 5, "太贵\r\n不贵") or (
        item.objection == "太贵\n不贵"
    )
    card = as_bob.get(f"/dashboard/tea/rooms/{live.public_id}/prompter/card/").text
    for said in ("豆香", "太贵", "不贵", "138", 'data-minutes="5"'):
        assert said in card


@pytest.mark.django_db
def test_what_cannot_be_keeps_everything_that_was_typed(as_bob, live, longjing):
    item = live.items.get(product=longjing)
    typed = {"live_price": "cheap", "notes": "豆香", "objection": "x" * 300, "minutes": "999"}
    answer = as_bob.post(at(live, f"{item.pk}/"), typed, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    for kept in ("cheap", "豆香", "x" * 300, "999"):
        assert kept in answer.text
    assert answer.text.count('aria-invalid="true"') == 3
    item.refresh_from_db()
    assert item.notes == ""


@pytest.mark.django_db
def test_the_shelf_of_a_show_that_is_over_stays(as_bob, live, longjing):
    item = live.items.get(product=longjing)
    end_room(room=live)
    answer = as_bob.post(at(live, f"{item.pk}/"), {"notes": "late"}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "late" in answer.text
    for do in ("up", "place", "remove"):
        assert as_bob.post(at(live, f"{item.pk}/"), {"do": do}).status_code == 409
    assert live.items.count() == 2


@pytest.mark.django_db
def test_items_are_moved_by_buttons_by_hand_and_taken_off(as_bob, live, longjing, cup):
    tea, glass = live.items.get(product=longjing), live.items.get(product=cup)
    order = lambda: list(live.items.values_list("pk", flat=True))  # noqa: E731
    as_bob.post(at(live, f"{glass.pk}/"), {"do": "up"})
    assert order() == [glass.pk, tea.pk]
    as_bob.post(at(live, f"{glass.pk}/"), {"do": "place", "before": ""})
    assert order() == [tea.pk, glass.pk]
    for odd in ("x", "9" * 30, "-1"):
        as_bob.post(at(live, f"{tea.pk}/"), {"do": "place", "before": odd})
    answer = as_bob.post(at(live, f"{tea.pk}/"), {"do": "remove"}, headers={"HX-Request": "true"})
    assert "sheet__head" in answer.text
    assert order() == [glass.pk]


@pytest.mark.django_db
def test_without_scripts_it_is_a_page(as_bob, live):
    page = as_bob.get(at(live))
    assert page.templates[0].name == "livestream/runsheet/page.html"
    item = live.items.first()
    assert as_bob.get(at(live, f"{item.pk}/")).status_code == 200
    answer = as_bob.post(at(live, f"{item.pk}/"), {"notes": "豆香", "minutes": "4"})
    assert answer.status_code == 302
    assert "4 分钟" in as_bob.get(at(live)).text or "4 min" in as_bob.get(at(live)).text


@pytest.mark.django_db
def test_the_console_gets_a_long_shelf_only_when_it_is_another(as_bob, live, longjing):
    address = f"/dashboard/tea/rooms/{live.public_id}/console/panels/"
    first = as_bob.get(address)
    assert 'id="shelf"' in first.text
    mark = first.context["shelf_mark"]
    assert 'id="shelf"' not in as_bob.get(address, {"shelf": mark}).text
    show_item(room=live, item=live.items.get(product=longjing))
    assert 'id="shelf"' in as_bob.get(address, {"shelf": mark}).text
