"""A rehearsal: the console as in the show, and nobody sees."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from livestream import broadcast
from livestream.errors import ChatOver, WrongState
from livestream.models import Room
from livestream.rules.room import LONG_REHEARSAL, RoomState
from livestream.selectors.room import snapshot
from livestream.services.chat import mute, pin, say
from livestream.services.line import Voice
from livestream.services.publication import media_arrived, open_publication
from livestream.services.room import (
    ban_room,
    rehearse_room,
    start_room,
    stop_rehearsal,
    sweep_rooms,
)
from livestream.services.sale import may_buy
from livestream.services.shelf import follow_product

pytestmark = pytest.mark.django_db


def at(room: Room) -> str:
    return f"/live/{room.public_id}/"


def test_an_announced_room_stays_announced_to_shoppers(client, scheduled):
    room = scheduled
    rehearse_room(room=room)
    page = client.get(at(room))
    assert page.status_code == 200
    assert page.templates[0].name == "livestream/room/countdown.html"
    assert snapshot(room)["state"] == "scheduled"
    assert room.title in client.get("/").text
    stop_rehearsal(room=room)
    assert room.state == RoomState.SCHEDULED


def test_a_draft_is_seen_by_nobody_and_is_a_draft_again(client, room):
    rehearse_room(room=room)
    assert client.get(at(room)).status_code == 404
    stop_rehearsal(room=room)
    assert room.state == RoomState.DRAFT


def test_it_is_rehearsed_once_a_picture_has_arrived(room, bob):
    rehearse_room(room=room)
    assert room.rehearsed_at is None
    media_arrived(open_publication(room=room, publisher=uuid.uuid4(), by=None))
    stop_rehearsal(room=room)
    room.refresh_from_db()
    assert room.rehearsed_at is not None


def test_a_show_is_no_rehearsal(scheduled):
    room = scheduled
    start_room(room=room)
    media_arrived(open_publication(room=room, publisher=uuid.uuid4(), by=None))
    room.refresh_from_db()
    assert room.rehearsed_at is None
    with pytest.raises(WrongState):
        rehearse_room(room=room)


def test_one_that_was_left_ends_by_itself(scheduled):
    room = scheduled
    rehearse_room(room=room)
    now = timezone.now()
    sweep_rooms(now + LONG_REHEARSAL - timedelta(seconds=30))
    room.refresh_from_db()
    assert room.state == RoomState.REHEARSING
    sweep_rooms(now + LONG_REHEARSAL + timedelta(seconds=1))
    room.refresh_from_db()
    assert room.state == RoomState.SCHEDULED


def test_what_staff_say_in_it_reaches_nobody(room, bob):
    rehearse_room(room=room)
    staff = room.merchant.staff.get(user=bob)
    with pytest.raises(ChatOver):
        say(room=room, voice=Voice(name="Bob", badge="host", staff_id=staff.pk), text="one, two")


def test_the_console_begins_and_ends_it(as_bob, shop, scheduled):
    room = scheduled
    address = f"/dashboard/{shop.slug}/rooms/{room.public_id}/console/"
    assert 'value="rehearse"' in as_bob.get(address).text
    as_bob.post(f"{address}move/", {"do": "rehearse"})
    page = as_bob.get(address).text
    assert 'data-live="true"' in page
    assert 'value="stop"' in page
    as_bob.post(f"{address}move/", {"do": "stop"})
    room.refresh_from_db()
    assert room.state == RoomState.SCHEDULED


def test_goods_of_an_announced_room_are_sold_meanwhile(client, scheduled, longjing):
    rehearse_room(room=scheduled)
    may_buy(scheduled, [longjing.variants.get().pk])
    variant = longjing.variants.get()
    page = client.get(f"{at(scheduled)}checkout/", {"variant": variant.pk, "quantity": 1})
    assert page.status_code == 200


def test_nothing_of_it_is_told_to_the_room(
    scheduled, monkeypatch, django_capture_on_commit_callbacks
):
    told = []
    monkeypatch.setattr(broadcast, "tell", lambda room, event: told.append(event["type"]))
    with django_capture_on_commit_callbacks(execute=True):
        rehearse_room(room=scheduled)
        for verb in (
            lambda: pin(room=scheduled, text="x"),
            lambda: mute(room=scheduled, muted=True),
        ):
            with pytest.raises(ChatOver):
                verb()
        stop_rehearsal(room=scheduled)
    assert told == []
    with django_capture_on_commit_callbacks(execute=True):
        rehearse_room(room=scheduled)
        ban_room(room=scheduled)
    assert told == ["room.moved"]


def test_goods_that_change_meanwhile_are_shown_to_who_waits(scheduled, longjing, monkeypatch):
    told = []
    monkeypatch.setattr(broadcast, "tell", lambda room, event: told.append(event["type"]))
    rehearse_room(room=scheduled)
    follow_product(product=longjing)
    assert "shelf.changed" in told


def test_the_first_page_leads_back_to_it(as_bob, shop, scheduled):
    rehearse_room(room=scheduled)
    assert f"/rooms/{scheduled.public_id}/console/" in as_bob.get(f"/dashboard/{shop.slug}/").text
