"""The dashboard's first page and the planning of a show."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from livestream.models import Replay, Room
from livestream.services.flash import announce_flash
from livestream.services.room import end_room, make_room
from merchants.rules.chart import bars, ceiling, short, spark
from merchants.rules.qr import square
from tests.conftest import product_of


@pytest.fixture(autouse=True)
def _in_english(as_bob):
    as_bob.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def at(name, *args, shop="tea"):
    return reverse(f"livestream:{name}", args=[shop, *args])


def words(host, **changes):
    starts = timezone.localtime() + timedelta(hours=2)
    typed = {
        "title": "明前龙井到店",
        "starts_at": starts.strftime("%Y-%m-%dT%H:%M"),
        "host": host.pk,
    }
    return typed | changes


# --- the first page -------------------------------------------------------------------------------
def test_an_empty_shop_is_led_to_its_first_product(as_bob, shop):
    page = as_bob.get(at("home"))
    assert page.status_code == 200
    assert "Put the first thing on the counter" in page.text


def test_a_shop_with_goods_is_led_to_its_first_show(as_bob, longjing):
    assert "No show planned" in as_bob.get(at("home")).text


def test_the_first_page_shows_the_next_show_and_what_waits(as_bob, scheduled, paid):
    page = as_bob.get(at("home")).text
    assert scheduled.title in page
    assert at("console", scheduled.public_id) in page
    assert "1 to ship" in page
    assert "沈梅 · 明前龙井" in page
    assert '<svg class="chart"' in page
    assert "<table" in page  # the same in numbers


def test_a_day_like_the_same_a_week_ago_is_said_in_one_breath(as_bob, shop):
    as_bob.cookies["django_language"] = "en"
    page = as_bob.get("/dashboard/tea/").text
    assert "as much as at this hour last week" in page
    assert "against this hour last week" not in page


def test_on_air_every_page_leads_back_into_the_room(as_bob, live):
    for page in (at("home"), at("room_list"), reverse("orders:coupon_list", args=["tea"])):
        assert 'class="onair"' in as_bob.get(page).text


@pytest.mark.parametrize("count", [3, 30])
def test_the_first_page_asks_as_often_for_three_as_for_thirty(
    as_bob, shop, host, count, django_assert_max_num_queries
):
    goods = [product_of(shop, f"Tea {number}", 1000, 3) for number in range(count)]
    make_room(
        merchant=shop,
        host=host,
        title="Longjing is here",
        starts_at=timezone.now() + timedelta(hours=1),
        products=goods,
    )
    with django_assert_max_num_queries(30):
        assert as_bob.get(at("home")).status_code == 200


# --- charts: pure ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("most", "scale"),
    [(0, (1, 1)), (1, (1, 1)), (7, (2, 8)), (99, (20, 100)), (17_476, (4_000, 20_000))],
)
def test_the_scale_is_round_and_holds_the_most(most, scale):
    assert ceiling(most) == scale


def test_bars_stand_side_by_side_and_nothing_is_drawn_for_nothing():
    found = bars([0, 10], top=10, left=0, right=100, base=50, head=0)
    assert found[0].path == ""
    assert found[1].path.startswith("M62.0,50.0")
    assert [bar.middle for bar in found] == [25.0, 75.0]


def test_a_line_of_nothing_is_flat():
    assert spark([0, 0]).split()[0].split(",")[1] == spark([0, 0]).split()[1].split(",")[1]


@pytest.mark.parametrize(("value", "said"), [(0, "0"), (800, "800"), (4000, "4k"), (1600, "1.6k")])
def test_an_axis_speaks_short(value, said):
    assert short(value) == said


# --- planning -------------------------------------------------------------------------------------
def test_a_show_is_planned_shelved_and_announced(as_bob, shop, host, longjing):
    assert as_bob.get(at("room_new")).status_code == 200
    made = as_bob.post(at("room_new"), words(host))
    room = Room.objects.get()
    assert made.url == at("room_shelf", room.public_id)
    as_bob.post(at("shelf_add", room.public_id), {"products": [longjing.public_id]})
    page = as_bob.get(made.url).text
    assert longjing.name in page
    assert "Announce the show" in page
    page = as_bob.post(at("room_schedule", room.public_id), follow=True).text
    room.refresh_from_db()
    assert room.state == "scheduled"
    link = "http://testserver" + reverse("watch:room", args=[room.public_id])
    assert "Announced. Here is the link to hand on." in page
    assert f'value="{link}"' in page
    assert square(link).path in page
    assert at("console", room.public_id) in as_bob.get(at("room_list")).text


def test_the_time_offered_is_still_ahead(as_bob, shop):
    form = as_bob.get(at("room_new")).context["form"]
    assert form["starts_at"].initial > timezone.now() + timedelta(minutes=5)


def test_a_start_in_the_past_is_refused_at_its_field_and_nothing_is_lost(as_bob, host):
    past = (timezone.localtime() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    response = as_bob.post(at("room_new"), words(host, starts_at=past))
    assert response.status_code == 422
    assert 'id="id_starts_at_error"' in response.text
    assert 'value="明前龙井到店"' in response.text
    assert not Room.objects.exists()


@pytest.mark.parametrize("title", ["", "茶", "x" * 35])
def test_a_title_too_short_or_too_long_is_refused_at_its_field(as_bob, host, title):
    response = as_bob.post(at("room_new"), words(host, title=title))
    assert response.status_code == 422
    assert 'id="id_title_error"' in response.text


def test_a_cover_that_is_no_picture_says_why_and_makes_no_room(as_bob, host):
    bad = SimpleUploadedFile("cover.jpg", b"not a picture", "image/jpeg")
    response = as_bob.post(at("room_new"), words(host, cover=bad))
    assert response.status_code == 422
    assert 'id="id_cover_error"' in response.text
    assert not Room.objects.exists()


def test_a_cover_comes_in(as_bob, room, host, picture):
    file = SimpleUploadedFile("cover.jpg", picture()[0].read(), "image/jpeg")
    as_bob.post(at("room_edit", room.public_id), words(host, cover=file))
    room.refresh_from_db()
    assert room.cover_thumb.url in as_bob.get(at("room_edit", room.public_id)).text


def test_the_words_of_the_first_page_fit_the_state_of_the_show(as_bob, room, scheduled, host):
    announced = as_bob.get(at("room_edit", room.public_id)).text
    assert "Nobody sees it before it is announced." not in announced
    assert "customers see the change at once" in announced
    Room.objects.filter(pk=room.pk).update(state="draft")
    draft = as_bob.get(at("room_edit", room.public_id)).text
    assert "Nobody sees it before it is announced." in draft


def test_a_show_that_has_begun_cannot_be_edited(as_bob, live):
    response = as_bob.get(at("room_edit", live.public_id))
    assert response.url == at("room_shelf", live.public_id)
    assert "cannot be changed" in as_bob.get(response.url).text


def test_the_console_hands_on_the_same_link(as_bob, live):
    link = "http://testserver" + reverse("watch:room", args=[live.public_id])
    assert square(link).path in as_bob.get(at("console", live.public_id)).text


def test_a_qr_code_is_drawn_as_its_modules_are():
    drawn = square("https://tea.example.com/live/f9v0kbsc8z/")
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(drawn.text)
    code.make(fit=True)
    dark = [[False] * drawn.size for _ in range(drawn.size)]
    for left, top, width in re.findall(r"M(\d+) (\d+)h(\d+)v1H\d+z", drawn.path):
        for x in range(int(left), int(left) + int(width)):
            dark[int(top)][x] = True
    assert dark == code.get_matrix()


def test_an_empty_shelf_cannot_be_announced(as_bob, room):
    room.items.all().delete()
    response = as_bob.post(at("room_schedule", room.public_id))
    room.refresh_from_db()
    assert response.status_code in {409, 422}
    assert 'role="alert"' in response.text
    assert room.state == "draft"


def test_live_price_and_notes_are_kept(as_bob, room):
    item = room.items.first()
    data = {"live_price": "138", "notes": "Picked on 22 March"}
    response = as_bob.post(
        at("shelf_item", room.public_id, item.pk), data, headers={"HX-Request": "true"}
    )
    item.refresh_from_db()
    assert (item.live_price, item.notes) == (13_800, "Picked on 22 March")
    assert response.status_code == 200
    assert f'id="said-{item.pk}"' in response.text
    assert "Saved" in response.text


@pytest.mark.parametrize("price", ["-1", "0", "abc", "12.345"])
def test_an_absurd_live_price_is_refused_beside_it(as_bob, room, price):
    item = room.items.first()
    response = as_bob.post(
        at("shelf_item", room.public_id, item.pk), {"live_price": price, "notes": "kept"}
    )
    item.refresh_from_db()
    assert response.status_code == 422
    assert f'value="{price}"' in response.text
    assert "kept" in response.text
    assert item.live_price is None


def test_a_live_price_that_is_none_says_so(as_bob, room):
    item = room.items.first()
    as_bob.post(at("shelf_item", room.public_id, item.pk), {"live_price": "999", "notes": ""})
    assert "Not lower than in the shop" in as_bob.get(at("room_shelf", room.public_id)).text


def test_items_move_and_leave(as_bob, room):
    first, second = room.items.all()
    as_bob.post(at("shelf_item", room.public_id, first.pk), {"do": "down"})
    assert [item.pk for item in room.items.all()] == [second.pk, first.pk]
    as_bob.post(at("shelf_item", room.public_id, first.pk), {"do": "remove"})
    assert [item.pk for item in room.items.all()] == [second.pk]


def test_a_product_of_another_shop_is_not_put_on_the_shelf(as_bob, room, foreign_product):
    response = as_bob.post(
        at("shelf_add", room.public_id), {"products": [foreign_product.public_id]}
    )
    assert response.status_code == 422
    assert room.items.count() == 2


@pytest.mark.parametrize("count", [3, 30])
def test_the_shelf_asks_as_often_for_three_as_for_thirty(
    as_bob, shop, host, count, django_assert_max_num_queries
):
    goods = [product_of(shop, f"Tea {number}", 1000, 3) for number in range(count)]
    room = make_room(
        merchant=shop,
        host=host,
        title="Longjing is here",
        starts_at=timezone.now() + timedelta(hours=1),
        products=goods,
    )
    with django_assert_max_num_queries(20):
        assert as_bob.get(at("room_shelf", room.public_id)).status_code == 200


def test_each_state_offers_its_next_step(as_bob, room, scheduled):
    console = at("console", room.public_id)
    assert console in as_bob.get(at("room_list")).text
    as_bob.post(at("room_cancel", room.public_id))
    assert console not in as_bob.get(at("room_list")).text


def test_an_ended_show_leads_to_its_replay(as_bob, live):
    end_room(room=live)
    live.replay.state = "ready"
    live.replay.save()
    page = as_bob.get(at("room_list")).text
    assert "Watch again" in page
    assert reverse("watch:room", args=[live.public_id]) in page


def test_the_shelf_of_an_ended_show_offers_nothing_to_change(as_bob, live):
    end_room(room=live)
    page = as_bob.get(at("room_shelf", live.public_id))
    assert page.status_code == 200
    assert 'value="remove"' not in page.text


@pytest.mark.parametrize("digits", ["9" * 30, "9" * 5000])
def test_an_absurd_key_is_no_item_of_the_shelf(as_bob, live, digits):
    url = at("console_spotlight", live.public_id)
    assert as_bob.post(url, {"item": digits}).status_code == 422
    assert as_bob.post(url, {"do": "next", "seen": digits}).status_code == 302


# --- the console when it is over ------------------------------------------------------------------
def test_the_console_of_an_ended_show_has_no_camera_and_leads_on(as_bob, live):
    end_room(room=live)
    page = as_bob.get(at("console", live.public_id)).text
    assert "The show is over" in page
    assert "data-publish=" not in page
    assert "data-camera-preview" not in page
    assert reverse("orders:order_list", args=["tea"]) in page
    assert 'hx-trigger="live:replay.ready' in page  # it asks until the replay is there

    Replay.objects.filter(room=live).update(state="ready")
    page = as_bob.get(at("console", live.public_id)).text
    assert "Watch the replay" in page
    assert 'hx-trigger="live:replay.ready' not in page


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("cancelled", "called off"),
        ("expired", "did not take place"),
        ("banned", "The platform has closed this room"),
    ],
)
def test_the_console_of_a_room_without_a_show_says_why(as_bob, scheduled, state, sentence):
    Room.objects.filter(pk=scheduled.pk).update(state=state)
    page = as_bob.get(at("console", scheduled.public_id)).text
    assert sentence in page
    assert "data-camera-preview" not in page


def test_a_room_form_sent_twice_makes_one_room(as_bob, host):
    typed = words(host, form_key="k")
    first, second = (as_bob.post(at("room_new"), typed) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Room.objects.count() == 1


def test_a_live_price_that_undercuts_a_flash_sale_is_refused_beside_it(as_bob, live, longjing):
    item, variant = live.items.get(product=longjing), longjing.variants.get()
    announce_flash(
        room=live,
        item=item,
        variant=variant,
        price=6800,
        quota=2,
        per_buyer=1,
        warm_up=30,
        minutes=5,
    )
    answer = as_bob.post(
        at("shelf_item", live.public_id, item.pk), {"live_price": "60", "notes": "kept"}
    )
    assert answer.status_code == 422
    said = re.search(rf'id="said-{item.pk}".*?</p>', answer.text, re.DOTALL)
    assert said
    assert "the live price stays above it" in html.unescape(said[0])
    assert 'value="60' in answer.text
    item.refresh_from_db()
    assert item.live_price is None
    saved = as_bob.post(at("shelf_item", live.public_id, item.pk), {"live_price": "", "notes": "x"})
    assert saved.status_code < 400
