"""Draws: entered once, frozen, drawn once, recomputable by anybody (P9)."""

from __future__ import annotations

import hashlib
import html
import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from livestream import broadcast
from livestream.errors import (
    AlreadyDrawn,
    BadDraw,
    Banned,
    DrawClosed,
    DrawRunning,
    DrawWaits,
    ListChanged,
    NotOnAir,
    NotYet,
    NotYours,
    PrizeClaimed,
    PrizeLapsed,
)
from livestream.models import Attendance, Draw, Entry, Follow, HeldLine
from livestream.rules import beacon as beacon_rule
from livestream.rules import draw as rule
from livestream.rules.draw import MOVES, DrawState, EntryBy, may_move, says
from livestream.rules.moderation import Measure
from livestream.selectors.draw import draw_event, entries_text, is_public_chance, winners_of
from livestream.selectors.invariant import INVARIANTS
from livestream.selectors.room import snapshot
from livestream.services import draw as verbs
from livestream.services.chat import approve, pace, say
from livestream.services.draw import claim_prize, close_draw, draw_winners, open_draw, sweep_draws
from livestream.services.entry import enter, take_in
from livestream.services.follow import follow, unfollow
from livestream.services.line import Voice
from livestream.services.moderation import sanction
from livestream.services.room import ban_room, end_room
from livestream.services.sale import buy_in_room
from merchants.models import Customer
from merchants.selectors.invariant import offenders
from orders.payments import sandbox
from orders.services.order import Contact
from orders.services.payment import open_payment

PHRASE = "想尝尝"
TERMS = {"prize": "手工茶点礼盒", "prize_value": 5800, "winners": 3, "minutes": 5}
CONTACT = {"name": "沈梅", "phone": "+8613800002688", "address": "清河坊 12 号"}


@pytest.fixture(autouse=True)
def _every_invariant_holds(db):
    yield
    assert list(offenders(INVARIANTS, timezone.now())) == []


@pytest.fixture
def draw(live, host) -> Draw:
    return open_draw(room=live, by=host, entry_by="comment", phrase=PHRASE, **TERMS)


def opened(live, host, **other) -> Draw:
    return open_draw(room=live, by=host, **{"entry_by": "follow", **TERMS, **other})


def guest(live, device=None) -> Customer:
    return Customer.objects.create(merchant=live.merchant, device=device or uuid.uuid4())


def voice(name: str = "沈梅") -> Voice:
    return Voice(name=name, device=uuid.uuid4())


def crowd(live, count: int, text: str = PHRASE) -> list[Voice]:
    voices = [voice(f"客人{n}") for n in range(count)]
    for one in voices:
        say(room=live, voice=one, text=text)
    return voices


def run(draw: Draw) -> Draw:
    close_draw(draw=draw)
    draw_winners(draw=draw)
    return draw


# --- the rule -------------------------------------------------------------------------------------

HANDLES = st.sets(st.text("0123456789abcdef", min_size=16, max_size=16), max_size=60)


@given(HANDLES, st.text("0123456789abcdef", min_size=1), st.integers(1, 100))
def test_the_winners_follow_from_list_seed_and_beacon(handles, seed, count):
    first = rule.winners(sorted(handles), seed=seed, beacon="b", count=count)
    again = rule.winners(sorted(handles, reverse=True), seed=seed, beacon="b", count=count)
    assert first == again
    assert len(first) == len(set(first)) == min(count, len(handles))
    assert set(first) <= handles


@given(HANDLES.filter(lambda found: len(found) > 20), st.text("ab", min_size=1, max_size=9))
def test_one_more_entry_is_another_lottery(handles, ghost):
    """Who adds a ghost changes the hash of the list, and with it everybody's ticket."""
    before = rule.entries_hash(handles)
    assert rule.entries_hash([*handles, ghost]) != before


def test_nothing_leads_back():
    assert not any(may_move(new, old) for old in MOVES for new in MOVES[old])
    assert MOVES[DrawState.DRAWN] == frozenset()


@pytest.mark.parametrize("said", ["想尝尝", "我 想 尝 尝!", "想\u200b尝尝", "想尝尝想尝尝"])
def test_the_words_are_recognised_as_the_eye_does(said):
    assert says(said, PHRASE)


