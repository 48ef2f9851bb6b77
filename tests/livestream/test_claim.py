"""Fair claims: counted from when each viewer saw the offer, equal within a window, then by lot."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from livestream.errors import BadPlayhead, BadProof, Banned, DropOver, TooEarly
from livestream.models import Claim, Drop, Room
from livestream.rules.claim import (
    EARLY,
    GATHERS,
    MOST_LATENCY,
    WINDOW,
    Asked,
    Proof,
    Verdict,
    fits,
    in_turn,
    judged,
    latency_of,
)
from livestream.rules.moderation import Measure
from livestream.selectors.claim import claims_text
from livestream.selectors.invariant import INVARIANTS
from livestream.services.chat import say
from livestream.services.claim import allot, claim_fairly, prove, read_proof, sweep_fair_drops, take
from livestream.services.drop import claim_drop, open_drop, withdraw_drop
from livestream.services.line import Voice
from livestream.services.moderation import sanction
from livestream.services.room import end_room
from merchants.device import device_of
from merchants.models import Customer
from merchants.selectors.invariant import offenders
from orders.errors import CouponGone
from orders.models import Coupon, Voucher
from tests.servers import guest_session

NOON = datetime(2026, 3, 26, 12, tzinfo=UTC)
ROOM, DEVICE = "room", uuid.uuid4()
LATENCIES = st.integers(0, 12_000).map(lambda ms: timedelta(milliseconds=ms))
REACTIONS = st.integers(0, 20_000).map(lambda ms: timedelta(milliseconds=ms))


@pytest.fixture(autouse=True)
def _every_invariant_holds(db):
    yield
    assert list(offenders(INVARIANTS, timezone.now())) == []


# --- the rule -------------------------------------------------------------------------------------


@given(LATENCIES, LATENCIES, REACTIONS)
def test_as_fast_is_as_good_however_slow_the_line(near, far, reaction):
    one = judged(NOON, near, NOON + near + reaction)
    other = judged(NOON, far, NOON + far + reaction)
    assert one == other


@given(LATENCIES, st.integers(-30_000, 60_000))
def test_no_latency_makes_late_what_the_slowest_picture_could_not_excuse(latency, arrives):
    verdict, _ = judged(NOON, latency, NOON + timedelta(milliseconds=arrives))
    if timedelta(milliseconds=arrives) > MOST_LATENCY + WINDOW:
        assert verdict is Verdict.LATE
    if timedelta(milliseconds=arrives) < -EARLY:
        assert verdict is Verdict.EARLY


@given(st.integers(-60_000, 60_000))
def test_only_a_picture_that_can_be_is_believed(behind):
    latency = latency_of(NOON - timedelta(milliseconds=behind), NOON)
    if -500 <= behind <= 12_000:
        assert latency == timedelta(milliseconds=max(behind, 0))
    else:
        assert latency is None


CLAIMS = st.lists(
    st.builds(Asked, st.uuids().map(str), st.booleans(), st.integers(0, 9_000)), max_size=30
)


@given(CLAIMS, st.text(min_size=1), st.randoms())
def test_the_order_does_not_hang_on_who_was_written_down_first(claims, seed, dice):
    turn = in_turn(claims, seed)
    mixed = claims[:]
    dice.shuffle(mixed)
    assert in_turn(mixed, seed) == turn
    assert sorted(turn) == sorted(one.handle for one in claims)
    on_time = {one.handle for one in claims if one.on_time}
    assert {*turn[: len(on_time)]} == on_time


def test_within_the_window_speed_wins_nothing():
    """A thousand draws: the one who pressed at once is first about as often as the last."""
    quick, slow = Asked("quick", True, 0), Asked("slow", True, 3_999)
    first = sum(in_turn([quick, slow], str(seed))[0] == "quick" for seed in range(1_000))
    assert 400 < first < 600


@pytest.mark.parametrize(
    ("changed", "good"),
    [
        ({}, True),
        ({"room": "another"}, False),
        ({"device": uuid.uuid4()}, False),
        ({"at": NOON - timedelta(seconds=61)}, False),
        ({"at": NOON + timedelta(seconds=1)}, False),  # made when the offer was known
    ],
)
def test_a_proof_is_of_this_player_in_this_room_before_the_offer(changed, good):
    proof = Proof(**{"room": ROOM, "device": DEVICE, "latency": timedelta(0), "at": NOON} | changed)
    assert fits(proof, room=ROOM, device=DEVICE, opened_at=NOON) is good


# --- the verbs ------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """The verbs' clock, which stands still until it is moved on."""

    class Clock:
        now = timezone.now()

        def after(self, seconds: float) -> None:
            self.now += timedelta(seconds=seconds)

    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def guest(live) -> Customer:
    return Customer.objects.create(merchant=live.merchant, device=uuid.uuid4())


def token(live, customer: Customer, behind: float) -> str:
    """What her player got a moment ago, when its picture was so far behind."""
    playhead = timezone.now() - timedelta(seconds=behind)
    return prove(room=live, device=customer.device, playhead_ms=int(playhead.timestamp() * 1000))


