"""What a shopper reads beside the recording: chapters with what is to be had of them today."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from livestream.media.reel import Reel
from livestream.models import Replay, Room, Spotlight
from livestream.services.replay import make_replay
from livestream.services.room import end_room
from livestream.services.shelf import set_item, show_item
from merchants.models import Product, Variant
from merchants.rules.product import ProductState

pytestmark = pytest.mark.django_db


def chapters(client, room) -> list[str]:
    page = client.get(f"/live/{room.public_id}/", headers={"Accept-Language": "en"}).text
    rows = page.partition('<ol class="ch')[2].partition("</ol>")[0].split("<li>")[1:]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in rows]


@pytest.fixture
def ended(live, longjing, cup):
    for product in (longjing, cup):
        item = live.items.get(product=product)
        set_item(item=item, live_price=product.variants.get().price - 500, notes="")
        show_item(room=live, item=item)
    first = Spotlight.objects.order_by("pk")[0]
    Spotlight.objects.filter(pk=first.pk).update(opened_at=timezone.now() - timedelta(minutes=8))
    end_room(room=live)
    return live


def test_each_chapter_says_the_price_of_today_and_how_long_it_was(ended, client, longjing):
    Variant.objects.filter(product=longjing).update(price=17000)
    first, second = chapters(client, ended)
    assert "170" in first
    assert "163" not in first  # the price of the show is over
    assert "8 min" in first
    assert "29" in second
    assert "min" not in second
    assert "Buy" in first


def test_what_cannot_be_had_any_more_says_so_and_sells_nothing(ended, client, longjing):
    Product.objects.filter(pk=longjing.pk).update(state=ProductState.ARCHIVED)
    first, second = chapters(client, ended)
    assert "Not on sale any more" in first
    assert "Buy" not in first
    assert "Buy" in second


def test_a_chapter_begins_where_the_recording_shows_it(live, longjing, cup, client, settings):
    """She came on 4 seconds late, filmed 10, paused for five minutes and filmed on: what she showed
    then, at 5:20 by the clock, is at 0:16 of what was recorded.
    """
    began = timezone.now() - timedelta(minutes=8)
    reel = Reel.claim(settings.LIVE_ROOT / live.public_id, 1)
    for start in (4, 314):
        reel.begin(b"init")
        for second in range(10):
            at = began.timestamp() + start + second
            reel.add(b"picture", duration=1.0, sync=True, at=at)
        reel.close()
    for product in (longjing, cup):
        show_item(room=live, item=live.items.get(product=product))
    end_room(room=live)
    Room.objects.update(started_at=began)
    for spotlight, second in zip(Spotlight.objects.order_by("pk"), (9, 320), strict=True):
        Spotlight.objects.filter(pk=spotlight.pk).update(
            opened_at=began + timedelta(seconds=second)
        )
    make_replay(room=live)
    page = client.get(f"/live/{live.public_id}/").text
    assert re.findall(r'data-second="(\d+)"', page) == ["5", "16"]
    Replay.objects.update(runs=[])  # a recording that does not say so: by the clock of the show
    page = client.get(f"/live/{live.public_id}/").text
    assert re.findall(r'data-second="(\d+)"', page) == ["9", "320"]