@pytest.mark.parametrize("said", ["ｗａｎｔ  To Try", "WANT TO TRY", "i want to try it"])
def test_width_and_case_do_not_matter(said):
    assert says(said, "want to try")


def test_other_words_are_other_words():
    assert not says("想尝", PHRASE)


@given(st.integers(1, 10**10), st.integers(1, 60), st.integers(0, 10**9))
def test_the_named_round_comes_after_the_moment_and_no_later_than_two_periods(at, period, genesis):
    moment = datetime.fromtimestamp(genesis + at / 7, tz=UTC)
    number = beacon_rule.round_after(moment, genesis=genesis, period=period)
    late = beacon_rule.time_of(number, genesis=genesis, period=period) - moment
    assert timedelta(0) < late <= timedelta(seconds=2 * period)


# --- opening --------------------------------------------------------------------------------------


def test_the_commitment_is_public_and_the_seed_is_not(draw):
    event = json.dumps(snapshot(draw.room)["draw"], default=str)
    assert draw.seed not in event
    assert hashlib.sha256(draw.seed.encode()).hexdigest() == draw.commitment


@pytest.mark.parametrize(
    "wrong",
    [
        {"winners": 0},
        {"winners": 101},
        {"minutes": 0},
        {"minutes": 61},
        {"prize": "  "},
        {"prize": "x" * 61},
        {"prize_value": -1},
        {"prize_value": 500_001},
        {"entry_by": "luck"},
        {"entry_by": "comment", "phrase": ""},
        {"entry_by": "comment", "phrase": "!!!"},
        {"entry_by": "comment", "phrase": "x" * 21},
        {"entry_by": "watch", "watch_minutes": 0},
        {"entry_by": "watch", "watch_minutes": 61},
    ],
)
def test_an_odd_draw_is_refused(live, host, wrong):
    with pytest.raises(BadDraw):
        opened(live, host, **wrong)
    assert not Draw.objects.exists()


def test_the_platform_says_what_a_prize_may_be_worth(live, host, settings):
    settings.DRAW_MOST_VALUE = 5000
    with pytest.raises(BadDraw):
        opened(live, host)


def test_one_at_a_time(draw, live, host):
    with pytest.raises(DrawRunning):
        opened(live, host)
    run(draw)
    opened(live, host)


def test_only_a_show_on_air_has_one(scheduled, host):
    with pytest.raises(NotOnAir):
        opened(scheduled, host)


# --- taking part ----------------------------------------------------------------------------------


def test_who_writes_the_words_takes_part_once(draw, live):
    mei = voice()
    first = say(room=live, voice=mei, text=f"我{PHRASE}!")
    again = say(room=live, voice=mei, text=PHRASE)
    draw.refresh_from_db()
    assert draw.entry_count == draw.entries.count() == 1
    assert first.entry.handle == draw.entries.get().handle
    assert again.entry is None


def test_other_lines_and_the_shops_own_do_not_enter(draw, live, host):
    say(room=live, voice=voice(), text="好香")
    say(room=live, voice=Voice("芳姐", badge="host", staff_id=host.pk), text=PHRASE)
    assert not draw.entries.exists()


def test_a_shadow_banned_guest_does_not_enter(draw, live, host):
    eve = voice("Eve")
    line = say(room=live, voice=eve, text="spam")
    sanction(line=line, measure=Measure.SHADOW, by=host)
    assert say(room=live, voice=eve, text=PHRASE).shadowed
    assert not draw.entries.exists()


def test_a_held_line_enters_when_it_is_let_through(draw, live, host):
    pace(room=live, slow_seconds=0, holds_chat=True)
    held = say(room=live, voice=voice(), text=PHRASE)
    assert isinstance(held, HeldLine)
    assert not draw.entries.exists()
    approve(held=held, by=host)
    assert draw.entries.count() == 1


def test_without_an_open_draw_the_chat_asks_once_for_a_batch(live, django_assert_max_num_queries):
    mei = voice()
    say(room=live, voice=mei, text="好香")  # the lists are read
    with django_assert_max_num_queries(12):
        say(room=live, voice=mei, text="好茶")


def test_lines_are_said_all_the_same_when_it_has_just_closed(draw, live):
    Draw.objects.update(closes_at=timezone.now())
    crowd(live, 2)
    assert live.messages.count() == 2
    assert not draw.entries.exists()