def ask(drop: Drop, customer: Customer, proof: str = "") -> Claim:
    return claim_fairly(drop=drop, customer=customer, device=customer.device, token=proof)


@pytest.fixture
def few(coupon) -> Coupon:
    """Two copies of a coupon."""
    Coupon.objects.filter(pk=coupon.pk).update(issued=2)
    coupon.refresh_from_db()
    return coupon


def test_who_sees_it_ten_seconds_later_is_as_early(live, few, clock):
    near, far = guest(live), guest(live)
    proofs = {near: token(live, near, 1), far: token(live, far, 10)}
    clock.after(2)
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    clock.after(2.4)
    one = ask(drop, near, proofs[near])
    clock.after(9)
    other = ask(drop, far, proofs[far])
    assert (one.on_time, one.late_ms) == (True, 1400)
    assert (other.on_time, other.late_ms) == (True, 1400)


def test_without_a_proof_a_picture_is_not_behind(live, few, clock):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    clock.after(3)
    assert ask(drop, guest(live)).on_time
    clock.after(3)
    assert not ask(drop, guest(live)).on_time


def test_a_claim_before_her_picture_shows_it_is_refused(live, few, clock):
    mei = guest(live)
    proof = token(live, mei, 8)
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    clock.after(2)
    with pytest.raises(TooEarly):
        ask(drop, mei, proof)
    clock.after(6.2)
    assert ask(drop, mei, proof).late_ms == 200


def test_replayed_it_is_the_first_claim(live, few, clock):
    mei = guest(live)
    proof = token(live, mei, 1)
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    clock.after(2)
    first = ask(drop, mei, proof)
    clock.after(4)
    assert ask(drop, mei, proof).pk == first.pk
    kept = Claim.objects.get()
    assert (kept.on_time, kept.late_ms, kept.at) == (True, 1000, first.at)


def forged(live, customer: Customer) -> str:
    words = [live.public_id, customer.device.hex, 11_000, int(timezone.now().timestamp() * 1000)]
    return signing.dumps(words, key="another key", salt="livestream.playhead")


def test_a_forged_a_foreign_and_a_stale_proof_get_a_sentence(live, few, clock, scheduled):
    mei, eve = guest(live), guest(live)
    stale = token(live, mei, 1)
    clock.after(61)
    wrong = [forged(live, mei), token(live, eve, 1), stale, "x", token(live, mei, 1)[:-1]]
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    clock.after(1)
    late = token(live, mei, 11)  # asked for when the offer was known
    for one in [*wrong, late]:
        with pytest.raises(BadProof):
            ask(drop, mei, one)
    assert not Claim.objects.exists()
    Room.objects.update(media_at=timezone.now())  # a minute has passed, and the picture came


@pytest.mark.parametrize("behind", [-1.0, 12.1, 10**9, -(10**12)])
def test_a_moment_that_cannot_be_is_not_signed(live, behind):
    at = int((timezone.now().timestamp() - behind) * 1000)
    with pytest.raises(BadPlayhead):
        prove(room=live, device=uuid.uuid4(), playhead_ms=at)


def test_a_proof_says_what_was_proved(live, clock):
    mei = guest(live)
    proof = read_proof(token(live, mei, 2.5))
    assert (proof.room, proof.device) == (live.public_id, mei.device)
    assert proof.latency == timedelta(seconds=2.5)


def test_too_few_copies_go_by_lot_and_anybody_can_recompute_it(live, few, clock):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    guests = [guest(live) for _ in range(6)]
    for one in guests:
        clock.after(0.5)
        ask(drop, one)
    sweep_fair_drops(timezone.now())
    assert not Voucher.objects.exists()  # it still gathers
    clock.after(GATHERS.total_seconds())
    sweep_fair_drops(timezone.now())
    sweep_fair_drops(timezone.now())
    drop.refresh_from_db()
    won = set(drop.claims.filter(won=True).values_list("handle", flat=True))
    asked = [Asked(one.handle, one.on_time, one.late_ms) for one in drop.claims.all()]
    assert won == set(in_turn(asked, drop.seed)[:2])
    assert Voucher.objects.count() == drop.claimed == 2
    assert drop.claims.filter(won=False).count() == 4
    assert claims_text(drop).count(" won\n") == 2
    with pytest.raises(CouponGone):
        take(drop=drop, customer=guest(live), device=uuid.uuid4())


def test_who_was_late_gets_what_is_left_and_later_anybody(live, few, clock):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    mei, late = guest(live), guest(live)
    ask(drop, mei)
    clock.after(9)
    assert not ask(drop, late).on_time
    Coupon.objects.filter(pk=few.pk).update(issued=3)
    drop.coupon.refresh_from_db()
    clock.after(10)
    allot(drop=drop)
    assert set(Voucher.objects.values_list("customer", flat=True)) == {mei.pk, late.pk}
    assert isinstance(take(drop=drop, customer=guest(live), device=uuid.uuid4()), Voucher)


