"""Who does what in a show, who takes it over, and how long it goes on without a picture."""

from __future__ import annotations

import html
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from livestream.errors import BadCrew, BadGrace, NotOnAir, NotShowing
from livestream.models import Message, Room
from livestream.rules.crew import may_show
from livestream.rules.room import LONGEST_SHOW, is_lost
from livestream.services.crew import hand_over, set_crew
from livestream.services.giving_up import warn_of_endings
from livestream.services.publication import interrupt_silent_rooms, open_publication
from livestream.services.rehearsal import begin_rehearsal, end_rehearsal
from livestream.services.room import (
    cancel_room,
    change_room,
    end_room,
    interrupt_room,
    make_room,
    pause_room,
    resume_room,
    schedule_room,
    start_room,
    sweep_rooms,
)
from livestream.tasks import sweep_rooms as sweep
from merchants.models import Notification, Staff
from merchants.rules.role import Role


@pytest.fixture
def assistant(shop, carol) -> Staff:
    Staff.objects.filter(merchant=shop, user=carol).update(role=Role.CLERK)
    return Staff.objects.get(merchant=shop, user=carol)


@pytest.mark.parametrize(
    ("staff", "role", "shows"),
    [(1, Role.CLERK, True), (2, Role.CLERK, True), (3, Role.CLERK, False), (3, Role.MANAGER, True)],
)
def test_host_backup_and_managers_show(staff, role, shows):
    assert may_show(staff=staff, role=role, host=1, backup=2) is shows


def test_an_assistant_does_not_send_the_picture(live, assistant):
    set_crew(room=live, backup=None, assistants=[assistant])
    with pytest.raises(NotShowing):
        open_publication(room=live, publisher=uuid.uuid4(), by=assistant)
    set_crew(room=live, backup=assistant, assistants=[])
    assert open_publication(room=live, publisher=uuid.uuid4(), by=assistant).epoch == 1


def test_a_crew_is_of_the_shop(live, other_shop, mallory):
    theirs = Staff.objects.get(merchant=other_shop, user=mallory)
    with pytest.raises(BadCrew):
        set_crew(room=live, backup=theirs, assistants=[])
    with pytest.raises(BadCrew):
        hand_over(room=live, to=theirs)


def test_the_show_is_handed_over(live, host, assistant):
    set_crew(room=live, backup=None, assistants=[assistant])
    hand_over(room=live, to=assistant)
    live.refresh_from_db()
    assert (live.host, live.backup) == (assistant, host)
    assert not live.assistants.exists()
    assert assistant.host_name in Message.objects.get().text


def test_who_has_it_already_is_told_nothing(live, host):
    hand_over(room=live, to=host)
    assert not Message.objects.exists()


def test_a_show_that_is_not_on_is_not_handed_over(scheduled, assistant):
    with pytest.raises(NotOnAir):
        hand_over(room=scheduled, to=assistant)


def test_who_does_not_show_cannot_hand_over(live, client, carol, assistant):
    client.force_login(carol)
    url = reverse("livestream:console_handover", args=["tea", live.public_id])
    assert client.post(url, {"to": assistant.pk}).status_code == 403
    live.refresh_from_db()
    assert live.host != assistant


def test_who_helps_sees_the_show_and_no_camera(live, client, carol, assistant, as_bob):
    url = reverse("livestream:console", args=["tea", live.public_id])
    assert "data-camera-preview" in as_bob.get(url).text
    client.force_login(carol)
    page = client.get(url).text
    assert "data-camera-preview" not in page
    assert "livestream/player" in page


def test_a_manager_who_helps_sees_the_show_and_takes_the_camera_only_if_she_wants(
    live, client, carol, shop
):
    manager = Staff.objects.get(merchant=shop, user=carol)
    url = reverse("livestream:console", args=["tea", live.public_id])
    client.force_login(carol)
    assert manager.is_manager
    assert "data-camera-preview" in client.get(url).text  # nobody asked her to help
    set_crew(room=live, backup=None, assistants=[manager])
    page = client.get(url).text
    assert "data-camera-preview" not in page
    assert 'href="?camera=1"' in page
    assert "data-camera-preview" in client.get(url, {"camera": "1"}).text
    set_crew(room=live, backup=manager, assistants=[manager])
    assert "data-camera-preview" in client.get(url).text


def test_a_clerk_who_helps_is_offered_no_camera_at_all(live, client, carol, assistant):
    set_crew(room=live, backup=None, assistants=[assistant])
    client.force_login(carol)
    url = reverse("livestream:console", args=["tea", live.public_id])
    page = client.get(url, {"camera": "1"}).text
    assert "data-camera-preview" not in page
    assert "?camera=1" not in page


@pytest.mark.parametrize(
    ("minutes", "grace", "lost"), [(29, 30, False), (30, 30, True), (999, 0, False)]
)
def test_a_show_is_lost_when_its_grace_is_used_up(minutes, grace, lost):
    now = timezone.now()
    assert is_lost(now - timedelta(minutes=minutes), grace, now) is lost


