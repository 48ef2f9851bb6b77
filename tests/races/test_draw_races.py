"""Draws at the same moment: two clerks draw, one enters while it closes, a prize claimed twice.

Each race has its negative control: the same with the guard taken out of the write goes wrong.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from livestream.errors import AlreadyDrawn, DrawClosed, PrizeClaimed
from livestream.models import Draw, Drop, Entry
from livestream.rules.draw import entries_hash, winners
from livestream.selectors.draw import handles_of, winners_of
from livestream.services.claim import allot, claim_fairly
from livestream.services.draw import claim_prize, close_draw, draw_winners, open_draw
from livestream.services.drop import open_drop
from livestream.services.entry import enter
from merchants.models import Customer
from orders.models import Coupon, Voucher
from tests.races.shopper import at_once, nothing_is_broken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("alone")]
ROUNDS = 3
PEOPLE = 8
CONTACT = {"phone": "+8613800002688", "address": "清河坊 12 号"}


@pytest.fixture
def begin(live, host) -> Callable[[int], Draw]:
    """A new open draw that so many people are in."""

    def begin(people: int = PEOPLE) -> Draw:
        terms = {"prize": "茶点", "winners": 2, "minutes": 5, "entry_by": "follow"}
        draw = open_draw(room=live, by=host, **terms)
        for one in guests(draw, people):
            enter(draw=draw, customer=one)
        return draw

    return begin


def guests(draw: Draw, count: int) -> list[Customer]:
    shop = draw.room.merchant
    return [Customer.objects.create(merchant=shop, device=uuid.uuid4()) for _ in range(count)]


def fresh(draw: Draw) -> Draw:
    """As each request has it: read by itself."""
    return Draw.objects.select_related("room__merchant").get(pk=draw.pk)


def went_well(results: list[object]) -> int:
    """How many did what they wanted."""
    return sum(not isinstance(one, Exception) for one in results)


def test_two_clerks_draw_at_once_and_one_does(begin):  # P9
    for _ in range(ROUNDS):
        draw = begin()
        close_draw(draw=draw)
        results = at_once([lambda: draw_winners(draw=fresh(draw))] * 4)  # noqa: B023
        assert went_well(results) == 1
        assert all(isinstance(one, AlreadyDrawn) for one in results if one is not None)
        assert len(winners_of(draw)) == 2
        assert nothing_is_broken()


def look_then_draw(draw: Draw, seed: str) -> None:
    """As many shops would: is it drawn? No? Then draw. Each clerk with a seed of her own."""
    row = Draw.objects.get(pk=draw.pk)
    time.sleep(0.1)
    if row.state == "drawn":
        raise AlreadyDrawn
    won = winners(handles_of(row), seed=seed, beacon="", count=row.winners)
    Draw.objects.filter(pk=row.pk).update(state="drawn", drawn_at=timezone.now())
    for handle in won:
        row.entries.filter(handle=handle).update(claim_by=timezone.now())


def test_without_the_guard_it_is_drawn_twice(begin):
    draw = begin(40)
    close_draw(draw=draw)
    seeds = ["a", "b", "c", "d"]
    results = at_once([lambda seed=seed: look_then_draw(draw, seed) for seed in seeds])
    assert went_well(results) > 1
    assert Entry.objects.filter(claim_by__isnull=False).count() > 2  # more winners than prizes


def test_who_enters_while_it_closes_is_in_the_list_or_is_told(begin):
    for _ in range(ROUNDS):
        draw = begin(2)
        late = guests(draw, PEOPLE)
        acts = [lambda one=one: enter(draw=fresh(draw), customer=one) for one in late]  # noqa: B023
        acts.insert(PEOPLE // 2, lambda: close_draw(draw=fresh(draw)))  # noqa: B023
        results = at_once(acts)
        assert all(isinstance(one, DrawClosed) for one in results if isinstance(one, Exception))
        draw.refresh_from_db()
        assert draw.entries_hash == entries_hash(handles_of(draw))
        assert draw.entry_count == draw.entries.count() == 2 + went_well(results) - 1
        draw_winners(draw=draw)
        assert nothing_is_broken()


def look_then_enter(draw: Draw, customer: Customer) -> None:
    row = Draw.objects.get(pk=draw.pk)
    time.sleep(0.2)
    if row.state != "open":
        raise DrawClosed
    Entry.objects.create(
        draw=row, customer=customer, handle=uuid.uuid4().hex[:16], at=timezone.now()
    )


def test_without_the_guard_somebody_is_in_who_is_not_in_the_frozen_list(begin):
    draw = begin(2)
    acts = [lambda one=one: look_then_enter(draw, one) for one in guests(draw, PEOPLE)]
    at_once([*acts, lambda: close_draw(draw=fresh(draw))])
    draw.refresh_from_db()
    assert draw.entries_hash != entries_hash(handles_of(draw))


def test_one_person_who_presses_ten_times_is_in_once(begin):
    for _ in range(ROUNDS):
        draw = begin(1)
        (mei,) = guests(draw, 1)
        results = at_once([lambda: enter(draw=fresh(draw), customer=mei)] * 10)  # noqa: B023
        assert went_well(results) == 10
        assert draw.entries.filter(customer=mei).count() == 1
        close_draw(draw=draw)
        draw_winners(draw=draw)
        assert nothing_is_broken()


def test_a_prize_is_claimed_once(begin):
    for _ in range(ROUNDS):
        draw = begin()
        close_draw(draw=draw)
        draw_winners(draw=draw)
        winner = winners_of(draw)[0].customer
        names = [f"收件人{number}" for number in range(6)]
        results = at_once(
            [
                lambda name=name: claim_prize(
                    draw=fresh(draw),  # noqa: B023
                    customer=winner,  # noqa: B023
                    name=name,
                    **CONTACT,
                )
                for name in names
            ]
        )
        assert went_well(results) == 1
        assert all(isinstance(one, PrizeClaimed | Entry) for one in results)
        entry = draw.entries.get(customer=winner)
        place = next(n for n, one in enumerate(results) if not isinstance(one, Exception))
        assert entry.contact_name == names[place]
        assert nothing_is_broken()


def look_then_claim(entry: Entry, name: str) -> None:
    row = Entry.objects.get(pk=entry.pk)
    time.sleep(0.1)
    if row.claimed_at:
        raise PrizeClaimed
    Entry.objects.filter(pk=row.pk).update(claimed_at=timezone.now(), contact_name=name)


def test_without_the_guard_it_is_claimed_twice(begin):
    draw = begin()
    close_draw(draw=draw)
    draw_winners(draw=draw)
    entry = winners_of(draw)[0]
    results = at_once([lambda name=name: look_then_claim(entry, name) for name in "abcd"])
    assert went_well(results) > 1


def test_two_workers_give_the_copies_of_a_fair_drop_out_once(live, coupon):
    Coupon.objects.update(issued=3)
    for number in range(1, ROUNDS + 1):
        Coupon.objects.update(issued=3 * number)
        drop = open_drop(room=live, coupon=coupon, minutes=5, fair=True)
        shop = live.merchant
        crowd = [Customer.objects.create(merchant=shop, device=uuid.uuid4()) for _ in range(PEOPLE)]
        asked = [
            lambda one=one: claim_fairly(drop=drop, customer=one, device=one.device)  # noqa: B023
            for one in [*crowd, *crowd]  # everybody presses twice
        ]
        assert went_well(at_once(asked)) == 2 * PEOPLE
        assert drop.claims.count() == PEOPLE
        at_once([lambda: allot(drop=Drop.objects.get(pk=drop.pk))] * 4)  # noqa: B023
        drop.refresh_from_db()
        assert drop.claims.filter(won=True).count() == drop.claimed == 3
        assert Voucher.objects.count() == 3 * number
        assert nothing_is_broken()