def test_while_it_gathers_nobody_takes_a_copy_the_old_way(live, few, clock):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    mei = guest(live)
    assert isinstance(take(drop=drop, customer=mei, device=mei.device), Claim)
    with pytest.raises(DropOver):
        claim_drop(drop=drop, customer=mei)
    assert not Voucher.objects.exists()


@pytest.mark.parametrize("ends", ["withdraw", "end", "next"])
def test_what_was_asked_for_before_it_was_taken_back_is_served(live, few, clock, coupon, ends):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    mei = guest(live)
    ask(drop, mei)
    if ends == "withdraw":
        withdraw_drop(drop=drop)
    elif ends == "end":
        end_room(room=live)
    else:
        open_drop(room=live, coupon=few, minutes=5)
    with pytest.raises(DropOver):
        ask(drop, guest(live))
    sweep_fair_drops(timezone.now())
    assert Voucher.objects.get().customer == mei


@pytest.mark.parametrize(("copies", "named"), [(2, True), (3, False)])
def test_who_got_one_is_named_to_the_room_unless_they_are_too_many(
    live, few, monkeypatch, copies, named
):
    from livestream.services import claim

    told = []
    monkeypatch.setattr(claim, "MOST_TOLD", 2)
    monkeypatch.setattr(
        claim.broadcast, "drop_allotted", lambda _room, _drop, won: told.append(won)
    )
    Coupon.objects.filter(pk=few.pk).update(issued=copies)
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    for _ in range(4):
        ask(drop, guest(live))
    allot(drop=drop)
    won = set(drop.claims.filter(won=True).values_list("handle", flat=True))
    assert len(won) == copies
    assert set(told[0] or ()) == (won if named else set())


@pytest.mark.parametrize("fair", [True, False])
def test_who_is_banned_claims_nothing(live, few, host, fair):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=fair)
    eve = guest(live)
    line = say(room=live, voice=Voice("Eve", device=eve.device), text="spam")
    sanction(line=line, by=host, measure=Measure.BAN)
    with pytest.raises(Banned):
        take(drop=drop, customer=eve, device=eve.device)
    assert not Voucher.objects.exists()
    assert not Claim.objects.exists()


def test_given_out_once(live, few, clock):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    ask(drop, guest(live))
    allot(drop=drop)
    allot(drop=Drop.objects.get(pk=drop.pk))
    assert Voucher.objects.count() == 1


def test_the_seed_is_secret_until_then(live, few):
    from livestream.selectors.room import snapshot

    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    assert drop.seed not in json.dumps(snapshot(live), default=str)
    client = Client()
    path = f"/live/{live.public_id}/drops/{drop.public_id}/lots.txt"
    assert client.get(path).status_code == 404
    allot(drop=drop)
    assert drop.seed in client.get(path).content.decode()


# --- the pages ------------------------------------------------------------------------------------


def test_the_sheet_says_what_counts_and_that_she_is_counted(live, few, clock):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    mei = Client(headers={"Accept-Language": "en"})
    path = f"/live/{live.public_id}/drops/{drop.public_id}/"
    assert "within 4 seconds of seeing it is equal" in mei.get(path).content.decode()
    clock.after(1.4)
    asked = mei.post(f"{path}claim/", headers={"HX-Request": "true"})
    assert "Counted: you pressed 1.4 s after you saw it" in asked.content.decode()
    assert "drop:asked" in asked["HX-Trigger"]
    assert "Given out in" in mei.get(path).content.decode()
    allot(drop=drop)
    assert "note--ok" in mei.get(path).content.decode()
    assert Voucher.objects.get().customer.device == device_of(mei.session)


def test_who_loses_the_lot_is_told_and_may_see_how(live, few):
    drop = open_drop(room=live, coupon=few, minutes=5, fair=True)
    crowd = [Client(headers={"Accept-Language": "en"}) for _ in range(3)]
    path = f"/live/{live.public_id}/drops/{drop.public_id}/"
    for one in crowd:
        one.post(f"{path}claim/", headers={"HX-Request": "true"})
    allot(drop=drop)
    pages = [one.get(path).content.decode() for one in crowd]
    assert sum("The lots went to others" in page for page in pages) == 1


@pytest.mark.slow
def test_a_player_proves_its_moment_over_the_socket(server, live):
    with server.line(f"/ws/live/{live.public_id}/", guest_session("沈梅")) as line:
        line.wait("seat.taken")
        line.send({"type": "play.at", "at": int(timezone.now().timestamp() * 1000) - 2500})
        proof = read_proof(line.wait("play.proved")["token"])
        assert timedelta(seconds=2.4) < proof.latency < timedelta(seconds=6)
        line.send({"type": "play.at", "at": int(timezone.now().timestamp() * 1000) + 60_000})
        assert line.wait("error")["code"] == "bad_playhead"
        line.send({"type": "play.at", "at": "now"})
        assert line.wait("error", code="bad_frame")