def test_a_lost_show_ends_by_itself_and_only_then(live):
    now = timezone.now()
    interrupt_room(room=live)
    sweep_rooms(now + timedelta(minutes=live.grace_minutes - 1))
    live.refresh_from_db()
    assert live.state == "interrupted"
    sweep_rooms(now + timedelta(minutes=live.grace_minutes + 1))
    live.refresh_from_db()
    assert live.state == "ended"


def test_a_picture_that_came_back_begins_anew(live):
    interrupt_room(room=live)
    resume_room(room=live)
    assert Room.objects.get().interrupted_at is None


def test_without_a_grace_only_a_person_ends_it(live):
    Room.objects.update(grace_minutes=0)
    interrupt_room(room=live)
    sweep_rooms(timezone.now() + timedelta(hours=23))
    live.refresh_from_db()
    assert live.state == "interrupted"


def test_a_forgotten_pause_ends_by_itself_and_only_then(live):
    now = timezone.now()
    pause_room(room=live)
    sweep_rooms(now + timedelta(minutes=live.pause_minutes - 1))
    live.refresh_from_db()
    assert live.state == "paused"
    sweep_rooms(now + timedelta(minutes=live.pause_minutes + 1))
    live.refresh_from_db()
    assert live.state == "ended"


def test_each_pause_begins_anew(live):
    pause_room(room=live)
    Room.objects.update(paused_at=timezone.now() - timedelta(minutes=59))
    resume_room(room=live)
    assert Room.objects.get().paused_at is None
    pause_room(room=live)
    sweep_rooms(timezone.now() + timedelta(minutes=5))
    live.refresh_from_db()
    assert live.state == "paused"


def test_a_pause_without_a_limit_lasts_as_long_as_a_show_may(live):
    Room.objects.update(pause_minutes=0)
    pause_room(room=live)
    sweep_rooms(timezone.now() + timedelta(hours=23))
    live.refresh_from_db()
    assert live.state == "paused"
    assert live.gives_up_at == live.started_at + LONGEST_SHOW


def test_a_worker_that_was_down_ends_what_was_forgotten_and_nothing_that_goes_on(
    shop, host, longjing, live
):
    """Nobody swept for three hours: one show was forgotten, the other was gone on with."""
    other = make_room(
        merchant=shop,
        host=host,
        title="下午场到店",
        starts_at=timezone.now() + timedelta(minutes=5),
        products=[longjing],
    )
    start_room(room=schedule_room(room=other))
    for room in (live, other):
        pause_room(room=room)
    Room.objects.update(paused_at=timezone.now() - timedelta(hours=3))
    other.refresh_from_db()
    resume_room(room=other)
    sweep()
    sweep()  # it comes twice at once, or again
    live.refresh_from_db()
    other.refresh_from_db()
    assert (live.state, other.state) == ("ended", "live")
    assert timezone.now() - live.ended_at < timedelta(minutes=1)
    assert not Notification.objects.filter(kind="room").exists()  # there is nothing to save


def test_staff_are_told_once_before_a_pause_ends_the_show(live, as_bob):
    pause_room(room=live)
    sweep()
    assert not Notification.objects.filter(kind="room").exists()
    console = reverse("livestream:console", args=["tea", live.public_id])
    page = as_bob.get(console).text
    assert 'data-module="countdown"' in page
    assert "is-soon" not in page
    Room.objects.update(paused_at=timezone.now() - timedelta(minutes=51))
    sweep()
    sweep()
    told = Notification.objects.get(kind="room")
    assert live.title in told.subject
    assert told.path == console
    assert "is-soon" in as_bob.get(console).text
    live.refresh_from_db()
    assert live.state == "paused"


def test_a_lost_picture_counts_down_in_the_console_too(live, as_bob):
    interrupt_room(room=live)
    page = as_bob.get(reverse("livestream:console", args=["tea", live.public_id])).text
    at = live.interrupted_at + timedelta(minutes=live.grace_minutes)
    assert f'data-until="{timezone.localtime(at).isoformat()}"' in page


def test_a_pause_has_limits(room, host):
    with pytest.raises(BadGrace):
        change_room(
            room=room, title=room.title, starts_at=room.starts_at, host=host, pause_minutes=241
        )


def test_a_grace_has_limits(room, host):
    with pytest.raises(BadGrace):
        change_room(
            room=room, title=room.title, starts_at=room.starts_at, host=host, grace_minutes=241
        )


def test_a_room_with_a_link_only_is_in_no_list_and_opens_by_its_address(client, live):
    assert live.title in client.get("/").text
    Room.objects.update(visibility="link")
    assert live.title not in client.get("/").text
    assert live.title not in client.get("/live/of/tea/").text
    assert client.get(f"/live/{live.public_id}/").status_code == 200


# --- who moves a show (docs/adr/0016-who-moves-a-show.md) -----------------------------------------

MOVES = {  # verb -> the state that it moves the room out of
    begin_rehearsal: "scheduled",
    end_rehearsal: "rehearsing",
    start_room: "scheduled",
    pause_room: "live",
    resume_room: "paused",
    end_room: "live",
    cancel_room: "scheduled",
}


