"""Handing a room on: posters that scan, marks that only their own shop believes."""

from __future__ import annotations

import html
import io

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from livestream.rules.poster import SIZE, broken, cover
from livestream.services import poster as poster_module
from livestream.services.poster import Poster, font_path, poster
from livestream.views import share
from merchants.models import Product
from merchants.rules.qr import square
from merchants.selectors.share import brought_by, mark_of, sharer
from merchants.services.photo import add_photo

needs_font = pytest.mark.skipif(font_path() is None, reason="no font with Chinese letters here")


def width(text: str) -> float:
    return float(len(text))


@given(st.text(), st.integers(2, 30), st.integers(1, 4))
def test_no_line_is_too_wide_and_there_are_no_more_than_fit(text, wide, most):
    lines = broken(text, wide, most, width)
    assert len(lines) <= most
    assert all(width(line) <= wide for line in lines)


def test_latin_words_stay_whole_and_what_is_too_long_says_so():
    assert broken("明前龙井 first flush", 9, 3, width) == ["明前龙井", "first", "flush"]
    assert broken("明前龙井到店", 4, 1, width) == ["明前龙…"]


def test_a_picture_of_any_shape_fills_the_poster():
    assert cover((400, 100), (10, 10)) == (150, 0, 250, 100)
    assert cover((100, 400), (10, 10)) == (0, 100, 100, 200)


def get(client, room, query: str = ""):
    return client.get(reverse("watch:poster", args=[room.public_id]) + query)


@needs_font
def test_a_room_and_its_goods_have_posters(live, longjing, picture, client):
    file, size = picture(600, 800)
    add_photo(product=longjing, file=file, size=size)
    item = live.items.get(product=longjing)
    seen = {}
    for query in ("", f"?item={item.pk}"):
        answer = get(client, live, query)
        assert answer["Content-Type"] == "image/png"
        shown = Image.open(io.BytesIO(answer.content))
        assert shown.size == SIZE
        seen[query] = answer.content
    assert len(set(seen.values())) == 2


@needs_font
def test_a_poster_is_painted_once_and_anew_when_the_title_changes(live, client, monkeypatch):
    painted = []
    paint = poster_module._paint
    monkeypatch.setattr(poster_module, "_paint", lambda *args: painted.append(args) or paint(*args))
    first = get(client, live).content
    assert get(client, live).content == first
    assert len(painted) == 1
    live.title = "秋天的白茶"
    live.save()
    assert get(client, live).content != first
    assert len(painted) == 2


@needs_font
def test_the_words_are_letters_and_not_boxes():
    font = ImageFont.truetype(str(font_path()), 40)
    assert bytes(font.getmask("柜")) != bytes(font.getmask("台"))


def test_without_such_a_font_the_shop_is_told_what_to_set(live, as_bob, client, settings):
    settings.POSTER_FONT = "/nowhere.ttf"
    answer = get(client, live)
    assert answer.status_code == 503
    assert "字体" in answer.text
    assert (
        reverse("watch:poster", args=[live.public_id])
        not in client.get(reverse("watch:share", args=[live.public_id])).text
    )
    console = as_bob.get(reverse("livestream:console", args=["tea", live.public_id]))
    assert "POSTER_FONT" in console.text


def test_a_draft_has_no_poster_and_goods_of_another_room_neither(room, client, live, other_shop):
    item = live.items.first()
    room_of_others = room.__class__.objects.create(
        merchant=other_shop, title="Other", starts_at=live.starts_at, state="live"
    )
    assert get(client, room_of_others, f"?item={item.pk}").status_code == 404
    assert get(client, live, "?item=abc").status_code == 404
    live.__class__.objects.filter(pk=live.pk).update(state="draft")
    assert get(client, live).status_code == 404


def test_a_mark_is_believed_at_its_own_shop_alone(shop, other_shop, host, client, live):
    mark = mark_of(host)
    assert sharer(shop, mark) == host
    assert sharer(other_shop, mark) is None
    for forged in ("", "1", f"{mark}x", f"{host.pk}.abc", "9" * 400):
        assert sharer(shop, forged) is None

    page = reverse("watch:room", args=[live.public_id])
    client.get(page, {"c": "forged"})
    assert "sharers" not in client.session
    client.get(page, {"c": mark})
    assert brought_by(client.session, shop) == host.user_id
    assert brought_by(client.session, other_shop) is None
    host.delete()
    assert sharer(shop, mark) is None


