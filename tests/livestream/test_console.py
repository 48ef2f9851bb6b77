"""What the console's pages answer, without a browser."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livestream.models import Replay, Room
from livestream.rules.room import RoomState
from livestream.services.room import end_room

pytestmark = pytest.mark.django_db


def at(room: Room, rest: str = "") -> str:
    return f"/dashboard/tea/rooms/{room.public_id}/{rest}"


def polled(text: str) -> str:
    """What the part that was the camera's asks for by itself."""
    found = re.search(r'id="over"[^>]* hx-get="([^"]+)"', text)
    return found[1] if found else ""


def test_what_is_asked_for_until_the_replay_is_there_is_that_part_alone(as_bob, live):
    end_room(room=live)
    page = as_bob.get(at(live, "console/"))
    address = polled(page.text)
    assert address == at(live, "console/over/")
    with CaptureQueriesContext(connection) as asked:
        part = as_bob.get(address, headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert part.text.count("<section") == 1
    assert polled(part.text) == address  # it goes on asking
    assert len(asked) <= 12
    Replay.objects.update_or_create(room=live, defaults={"state": "failed"})
    assert polled(as_bob.get(address).text) == ""


@pytest.mark.parametrize("page", ["console/", "helper/", "sheet/"])
def test_before_the_show_its_staff_see_the_prices_of_the_show(as_bob, scheduled, longjing, page):
    scheduled.items.filter(product=longjing).update(live_price=10100)
    assert ">101<" in as_bob.get(at(scheduled, page)).text
    assert ">101<" not in as_bob.get(f"/live/{scheduled.public_id}/").text


def test_it_tells_when_the_replay_is_there(as_bob, live):
    end_room(room=live)
    told = {"state": "ready", "ready_at": timezone.now()}
    Replay.objects.update_or_create(room=live, defaults=told)
    part = as_bob.get(at(live, "console/over/"), headers={"Accept-Language": "en"}).text
    assert "Watch the replay" in part
    assert f'href="/live/{live.public_id}/"' in part


def test_a_phone_finds_helper_prompter_and_wall(as_bob, live):
    """Where a phone's camera has its buttons, and with a code for the other device to read."""
    page = as_bob.get(at(live, "console/")).text
    column = page.partition('class="cs-cam"')[2].partition("</section>")[0]
    assert re.search(r'class="only-phone"[^>]*data-dialog-open="more"', column)
    more = page.partition('id="more"')[2].partition("</dialog>")[0]
    assert 'data-dialog-open="devices"' in more
    assert f'href="{at(live, "wall/")}"' in more
    dialog = page.partition('id="devices"')[2].partition("</dialog>")[0]
    for name in ("helper", "prompter", "wall"):
        assert re.search(rf'href="[^"]+/rooms/{live.public_id}/{name}/"[^>]*data-device', dialog)


def test_an_assistants_phone_finds_them_too_and_so_does_one_after_the_show(as_alice, shop, live):
    live.assistants.add(shop.staff.get(user__email="alice@example.com"))
    page = as_alice.get(at(live, "console/")).text
    assert "data-publish=" not in page
    column = page.partition('class="cs-cam"')[2].partition("</section>")[0]
    assert 'data-dialog-open="more"' in column
    end_room(room=live)
    assert Room.objects.get(pk=live.pk).state == RoomState.ENDED
    over = as_alice.get(at(live, "console/over/")).text
    assert at(live, "wall/") in over