@pytest.mark.parametrize("verb", MOVES)
def test_who_only_helps_does_not_move_the_show(scheduled, host, assistant, shop, alice, verb):
    set_crew(room=scheduled, backup=None, assistants=[assistant])
    Room.objects.update(state=MOVES[verb])
    before = Room.objects.values().get()
    scheduled.refresh_from_db()
    with pytest.raises(NotShowing), transaction.atomic():
        verb(room=scheduled, by=assistant)
    assert Room.objects.values().get() == before
    for by in (host, shop.staff.get(user=alice), None):
        Room.objects.update(state=MOVES[verb], backup=None)
        verb(room=Room.objects.get(), by=by)
    Room.objects.update(state=MOVES[verb], backup=assistant)
    verb(room=Room.objects.get(), by=assistant)


def test_a_show_that_was_handed_over_obeys_its_new_host_alone(live, host, assistant):
    """Her page was opened before: what it knows of the room is old."""
    opened = Room.objects.select_related("host").get()
    Room.objects.update(host=assistant, backup=None)
    with pytest.raises(NotShowing):
        pause_room(room=opened, by=host)
    assert Room.objects.get().state == "live"
    assert pause_room(room=Room.objects.get(), by=assistant).state == "paused"


def test_only_who_shows_it_hands_it_over_or_names_its_host(scheduled, host, assistant):
    words = {"title": scheduled.title, "starts_at": scheduled.starts_at, "by": assistant}
    change_room(room=scheduled, host=host, **words | {"title": "新茶到店之夜"})
    for crew in ({"host": assistant}, {"host": host, "backup": assistant}):
        with pytest.raises(NotShowing):
            change_room(room=scheduled, **words, **crew)
    room = start_room(room=scheduled, by=host)
    with pytest.raises(NotShowing):
        hand_over(room=room, to=assistant, by=assistant)
    assert Room.objects.get().host == host


def test_who_only_helps_is_refused_by_each_address_and_offered_no_button(
    live, client, carol, assistant, as_bob
):
    set_crew(room=live, backup=None, assistants=[assistant])
    client.force_login(carol)

    def url(name: str) -> str:
        return reverse(f"livestream:{name}", args=["tea", live.public_id])

    for do in ("rehearse", "stop", "start", "pause", "resume", "end"):
        answer = client.post(url("console_move"), {"do": do}, headers={"HX-Request": "true"})
        assert answer.status_code == 403, do
        assert str(NotShowing()) in html.unescape(answer.text)
    assert client.post(url("room_cancel")).status_code == 403
    assert Room.objects.get().state == "live"
    for button in ('id="end-show"', 'value="end"', 'value="pause"', 'data-dialog-open="handover"'):
        assert button in as_bob.get(url("console")).text
        assert button not in client.get(url("console")).text
    # What assistants are there for, she does.
    answer = client.post(url("console_spotlight"), {"do": "next"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert live.spotlights.filter(closed_at=None).exists()


@pytest.fixture
def before_the_sweep_writes():
    """Does something between the sweep's look at the rooms and its first UPDATE of one."""

    @contextmanager
    def before(act: Callable[[], object]) -> Iterator[None]:
        waiting = [act]

        def ahead(execute, sql, params, many, context):
            if waiting and sql.startswith('UPDATE "livestream_room"'):
                waiting.pop()()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(ahead):
            yield
        assert not waiting  # it did want to write

    return before


def test_a_pause_that_is_another_by_now_ends_nothing(live, before_the_sweep_writes):
    pause_room(room=live)

    def again() -> None:
        other = Room.objects.get(pk=live.pk)
        resume_room(room=other)
        pause_room(room=other)

    with before_the_sweep_writes(again):
        sweep_rooms(timezone.now() + timedelta(minutes=live.pause_minutes + 1))
    assert Room.objects.get().state == "paused"


def test_a_picture_lost_anew_ends_nothing(live, before_the_sweep_writes):
    interrupt_room(room=live)

    def again() -> None:
        other = Room.objects.get(pk=live.pk)
        resume_room(room=other)
        interrupt_room(room=other)

    with before_the_sweep_writes(again):
        sweep_rooms(timezone.now() + timedelta(minutes=live.grace_minutes + 1))
    assert Room.objects.get().state == "interrupted"


def test_media_that_comes_while_the_sweep_looks_interrupts_nothing(live, before_the_sweep_writes):
    long_ago = timezone.now() - timedelta(minutes=1)
    Room.objects.update(started_at=long_ago, media_at=long_ago)
    with before_the_sweep_writes(lambda: Room.objects.update(media_at=timezone.now())):
        assert interrupt_silent_rooms(timezone.now()) == 0
    assert Room.objects.get().state == "live"


def test_a_pause_that_soon_ends_is_told_once_and_written_once(live, django_assert_num_queries):
    pause_room(room=live)
    now = timezone.now() + timedelta(minutes=live.pause_minutes - 5)
    assert warn_of_endings(now) == 1
    with django_assert_num_queries(2):  # the rooms that rest, and what has been told of them
        assert warn_of_endings(now) == 1
    assert Notification.objects.filter(kind="room").count() == 1