def test_who_follows_takes_part(live, host, dan):
    draw = opened(live, host)
    entry = enter(draw=draw, customer=dan, name="沈梅")
    assert enter(draw=draw, customer=dan).pk == entry.pk
    assert Follow.objects.filter(merchant=live.merchant, customer=dan).count() == 1
    unfollow(merchant=live.merchant, customer=dan)
    draw.refresh_from_db()
    assert draw.entry_count == draw.entries.count() == 1


def test_following_twice_is_following_once(shop, dan):
    follow(merchant=shop, customer=dan)
    follow(merchant=shop, customer=dan)
    assert dan.follows.count() == 1


def test_who_is_banned_takes_no_part(live, host):
    eve = voice("Eve")
    line = say(room=live, voice=eve, text="spam")
    sanction(line=line, measure=Measure.BAN, by=host)
    draw = opened(live, host)
    with pytest.raises(Banned):
        enter(draw=draw, customer=guest(live, eve.device))
    assert not draw.entries.exists()


def test_watching_long_enough_is_needed_where_it_is_asked(live, host, dan):
    draw = opened(live, host, entry_by="watch", watch_minutes=2)
    with pytest.raises(NotYet):
        enter(draw=draw, customer=dan)
    now = timezone.now()
    seen = {"room": live, "device": dan.device, "first_at": now, "last_at": now}
    row = Attendance.objects.create(**seen, seconds=119)
    with pytest.raises(NotYet):
        enter(draw=draw, customer=dan)
    Attendance.objects.filter(pk=row.pk).update(seconds=120)
    enter(draw=draw, customer=dan)
    assert draw.entries.count() == 1


def buy(live, variant, customer, phone="1"):
    return buy_in_room(
        room=live,
        customer=customer,
        basket={variant.pk: 1},
        contact=Contact("沈梅", f"+86138000000{phone:0>2}", store=live.merchant.stores.first()),
        language="en",
        voucher=None,
        device=customer.device,
        expected_total=variant.price,
    )


def pay(order):
    sandbox.receive(sandbox.charge(open_payment(order=order, gateway=sandbox.NAME)))


@pytest.mark.django_db(transaction=True)
def test_who_pays_for_an_order_of_the_show_takes_part(live, host, variant, dan):
    draw = opened(live, host, entry_by="purchase")
    order = buy(live, variant, dan)
    with pytest.raises(NotYet):
        enter(draw=draw, customer=dan)
    pay(order)  # the fact lets her in
    assert draw.entries.get().customer == dan
    pay(buy(live, variant, dan))
    assert draw.entries.count() == 1


def test_an_order_whose_news_was_lost_counts_at_the_closing(live, host, variant, dan):
    draw = opened(live, host, entry_by="purchase")
    pay(buy(live, variant, dan))  # facts are told after commit, and this one never is
    assert not draw.entries.exists()
    run(draw)
    assert draw.entries.get().customer == dan


def test_it_counts_also_when_the_clock_closes_the_draw(live, host, variant, dan):
    opened(live, host, entry_by="purchase")
    pay(buy(live, variant, dan))
    Draw.objects.update(closes_at=timezone.now())
    sweep_draws(timezone.now())
    entry = Draw.objects.get().entries.get()
    assert (entry.customer, entry.draw.entry_count) == (dan, 1)


@pytest.mark.parametrize("by", [EntryBy.FOLLOW, EntryBy.WATCH, EntryBy.PURCHASE])
def test_after_its_time_nobody_is_added(live, host, dan, by):
    draw = opened(live, host, entry_by=by.value, watch_minutes=1)
    Draw.objects.update(closes_at=timezone.now())
    draw.refresh_from_db()
    with pytest.raises(DrawClosed):
        enter(draw=draw, customer=dan)


def test_the_guard_is_in_the_write(live, host, dan):
    """She read the page while it was open, and pressed after it had closed."""
    stale = opened(live, host)
    close_draw(draw=Draw.objects.get())
    with pytest.raises(DrawClosed):
        enter(draw=stale, customer=dan)
    assert not Entry.objects.exists()
    late = opened(live, host)
    with pytest.raises(DrawClosed):  # its time is up, and no sweep has closed it yet
        take_in(late, {dan.pk: "沈梅"}, late.closes_at)
    assert not Entry.objects.exists()


