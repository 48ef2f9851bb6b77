"""Coupons released in a room."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livestream.errors import BadDrop, DropOver, NotOnAir
from livestream.models import Drop, Room
from livestream.selectors.room import open_drops
from livestream.services.drop import claim_drop, open_drop, withdraw_drop
from livestream.services.room import end_room
from orders.errors import CouponGone, CouponHeld
from orders.models import Coupon
from orders.services.coupon import stop_coupon


def test_a_viewer_claims_one(live, coupon, dan):
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    voucher = claim_drop(drop=drop, customer=dan)
    assert voucher.coupon == coupon
    with pytest.raises(CouponHeld):
        claim_drop(drop=drop, customer=dan)
    drop.refresh_from_db()
    assert drop.claimed == 1


def test_the_last_copy_is_the_last(live, coupon, dan):
    Coupon.objects.update(issued=1, claimed=1)
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    with pytest.raises(CouponGone):
        claim_drop(drop=drop, customer=dan)
    drop.refresh_from_db()
    assert drop.claimed == 0


def test_nobody_is_asked_to_claim_what_is_given_out(live, coupon, client):
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    sheet = reverse("watch:drop", args=[live.public_id, drop.public_id])
    assert f'action="{sheet}claim/"' in client.get(sheet).text
    Coupon.objects.update(issued=1, claimed=1)
    assert "claim/" not in client.get(sheet).text


def test_a_withdrawn_or_finished_drop_is_over(live, coupon, dan):
    drop = open_drop(room=live, coupon=coupon, minutes=5)
    withdraw_drop(drop=drop)
    with pytest.raises(DropOver):
        claim_drop(drop=drop, customer=dan)
    late = open_drop(room=live, coupon=coupon, minutes=5)
    now = timezone.now()
    Drop.objects.filter(pk=late.pk).update(
        opened_at=now - timedelta(minutes=2), ends_at=now - timedelta(minutes=1)
    )
    with pytest.raises(DropOver):
        claim_drop(drop=late, customer=dan)
    assert open_drops(live) == []


@pytest.mark.parametrize("minutes", [0, -1, 301])
def test_odd_times_are_refused(live, coupon, minutes):
    with pytest.raises(BadDrop):
        open_drop(room=live, coupon=coupon, minutes=minutes)


def test_only_running_coupons_of_this_shop_in_a_room_on_air(live, coupon, scheduled):
    stop_coupon(coupon=coupon)
    with pytest.raises(BadDrop):
        open_drop(room=live, coupon=coupon, minutes=5)


def test_no_drop_before_the_show(scheduled, coupon):
    with pytest.raises(NotOnAir):
        open_drop(room=scheduled, coupon=coupon, minutes=5)


def test_no_drop_into_a_show_that_a_colleague_has_ended_meanwhile(live, coupon):
    """Her page was loaded while it was on: the row decides, not what she saw."""
    end_room(room=Room.objects.get(pk=live.pk))
    assert live.is_on_air
    with pytest.raises(NotOnAir):
        open_drop(room=live, coupon=coupon, minutes=5)
    assert not Drop.objects.exists()


def test_a_new_drop_takes_the_place_of_the_old_and_the_end_closes_it(live, coupon):
    open_drop(room=live, coupon=coupon, minutes=5)
    second = open_drop(room=live, coupon=coupon, minutes=5)
    assert open_drops(live) == [second]
    end_room(room=live)
    assert open_drops(live) == []