def test_a_colleague_who_tries_a_link_is_no_customer_of_it(shop, host, as_alice, live):
    as_alice.get(reverse("watch:room", args=[live.public_id]), {"c": mark_of(host)})
    assert brought_by(as_alice.session, shop) is None


def test_who_handed_it_on_last_counts_for_thirty_days(shop, host, carol, live, client):
    other = shop.staff.get(user=carol)
    for staff in (host, other):
        client.get(reverse("watch:room", args=[live.public_id]), {"c": mark_of(staff)})
    assert brought_by(client.session, shop) == carol.pk
    day = timezone.localdate().toordinal()
    for ago, whose in [(29, carol.pk), (30, None)]:
        assert brought_by({"sharers": {"tea": [carol.pk, day - ago]}}, shop) == whose
    assert brought_by({"sharers": {"tea": host.pk}}, shop) is None  # as it once was kept


@needs_font
def test_a_clerk_has_a_poster_of_her_own_of_each_of_the_goods(
    as_bob, client, live, longjing, host, monkeypatch
):
    """From the page of the goods; who comes by its code came by her."""
    seen = []
    monkeypatch.setattr(share, "poster", lambda facts: seen.append(facts) or poster(facts=facts))
    page = reverse("livestream:goods_share", args=["tea", longjing.public_id])
    assert (
        page in as_bob.get(reverse("merchants:product_edit", args=["tea", longjing.public_id])).text
    )
    offered = as_bob.get(page).text
    address = reverse("livestream:goods_poster", args=["tea", longjing.public_id])
    assert f'href="{address}"' in offered
    item = live.items.get(product=longjing)
    its_show = f"{reverse('watch:poster', args=[live.public_id])}?item={item.pk}&c={mark_of(host)}"
    assert its_show in html.unescape(offered)
    answer = as_bob.get(address)
    assert Image.open(io.BytesIO(answer.content)).size == SIZE
    (facts,) = seen
    assert (facts.title, "芳姐" in facts.invitation) == (longjing.name, True)
    client.get(facts.address.removeprefix("http://testserver"))
    assert brought_by(client.session, live.merchant) == host.user_id


def test_goods_that_are_not_on_sale_or_of_others_have_none(as_bob, longjing, foreign_product):
    Product.objects.filter(pk=longjing.pk).update(state="draft")
    for one in (longjing, foreign_product):
        for name in ("goods_share", "goods_poster"):
            url = reverse(f"livestream:{name}", args=["tea", one.public_id])
            assert as_bob.get(url).status_code == 404
    edit = as_bob.get(reverse("merchants:product_edit", args=["tea", longjing.public_id])).text
    assert "/share/" not in edit


def test_without_such_a_font_the_goods_say_what_to_set(as_bob, longjing, settings):
    settings.POSTER_FONT = "/nowhere.ttf"
    args = ["tea", longjing.public_id]
    assert "POSTER_FONT" in as_bob.get(reverse("livestream:goods_share", args=args)).text
    assert as_bob.get(reverse("livestream:goods_poster", args=args)).status_code == 503


def test_the_sheet_works_without_javascript(live, client):
    page = client.get(reverse("watch:share", args=[live.public_id]))
    assert "<html" in page.text
    assert f"/live/{live.public_id}/" in page.text


@needs_font
def test_the_code_on_it_leads_to_the_room():
    """Every module of the code stands on the paper, sharp, with its quiet zone."""
    address = "https://live.example.com/live/abcdefghij/?c=12.0123456789abcdefghij"
    facts = Poster("桂芳茶行", "明前龙井到店", "芳姐 主讲", address, "扫码来看")
    made = Image.open(io.BytesIO(poster(facts=facts))).convert("L")
    code = square(address)
    module = 320 // code.size
    assert module >= 6, "too small to be scanned from a screen"
    left, top = SIZE[0] - 64 - module * code.size, SIZE[1] - 72 - module * code.size
    dark = {(row, at) for row, first, end in code.runs for at in range(first, end)}
    for row in range(1, code.size - 1):
        for at in range(1, code.size - 1):
            point = (left + at * module + module // 2, top + row * module + module // 2)
            assert (made.getpixel(point) < 128) is ((row, at) in dark)