# --- closing and drawing --------------------------------------------------------------------------


def test_closing_freezes_and_hashes_the_list(draw, live):
    crowd(live, 5)
    close_draw(draw=draw)
    text = entries_text(draw)
    assert len(text.splitlines()) == draw.entry_count == 5
    assert hashlib.sha256(text.encode()).hexdigest() == draw.entries_hash
    close_draw(draw=draw)  # a second time changes nothing
    assert draw.state == "closed"


def test_there_is_one_drawing(draw, live):
    crowd(live, 8)
    run(draw)
    won = [entry.handle for entry in winners_of(draw)]
    assert len(won) == 3
    with pytest.raises(AlreadyDrawn):
        draw_winners(draw=Draw.objects.get())
    assert [entry.handle for entry in winners_of(draw)] == won


def test_the_room_hears_no_winner_by_a_full_name(draw, live):
    crowd(live, 8)
    run(draw)
    told = draw_event(Draw.objects.get())["won"]
    names = {entry.handle: entry.name for entry in winners_of(draw)}
    assert [one["name"] for one in told] == [f"{names[one['handle']][0]}**" for one in told]
    assert all(len(name) > 1 for name in names.values())


def test_an_open_draw_cannot_be_drawn(draw):
    with pytest.raises(DrawWaits):
        draw_winners(draw=draw)


def test_a_list_that_was_touched_cannot_be_drawn(draw, live):
    crowd(live, 4)
    close_draw(draw=draw)
    handle = draw.entries.first().handle
    draw.entries.filter(handle=handle).update(handle="f" * 16)
    with pytest.raises(ListChanged):
        draw_winners(draw=draw)
    draw.refresh_from_db()
    assert (draw.state, draw.entries.filter(place__isnull=False).count()) == ("closed", 0)


def test_fewer_entries_than_prizes_all_win_and_none_is_drawn_too(draw, live):
    crowd(live, 2)
    run(draw)
    assert [entry.place for entry in winners_of(draw)] == [1, 2]


def test_a_draw_without_entries_has_no_winner(draw):
    run(draw)
    assert (draw.state, winners_of(draw)) == ("drawn", [])


def test_the_sweep_closes_and_draws_what_is_due(draw, live):
    crowd(live, 4)
    sweep_draws(timezone.now())
    draw.refresh_from_db()
    assert draw.state == "open"
    Draw.objects.update(closes_at=timezone.now())
    sweep_draws(timezone.now())
    sweep_draws(timezone.now())
    draw.refresh_from_db()
    assert (draw.state, len(winners_of(draw))) == ("drawn", 3)


def test_one_draw_in_trouble_does_not_keep_the_others(draw, live, host, other_shop):
    crowd(live, 4)
    close_draw(draw=draw)
    kept = draw.entries.first()
    draw.entries.filter(pk=kept.pk).update(handle="f" * 16)
    second = opened(live, host)
    Draw.objects.filter(pk=second.pk).update(closes_at=timezone.now())
    sweep_draws(timezone.now())
    second.refresh_from_db()
    assert second.state == "drawn"
    draw.entries.filter(pk=kept.pk).update(handle=kept.handle)


@pytest.mark.parametrize("over", [end_room, ban_room])
def test_the_end_of_the_show_closes_it(draw, live, over):
    crowd(live, 4)
    over(room=live)
    draw.refresh_from_db()
    assert draw.state == "closed"
    sweep_draws(timezone.now())
    assert len(winners_of(draw)) == 3


VERIFIER = Path(__file__).parents[2] / "docs" / "verify_draw.py"


