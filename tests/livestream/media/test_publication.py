"""The fence: one publisher, the newest, and nothing from anybody else."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from livestream.errors import NotOnAir, StreamTaken
from livestream.models import Room
from livestream.rules.room import RoomState
from livestream.services.publication import (
    FRESH,
    close_publication,
    interrupt_silent_rooms,
    media_arrived,
    media_folder,
    open_publication,
    still_wanted,
)
from livestream.services.room import end_room, interrupt_room, pause_room

pytestmark = pytest.mark.django_db


def publish(room, publisher=None, **more):
    return open_publication(room=room, publisher=publisher or uuid4(), by=room.host, **more)


def test_each_publication_has_the_next_epoch(show):
    me = uuid4()
    assert [publish(show, me).epoch for _ in range(3)] == [1, 2, 3]
    assert show.publications.filter(ended_at=None).count() == 1


def test_a_second_device_is_refused_while_the_first_sends(show):
    first = publish(show)
    media_arrived(first)
    with pytest.raises(StreamTaken):
        publish(show)
    show.refresh_from_db()
    assert show.epoch == first.epoch


def test_a_second_device_is_refused_before_the_first_picture_too(show):
    publish(show)
    with pytest.raises(StreamTaken):
        publish(show)


def test_a_reloaded_page_is_the_same_device(show):
    me = uuid4()
    media_arrived(publish(show, me))
    assert publish(show, me).epoch == 2


def test_takeover_is_explicit_and_final(show):  # P20
    first = publish(show)
    media_arrived(first)
    second = publish(show, takeover=True)
    assert media_arrived(first) is None
    assert media_arrived(second) == RoomState.LIVE


def test_a_device_that_left_or_fell_silent_is_in_nobodys_way(show):
    first = publish(show)
    media_arrived(first)
    close_publication(first)
    second = publish(show)
    Room.objects.filter(pk=show.pk).update(media_at=timezone.now() - FRESH - timedelta(seconds=1))
    second.started_at -= FRESH * 2
    second.save()
    assert publish(show).epoch == 3


def test_a_stale_epoch_changes_nothing(show):
    old = publish(show)
    new = publish(show, takeover=True)
    show.refresh_from_db()
    before = Room.objects.filter(pk=show.pk).values().get()
    assert media_arrived(old) is None
    assert still_wanted(old) is None
    close_publication(old)
    assert Room.objects.filter(pk=show.pk).values().get() == before
    assert before["publisher"] == new.publisher


def test_media_brings_an_interrupted_room_back(show):
    publication = publish(show)
    interrupt_room(room=show)
    assert media_arrived(publication) == RoomState.LIVE
    show.refresh_from_db()
    assert show.state == RoomState.LIVE


def test_media_does_not_end_a_pause(show):
    publication = publish(show)
    pause_room(room=show)
    assert media_arrived(publication) == RoomState.PAUSED


def test_an_ended_room_takes_no_media(show):
    publication = publish(show)
    end_room(room=show)
    assert media_arrived(publication) is None
    assert still_wanted(publication) is None
    with pytest.raises(NotOnAir):
        publish(show, takeover=True)


@pytest.mark.parametrize(("silence", "interrupted"), [(2, 0), (7, 0), (10, 1)])
def test_silence_interrupts(show, silence, interrupted):
    now = timezone.now()
    Room.objects.update(
        media_at=now - timedelta(seconds=silence), started_at=now - timedelta(minutes=1)
    )
    assert interrupt_silent_rooms(now) == interrupted
    assert interrupt_silent_rooms(now) == 0
    show.refresh_from_db()
    assert show.state == (RoomState.INTERRUPTED if interrupted else RoomState.LIVE)


def test_a_camera_gets_time_to_come_up(show):
    now = timezone.now()
    Room.objects.update(
        media_at=now - timedelta(seconds=15), started_at=now - timedelta(seconds=15)
    )
    assert interrupt_silent_rooms(now) == 0


def test_a_rehearsal_is_filmed_where_the_edge_opens_nothing(show, settings):
    told = {state: media_folder(show, state) for state in RoomState}
    away = told.pop(RoomState.REHEARSING)
    assert away == settings.LIVE_ROOT / ".rehearsal" / show.public_id
    assert set(told.values()) == {settings.LIVE_ROOT / show.public_id}
