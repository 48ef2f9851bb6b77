"""The clip of a product on its page, the film for the shop, and how long either is kept."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.media.reel import put_away
from livestream.models import Replay, Room
from livestream.rules.clip import LONGEST, clip_of
from livestream.rules.playlist import Segment, runs, total_ms
from livestream.selectors.clip import newest_clip
from livestream.services.replay import tidy_recordings
from livestream.services.room import ban_room, end_room
from livestream.services.shelf import show_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(live, longjing) -> Room:
    """A show that is over, with a replay, in which the tea was explained for 40 seconds."""
    show_item(room=live, item=live.items.get(product=longjing))
    end_room(room=live)
    opened = timezone.now() - timedelta(minutes=5)
    live.spotlights.update(opened_at=opened, closed_at=opened + timedelta(seconds=40))
    Room.objects.filter(pk=live.pk).update(started_at=opened - timedelta(minutes=1))
    path = f"{live.public_id}/vod.m3u8"
    Replay.objects.filter(room=live).update(state="ready", path=path)
    live.refresh_from_db()
    return live


def test_the_page_of_a_product_asks_for_its_newest_clip(shown, longjing, client, shop):
    page = client.get(reverse("shop:product", args=[shop.slug, longjing.public_id]))
    assert f"/live/of/{shop.slug}/clip/{longjing.public_id}/" in page.content.decode()
    clip = client.get(f"/live/of/{shop.slug}/clip/{longjing.public_id}/")
    span = clip_of(*shown.spotlights.values_list("opened_at", "closed_at").get())
    start, end = (round(moment.timestamp() * 1000) for moment in span)
    assert f'"/hls/{shown.public_id}/clip{start}-{end}.m3u8"' in clip.content.decode()


def test_a_thinned_show_shows_its_film_from_the_same_moment(shown, longjing):
    Replay.objects.update(path=f"{shown.public_id}/replay.mp4")
    assert newest_clip(longjing).film == f"/hls/{shown.public_id}/replay.mp4#t=59,100"


def filmed(shown: Room, *spans: tuple[int, int]) -> None:
    """What was filmed of it, in seconds (from, to) of the show."""
    began = int(shown.started_at.timestamp())
    segments = [
        Segment(number, 1.0, 0, 0, began + second)
        for number, second in enumerate(s for span in spans for s in range(*span))
    ]
    Replay.objects.update(runs=runs(segments), duration_ms=total_ms(segments))


def test_what_was_not_filmed_is_left_out_of_the_film(shown, longjing):
    """The tea was explained from 1:00 to 1:40, and the picture rested from 1:10 to 1:30."""
    filmed(shown, (0, 70), (90, 102))
    clip = newest_clip(longjing)
    assert (clip.second, clip.seconds) == (59, 21)
    Replay.objects.update(path=f"{shown.public_id}/replay.mp4")
    assert newest_clip(longjing).film == f"/hls/{shown.public_id}/replay.mp4#t=59,80"


@pytest.mark.parametrize("spans", [[(0, 60), (100, 120)], [(0, 62)], [(99, 120)]])
def test_what_was_said_without_a_picture_makes_no_clip(shown, longjing, spans):
    filmed(shown, *spans)
    assert newest_clip(longjing) is None


@pytest.mark.parametrize(
    "how", ["link", "banned", "without a replay", "too short", "other product"]
)
def test_what_nobody_may_find_makes_no_clip(shown, longjing, cup, client, shop, how):  # P14
    product = longjing
    if how == "link":
        Room.objects.update(visibility="link")
    elif how == "banned":
        ban_room(room=shown)
    elif how == "without a replay":
        Replay.objects.update(state="failed")
    elif how == "too short":
        spotlight = shown.spotlights.get()
        spotlight.closed_at = spotlight.opened_at + timedelta(seconds=2)
        spotlight.save()
    else:
        product = cup
    answer = client.get(f"/live/of/{shop.slug}/clip/{product.public_id}/")
    assert answer.status_code == 200
    assert "video" not in answer.content.decode()
    assert shown.public_id not in answer.content.decode()


def test_a_clip_has_an_end():
    now = timezone.now()
    start, end = clip_of(now, now + timedelta(hours=1))
    assert end - start == LONGEST + timedelta(seconds=1)
    assert clip_of(now, None) is None


def test_the_film_is_for_those_who_show(shown, as_bob, as_alice, shop, alice, live_folder):
    address = f"/dashboard/{shop.slug}/rooms/{shown.public_id}/film/"
    assert as_bob.get(address)["Location"].endswith("/console/"), "not made yet"
    console = f"/dashboard/{shop.slug}/rooms/{shown.public_id}/console/"
    assert address not in as_bob.get(console).content.decode(), "a page would be saved as a film"
    (live_folder / "replay.mp4").write_bytes(b"film")
    assert as_bob.get(address)["Location"] == f"/hls/{shown.public_id}/replay.mp4"
    assert f'href="{address}" download' in as_bob.get(console).content.decode()
    Room.objects.update(host=shop.staff.get(user=alice))
    assert as_bob.get(address).status_code == 403
    assert as_alice.get(address).status_code == 302


@pytest.fixture
def live_folder(shown, settings):
    folder = settings.LIVE_ROOT / shown.public_id
    folder.mkdir(parents=True)
    return folder


def test_films_go_after_their_days(shown, live_folder, settings, client):
    (live_folder / "replay.mp4").write_bytes(b"film")
    later = timezone.now() + timedelta(days=31)
    tidy_recordings(later)
    assert live_folder.exists(), "for ever, unless somebody says how long"
    settings.LIVE_KEEP_FILMS = 30
    tidy_recordings(timezone.now() + timedelta(days=29))
    assert live_folder.exists()
    assert tidy_recordings(later) == 1
    assert not live_folder.exists()
    assert tidy_recordings(later) == 0
    page = client.get(f"/live/{shown.public_id}/", headers={"Accept-Language": "en"})
    assert "kept for its time" in page.content.decode()


def test_what_was_banned_goes_after_its_days(shown, live_folder, settings):
    put_away(live_folder)
    kept = settings.LIVE_ROOT / ".banned" / shown.public_id
    settings.LIVE_KEEP_BANNED = 10
    tidy_recordings(timezone.now() + timedelta(days=9))
    assert kept.exists()
    os.utime(kept)
    tidy_recordings(timezone.now() + timedelta(days=11))
    assert not kept.exists()