@pytest.mark.parametrize("entries", [0, 1, 2, 40])
def test_the_verifier_of_the_documentation_finds_the_same_winners(draw, live, tmp_path, entries):
    """P9: thirty lines that share nothing with the product."""
    crowd(live, entries)
    run(draw)
    (tmp_path / "entries.txt").write_text(entries_text(draw))
    said = [draw.commitment, draw.entries_hash, draw.seed, draw.beacon_value or "-", "3"]
    found = subprocess.run(
        [sys.executable, str(VERIFIER), str(tmp_path / "entries.txt"), *said],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == [entry.handle for entry in winners_of(draw)]
    assert len(VERIFIER.read_text().splitlines()) <= 30


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_verifier_refuses_what_does_not_agree(draw, live, tmp_path, place):
    crowd(live, 5)
    run(draw)
    (tmp_path / "entries.txt").write_text(entries_text(draw))
    said = [draw.commitment, draw.entries_hash, draw.seed, "-", "3"]
    said[place] = said[place][::-1]
    found = subprocess.run(
        [sys.executable, str(VERIFIER), str(tmp_path / "entries.txt"), *said], capture_output=True
    )
    assert found.returncode == 1


# --- a beacon -------------------------------------------------------------------------------------


ENGLISH = {"Accept-Language": "en"}


class Rounds(BaseHTTPRequestHandler):
    """A drand of our own that answers; `lie` spoils what it says."""

    def do_GET(self) -> None:
        lie = self.server.lie  # type: ignore[attr-defined]
        number = int(self.path.rsplit("/", 1)[1])
        signature = hashlib.sha512(str(number).encode()).hexdigest()
        value = hashlib.sha256(bytes.fromhex(signature)).hexdigest()
        said = {"round": number, "randomness": value, "signature": signature}
        if lie == "round":
            said["round"] = number - 1
        elif lie == "value":
            said["randomness"] = "0" * 64
        self.send_response(500 if lie == "down" else 200)
        self.end_headers()
        self.wfile.write(b"<html>" if lie == "garbage" else json.dumps(said).encode())

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def drand(settings) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Rounds)
    server.lie = ""  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.DRAW_BEACON = "drand"
    settings.DRAND_URL = f"http://127.0.0.1:{server.server_port}/chain"
    verbs._resting.clear()
    yield server
    server.shutdown()
    server.server_close()


def come(draw: Draw) -> None:
    """The named round has come: the whole draw lies an hour back."""
    hour = timedelta(hours=1)
    number = draw.beacon_round - 1200
    Draw.objects.filter(pk=draw.pk).update(
        opened_at=draw.opened_at - hour,
        closes_at=draw.closes_at - hour,
        closed_at=draw.closed_at - hour,
        beacon_round=number,
    )
    draw.refresh_from_db()


def test_the_round_is_named_before_anybody_enters_and_comes_after_the_closing(live, host, settings):
    with drand(settings):
        draw = opened(live, host)
    assert draw.beacon == "drand"
    assert is_public_chance(draw)


def test_it_waits_for_its_round_and_mixes_its_value_in(live, host, settings, client):
    with drand(settings):
        draw = opened(live, host)
        for _ in range(5):
            enter(draw=draw, customer=guest(live))
        close_draw(draw=draw)
        sweep_draws(timezone.now())
        draw.refresh_from_db()
        assert draw.state == "closed"
        come(draw)
        sweep_draws(timezone.now())
    draw.refresh_from_db()
    assert draw.state == "drawn"
    assert is_public_chance(draw)
    handles = entries_text(draw).split()
    page = client.get(f"/live/{live.public_id}/draws/{draw.public_id}/", headers=ENGLISH).text
    assert "It did not check drand's signature" in html.unescape(page)
    assert f"{settings.DRAND_URL}/public/{draw.beacon_round}" in page
    won = rule.winners(handles, seed=draw.seed, beacon=draw.beacon_value, count=3)
    assert [entry.handle for entry in winners_of(draw)] == won
    without = rule.winners(handles, seed=draw.seed, beacon="", count=5)
    assert without != rule.winners(handles, seed=draw.seed, beacon=draw.beacon_value, count=5)


@pytest.mark.parametrize("lie", ["down", "garbage", "round", "value"])
def test_an_unsound_answer_decides_nothing(live, host, settings, lie, monkeypatch):
    monkeypatch.setattr(verbs, "REST", 0.0)
    with drand(settings) as server:
        draw = opened(live, host)
        close_draw(draw=draw)
        come(draw)
        server.lie = lie
        sweep_draws(timezone.now())
        draw.refresh_from_db()
        assert draw.state == "closed"
        server.lie = ""
        sweep_draws(timezone.now())
        draw.refresh_from_db()
        assert draw.state == "drawn"


def test_a_silent_beacon_is_left_alone_for_a_while(live, host, settings):
    with drand(settings) as server:
        draw = opened(live, host)
        close_draw(draw=draw)
        come(draw)
        server.lie = "down"
        sweep_draws(timezone.now())
        server.lie = ""
        sweep_draws(timezone.now())  # within the rest
    draw.refresh_from_db()
    assert draw.state == "closed"
    verbs._resting.clear()


