"""Media servers at the same moment: two apps by one key, one stop told twice, two keys made."""

from __future__ import annotations

import pytest

from livestream.media.providers import provider_named
from livestream.media.providers.base import Happening, Kind, Wish
from livestream.models import Room, StreamEvent
from livestream.rules.room import RoomState
from livestream.services.stream_event import hear
from livestream.services.stream_key import admit, issue_stream_key
from tests.races.shopper import at_once, nothing_is_broken

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


@pytest.fixture
def key(live, host, settings):
    settings.LIVE_PROVIDER = "srs"

    def key() -> Wish:
        name, _, secret = issue_stream_key(room=live, by=host).key.partition("?key=")
        return Wish(name, secret, "")

    return key


def test_of_apps_with_one_key_one_shows(live, key):  # P20
    for turn in range(ROUNDS):
        wish = key()
        Room.objects.update(publisher=None)
        apps = [Wish(wish.name, wish.secret, f"{turn}-{one}") for one in range(6)]
        results = at_once([lambda app=app: admit("srs", app) for app in apps])
        assert sorted(map(str, results)) == ["False"] * 5 + ["True"]
        current = live.publications.get(ended_at=None)
        assert current.session == f"{wish.name}/{turn}-{results.index(True)}"
        assert nothing_is_broken()


def test_one_stop_told_at_once_stops_once(live, key):
    wish = key()
    assert admit("srs", Wish(wish.name, wish.secret, "a"))
    stop = Happening(Kind.STOPPED, wish.name, "a", "a:unpublish")
    results = at_once([lambda: hear(provider_named("srs"), stop)] * 6)
    assert sorted(map(str, results)) == ["False"] * 5 + ["True"]
    assert StreamEvent.objects.filter(kind="stopped").count() == 1
    live.refresh_from_db()
    assert live.state == RoomState.INTERRUPTED
    assert nothing_is_broken()


def test_of_keys_made_at_once_one_opens_the_room(live, host, key):
    for _ in range(ROUNDS):
        at_once([key] * 4)
        assert live.stream_keys.filter(revoked_at=None).count() == 1
        assert nothing_is_broken()