def test_a_draw_with_a_beacon_cannot_be_drawn_without(live, host, settings):
    with drand(settings):
        draw = opened(live, host)
    close_draw(draw=draw)
    with pytest.raises(DrawWaits):
        draw_winners(draw=draw)


def test_a_draw_without_a_beacon_takes_no_value(draw):
    close_draw(draw=draw)
    with pytest.raises(DrawWaits):
        draw_winners(draw=draw, beacon_value="0" * 64)
    draw_winners(draw=draw)


def test_closed_later_than_its_round_it_is_the_shops_word(live, host, settings):
    with drand(settings):
        draw = opened(live, host)
        close_draw(draw=draw)
        come(draw)
        late = draw.closes_at + timedelta(minutes=2)
        Draw.objects.update(closed_at=late)
        draw.refresh_from_db()
        assert not is_public_chance(draw)
        sweep_draws(timezone.now())


# --- the prize ------------------------------------------------------------------------------------


@pytest.fixture
def winner(live, host) -> Entry:
    draw = opened(live, host, winners=1)
    enter(draw=draw, customer=guest(live), name="沈梅")
    return winners_of(run(draw))[0]


def test_a_winner_leaves_her_address(winner):
    claim_prize(draw=winner.draw, customer=winner.customer, **CONTACT)
    winner.refresh_from_db()
    assert (winner.contact_name, winner.contact_address) == ("沈梅", "清河坊 12 号")


def test_twice_is_refused_and_the_first_address_stays(winner):
    claim_prize(draw=winner.draw, customer=winner.customer, **CONTACT)
    with pytest.raises(PrizeClaimed):
        claim_prize(draw=winner.draw, customer=winner.customer, **{**CONTACT, "name": "Eve"})
    winner.refresh_from_db()
    assert winner.contact_name == "沈梅"


def test_who_has_not_won_cannot_claim(winner, live):
    with pytest.raises(NotYours):
        claim_prize(draw=winner.draw, customer=guest(live), **CONTACT)


def test_after_48_hours_it_has_lapsed_and_nobody_is_drawn_instead(winner):
    assert winner.claim_by - winner.draw.drawn_at == timedelta(hours=48)
    Entry.objects.update(claim_by=timezone.now())
    with pytest.raises(PrizeLapsed):
        claim_prize(draw=winner.draw, customer=winner.customer, **CONTACT)
    sweep_draws(timezone.now() + timedelta(days=3))
    assert Entry.objects.filter(place__isnull=False).count() == 1


# --- news -----------------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch) -> list[dict]:
    """What the room hears, as the hub tells it: counts folded into events."""
    heard: list[dict] = []

    def note(group: str, message: dict) -> None:
        if message["type"] == "hub.entered":
            entered = {"id": message["draw"], "entries": message["entries"]}
            heard.append({"type": "draw.entered", **entered})
        for text, staff, _ in message.get("events", ()):
            if not staff:
                heard.append(json.loads(text))

    monkeypatch.setattr(broadcast, "_after_commit", note)
    return heard


def apply(state: dict, event: dict) -> None:
    """What a page does with an event."""
    match event:
        case {"type": "draw.opened" | "draw.closed" | "draw.drawn", "draw": draw}:
            state["draw"] = draw
        case {"type": "draw.entered", "id": id_, "entries": count} if state["draw"]["id"] == id_:
            state["draw"]["entries"] = count


def test_snapshot_and_events_are_a_fresh_snapshot(live, host, told):
    plain = lambda: json.loads(broadcast.encode(snapshot(live)))["draw"]  # noqa: E731
    state = {"draw": plain()}
    draw = open_draw(room=live, by=host, entry_by="comment", phrase=PHRASE, **TERMS)
    steps = [
        lambda: None,
        lambda: crowd(live, 4),
        lambda: close_draw(draw=draw),
        lambda: draw_winners(draw=draw),
        lambda: opened(live, host, prize="竹茶则"),
    ]
    for step in steps:
        step()
        while told:
            apply(state, told.pop(0))
        assert state["draw"] == plain()
    assert [one["type"] for one in told] == []
